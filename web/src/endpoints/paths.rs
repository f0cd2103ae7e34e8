//! Where does the endpoint resource answer?
//!
//! At four paths, each with a name of its own for every operation, because generated clients need
//! names that differ.

/// One of the paths, with the name of the operation there.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) path: &'static str,
    /// The operation's id in the document.
    pub(crate) id: &'static str,
}

/// An operation at all four paths: `at_four!("pause", "", "/{id}/pause")` is `pauseEndpoint`,
/// `pauseWebhook` and so on. The second word ends the name.
macro_rules! at_four {
    ($verb:literal, $ending:literal, $below:literal) => {
        [
            $crate::endpoints::paths::At {
                path: concat!("/v1/endpoints", $below),
                id: concat!($verb, "Endpoint", $ending),
            },
            $crate::endpoints::paths::At {
                path: concat!("/v1/webhooks", $below),
                id: concat!($verb, "Webhook", $ending),
            },
            $crate::endpoints::paths::At {
                path: concat!("/v1/webhooks/endpoints", $below),
                id: concat!($verb, "WebhookEndpoint", $ending),
            },
            $crate::endpoints::paths::At {
                path: concat!("/v1/accounts/{account_id}/webhooks", $below),
                id: concat!($verb, "AccountWebhook", $ending),
            },
        ]
    };
}

pub(crate) use at_four;
