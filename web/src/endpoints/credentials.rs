//! What an endpoint has that is secret beside its signing secrets, after what a request says of it.

use hookwright_store::{Credentials, EndpointSettings};
use hookwright_wire::Profile;

use crate::app::App;
use crate::endpoint_json::{EndpointInput, Rules, check_secret};
use crate::problem::Problem;

/// The credentials that come of `old` and a request. A secret that was `replaced` has none before
/// it: who gives another one without a rotation ends the old one at once.
pub(super) fn credentials(
    app: &App,
    input: &EndpointInput,
    (old, replaced): (Credentials, bool),
    settings: &EndpointSettings,
    rules: &Rules<'_>,
) -> Result<Credentials, Problem> {
    let previous = old.previous.filter(|_| !replaced);
    if let Some(previous) = &previous {
        // A change of profile must not leave a secret that the new one cannot use.
        check_secret(&previous.secret, rules)?;
    }
    let auth = match &input.auth {
        None => old.auth,
        Some(auth) => auth.clone().map(|auth| auth.checked(app)).transpose()?,
    };
    let client_certificate = match &input.client_certificate {
        None => old.client_certificate,
        Some(own) => own.clone().map(|own| own.checked(app)).transpose()?,
    };
    let credentials = Credentials {
        previous,
        auth,
        client_certificate,
    };
    one_authorization(&credentials, settings, rules)?;
    Ok(credentials)
}

/// Two of them would be a guess which one counts.
fn one_authorization(
    credentials: &Credentials,
    settings: &EndpointSettings,
    rules: &Rules<'_>,
) -> Result<(), Problem> {
    let is_it = |name: &str| name.eq_ignore_ascii_case("authorization");
    let own = settings.headers.iter().any(|(name, _)| is_it(name));
    let profiles = std::iter::once(rules.profile).chain(rules.second);
    let profiles = profiles.flat_map(Profile::own_headers).any(is_it);
    if credentials.auth.is_some() && (own || profiles) {
        let detail = "cannot be set beside an \"authorization\" header of \"headers\" or of the wire profile; leave one of them out";
        return Err(Problem::field("/auth", detail));
    }
    Ok(())
}
