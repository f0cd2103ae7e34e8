//! The customer's face: how it is entered by a link, how it looks, and what is shown at its end.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Extensions, HeaderMap, Method, StatusCode, header};
use maud::html;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::json;

use crate::api::Ask;
use crate::colour::{Accent, of_theme};
use crate::cookies;
use crate::fault::Fault;
use crate::guard::AnySite;
use crate::layout;
use crate::router::{PORTAL, Pages};
use crate::visit::{Face, Visit};

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/portal/enter/{code}", get(enter))
        .route("/portal/theme.css", get(theme))
        .route("/portal/logo", get(logo))
}

/// Whose portal a session opens, as the API says.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Portal {
    /// What it is called.
    pub(crate) name: String,
    pub(crate) theme: Theme,
    pub(crate) account: Account,
    /// Nothing can be changed in it.
    pub(crate) read_only: bool,
    /// Where the customer came from.
    pub(crate) return_url: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Theme {
    logo: Option<String>,
    accent: Option<String>,
    accent_dark: Option<String>,
    pub(crate) frame_origins: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

impl Portal {
    /// The portal of the session that a browser has, if it has one that lives.
    pub(crate) async fn of(
        pages: &Pages,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> Option<Self> {
        let key = cookies::read(headers, Face::Portal)?;
        let ask = Ask {
            method: Method::GET,
            uri: "/v1/portal".to_owned(),
            body: None,
            key: Some(&key),
            extensions: (pages.options.connection)(extensions),
        };
        pages.api.ask(ask).await.ok()
    }

    /// The address of the logo. Another logo has another one.
    pub(crate) fn logo_path(&self) -> Option<String> {
        let logo = self.theme.logo.as_ref()?;
        let hash = hex::encode(&digest(&SHA256, logo.as_bytes()).as_ref()[..8]);
        Some(format!("{PORTAL}/logo?v={hash}"))
    }

    /// Whether its colours are its own.
    pub(crate) const fn has_style(&self) -> bool {
        self.theme.accent.is_some() || self.theme.accent_dark.is_some()
    }

    pub(crate) fn account_name(&self) -> &str {
        self.account.name.as_deref().unwrap_or(&self.account.id)
    }
}

/// A link is followed: the browser is given the session.
async fn enter(
    State(pages): State<Pages>,
    Path(code): Path<String>,
    request: Request,
) -> Result<Response, Fault> {
    let (parts, _) = request.into_parts();
    if !is_visit(&parts.method, &parts.headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    #[derive(Deserialize)]
    struct Redeemed {
        token: String,
        return_url: Option<String>,
    }
    let body = json!({ "code": code });
    let ask = Ask {
        method: Method::POST,
        uri: "/v1/portal-sessions/redeem".to_owned(),
        body: Some(&body),
        key: None,
        extensions: (pages.options.connection)(&parts.extensions),
    };
    match pages.api.ask::<Redeemed>(ask).await {
        Ok(redeemed) => {
            let back = redeemed.return_url.as_deref();
            let mut response = Redirect::to(PORTAL).into_response();
            let headers = response.headers_mut();
            headers.append(
                header::SET_COOKIE,
                cookies::set(Face::Portal, &redeemed.token)?,
            );
            headers.append(header::SET_COOKIE, cookies::set_way_back(back)?);
            Ok(response)
        }
        Err(Fault::Refused(problem)) if problem.status == 404 => {
            // Somebody who is in already, and comes by the same link again, stays in.
            match Portal::of(&pages, &parts.headers, &Extensions::new()).await {
                Some(_) => Ok(Redirect::to(PORTAL).into_response()),
                None => Ok(used()),
            }
        }
        Err(fault) => Err(fault),
    }
}

/// Whether a person opens the link. Browsers also fetch pages that somebody may open next, and others
/// look whether there is one: they must not use the link up.
fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let early = ["sec-purpose", "purpose", "x-moz"].map(text);
    let is_early = early
        .into_iter()
        .flatten()
        .any(|value| value.contains("prefetch"));
    let shown =
        text("sec-fetch-dest").is_none_or(|dest| matches!(dest, "document" | "iframe" | "frame"));
    *method == Method::GET && !is_early && shown
}

/// A link that is used up, or too old.
fn used() -> Response {
    let page = layout::portal_bare(
        "Link not valid",
        &html! {
            h1 { "This link is no longer valid" }
            p { "It works for five minutes, and for the first who opens it. Go back to where you found it and open the webhooks page there again." }
        },
    );
    (StatusCode::NOT_FOUND, AnySite::extension(), page).into_response()
}

/// What is shown to a customer whose session ended, or who has none.
pub(crate) fn ended(headers: &HeaderMap) -> Response {
    let back = cookies::read_way_back(headers);
    let page = layout::portal_bare(
        "Session ended",
        &html! {
            h1 { "Your session has ended" }
            p { "For your safety this page works for a limited time. Nothing is lost: deliveries go on meanwhile." }
            @match &back {
                Some(url) => p { a.button.primary href=(url) target="_top" rel="noreferrer" { "Back to " (host(url)) } },
                None => p { "Go back to the product that brought you here and open its webhooks page again." },
            }
        },
    );
    (StatusCode::UNAUTHORIZED, AnySite::extension(), page).into_response()
}

/// The host of an address, as people know a site.
pub(crate) fn host(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    host.unwrap_or("where you came from").to_owned()
}

/// The product's colours, in place of ours.
async fn theme(visit: Visit) -> Response {
    let text = visit.portal.as_deref().map(|portal| style(&portal.theme));
    let kind = [(header::CONTENT_TYPE, "text/css")];
    (kind, text.unwrap_or_default()).into_response()
}

fn style(theme: &Theme) -> String {
    let rule = |accent: Accent| {
        let (colour, on) = (accent.colour.text(), accent.on.text());
        format!(":root{{--accent:{colour};--on-accent:{on};--focus:{colour};--chart-1:{colour}}}")
    };
    let [light, dark] = of_theme(theme.accent.as_deref(), theme.accent_dark.as_deref());
    let light = light.map(rule);
    let dark = dark.map(|it| {
        let rule = rule(it);
        format!("@media (prefers-color-scheme: dark){{{rule}}}")
    });
    // In the light theme the dark one's colour is not asked for.
    [light, dark].into_iter().flatten().collect()
}

/// The product's logo. A picture with scripts in it runs none: the page's policy forbids them.
async fn logo(visit: Visit) -> Result<Response, Fault> {
    let logo = visit
        .portal
        .as_deref()
        .and_then(|portal| portal.theme.logo.as_deref());
    let parts = logo
        .and_then(|logo| logo.strip_prefix("data:")?.split_once(";base64,"))
        .and_then(|(kind, data)| Some((kind.to_owned(), STANDARD.decode(data).ok()?)));
    let (kind, bytes) = parts.ok_or_else(Fault::no_page)?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "private, max-age=86400".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_link_is_used_up_by_people_alone() {
        let visit = |method, pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            });
            is_visit(&method, &headers.collect())
        };
        assert!(visit(Method::GET, &[]));
        for dest in ["document", "iframe"] {
            assert!(visit(Method::GET, &[("sec-fetch-dest", dest)]));
        }
        assert!(!visit(Method::HEAD, &[]));
        assert!(!visit(Method::GET, &[("sec-fetch-dest", "image")]));
        assert!(!visit(
            Method::GET,
            &[("sec-purpose", "prefetch;prerender")]
        ));
        assert!(!visit(Method::GET, &[("purpose", "prefetch")]));
    }

    #[test]
    fn a_theme_has_a_colour_for_light_and_for_dark() {
        let theme = |accent: Option<&str>, dark: Option<&str>| Theme {
            logo: None,
            accent: accent.map(str::to_owned),
            accent_dark: dark.map(str::to_owned),
            frame_origins: Vec::new(),
        };
        let text = style(&theme(Some("#1d4ed8"), None));
        assert!(
            text.starts_with(":root{--accent:#1d4ed8;--on-accent:#ffffff;"),
            "{text}"
        );
        assert!(
            text.contains("@media (prefers-color-scheme: dark){:root{--accent:#"),
            "{text}"
        );
        assert_eq!(style(&theme(None, None)), "");
    }
}
