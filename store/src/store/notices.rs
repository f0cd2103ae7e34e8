//! Operational events: written with what they tell of, published later.

use super::{Result, Store};
use crate::model::*;

impl Store {
    /// The oldest notices that are still to be published.
    pub async fn notices(&self, limit: usize) -> Result<Vec<Notice>> {
        on_engine!(self, s => s.notices(limit).await)
    }

    /// Removes notices that were published.
    pub async fn delete_notices(&self, ids: Vec<i64>) -> Result<()> {
        on_engine!(self, s => s.delete_notices(ids).await)
    }
}
