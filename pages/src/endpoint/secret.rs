//! The signing secret of an endpoint: hidden until it is asked for, replaced with an overlap.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::model::{Endpoint, Named, api_path, done, head, load, page_path};
use super::problem::wrong;
use crate::fault::{Fault, OrForm, Problem};
use crate::layout::{self, csrf_field};
use crate::parts::field::{Field, trouble};
use crate::parts::show::block;
use crate::parts::times::time;
use crate::posted::{Fields, Form, Posted};
use crate::router::Pages;
use crate::visit::Visit;

/// How long the old secret goes on counting, in seconds.
const OVERLAPS: [(&str, &str); 6] = [
    ("86400", "1 day"),
    ("3600", "1 hour"),
    ("259200", "3 days"),
    ("604800", "7 days"),
    ("0", "Not at all: the old one ends now, as after a leak"),
    ("", "Another time"),
];
const KINDS: [(&str, &str); 2] = [
    ("hmac", "A shared secret (HMAC)"),
    ("ed25519", "An ed25519 key pair"),
];

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/endpoints/{id}/secret", get(show))
        .route("/endpoints/{id}/secret/reveal", post(reveal))
        .route("/endpoints/{id}/secret/rotate", post(rotate))
        .route("/endpoints/{id}/secret/end", post(end))
}

/// The secrets in full. They are never kept, and stand in one answer only.
#[derive(Deserialize)]
struct Revealed {
    secret: Option<String>,
    previous_secret: Option<String>,
}

/// The form as it is first shown.
fn usual() -> Form {
    Form::of(vec![("overlap".to_owned(), OVERLAPS[0].0.to_owned())])
}

/// A secret that was just made or given.
#[derive(Deserialize)]
struct Made {
    secret: String,
}

/// A secret shown once, to somebody who may make secrets and not read them.
pub(super) async fn made_page(visit: &Visit, id: &str, secret: &str) -> Result<Response, Fault> {
    let endpoint = load(visit, id).await?;
    let body = html! {
        (head(visit, &endpoint, "/secret"))
        h2 { "The new signing secret" }
        p { "Keep it now where other secrets are kept: it is shown this once only." }
        (block("The secret, in full", secret))
        p { a.button href=(visit.to(&page_path(id, ""))) { "I have kept it" } }
    };
    Ok(layout::page(visit, "Signing secret", &body))
}

async fn show(visit: Visit, Path(named): Path<Named>) -> Result<Response, Fault> {
    let endpoint = load(&visit, &named.id).await?;
    Ok(page(&visit, &endpoint, &usual(), None))
}

fn page(visit: &Visit, endpoint: &Endpoint, form: &Form, revealed: Option<&Revealed>) -> Response {
    let writes = visit.may("endpoints:write");
    let body = html! {
        (head(visit, endpoint, "/secret"))
        (trouble(form, &["secret", "secret_type", "overlap_seconds"]))
        p { "Every request is signed, so that its receiver can tell that it comes from here and was not changed. "
            a href=(visit.to(&page_path(&endpoint.id, "/code"))) { "Code that verifies it" } ", in eight languages." }
        @if let Some(until) = &endpoint.previous_secret_valid_until { (overlap(visit, endpoint, until, writes)) }
        @if let Some(key) = &endpoint.public_key { (public(key)) }
        (secrets(visit, endpoint, revealed, writes))
        @if writes { (rotation(visit, endpoint, form)) }
    };
    layout::page(visit, "Signing secret", &body)
}

fn public(key: &str) -> Markup {
    html! {
        h2 { "Public key" }
        p { "This endpoint is signed for with an ed25519 key. Receivers verify with its public half, which is no secret: configure it where a shared secret would stand." }
        (block("Public key", key))
    }
}

/// Which secrets count during a rotation, and until when.
fn overlap(visit: &Visit, endpoint: &Endpoint, until: &str, writes: bool) -> Markup {
    html! {
        div.note {
            @if endpoint.secret_rotation == "both" {
                p { "A rotation is under way. Until " (time(until)) " requests are signed with both secrets: a receiver with either takes them. After that, with the new one alone." }
            } @else {
                p { "A rotation is under way. Until " (time(until)) " requests are signed with the old secret alone, and from then on with the new one alone: change the receiver at that moment, or let it take both." }
            }
            @if writes {
                form.inline method="post" action=(visit.to(&page_path(&endpoint.id, "/secret/end"))) {
                    (csrf_field(visit))
                    button type="submit" data-confirm="The old secret will count no more. Have all receivers the new one?" { "End the old secret now" }
                }
            }
        }
    }
}

/// What is known of the secret, or all of it.
fn secrets(
    visit: &Visit,
    endpoint: &Endpoint,
    revealed: Option<&Revealed>,
    writes: bool,
) -> Markup {
    html! {
        h2 { "Secret" }
        @if let Some(revealed) = revealed {
            @match &revealed.secret {
                Some(secret) => (block("The secret, in full", secret)),
                None => p { "This endpoint has none: its requests are not signed." },
            }
            @if let Some(previous) = &revealed.previous_secret { (block("The one before, which still counts", previous)) }
            p { a.button href=(visit.to(&page_path(&endpoint.id, "/secret"))) { "Hide" } }
            p.quiet { "Keep it where other secrets are kept. That it was shown is in the audit log." }
        } @else if endpoint.secret.is_none() {
            p { "This endpoint has none: its requests are not signed." }
        } @else {
            p { code { (endpoint.secret.as_deref().unwrap_or_default()) } }
            @if visit.sees_secrets() {
                form method="post" action=(visit.to(&page_path(&endpoint.id, "/secret/reveal"))) {
                    (csrf_field(visit))
                    button type="submit" { "Show it in full" }
                }
            } @else {
                p.quiet { @if writes { "It is not shown here. Replace it to have a new one." } @else { "Only who may change endpoints sees it in full." } }
            }
        }
    }
}

