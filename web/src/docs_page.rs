//! Where people read and try the API: a page over this server's own document, with nothing from
//! another host.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::app::App;

const PAGE: &str = include_str!("../assets/docs.html");
const START: &str = include_str!("../assets/docs.js");
/// Kept packed: every browser unpacks it.
const SCRIPT: &[u8] = include_bytes!("../assets/swagger-ui/swagger-ui-bundle.js.gz");
const STYLE: &[u8] = include_bytes!("../assets/swagger-ui/swagger-ui.css.gz");

/// Nothing may be loaded from or sent to anywhere but this server. The library writes styles into
/// its elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
const A_DAY: &str = "public, max-age=86400";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/docs", get(page))
        .route(
            "/docs/start.js",
            get(|| async { plain("text/javascript", START) }),
        )
        .route(
            "/docs/swagger-ui.js",
            get(|| async { packed("text/javascript", SCRIPT) }),
        )
        .route(
            "/docs/swagger-ui.css",
            get(|| async { packed("text/css", STYLE) }),
        )
}

async fn page() -> Response {
    let mut page = plain("text/html; charset=utf-8", PAGE);
    let policy = HeaderValue::from_static(POLICY);
    page.headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

fn plain(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::OK, headers, text).into_response()
}

fn packed(kind: &'static str, bytes: &'static [u8]) -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_ENCODING, "gzip"),
        (header::CACHE_CONTROL, A_DAY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}
