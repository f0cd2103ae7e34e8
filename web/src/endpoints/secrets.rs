//! Which signing secrets does an endpoint have, after what a request says of them?

use hookwright_wire::{new_ed25519_secret, new_secret};

use crate::app::App;
use crate::endpoint_json::{EndpointInput, Rules, SecretType, check_secret};
use crate::problem::Problem;

/// The secret that is given, or a new one; none only where the format allows it and `null` says so.
pub(super) fn first_secret(
    app: &App,
    input: &EndpointInput,
    rules: &Rules<'_>,
) -> Result<Vec<String>, Problem> {
    match (&input.secret, input.secret_type) {
        (Some(_), Some(_)) => Err(given_twice()),
        (Some(Some(given)), None) => {
            check_secret(given, rules)?;
            Ok(vec![given.clone()])
        }
        (Some(None), None) if !rules.profile.secret.required => Ok(Vec::new()),
        (Some(None), None) => Err(Problem::field(
            "/secret",
            "this format needs one; leave it out to have one made",
        )),
        (None, kind) => {
            let secret = made(app, rules, kind.unwrap_or_default())?;
            check_secret(&secret, rules)?;
            Ok(vec![secret])
        }
    }
}

pub(crate) fn given_twice() -> Problem {
    let detail = "says what kind of secret is made, and none is made where \"secret\" is given; give one of them";
    Problem::field("/secret_type", detail)
}

/// A new secret of a kind.
pub(crate) fn made(app: &App, rules: &Rules<'_>, kind: SecretType) -> Result<String, Problem> {
    match kind {
        SecretType::Hmac => Ok(new_secret(rules.profile, &random::<64>(app))),
        SecretType::Ed25519 => new_ed25519_secret(rules.profile, random(app)).ok_or_else(|| {
            let detail = "this format has no ed25519 signatures; leave it out, or choose a profile that has them, as standard-webhooks";
            Problem::field("/secret_type", detail)
        }),
    }
}

fn random<const BYTES: usize>(app: &App) -> [u8; BYTES] {
    let mut random = [0; BYTES];
    for part in random.chunks_mut(16) {
        part.copy_from_slice(&app.engine.random().to_be_bytes()[..part.len()]);
    }
    random
}

pub(super) fn changed_secrets(
    input: &EndpointInput,
    old: &[String],
    rules: &Rules<'_>,
) -> Result<Option<Vec<String>>, Problem> {
    if input.secret_type.is_some() {
        let detail = "is said where a secret is made: at creation, or in a rotation (POST .../secret/rotate)";
        return Err(Problem::field("/secret_type", detail));
    }
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
