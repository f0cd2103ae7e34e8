//! The audit log: written by each call that manages something, read by project, account or all.

use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::{AuditEntry, AuditFilter, Listed, NewAuditEntry, Page};

impl Store {
    /// Adds a row.
    pub async fn audit(&self, entry: NewAuditEntry) -> Result<()> {
        on_engine!(self, s => s.audit(entry).await)
    }

    /// Rows that fit, newest first. With a key to look for, a page may hold fewer than its limit and
    /// yet have a next one: a call looks at a bounded number of rows.
    pub async fn audit_log(&self, filter: AuditFilter, page: Page) -> Result<Listed<AuditEntry>> {
        on_engine!(self, s => s.audit_log(filter, page).await)
    }

    /// Removes at most `limit` rows from before `before`. Answers how many.
    pub async fn prune_audit(&self, before: UnixMs, limit: usize) -> Result<usize> {
        on_engine!(self, s => s.prune_audit(before, limit).await)
    }
}
