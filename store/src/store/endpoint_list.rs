//! Endpoints as they are looked for.
//!
//! What is looked for is a part of the settings' document, which no index holds. So the list walks
//! the endpoints in pieces, in the order of an index that it has, and not beyond a bound.

use super::{Result, Store};
use crate::model::{Endpoint, EndpointFilter, Listed, Page, Scope};

/// Endpoints read at once.
const PIECE: usize = 250;
/// Endpoints looked at for one page: a list whose filter fits few ends early and goes on at its
/// cursor.
const LOOKED_AT_MAX: usize = 5_000;

impl Store {
    /// Endpoints within the scope that fit the filter, newest first. Reads piece by piece: an
    /// endpoint that is made or changed meanwhile may be in the list or not.
    pub async fn endpoints_fitting(
        &self,
        scope: Scope,
        filter: EndpointFilter,
        page: Page,
    ) -> Result<Listed<Endpoint>> {
        if filter.is_empty() {
            return self.endpoints(scope, page).await;
        }
        let mut rows: Vec<Endpoint> = Vec::new();
        let mut piece = Page {
            before: page.before,
            ..Page::newest(PIECE)
        };
        for _ in 0..LOOKED_AT_MAX / PIECE {
            let read = self.endpoints(scope, piece).await?;
            rows.extend(read.rows.into_iter().filter(|it| filter.fits(it)));
            if rows.len() >= page.limit {
                let more = rows.len() > page.limit || read.next.is_some();
                rows.truncate(page.limit);
                let next = rows.last().map(|last| last.id.0).filter(|_| more);
                return Ok(listed(rows, next));
            }
            if read.next.is_none() {
                return Ok(listed(rows, None));
            }
            piece.before = read.next;
        }
        Ok(listed(rows, piece.before))
    }
}

const fn listed(rows: Vec<Endpoint>, next: Option<i64>) -> Listed<Endpoint> {
    Listed {
        rows,
        next,
        prev: None,
    }
}
