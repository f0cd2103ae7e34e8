//! Endpoints as they are looked for.
//!
//! What is looked for is a part of the settings' document, which no index holds. So the list walks
//! the endpoints in pieces, in the order of an index that it has, and not beyond a bound.

use super::{Result, Store};
use crate::model::{Endpoint, EndpointFilter, Listed, Page, Scope, Towards};
use crate::walk::{Part, page_of};

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
        let towards = page.towards();
        let mut part = Part::default();
        let mut piece = Page {
            limit: PIECE,
            ..page
        };
        for _ in 0..LOOKED_AT_MAX / PIECE {
            let mut read = self.endpoints(scope, piece).await?;
            part.reached = match towards {
                Towards::Older => read.next,
                Towards::Newer => {
                    read.rows.reverse();
                    read.prev
                }
            };
            let fitting = read.rows.into_iter().filter(|it| filter.fits(it));
            part.rows.extend(fitting);
            if part.rows.len() >= page.limit || part.reached.is_none() {
                break;
            }
            match towards {
                Towards::Older => piece.before = part.reached,
                Towards::Newer => piece.after = part.reached,
            }
        }
        Ok(page_of(vec![part], &page, |endpoint: &Endpoint| {
            endpoint.id.0
        }))
    }
}
