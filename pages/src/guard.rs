//! What every request for a page meets first, and every page leaves with: forms of other sites are
//! refused, and the browser is told what the page may do.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::fault::{Fault, SignedOut};
use crate::moment;
use crate::nonce::Nonce;
use crate::portal::{self, Portal};
use crate::router::Pages;
use crate::visit::Face;

/// Refuses what another site sends, and puts the headers of safety on every page.
pub(crate) async fn guard(
    State(pages): State<Pages>,
    mut request: Request,
    next: Next,
) -> Response {
    let nonce = Nonce::new((pages.options.random)());
    let face = Face::of(request.uri().path());
    let portal = match face {
        Face::Portal => Portal::of(&pages, request.headers(), request.extensions()).await,
        Face::Operator => None,
    };
    let frames = Frames::of(portal.as_ref());
    if changes(request.method()) && !is_own(request.headers()) {
        let fault = Fault::new(
            StatusCode::FORBIDDEN,
            "Nothing was done: the form was sent from a page of another site, or the browser did not say from which. Open the page here and send the form from it.",
        );
        return safe(fault.into_response(), &nonce, &frames);
    }
    let reached = Reached::of(request.headers());
    let extensions = request.extensions_mut();
    extensions.insert(nonce.clone());
    extensions.insert(reached);
    if let Some(portal) = portal {
        extensions.insert(Arc::new(portal));
    }
    let headers = request.headers().clone();
    let made = moment::within((pages.options.now)(), next.run(request));
    let mut response = made.await;
    let is_over = response.extensions().get::<SignedOut>().is_some();
    if is_over && face == Face::Portal {
        response = portal::ended(&headers);
    }
    safe(response, &nonce, &frames)
}

/// By which address this server was asked, as far as the browser and proxies say.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) host: Option<HeaderValue>,
    pub(crate) scheme: Option<HeaderValue>,
}

impl Reached {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            host: headers.get(header::HOST).cloned(),
            scheme: headers.get("x-forwarded-proto").cloned(),
        }
    }
}

/// Which sites may show a page in a frame of theirs.
struct Frames(String);

impl Frames {
    /// Those that the project names may show its portal. Whoever has no session is shown nothing that
    /// is worth a click.
    fn of(portal: Option<&Portal>) -> Self {
        let origins = portal.map(|portal| portal.theme.frame_origins.join(" "));
        let origins = origins.filter(|origins| !origins.is_empty());
        Self(origins.unwrap_or_else(|| "'none'".to_owned()))
    }
}

/// Marks a page that any site may show in a frame: it says something, and has nothing to press but the
/// way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnySite;

impl AnySite {
    pub(crate) const fn extension() -> Extension<Self> {
        Extension(Self)
    }
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a page of this server sent it, as the browser says.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text("origin").and_then(|origin| origin.split_once("://"));
    match (origin, text("host")) {
        (Some((_, origin)), Some(host)) => origin.eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Nothing from another host, no script but our own, no other site around it but those that may.
fn safe(mut response: Response, nonce: &Nonce, Frames(frames): &Frames) -> Response {
    let frames = match response.extensions().get::<AnySite>() {
        Some(AnySite) => "*",
        None => frames,
    };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{}'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}",
        nonce.0
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages show secrets and payloads: no cache keeps them. Assets say otherwise themselves.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn only_a_page_of_this_server_may_send_forms() {
        let own = [
            &[("sec-fetch-site", "same-origin")][..],
            &[("origin", "https://a.test"), ("host", "a.test")],
            &[
                ("origin", "http://127.0.0.1:8080"),
                ("host", "127.0.0.1:8080"),
            ],
        ];
        assert!(own.iter().all(|pairs| is_own(&headers(pairs))));
        let others = [
            &[][..],
            &[("host", "a.test")],
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://a.test"),
                ("host", "a.test"),
            ],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("origin", "null"), ("host", "a.test")],
            &[("origin", "https://a.test.evil.test"), ("host", "a.test")],
            &[("origin", "https://a.test:444"), ("host", "a.test")],
        ];
        assert!(others.iter().all(|pairs| !is_own(&headers(pairs))));
    }
}
