//! The audit log: read by whose things a call was about, by key and time, newest first.

use hookwright_core::time::UnixMs;
use hookwright_store::{AuditEntry, AuditFilter, AuditRecord, NewAuditEntry};

use super::house::{House, NOW, Tenant, all, rows_by_page};

fn an_entry(tenant: Option<Tenant>, path: &str, at: UnixMs) -> NewAuditEntry {
    NewAuditEntry {
        project_id: tenant.map(|tenant| tenant.project),
        account_id: tenant.map(|tenant| tenant.account),
        at,
        noise: 7,
        record: AuditRecord {
            key_id: Some("key_1".to_owned()),
            method: "POST".to_owned(),
            path: path.to_owned(),
            ids: [("account_id".to_owned(), "ann".to_owned())].into(),
            status: 201,
            request_id: "req_1".to_owned(),
            ..AuditRecord::default()
        },
    }
}

async fn note(house: &House, tenant: Option<Tenant>, path: &str, at: UnixMs) {
    let noted = house.audit(an_entry(tenant, path, at)).await;
    noted.expect("noted");
}

async fn paths(house: &House, filter: AuditFilter) -> Vec<String> {
    let rows = rows_by_page(2, |page| house.audit_log(filter.clone(), page)).await;
    rows.into_iter()
        .map(|row: AuditEntry| row.record.path)
        .collect()
}

fn of_project(tenant: Tenant) -> AuditFilter {
    AuditFilter {
        project_id: Some(tenant.project),
        ..AuditFilter::default()
    }
}

facts! {
    async fn a_row_reads_back_as_it_was_written(house: House) {
        let acme = house.tenant("acme").await;
        let entry = an_entry(Some(acme), "/v1/x", NOW.plus_ms(3));
        house.audit(entry.clone()).await.expect("noted");
        let listed = house.audit_log(of_project(acme), all()).await.expect("listed").rows;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].record, entry.record);
        assert_eq!(listed[0].at(), NOW.plus_ms(3));
        assert_eq!((listed[0].project_id, listed[0].account_id), (entry.project_id, entry.account_id));
    }

    async fn rows_of_one_moment_are_all_kept(house: House) {
        let acme = house.tenant("acme").await;
        for path in ["1", "2", "3"] {
            note(&house, Some(acme), path, NOW).await;
        }
        assert_eq!(paths(&house, of_project(acme)).await, ["3", "2", "1"]);
    }

    async fn a_project_and_an_account_see_what_was_about_them(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        for (place, tenant) in [Some(acme), Some(wide), Some(zeta), None].into_iter().enumerate() {
            note(&house, tenant, &place.to_string(), NOW.plus_ms(place as u64)).await;
        }
        assert_eq!(paths(&house, of_project(acme)).await, ["1", "0"]);
        let of_account = AuditFilter { account_id: Some(wide.account), ..of_project(acme) };
        assert_eq!(paths(&house, of_account).await, ["1"]);
        assert_eq!(paths(&house, of_project(zeta)).await, ["2"]);
        assert_eq!(paths(&house, AuditFilter::default()).await, ["3", "2", "1", "0"]);
    }

    async fn a_list_may_be_of_one_key_and_of_some_time(house: House) {
        let acme = house.tenant("acme").await;
        for place in 0..6_u64 {
            let mut entry = an_entry(Some(acme), &place.to_string(), NOW.plus_ms(place));
            if place % 2 == 0 {
                entry.record.key_id = Some("key_2".to_owned());
            }
            house.audit(entry).await.expect("noted");
        }
        let by_key = AuditFilter { key_id: Some("key_2".to_owned()), ..of_project(acme) };
        assert_eq!(paths(&house, by_key.clone()).await, ["4", "2", "0"]);
        let some_time = AuditFilter {
            since: Some(NOW.plus_ms(1)),
            until: Some(NOW.plus_ms(4)),
            ..of_project(acme)
        };
        assert_eq!(paths(&house, some_time.clone()).await, ["3", "2", "1"]);
        let both = AuditFilter { key_id: by_key.key_id, ..some_time };
        assert_eq!(paths(&house, both).await, ["2"]);
        let nobody = AuditFilter { key_id: Some("key_3".to_owned()), ..of_project(acme) };
        assert_eq!(paths(&house, nobody).await, [""; 0]);
    }

    async fn old_rows_go_a_few_at_a_time(house: House) {
        let acme = house.tenant("acme").await;
        for place in 0..5_u64 {
            note(&house, Some(acme), &place.to_string(), NOW.plus_ms(place)).await;
        }
        for gone in [2, 1, 0] {
            assert_eq!(house.prune_audit(NOW.plus_ms(3), 2).await.expect("pruned"), gone);
        }
        assert_eq!(paths(&house, of_project(acme)).await, ["4", "3"]);
    }
}
