//! What people's browsers hold: sessions, portal tokens and the links to them.
//!
//! None of it is a change of routing facts: nobody knows the key before, so that no node has it in
//! mind.

use hookwright_core::ids::KeyId;
use hookwright_core::limits::SESSIONS_OF_KEY_MAX;
use hookwright_core::time::UnixMs;

use super::keys::{insert, key, project_of, select};
use super::lent::Transaction;
use super::within::{execute, row_of};
use super::{PostgresStore, Result};
use crate::error::StoreError;
use crate::key_row::{opened_with, portal_text};
use crate::model::{Key, KeyOwner, NewKey, NewPortalLink, OpenedWith, PortalFacts, Redeemed};

impl PostgresStore {
    pub(crate) async fn open_session(&self, new: NewKey, with: OpenedWith) -> Result<Key> {
        let (parent, text) = opened_with(with)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        hold_owner(&transaction, new.owner).await?;
        let project = project_of(new.owner);
        if let Some(parent) = parent {
            has_room(&transaction, (project, parent), new.now).await?;
        }
        let made = insert(&transaction, &new).await?;
        let sql = "UPDATE keys SET parent_id = $3, portal = $4 WHERE project_id = $1 AND id = $2";
        let parent = parent.map(|parent| parent.0);
        execute(&transaction, sql, &[&project, &made.id.0, &parent, &text]).await?;
        let made = by_id(&transaction, (project, made.id)).await?;
        transaction.commit().await?;
        Ok(made)
    }

    pub(crate) async fn create_portal_token(
        &self,
        new: NewKey,
        portal: PortalFacts,
    ) -> Result<Key> {
        let text = portal_text(&portal)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        hold_owner(&transaction, new.owner).await?;
        let project = project_of(new.owner);
        let made = insert(&transaction, &new).await?;
        let sql = "UPDATE keys SET portal = $3 WHERE project_id = $1 AND id = $2";
        execute(&transaction, sql, &[&project, &made.id.0, &text]).await?;
        let made = by_id(&transaction, (project, made.id)).await?;
        transaction.commit().await?;
        Ok(made)
    }

    pub(crate) async fn create_portal_link(&self, new: NewKey, link: NewPortalLink) -> Result<Key> {
        let text = portal_text(&link.portal)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        hold_owner(&transaction, new.owner).await?;
        let project = project_of(new.owner);
        let made = insert(&transaction, &new).await?;
        let sql = "UPDATE keys SET portal = $3, link_hash = $4, link_until = $5
                   WHERE project_id = $1 AND id = $2";
        let hash = link.hash.as_slice();
        let values: super::Parameters<'_> = &[&project, &made.id.0, &text, &hash, &link.until.0];
        execute(&transaction, sql, values).await?;
        let made = by_id(&transaction, (project, made.id)).await?;
        transaction.commit().await?;
        Ok(made)
    }

    /// Of two at once the second waits for the first's row, and finds no link in it any more.
    pub(crate) async fn redeem_portal_link(&self, redeemed: Redeemed) -> Result<Key> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let sql = "UPDATE keys SET hash = $2, hint = $3, link_hash = NULL, link_until = NULL
                   WHERE link_hash = $1 AND link_until > $4 AND expires_at > $4
                         AND revoked_at IS NULL
                   RETURNING project_id, id";
        let Redeemed {
            link_hash,
            hash,
            hint,
            now,
        } = &redeemed;
        let (link_hash, hash) = (link_hash.as_slice(), hash.as_slice());
        let found = row_of(&transaction, sql, &[&link_hash, &hash, hint, &now.0]).await?;
        let found = found.ok_or(StoreError::NotFound)?;
        let made = by_id(&transaction, (found.get(0), KeyId(found.get(1)))).await?;
        transaction.commit().await?;
        Ok(made)
    }

    pub(crate) async fn prune_browser_keys(&self, before: UnixMs, limit: usize) -> Result<usize> {
        let client = self.client().await?;
        let mut gone = 0;
        for kind in [2, 4] {
            let sql = format!(
                "DELETE FROM keys k USING (
                     SELECT project_id, id FROM keys WHERE kind = {kind} AND expires_at < $1
                     LIMIT $2) old
                 WHERE k.project_id = old.project_id AND k.id = old.id"
            );
            let left = limit.saturating_sub(gone) as i64;
            let more = client.execute(&sql, &[&before.0, &left]).await?;
            gone += usize::try_from(more).unwrap_or(limit);
        }
        Ok(gone)
    }
}

/// The owner's row is locked, so that it cannot be deleted without the key.
async fn hold_owner(transaction: &Transaction<'_>, owner: KeyOwner) -> Result<()> {
    let found = match owner {
        KeyOwner::Root => return Ok(()),
        KeyOwner::Project(project) => {
            let sql = "SELECT FROM projects WHERE id = $1 AND deleted_at IS NULL FOR SHARE";
            row_of(transaction, sql, &[&project.0]).await?
        }
        KeyOwner::Account(project, account) => {
            let sql = "SELECT FROM accounts
                       WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE";
            row_of(transaction, sql, &[&project.0, &account.0]).await?
        }
    };
    found.map(|_| ()).ok_or(StoreError::NotFound)
}

/// A key may not fill the disk with sessions.
async fn has_room(
    transaction: &Transaction<'_>,
    (project, parent): (i64, KeyId),
    now: UnixMs,
) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM keys WHERE project_id = $1 AND parent_id = $2
                      AND revoked_at IS NULL AND expires_at > $3";
    let open = row_of(transaction, sql, &[&project, &parent.0, &now.0]).await?;
    let open: i64 = open.map_or(0, |row| row.get(0));
    if open < SESSIONS_OF_KEY_MAX as i64 {
        return Ok(());
    }
    Err(StoreError::LimitReached {
        what: "sessions of one key",
        limit: SESSIONS_OF_KEY_MAX,
    })
}

async fn by_id(transaction: &Transaction<'_>, (project, id): (i64, KeyId)) -> Result<Key> {
    let sql = format!("{} WHERE k.project_id = $1 AND k.id = $2", select());
    let found = row_of(transaction, &sql, &[&project, &id.0]).await?;
    Ok(key(&found.ok_or(StoreError::NotFound)?))
}
