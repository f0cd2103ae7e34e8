//! Where a page of a list starts: opaque cursors over row numbers.

use axum::extract::Query;
use hookwright_core::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use hookwright_store::{Listed, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::problem::Problem;

const PREFIX: &str = "c1_";

/// What every list takes, and whose things it lists.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    pub(crate) project_id: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) cursor: Option<String>,
    pub(crate) endpoint_id: Option<String>,
    pub(crate) event_id: Option<String>,
    pub(crate) state: Option<String>,
}

/// What every call takes: whose things it is about.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// The account, where the key is not an account's.
    pub(crate) account_id: Option<String>,
}

/// What every list takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// The account, where the key is not an account's.
    pub(crate) account_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    pub(crate) limit: Option<String>,
    /// A `next_cursor` as it was given.
    pub(crate) cursor: Option<String>,
}

/// Reads the query, with a problem document for what it does not know.
pub(crate) fn query(
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<ListQuery, Problem> {
    query
        .map(|Query(query)| query)
        .map_err(|error| Problem::query("?", &error.body_text()))
}

impl ListQuery {
    pub(crate) fn page(&self) -> Result<Page, Problem> {
        let limit = match &self.limit {
            None => PAGE_ITEMS_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit))
                .ok_or_else(|| {
                    Problem::query(
                        "limit",
                        &format!("must be a number from 1 to {PAGE_ITEMS_MAX}"),
                    )
                })?,
        };
        let before = self.cursor.as_deref().map(decode).transpose()?;
        Ok(Page { before, limit })
    }
}

fn decode(cursor: &str) -> Result<i64, Problem> {
    let row = cursor
        .strip_prefix(PREFIX)
        .and_then(|code| i64::from_str_radix(code, 36).ok());
    row.ok_or_else(|| Problem::query("cursor", "use a next_cursor of this list as it was given"))
}

/// A page, as lists answer it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(crate) struct PageOf<T> {
    /// The items of this page.
    data: Vec<T>,
    /// Give it as `cursor` for the next page; null when there is none.
    next_cursor: Option<String>,
}

impl<T> PageOf<T> {
    pub(crate) fn new<R>(page: Listed<R>, row: impl Fn(&R) -> T) -> Self {
        Self {
            data: page.rows.iter().map(row).collect(),
            next_cursor: page.next.map(encode),
        }
    }

    /// A list that is always on one page.
    pub(crate) const fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
        }
    }
}

/// A page as JSON.
pub(crate) fn listed<T>(page: Listed<T>, row: impl Fn(&T) -> Value) -> Value {
    let data: Vec<Value> = page.rows.iter().map(row).collect();
    json!({"data": data, "next_cursor": page.next.map(encode)})
}

fn encode(row: i64) -> String {
    let mut digits = Vec::new();
    let mut rest = row.unsigned_abs();
    loop {
        digits.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    PREFIX.chars().chain(digits.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_its_row_and_nothing_else_is_one() {
        for row in [0, 1, 35, 36, i64::MAX] {
            assert_eq!(decode(&encode(row)).expect("cursor"), row);
        }
        for bad in ["", "c1_", "c1_!", "12", "c1_zzzzzzzzzzzzzzzzzzzz"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
