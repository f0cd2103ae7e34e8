//! What requests carry for the receiver: headers, an authorization, a client certificate, its consent.

use maud::{Markup, html};

use super::error;
use super::rows::rows;
use crate::endpoint::model::{Auth, Endpoint};
use crate::parts::field::{Field, check};
use crate::posted::Form;

/// What is in this part.
pub(super) const FIELDS: &[&str] = &[
    "header_name",
    "headers",
    "auth/type",
    "auth",
    "certificate",
    "client_certificate",
    "validation",
];
const AUTH: [(&str, &str); 4] = [
    ("none", "None"),
    ("basic", "Basic: user name and password"),
    ("bearer", "Bearer: a fixed token"),
    ("oauth2", "OAuth 2.0: client credentials"),
];
const CERTIFICATE: [(&str, &str); 2] = [("none", "None"), ("new", "The one below")];

/// What is set now and can be kept, in words.
#[derive(Default)]
pub(crate) struct Kept {
    auth: Option<String>,
    certificate: Option<String>,
}

impl Kept {
    pub(crate) fn of(endpoint: &Endpoint) -> Self {
        let words = |it: String| format!("As it is: {it}");
        let certificate = endpoint.client_certificate.as_ref();
        Self {
            auth: endpoint.auth.as_ref().map(Auth::in_short).map(words),
            certificate: certificate.map(|it| words(format!("SHA-256 {:.16}…", it.sha256))),
        }
    }
}

/// What can be chosen: what there is may be kept.
fn offered<'a>(kept: Option<&'a str>, others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = kept.map(|words| ("keep", words));
    kept.into_iter().chain(others.iter().copied()).collect()
}

pub(super) fn part(form: &Form, kept: &Kept) -> Markup {
    let auth = offered(kept.auth.as_deref(), &AUTH);
    let certificate = offered(kept.certificate.as_deref(), &CERTIFICATE);
    let own = |name, label, hint, kind| Field::new(name, label).hint(hint).input(form, kind);
    let needed = |name, label, hint, kind| {
        let field = Field::new(name, label).hint(hint).where_chosen();
        field.input(form, kind)
    };
    let pem = |name, label, hint| {
        let field = Field::new(name, label).hint(hint).where_chosen();
        field.area(form, 3)
    };
    html! {
        fieldset {
            legend { "Headers" }
            p.hint { "Sent with every request: at most 32. Those of the wire format cannot be set." }
            (rows(form, "header", "headers", ("Header", "Value")))
        }
        fieldset.choice {
            legend { "Authorization" }
            p.hint { "What stands in each request's authorization header. Passwords, tokens and keys are never shown again: to change one part, type all of it anew." }
            (Field::new("auth/type", "Kind").required().select(form, &auth))
            div.columns-2 data-of="basic" {
                (needed("auth/username", "User name", "Of Basic.", "text"))
                (own("auth/password", "Password", "Of Basic.", "password"))
            }
            div data-of="bearer" { (needed("auth/token", "Token", "Of Bearer.", "password")) }
            div.columns-2 data-of="oauth2" {
                (needed("auth/token_url", "Token URL", "Of OAuth 2.0, as the fields that follow.", "url"))
                (needed("auth/client_id", "Client id", "", "text"))
                (needed("auth/client_secret", "Client secret", "", "password"))
                (own("auth/scope", "Scope", "", "text"))
                (own("auth/audience", "Audience", "", "text"))
            }
            @if form.error("auth").is_some_and(|it| it.pointer == "/auth") { (error(form, "auth")) }
        }
        fieldset.choice {
            legend { "Client certificate" }
            p.hint { "Presented where the receiver asks for one (mutual TLS)." }
            (Field::new("certificate", "Certificate").required().select(form, &certificate))
            div.inner data-of="new" {
                (pem("client_certificate/certificate_pem", "Certificate and chain", "PEM."))
                (pem("client_certificate/private_key_pem", "Private key", "PEM without a passphrase. It is never shown again."))
            }
            @if form.error("client_certificate").is_some_and(|it| it.pointer == "/client_certificate") { (error(form, "client_certificate")) }
        }
        fieldset {
            legend { "Consent" }
            (check(form, "validation", "true", "The receiver must agree first (CloudEvents validation handshake)"))
        }
    }
}
