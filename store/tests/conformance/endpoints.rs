//! How endpoints are made, changed, disabled and ended, and how their secrets rest.

use hookwright_core::breaker::BreakerSettings;
use hookwright_core::ids::EndpointId;
use hookwright_core::state::DeliveryState;
use hookwright_store::{
    Credentials, Endpoint, EndpointSettings, EndpointStatus, EndpointUpdate, PreviousSecret,
    ReceiverAuth, RetryPolicy, StoreError, Validation,
};

use super::build::{an_endpoint, an_event, first_outcome_of};
use super::house::{NOW, all, rows_by_page};

fn settings() -> EndpointSettings {
    EndpointSettings {
        url: "https://a.example/other".to_owned(),
        name: Some("A".to_owned()),
        description: Some("é".to_owned()),
        events: vec!["user.*".to_owned()],
        headers: vec![
            ("X-B".to_owned(), "1".to_owned()),
            ("X-A".to_owned(), "2".to_owned()),
        ],
        retry_policy: Some(RetryPolicy {
            max_attempts: 3,
            backoff_multiplier: 1.5,
            initial_delay: 10,
        }),
        channels: vec!["eu".to_owned()],
        rate_limit: Some(5),
        canonical_json: Some("jcs".to_owned()),
        profile: Some("authepy".to_owned()),
        second_profile: Some("standard".to_owned()),
        timeout_ms: Some(1_000),
        filter: Some(serde_json::json!({"a": {"$gte": 1}})),
        concurrency: Some(2),
        circuit_breaker: Some(BreakerSettings::default()),
        no_circuit_breaker: true,
        ordered: true,
        validation: Some(Validation::Cloudevents),
        validated: None,
        metadata: [("team".to_owned(), "blue".to_owned())].into(),
    }
}

fn status(status: EndpointStatus, reason: Option<&str>) -> EndpointUpdate {
    EndpointUpdate {
        status: Some((status, reason.map(str::to_owned))),
        ..EndpointUpdate::default()
    }
}

