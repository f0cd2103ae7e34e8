//! Which signing secrets does an endpoint have, after what a request says of them?

use hookwright_wire::new_secret;

use crate::app::App;
use crate::endpoint_json::{EndpointInput, Rules, check_secret};
use crate::problem::Problem;

/// The secret that is given, or a new one; none only where the format allows it and `null` says so.
pub(super) fn first_secret(
    app: &App,
    input: &EndpointInput,
    rules: &Rules<'_>,
) -> Result<Vec<String>, Problem> {
    match &input.secret {
        Some(Some(given)) => {
            check_secret(given, rules)?;
            Ok(vec![given.clone()])
        }
        Some(None) if !rules.profile.secret.required => Ok(Vec::new()),
        Some(None) => Err(Problem::field(
            "/secret",
            "this format needs one; leave it out to have one made",
        )),
        None => {
            let random: Vec<u8> = (0..4)
                .flat_map(|_| app.engine.random().to_be_bytes())
                .collect();
            let secret = new_secret(rules.profile, &random);
            check_secret(&secret, rules)?;
            Ok(vec![secret])
        }
    }
}

pub(super) fn changed_secrets(
    input: &EndpointInput,
    old: Vec<String>,
    rules: &Rules<'_>,
) -> Result<Option<Vec<String>>, Problem> {
    match &input.secret {
        Some(Some(given)) => {
            check_secret(given, rules)?;
            Ok(Some(vec![given.clone()]))
        }
        Some(None) if !rules.profile.secret.required => Ok(Some(Vec::new())),
        Some(None) => Err(Problem::field("/secret", "this format needs one")),
        None => {
            // A change of profile must not leave a secret that the new one cannot use.
            old.iter()
                .try_for_each(|secret| check_secret(secret, rules))?;
            Ok(None)
        }
    }
}
