//! Who changed what: one row for each call that manages something.

use std::collections::BTreeMap;

use hookwright_core::ids::{AccountId, ProjectId};
use hookwright_core::time::UnixMs;
use serde::{Deserialize, Serialize};

use super::Listed;
use crate::error::StoreError;

/// Bits of a row's number that are not its time.
const NOISE_BITS: u32 = 20;

/// What is kept of a call, as one JSON document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditRecord {
    /// The key's public id; `None` for a key that nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The key's first characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_hint: Option<String>,
    /// What the key opens: `root`, `project`, `account` or `portal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_kind: Option<String>,
    /// The public id of the session that the call was made in, if it was in one: `key_id` is then the
    /// key that it was opened with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// What the session is called: who signed in, or with which browser. Without a session, who it
    /// was that single sign-on refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_name: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path as the API's document has it, with names in the place of ids.
    pub path: String,
    /// The ids in the path, by name.
    pub ids: BTreeMap<String, String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// Why single sign-on let nobody in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the connection came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_address: Option<String>,
    /// What the caller called the request, or was told.
    pub request_id: String,
}

/// A row to be added.
#[derive(Clone, Debug)]
pub struct NewAuditEntry {
    /// Whose things it was about, if anybody's.
    pub project_id: Option<ProjectId>,
    /// Whose of these, if one account's.
    pub account_id: Option<AccountId>,
    /// When.
    pub at: UnixMs,
    /// Tells rows of one millisecond apart.
    pub noise: u32,
    /// The call.
    pub record: AuditRecord,
}

/// A row as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Row: by time.
    pub id: i64,
    /// Whose things it was about, if anybody's.
    pub project_id: Option<ProjectId>,
    /// Whose of these, if one account's.
    pub account_id: Option<AccountId>,
    /// The call.
    pub record: AuditRecord,
}

/// Which rows are listed.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// About this project's things; `None` for all there are.
    pub project_id: Option<ProjectId>,
    /// About this account's things (with its project).
    pub account_id: Option<AccountId>,
    /// By the key of this public id, or in the session of this one.
    pub key_id: Option<String>,
    /// From this time on.
    pub since: Option<UnixMs>,
    /// Before this time.
    pub until: Option<UnixMs>,
}

impl NewAuditEntry {
    /// The row's number.
    pub(crate) fn row(&self) -> i64 {
        first_row(self.at) | i64::from(self.noise & ((1 << NOISE_BITS) - 1))
    }

    pub(crate) fn document(&self) -> Result<String, StoreError> {
        serde_json::to_string(&self.record).map_err(unreadable)
    }
}

impl AuditEntry {
    /// When it was.
    #[must_use]
    pub const fn at(&self) -> UnixMs {
        UnixMs(self.id >> NOISE_BITS)
    }

    pub(crate) fn read(
        id: i64,
        (project, account): (Option<i64>, Option<i64>),
        document: &str,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            id,
            project_id: project.map(ProjectId),
            account_id: account.map(AccountId),
            record: serde_json::from_str(document).map_err(unreadable)?,
        })
    }
}

impl AuditFilter {
    /// The rows that may fit, by number: from the first on, below the second.
    pub(crate) fn rows(&self, before: Option<i64>) -> (i64, i64) {
        let since = self.since.map_or(0, first_row);
        let until = self.until.map_or(i64::MAX, first_row);
        (since, before.unwrap_or(i64::MAX).min(until))
    }

    /// A page of rows that were looked at, newest first, `looked_at` at most.
    pub(crate) fn listed(
        &self,
        rows: impl Iterator<Item = Result<AuditEntry, StoreError>>,
        (limit, looked_at): (usize, usize),
    ) -> Result<Listed<AuditEntry>, StoreError> {
        let (mut found, mut last, mut seen) = (Vec::new(), None, 0);
        for row in rows {
            let row = row?;
            (last, seen) = (Some(row.id), seen + 1);
            let of = [&row.record.key_id, &row.record.session_id];
            if self.key_id.is_none() || of.contains(&&self.key_id) {
                found.push(row);
            }
            if found.len() == limit {
                break;
            }
        }
        let may_go_on = found.len() == limit || seen == looked_at;
        Ok(Listed {
            rows: found,
            next: last.filter(|_| may_go_on),
            prev: None,
        })
    }
}

/// The lowest number of a row of this time. Times before 1970 and after 2248 have none of their own.
pub(crate) fn first_row(at: UnixMs) -> i64 {
    at.0.clamp(0, i64::MAX >> NOISE_BITS) << NOISE_BITS
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Unreadable {
        what: "audit log",
        detail: error.to_string(),
    }
}
