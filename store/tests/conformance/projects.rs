//! How projects are made, changed and ended.

use hookwright_core::ids::ProjectId;
use hookwright_store::{DEFAULT_ACCOUNT, KeyOwner, ProjectUpdate, StoreError};

use super::build::{a_key, a_project, hash_of, renamed};
use super::house::{NOW, all, rows_by_page};

facts! {
    async fn a_project_is_made_with_its_default_account_and_key(house: House) {
        let made = house.create_project(a_project("acme")).await.expect("made");
        assert_eq!((made.public_id.as_str(), made.name.as_str()), ("prj_acme", "acme"));
        assert_eq!((made.profile.as_str(), made.livemode, made.created_at), ("standard", true, NOW));
        let accounts = house.accounts(made.id, all()).await.expect("listed").rows;
        assert_eq!(accounts.len(), 1);
        assert_eq!(accounts[0].public_id, DEFAULT_ACCOUNT);
        let key = house.key_by_hash(hash_of("key_acme")).await.expect("read").expect("made");
        assert_eq!(key.owner, KeyOwner::Project(made.id), "filled in by the store");
    }

    async fn a_project_whose_key_cannot_be_made_is_not_made(house: House) {
        house.create_key(a_key("key_acme", KeyOwner::Root)).await.expect("made");
        let refused = house.create_project(a_project("acme")).await;
        assert!(matches!(refused, Err(StoreError::Exists(_))));
        assert!(house.projects(all()).await.expect("listed").rows.is_empty());
        let (projects, accounts, _) = house.routing().await.expect("read");
        assert_eq!((projects.len(), accounts.len()), (0, 0));
    }

    async fn a_project_id_is_used_once(house: House) {
        house.create_project(a_project("acme")).await.expect("made");
        let mut again = a_project("acme");
        again.key = a_key("key_other", KeyOwner::Root);
        let refused = house.create_project(again).await;
        assert!(matches!(refused, Err(StoreError::Exists(id)) if id == "prj_acme"));
    }

    async fn a_project_changes_only_in_what_is_given(house: House) {
        let made = house.create_project(a_project("acme")).await.expect("made");
        let named = house.update_project(made.id, renamed("Acme")).await;
        let named = named.expect("changed");
        assert_eq!((named.name.as_str(), named.livemode), ("Acme", true));
        let tried = house.update_project(made.id, ProjectUpdate { livemode: Some(false), ..ProjectUpdate::default() }).await.expect("changed");
        assert_eq!((tried.name.as_str(), tried.livemode), ("Acme", false));
        assert_eq!(house.projects(all()).await.expect("listed").rows, [tried]);
    }

    async fn projects_are_listed_newest_first_each_once(house: House) {
        for index in 0..7 {
            house.create_project(a_project(&index.to_string())).await.expect("made");
        }
        let rows = rows_by_page(3, |page| house.projects(page)).await;
        let names: Vec<_> = rows.iter().map(|project| project.name.as_str()).collect();
        assert_eq!(names, ["6", "5", "4", "3", "2", "1", "0"]);
    }

    async fn a_deleted_project_takes_all_that_is_its_along(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        for tenant in [acme, zeta] {
            house.endpoint_of(tenant, &format!("ep_{}", tenant.project.0)).await;
            house.key_of(tenant, &format!("key_{}", tenant.project.0)).await;
        }
        let ended = NOW.plus_ms(1);
        house.delete_project(acme.project, ended).await.expect("deleted");
        let (projects, accounts, endpoints) = house.routing().await.expect("read");
        assert_eq!(projects.iter().map(|p| p.id).collect::<Vec<_>>(), [zeta.project]);
        assert_eq!(accounts.iter().map(|a| a.id).collect::<Vec<_>>(), [zeta.account]);
        assert_eq!(endpoints.iter().map(|e| e.project_id).collect::<Vec<_>>(), [zeta.project]);
        for (name, revoked_at) in [
            ("key_acme".to_owned(), Some(ended)),
            (format!("key_{}", acme.project.0), Some(ended)),
            ("key_zeta".to_owned(), None),
            (format!("key_{}", zeta.project.0), None),
        ] {
            let key = house.key_by_hash(hash_of(&name)).await.expect("read").expect("kept");
            assert_eq!(key.revoked_at, revoked_at, "{name}");
        }
    }

    async fn nothing_can_be_done_to_a_project_that_is_not_there(house: House) {
        let acme = house.tenant("acme").await;
        house.delete_project(acme.project, NOW).await.expect("deleted");
        for id in [acme.project, ProjectId(999)] {
            let changed = house.update_project(id, renamed("x")).await;
            assert!(matches!(changed, Err(StoreError::NotFound)));
            let deleted = house.delete_project(id, NOW).await;
            assert!(matches!(deleted, Err(StoreError::NotFound)));
            let account = house.create_account(id, "a".to_owned(), None, NOW).await;
            assert!(matches!(account, Err(StoreError::NotFound)));
            let key = house.create_key(a_key("key_x", KeyOwner::Project(id))).await;
            assert!(matches!(key, Err(StoreError::NotFound)));
        }
        assert!(house.projects(all()).await.expect("listed").rows.is_empty());
    }

    async fn a_failed_change_leaves_the_others_of_its_commit(house: House) {
        house.create_project(a_project("acme")).await.expect("made");
        // Begun together: they may share a commit, of which one part fails.
        let (zeta, again, iota) = tokio::join!(
            house.create_project(a_project("zeta")),
            house.create_project(a_project("acme")),
            house.create_project(a_project("iota")),
        );
        assert!(zeta.is_ok() && again.is_err() && iota.is_ok());
        assert_eq!(house.projects(all()).await.expect("listed").rows.len(), 3);
        let (_, accounts, _) = house.routing().await.expect("read");
        assert_eq!(accounts.len(), 3, "nothing of the failed one");
    }
}
