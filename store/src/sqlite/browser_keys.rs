//! What people's browsers hold: sessions, portal tokens and the links to them.
//!
//! None of it is a change of routing facts: nobody knows the key before, so that no node has it in
//! mind.

use hookwright_core::ids::KeyId;
use hookwright_core::limits::SESSIONS_OF_KEY_MAX;
use hookwright_core::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, params};

use super::keys::{SELECT, insert, key, owner_is_there};
use super::{Result, SqliteStore};
use crate::error::StoreError;
use crate::key_row::{opened_with, portal_text};
use crate::model::{Key, NewKey, NewPortalLink, OpenedWith, PortalFacts, Redeemed};

impl SqliteStore {
    pub(crate) async fn open_session(&self, new: NewKey, with: OpenedWith) -> Result<Key> {
        let (parent, text) = opened_with(with)?;
        self.write(move |writer| {
            let connection = &writer.connection;
            owner_is_there(connection, new.owner)?;
            if let Some(parent) = parent {
                has_room(connection, parent, new.now)?;
            }
            let made = insert(connection, &new)?;
            connection
                .prepare_cached("UPDATE keys SET parent_id = ?2, portal = ?3 WHERE id = ?1")?
                .execute(params![made.id.0, parent.map(|parent| parent.0), text])?;
            by_id(connection, made.id)
        })
        .await
    }

    pub(crate) async fn create_portal_token(
        &self,
        new: NewKey,
        portal: PortalFacts,
    ) -> Result<Key> {
        let text = portal_text(&portal)?;
        self.write(move |writer| {
            let connection = &writer.connection;
            owner_is_there(connection, new.owner)?;
            let made = insert(connection, &new)?;
            connection
                .prepare_cached("UPDATE keys SET portal = ?2 WHERE id = ?1")?
                .execute(params![made.id.0, text])?;
            by_id(connection, made.id)
        })
        .await
    }

    pub(crate) async fn create_portal_link(&self, new: NewKey, link: NewPortalLink) -> Result<Key> {
        let text = portal_text(&link.portal)?;
        self.write(move |writer| {
            let connection = &writer.connection;
            owner_is_there(connection, new.owner)?;
            let made = insert(connection, &new)?;
            connection
                .prepare_cached(
                    "UPDATE keys SET portal = ?2, link_hash = ?3, link_until = ?4 WHERE id = ?1",
                )?
                .execute(params![made.id.0, text, link.hash, link.until.0])?;
            by_id(connection, made.id)
        })
        .await
    }

    pub(crate) async fn redeem_portal_link(&self, redeemed: Redeemed) -> Result<Key> {
        self.write(move |writer| {
            let connection = &writer.connection;
            let sql = "UPDATE keys SET hash = ?2, hint = ?3, link_hash = NULL, link_until = NULL
                       WHERE link_hash = ?1 AND link_until > ?4 AND expires_at > ?4
                             AND revoked_at IS NULL
                       RETURNING id";
            let Redeemed {
                link_hash,
                hash,
                hint,
                now,
            } = redeemed;
            let id = connection
                .prepare_cached(sql)?
                .query_row(params![link_hash, hash, hint, now.0], |row| row.get(0))
                .optional()?;
            by_id(connection, KeyId(id.ok_or(StoreError::NotFound)?))
        })
        .await
    }

    pub(crate) async fn prune_browser_keys(&self, before: UnixMs, limit: usize) -> Result<usize> {
        self.write(move |writer| {
            let mut gone = 0;
            for kind in [2, 4] {
                let sql = format!(
                    "DELETE FROM keys WHERE id IN (
                         SELECT id FROM keys WHERE kind = {kind} AND expires_at < ?1 LIMIT ?2)"
                );
                let left = limit.saturating_sub(gone);
                let mut delete = writer.connection.prepare_cached(&sql)?;
                gone += delete.execute([before.0, left as i64])?;
            }
            Ok(gone)
        })
        .await
    }
}

/// A key may not fill the disk with sessions.
fn has_room(connection: &Connection, parent: KeyId, now: UnixMs) -> Result<()> {
    let sql = "SELECT COUNT(*) FROM keys
               WHERE parent_id = ?1 AND revoked_at IS NULL AND expires_at > ?2";
    let open: i64 = connection
        .prepare_cached(sql)?
        .query_row([parent.0, now.0], |row| row.get(0))?;
    if open < SESSIONS_OF_KEY_MAX as i64 {
        return Ok(());
    }
    Err(StoreError::LimitReached {
        what: "sessions of one key",
        limit: SESSIONS_OF_KEY_MAX,
    })
}

fn by_id(connection: &Connection, id: KeyId) -> Result<Key> {
    let sql = format!("{SELECT} WHERE k.id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id.0], key)?)
}
