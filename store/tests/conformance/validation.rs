//! What a validation handshake changes: the endpoint that it was about, and no other.

use hookwright_core::time::UnixMs;
use hookwright_store::{
    Endpoint, EndpointStatus, EndpointUpdate, Validation, ValidationOutcome, WAITING_FOR_VALIDATION,
};

use super::build::an_endpoint;
use super::house::{House, NOW, Tenant};

const LATER: UnixMs = UnixMs(NOW.0 + 5);

async fn waiting(house: &House, tenant: Tenant) -> Endpoint {
    let mut new = an_endpoint(tenant, "ep_a");
    new.settings.validation = Some(Validation::Cloudevents);
    new.status = EndpointStatus::Paused;
    new.status_reason = Some(WAITING_FOR_VALIDATION.to_owned());
    house.create_endpoint(new).await.expect("made")
}

fn consent(endpoint: &Endpoint) -> ValidationOutcome {
    ValidationOutcome {
        url: endpoint.settings.url.clone(),
        at: LATER,
        error: None,
        allowed_per_minute: Some(120),
    }
}

fn refusal(endpoint: &Endpoint) -> ValidationOutcome {
    ValidationOutcome {
        error: Some("no".to_owned()),
        allowed_per_minute: None,
        ..consent(endpoint)
    }
}

facts! {
    async fn a_consent_makes_a_waiting_endpoint_active(house: House) {
        let acme = house.tenant("acme").await;
        let endpoint = waiting(&house, acme).await;
        assert!(endpoint.is_waiting_for_validation());
        let settled = house.settle_validation(endpoint.id, consent(&endpoint), LATER).await;
        let settled = settled.expect("settled").expect("the same URL");
        assert_eq!((settled.status, settled.status_reason.as_deref()), (EndpointStatus::Active, None));
        assert_eq!(settled.settings.consent(), Some(&consent(&endpoint)));
        assert_eq!(settled.secrets, endpoint.secrets);
        assert_eq!((settled.updated_at, settled.status_since), (LATER, LATER));
        let seen = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen, settled);
    }

    async fn a_refusal_is_kept_and_the_endpoint_goes_on_waiting(house: House) {
        let acme = house.tenant("acme").await;
        let endpoint = waiting(&house, acme).await;
        let settled = house.settle_validation(endpoint.id, refusal(&endpoint), LATER).await;
        let settled = settled.expect("settled").expect("the same URL");
        assert!(settled.is_waiting_for_validation());
        assert_eq!(settled.settings.validated, Some(refusal(&endpoint)));
        assert_eq!((settled.updated_at, settled.status_since), (LATER, NOW));
        assert!(settled.settings.awaits_validation());
        let settled = house.settle_validation(endpoint.id, consent(&endpoint), LATER).await;
        assert_eq!(settled.expect("settled").expect("the same URL").status, EndpointStatus::Active);
    }

    async fn an_endpoint_that_somebody_paused_stays_paused(house: House) {
        let acme = house.tenant("acme").await;
        let endpoint = waiting(&house, acme).await;
        let update = EndpointUpdate {
            status: Some((EndpointStatus::Paused, Some("by hand".to_owned()))),
            ..EndpointUpdate::default()
        };
        house.update_endpoint(acme.scope(), "ep_a".to_owned(), update, NOW).await.expect("paused");
        let settled = house.settle_validation(endpoint.id, consent(&endpoint), LATER).await;
        let settled = settled.expect("settled").expect("the same URL");
        assert_eq!(settled.status, EndpointStatus::Paused);
        assert_eq!(settled.status_reason.as_deref(), Some("by hand"));
        assert!(settled.settings.consent().is_some());
    }

    async fn an_answer_about_another_url_changes_nothing(house: House) {
        let acme = house.tenant("acme").await;
        let endpoint = waiting(&house, acme).await;
        let other = ValidationOutcome {
            url: "https://other.example/".to_owned(),
            ..consent(&endpoint)
        };
        let settled = house.settle_validation(endpoint.id, other, LATER).await;
        assert_eq!(settled.expect("settled"), None);
        let seen = house.endpoint(acme.scope(), "ep_a".to_owned()).await.expect("seen");
        assert_eq!(seen, endpoint);
        house.delete_endpoint(acme.scope(), "ep_a".to_owned(), NOW).await.expect("deleted");
        let settled = house.settle_validation(endpoint.id, consent(&endpoint), LATER).await;
        assert_eq!(settled.expect("settled"), None);
    }
}