fn rotation(visit: &Visit, endpoint: &Endpoint, form: &Form) -> Markup {
    html! {
        h2 { "Replace it" }
        p {
            @if endpoint.secret_rotation == "both" {
                "This wire format carries several signatures: during the overlap both secrets sign, and receivers change when they like."
            } @else {
                "This wire format carries one signature: until the end of the overlap the old secret signs alone, and from then on the new one. The page says the moment."
            }
        }
        form.stack method="post" action=(visit.to(&page_path(&endpoint.id, "/secret/rotate"))) {
            (csrf_field(visit))
            (Field::new("overlap", "The old one goes on counting for").required().select(form, &OVERLAPS))
            (Field::new("overlap_seconds", "Another time").hint("Seconds, 0 to 604,800 (7 days), where another time is chosen.").input(form, "text"))
            (Field::new("secret_type", "What is made").required().select(form, &KINDS))
            (Field::new("secret", "Or a secret of your own").hint("It is not shown while it is typed.").input(form, "password"))
            div.actions { button type="submit" data-confirm="Replace the signing secret?" { "Replace the secret" } }
        }
    }
}

async fn reveal(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let visit = &posted.visit;
    let endpoint = load(visit, &named.id).await?;
    let path = api_path(&named.id, "/secret");
    match visit.get::<Revealed>(&path, &[]).await.or_form()? {
        Ok(revealed) => Ok(page(visit, &endpoint, &usual(), Some(&revealed))),
        Err(problem) => refused(visit, &named.id, usual().fields, problem).await,
    }
}

async fn rotate(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, mut fields } = posted;
    let sent = match body(&fields) {
        Ok(body) => {
            let path = api_path(&named.id, "/secret/rotate");
            let sent = visit.send::<Made>(Method::POST, &path, &[], Some(&body));
            sent.await.or_form()?
        }
        Err(problem) => Err(problem),
    };
    match sent {
        Ok(_) if visit.sees_secrets() => {
            Ok(done(&visit, &named.id, "/secret", "secret-rotated").into_response())
        }
        // Who may not have it shown later sees it now, once.
        Ok(made) => made_page(&visit, &named.id, &made.secret).await,
        Err(problem) => {
            fields.0.retain(|(name, _)| name != "secret");
            refused(&visit, &named.id, fields, problem).await
        }
    }
}

async fn refused(
    visit: &Visit,
    id: &str,
    fields: Fields,
    problem: Problem,
) -> Result<Response, Fault> {
    let endpoint = load(visit, id).await?;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let form = Form::refused(fields, problem);
    Ok((status, page(visit, &endpoint, &form, None)).into_response())
}

/// What a form asks of the API: a given secret, or a kind of one to be made.
fn body(fields: &Fields) -> Result<Value, Problem> {
    let mut body = Map::new();
    match (fields.text("secret"), fields.text("secret_type")) {
        (Some(given), _) => drop(body.insert("secret".to_owned(), json!(given))),
        (None, Some(kind)) => drop(body.insert("secret_type".to_owned(), json!(kind))),
        (None, None) => {}
    }
    let typed = fields.text("overlap_seconds");
    if let Some(text) = fields.text("overlap").or(typed) {
        let seconds: u64 = text
            .parse()
            .map_err(|_| wrong("overlap_seconds", "must be a whole number of seconds"))?;
        body.insert("overlap_seconds".to_owned(), json!(seconds));
    } else {
        let detail = "Say for how many seconds, or choose one of the times above.";
        return Err(wrong("overlap_seconds", detail));
    }
    Ok(Value::Object(body))
}

async fn end(Path(named): Path<Named>, posted: Posted) -> Result<Response, Fault> {
    let visit = &posted.visit;
    let path = api_path(&named.id, "/secret/previous");
    let _: IgnoredAny = visit.send(Method::DELETE, &path, &[], None).await?;
    Ok(done(visit, &named.id, "/secret", "overlap-ended").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(text: &str) -> Result<Value, String> {
        let body = body(&Fields::of(text.as_bytes()));
        body.map_err(|problem| problem.errors[0].pointer.clone())
    }

    #[test]
    fn a_chosen_time_counts_before_a_typed_one() {
        let both = body_of("overlap=3600&overlap_seconds=5&secret_type=hmac");
        assert_eq!(
            both.expect("a body"),
            json!({"overlap_seconds": 3600, "secret_type": "hmac"})
        );
        let typed = body_of("overlap=&overlap_seconds=5&secret=own&secret_type=hmac");
        assert_eq!(
            typed.expect("a body"),
            json!({"overlap_seconds": 5, "secret": "own"})
        );
        assert_eq!(body_of("overlap=").expect_err("none"), "/overlap_seconds");
        assert_eq!(
            body_of("overlap=&overlap_seconds=x").expect_err("none"),
            "/overlap_seconds"
        );
    }
}
