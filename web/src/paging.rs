//! Which part of a list is asked for and answered: so many items from a cursor on.

use axum::extract::Query;
use hookwright_core::limits::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use hookwright_store::{Listed, Page, Towards};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::problem::Problem;

/// What every call takes: whose things it is about.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// The account, where the key is not an account's.
    pub(crate) account_id: Option<String>,
}

/// What calls take where the path names the account, or where there is none: which project.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfProject {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
}

/// What lists take where the path names the account, or where there is none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListOfProject {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    pub(crate) limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    pub(crate) cursor: Option<String>,
}

/// What lists take that are of the whole server.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListOfServer {
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    pub(crate) limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    pub(crate) cursor: Option<String>,
}

/// The same, as handlers that read it by [`query`] call it.
pub(crate) type ListQuery = Named;

/// What every list takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    /// The project, where the key is a root key.
    pub(crate) project_id: Option<String>,
    /// The account, where the key is not an account's.
    pub(crate) account_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    pub(crate) limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
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

/// Gives each of these queries the page that it names.
macro_rules! paged {
    ($($query:ident)+) => {
        $(impl $query {
            pub(crate) fn page(&self) -> Result<Page, Problem> {
                page(self.limit.as_deref(), self.cursor.as_deref())
            }
        })+
    };
}

paged!(List ListOfProject ListOfServer);

/// The page that these parameters name.
pub(crate) fn page(limit: Option<&str>, cursor: Option<&str>) -> Result<Page, Problem> {
    let limit = items(limit)?;
    let page = Page::newest(limit);
    let Some(cursor) = cursor.map(Cursor::decode).transpose()? else {
        return Ok(page);
    };
    Ok(match cursor.towards {
        Towards::Older => Page {
            before: Some(cursor.row),
            ..page
        },
        Towards::Newer => Page {
            after: Some(cursor.row),
            ..page
        },
    })
}

/// How many items a page has.
pub(crate) fn items(limit: Option<&str>) -> Result<usize, Problem> {
    at_most(limit, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX)
}

/// How many items somebody asks for, if they say so.
pub(crate) fn at_most(limit: Option<&str>, default: usize, most: usize) -> Result<usize, Problem> {
    let Some(text) = limit else {
        return Ok(default);
    };
    let limit = text.parse().ok();
    limit
        .filter(|limit| (1..=most).contains(limit))
        .ok_or_else(|| Problem::query("limit", &format!("must be a number from 1 to {most}")))
}

/// A page, as lists answer it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(crate) struct PageOf<T> {
    /// The items of this page.
    data: Vec<T>,
    /// Give it as `cursor` for the next page, of older items; null when there is none.
    next_cursor: Option<String>,
    /// Give it as `cursor` for the page before, of newer items; null when there is none.
    prev_cursor: Option<String>,
}

impl<T> PageOf<T> {
    pub(crate) fn new<R>(page: Listed<R>, row: impl Fn(&R) -> T) -> Self {
        Self {
            next_cursor: cursor(Towards::Older, page.next),
            prev_cursor: cursor(Towards::Newer, page.prev),
            data: page.rows.iter().map(row).collect(),
        }
    }

    /// A page of a list whose cursors are of its own kind.
    pub(crate) const fn between(
        data: Vec<T>,
        next_cursor: Option<String>,
        prev_cursor: Option<String>,
    ) -> Self {
        Self {
            data,
            next_cursor,
            prev_cursor,
        }
    }

    /// A list that is always on one page.
    pub(crate) const fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
            prev_cursor: None,
        }
    }
}

fn cursor(towards: Towards, row: Option<i64>) -> Option<String> {
    row.map(|row| Cursor::new(towards, row).encode())
}
