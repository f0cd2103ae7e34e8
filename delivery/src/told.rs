//! What the product is told of a settled delivery, and whether it wants to be told.

use hookwright_core::ids::{self, AccountId, ProjectId};
use hookwright_store::{Claimed, NewNotice, Settled, Settlement, SettlementNotice};
use serde::Serialize;

use crate::engine::Shared;
use crate::target::Target;

/// The data of `delivery.exhausted` and `delivery.recovered`.
#[derive(Serialize)]
struct DeliveryTold<'a> {
    delivery_id: String,
    event_id: String,
    event_type: &'a str,
    endpoint_id: &'a str,
    endpoint_url: &'a str,
    account_id: &'a str,
    /// Attempts made, the last one included.
    attempts: u32,
    /// The last attempt's failure; absent where it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// What is told of this settlement. Costs a comparison where nothing can be: of a first attempt that
/// succeeded, of a failure that is retried.
pub(crate) fn of_settlement(
    shared: &Shared,
    target: &Target,
    claimed: &Claimed,
    settlement: &Settlement,
) -> Option<Box<SettlementNotice>> {
    let attempt = settlement.attempt.as_ref()?;
    // Whether the delivery was given up before, the store knows.
    let may_recover = settlement.manual || claimed.due_at != claimed.created_at;
    let event_type = match settlement.becomes {
        Settled::Failed if !settlement.manual => "delivery.exhausted",
        Settled::Delivered if may_recover => "delivery.recovered",
        _ => return None,
    };
    let account = target.endpoint.account_id;
    if !is_wanted(shared, settlement.project_id, account) {
        return None;
    }
    let event = &claimed.event;
    let prefix = shared.event_prefix(settlement.project_id);
    let made_id = || ids::encode(&prefix, event.accepted_at, event.id.0);
    let account = shared.routing.account_public_id(account);
    let body = serde_json::to_string(&DeliveryTold {
        delivery_id: ids::encode("dlv_", claimed.created_at, claimed.id.0),
        event_id: event.given_id.clone().unwrap_or_else(made_id),
        event_type: &event.event_type,
        endpoint_id: &target.endpoint.public_id,
        endpoint_url: &target.endpoint.settings.url,
        account_id: account.as_deref().unwrap_or_default(),
        attempts: attempt.number,
        error: attempt.error.map(|class| class.as_str()),
        status: attempt.status,
    });
    let notice = NewNotice {
        event_type,
        body: body.ok()?,
    };
    Some(Box::new(SettlementNotice {
        notice,
        if_given_up_before: settlement.becomes == Settled::Delivered,
    }))
}

/// Whether the project has an endpoint for operational events; what happens to those themselves is
/// not told.
fn is_wanted(shared: &Shared, project: ProjectId, of: AccountId) -> bool {
    let operational = shared.routing.operational_account(project);
    operational.is_some_and(|account| account != of)
}
