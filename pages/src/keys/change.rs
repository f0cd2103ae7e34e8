//! A key replaced by a new one, or ended.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::form::shown_once;
use super::{OfAccount, Whose};
use crate::fault::Fault;
use crate::posted::Posted;
use crate::visit::segment;

#[derive(Deserialize)]
struct Rotated {
    name: Option<String>,
    api_key: String,
}

/// The key that an address names.
fn key_id(path: &[(String, String)]) -> String {
    let named = path.iter().find(|(name, _)| name == "key_id");
    named.map_or_else(String::new, |(_, id)| segment(id))
}

pub(super) async fn rotate(
    Path(path): Path<Vec<(String, String)>>,
    Query(account): Query<OfAccount>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let whose = Whose::of(&visit, &account);
    let seconds: Option<u32> = fields
        .text("overlap_seconds")
        .and_then(|it| it.parse().ok());
    let input = json!({"overlap_seconds": seconds});
    let api = whose.api(&format!("/{}/rotate", key_id(&path)));
    let made: Rotated = visit
        .send(Method::POST, &api, &whose.query(), Some(&input))
        .await?;
    let name = made.name.as_deref();
    Ok(shown_once(
        &visit,
        &whose,
        "The key is rotated",
        name,
        &made.api_key,
    ))
}

pub(super) async fn revoke(
    Path(path): Path<Vec<(String, String)>>,
    Query(account): Query<OfAccount>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Fault> {
    let whose = Whose::of(&visit, &account);
    let api = whose.api(&format!("/{}", key_id(&path)));
    let _: IgnoredAny = visit
        .send(Method::DELETE, &api, &whose.query(), None)
        .await?;
    let list = whose.page(&visit, "");
    let joint = if list.contains('?') { '&' } else { '?' };
    Ok(Redirect::to(&format!("{list}{joint}said=key-revoked")).into_response())
}
