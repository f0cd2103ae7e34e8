//! The style, the script and the mark of all pages: files, named by what is in them.

use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;
use ring::digest::{SHA256, digest};

use crate::router::Pages;

const STYLE: &str = include_str!("../assets/pages.css");
const SCRIPT: &str = include_str!("../assets/pages.js");
const MARK: &str = include_str!("../assets/mark.svg");

/// The style's address. A new version has a new one, so that a browser may keep it for ever.
pub(crate) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| named("css", STYLE));
/// The address of our mark, for the browser's tab.
pub(crate) static MARK_PATH: LazyLock<String> = LazyLock::new(|| named("svg", MARK));
/// The script's address.
pub(crate) static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| named("js", SCRIPT));

fn named(kind: &str, text: &str) -> String {
    let hash = hex::encode(&digest(&SHA256, text.as_bytes()).as_ref()[..8]);
    format!("/ui/assets/pages-{hash}.{kind}")
}

pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route(&STYLE_PATH, get(|| async { asset("text/css", STYLE) }))
        .route(
            &SCRIPT_PATH,
            get(|| async { asset("text/javascript", SCRIPT) }),
        )
        .route(&MARK_PATH, get(|| async { asset("image/svg+xml", MARK) }))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, text).into_response()
}