facts! {
    async fn an_endpoint_reads_back_as_it_was_made(house: House) {
        let acme = house.tenant("acme").await;
        let mut new = an_endpoint(acme, "ep_a");
        new.settings = settings();
        new.secrets = vec!["whsec_new".to_owned(), "whsec_old".to_owned()];
        new.status = EndpointStatus::Paused;
        let made = house.create_endpoint(new).await.expect("made");
        assert_eq!((made.public_id.as_str(), made.account_id), ("ep_a", acme.account));
        assert_eq!(made.settings, settings());
        assert_eq!(made.secrets, ["whsec_new", "whsec_old"]);
        assert_eq!((made.status, made.status_reason.as_deref()), (EndpointStatus::Paused, None));
        assert_eq!((made.created_at, made.updated_at, made.status_since), (NOW, NOW, NOW));
        let seen = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen, made);
        assert_eq!(house.routing().await.expect("read").2, [made]);
    }

    async fn an_endpoint_id_is_used_once(house: House) {
        let acme = house.tenant("acme").await;
        house.endpoint_of(acme, "ep_a").await;
        let again = house.create_endpoint(an_endpoint(acme, "ep_a")).await;
        assert!(matches!(again, Err(StoreError::Exists(id)) if id == "ep_a"));
    }

    async fn an_endpoint_may_have_no_secret(house: House) {
        let acme = house.tenant("acme").await;
        let mut new = an_endpoint(acme, "ep_a");
        new.secrets.clear();
        assert!(house.make_endpoint(new).await.secrets.is_empty());
    }

    async fn secrets_cannot_be_read_in_what_is_stored(house: House) {
        let acme = house.tenant("acme").await;
        let mut new = an_endpoint(acme, "ep_a");
        new.secrets = vec!["whsec_hidden_at_rest".to_owned()];
        new.settings.url = "https://visible.example/hook".to_owned();
        house.make_endpoint(new).await;
        let update = EndpointUpdate {
            secrets: Some((vec!["whsec_hidden_at_rest_too".to_owned()], Credentials::default())),
            ..EndpointUpdate::default()
        };
        let updated = house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, NOW);
        updated.await.expect("changed");
        let stored = house.place().stored_bytes().await;
        let holds = |text: &str| stored.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(holds("visible.example"), "this looks at the right bytes");
        assert!(!holds("hidden_at_rest"));
    }

    async fn a_change_keeps_what_it_does_not_name(house: House) {
        let acme = house.tenant("acme").await;
        let made = house.endpoint_of(acme, "ep_a").await;
        let later = NOW.plus_ms(5);
        let change = async |update| {
            house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, later).await.expect("changed")
        };
        let update = EndpointUpdate { settings: Some(settings()), ..EndpointUpdate::default() };
        let expected = Endpoint { settings: settings(), updated_at: later, ..made };
        assert_eq!(change(update).await, expected);
        let secrets = vec!["whsec_2".to_owned()];
        let credentials = Credentials {
            previous: Some(PreviousSecret { secret: "whsec_1".to_owned(), until: later }),
            auth: Some(ReceiverAuth::Bearer { token: "t".to_owned() }),
            client_certificate: None,
        };
        let sealed = Some((secrets.clone(), credentials.clone()));
        let update = EndpointUpdate { secrets: sealed, ..EndpointUpdate::default() };
        let expected = Endpoint { secrets, credentials, ..expected };
        assert_eq!(change(update).await, expected);
        let expected = Endpoint {
            status: EndpointStatus::Disabled,
            status_reason: Some("by hand".to_owned()),
            status_since: later,
            ..expected
        };
        assert_eq!(change(status(EndpointStatus::Disabled, Some("by hand"))).await, expected);
        assert_eq!(change(EndpointUpdate::default()).await, expected);
        let seen = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen, expected);
    }

    async fn since_when_a_status_holds_is_known_whatever_else_changes(house: House) {
        let acme = house.tenant("acme").await;
        let made = house.endpoint_of(acme, "ep_a").await;
        let mut now = NOW;
        let mut change = async |update| {
            now = now.plus_ms(10);
            let changed = house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, now);
            let changed = changed.await.expect("changed");
            assert_eq!(changed.updated_at, now);
            changed.status_since.0 - NOW.0
        };
        let of = |update, reason: &str| status(update, Some(reason));
        assert_eq!(change(status(EndpointStatus::Active, None)).await, 0, "as it was");
        assert_eq!(change(of(EndpointStatus::Paused, "a")).await, 20);
        assert_eq!(change(of(EndpointStatus::Paused, "another reason")).await, 20);
        let named = EndpointUpdate { settings: Some(settings()), ..EndpointUpdate::default() };
        assert_eq!(change(named).await, 20);
        assert_eq!(change(of(EndpointStatus::Disabled, "b")).await, 50);
        assert_eq!(change(status(EndpointStatus::Active, None)).await, 60);
        let later = NOW.plus_ms(70);
        house.disable_endpoint(made.id, "410".to_owned(), later).await.expect("disabled");
        house.disable_endpoint(made.id, "410".to_owned(), NOW.plus_ms(80)).await.expect("it is");
        let closed = house.close_breaker(acme.scope(), "ep_a".to_owned(), NOW.plus_ms(90)).await;
        assert_eq!(closed.expect("closed").status_since, later);
        assert_eq!(house.routing().await.expect("read").2[0].status_since, later);
    }

    async fn an_endpoint_that_is_active_again_has_no_reason(house: House) {
        let acme = house.tenant("acme").await;
        let made = house.endpoint_of(acme, "ep_a").await;
        house.disable_endpoint(made.id, "410".to_owned(), NOW).await.expect("disabled");
        let update = status(EndpointStatus::Active, None);
        let active = house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, NOW).await;
        assert_eq!(active.expect("changed"), made);
    }

    async fn an_active_endpoint_is_disabled_with_the_first_reason(house: House) {
        let acme = house.tenant("acme").await;
        let made = house.endpoint_of(acme, "ep_a").await;
        for (later, reason, is_first) in [(1, "answered 410", true), (2, "kept failing", false)] {
            let disabled = house.disable_endpoint(made.id, reason.to_owned(), NOW.plus_ms(later));
            assert_eq!(disabled.await.expect("looked at"), is_first, "{reason}");
        }
        let seen = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen.status, EndpointStatus::Disabled);
        assert_eq!(seen.status_reason.as_deref(), Some("answered 410"));
        assert_eq!(seen.updated_at, NOW.plus_ms(1));
    }

    async fn a_paused_endpoint_is_not_disabled_by_itself(house: House) {
        let acme = house.tenant("acme").await;
        let mut new = an_endpoint(acme, "ep_a");
        new.status = EndpointStatus::Paused;
        let made = house.make_endpoint(new).await;
        let disabled = house.disable_endpoint(made.id, "410".to_owned(), NOW).await;
        assert!(!disabled.expect("looked at"), "a no-op");
        let seen = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen, made);
    }

    async fn a_paused_endpoint_shows_its_live_deliveries_held(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "ep_a").await;
        let fresh = house.publish_fresh(an_event(acme).leased(&a).due(&a).leased(&a)).await;
        house.settle_one(first_outcome_of(&fresh, 0)).await;
        let states = async || {
            let mut states = Vec::new();
            for index in 0..3 {
                let (delivery, _) = house.see(acme, fresh.delivery(index)).await;
                states.push((delivery.state, delivery.next_attempt_at));
            }
            states
        };
        use DeliveryState::{Delivered, Held, Pending};
        let update = status(EndpointStatus::Paused, None);
        house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, NOW).await.expect("paused");
        assert_eq!(states().await, [(Delivered, None), (Held, None), (Held, None)]);
        let update = status(EndpointStatus::Active, None);
        house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, NOW).await.expect("active");
        assert_eq!(states().await, [(Delivered, None), (Pending, Some(NOW)), (Pending, None)]);
    }

    async fn endpoints_are_listed_newest_first_each_once_and_only_in_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        for index in 0..4 {
            house.endpoint_of(acme, &format!("a{index}")).await;
            house.endpoint_of(zeta, &format!("z{index}")).await;
            house.endpoint_of(wide, &format!("w{index}")).await;
        }
        let ids = |rows: Vec<Endpoint>| rows.into_iter().map(|e| e.public_id).collect::<Vec<_>>();
        let ours = rows_by_page(3, |page| house.endpoints(acme.scope(), page)).await;
        assert_eq!(ids(ours), ["a3", "a2", "a1", "a0"]);
        let projects = rows_by_page(3, |page| house.endpoints(acme.project_scope(), page)).await;
        assert_eq!(ids(projects), ["w3", "a3", "w2", "a2", "w1", "a1", "w0", "a0"]);
    }

    async fn an_endpoint_is_touched_only_within_its_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        let made = house.endpoint_of(acme, "ep_a").await;
        for scope in [wide.scope(), zeta.scope(), zeta.project_scope()] {
            let id = || "ep_a".to_owned();
            let read = house.endpoint(scope, id()).await;
            assert!(matches!(read, Err(StoreError::NotFound)));
            let update = status(EndpointStatus::Disabled, None);
            let changed = house.update_endpoint(scope, id(), update, NOW).await;
            assert!(matches!(changed, Err(StoreError::NotFound)));
            let deleted = house.delete_endpoint(scope, id(), NOW).await;
            assert!(matches!(deleted, Err(StoreError::NotFound)));
        }
        let seen = house.endpoint(acme.project_scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen, made);
    }

    async fn a_deleted_endpoint_is_gone_and_its_deliveries_stay_to_be_seen(house: House) {
        let acme = house.tenant("acme").await;
        let a = house.endpoint_of(acme, "ep_a").await;
        let fresh = house.publish_fresh(an_event(acme).due(&a)).await;
        house.delete_endpoint(acme.scope(), "ep_a".to_owned(), NOW).await.expect("deleted");
        let id = || "ep_a".to_owned();
        let read = house.endpoint(acme.scope(), id()).await;
        assert!(matches!(read, Err(StoreError::NotFound)));
        let again = house.delete_endpoint(acme.scope(), id(), NOW).await;
        assert!(matches!(again, Err(StoreError::NotFound)));
        let changed = house.update_endpoint(acme.scope(), id(), EndpointUpdate::default(), NOW).await;
        assert!(matches!(changed, Err(StoreError::NotFound)));
        assert!(house.endpoints(acme.scope(), all()).await.expect("listed").rows.is_empty());
        assert!(house.routing().await.expect("read").2.is_empty());
        let (delivery, _) = house.see(acme, fresh.delivery(0)).await;
        assert_eq!(delivery.endpoint_public_id, "ep_a");
        assert_eq!(house.claim_lane(&a, 1, NOW).await.len(), 1, "to be failed visibly");
    }

    async fn disabling_an_endpoint_that_is_not_there_is_not_found(house: House) {
        let gone = house.disable_endpoint(EndpointId(9), "410".to_owned(), NOW).await;
        assert!(matches!(gone, Err(StoreError::NotFound)));
    }

    async fn secrets_that_were_changed_meanwhile_are_not_overwritten(house: House) {
        let acme = house.tenant("acme").await;
        let seen = house.endpoint_of(acme, "ep_a").await;
        let rotation = |secret: &str| EndpointUpdate {
            secrets: Some((vec![secret.to_owned()], Credentials::default())),
            based_on: Some((seen.secrets.clone(), seen.credentials.clone())),
            ..EndpointUpdate::default()
        };
        let rotate = |secret| house.update_endpoint(acme.scope(), "ep_a".to_owned(), rotation(secret), NOW);
        rotate("whsec_first").await.expect("rotated");
        let second = rotate("whsec_second").await;
        assert!(matches!(second, Err(StoreError::Changed)), "{second:?}");
        let after = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(after.secrets, ["whsec_first"]);
    }
}
