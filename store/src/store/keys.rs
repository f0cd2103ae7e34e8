//! The methods about keys that exist: listed, rotated, revoked, used.

use hookwright_core::ids::KeyId;
use hookwright_core::time::UnixMs;

use super::{Result, Store};
use crate::model::{
    Key, KeysOf, Listed, NewKey, NewPortalLink, OpenedWith, Page, PortalFacts, Redeemed, Rotation,
};

impl Store {
    /// The keys of an owner, newest first.
    pub async fn keys(&self, of: impl Into<KeysOf>, page: Page) -> Result<Listed<Key>> {
        let of = of.into();
        on_engine!(self, s => s.keys(of, page).await)
    }

    /// A key of an owner by public id, revoked and expired ones included.
    pub async fn key(&self, of: impl Into<KeysOf>, public_id: String) -> Result<Key> {
        let of = of.into();
        on_engine!(self, s => s.key(of, public_id).await)
    }

    /// Revokes a key of an owner, by public id.
    ///
    /// # Errors
    /// [`StoreError::Last`](crate::StoreError::Last) when no root key without an end would be left.
    pub async fn revoke_key(
        &self,
        of: impl Into<KeysOf>,
        public_id: String,
        now: UnixMs,
    ) -> Result<KeyId> {
        let of = of.into();
        on_engine!(self, s => s.revoke_key(of, public_id, now).await)
    }

    /// Makes a key that takes over from one that still works, with its owner, name, scopes and rate
    /// limit; the old one ends when the rotation says, if it does not before.
    pub async fn rotate_key(
        &self,
        of: impl Into<KeysOf>,
        public_id: String,
        rotation: Rotation,
    ) -> Result<Key> {
        let of = of.into();
        on_engine!(self, s => s.rotate_key(of, public_id, rotation).await)
    }

    /// Makes a portal token. Unlike [`Self::create_key`] it holds nobody else up: products make one
    /// for each customer who looks.
    pub async fn create_portal_token(&self, new: NewKey, portal: PortalFacts) -> Result<Key> {
        on_engine!(self, s => s.create_portal_token(new, portal).await)
    }

    /// Makes a portal token that nobody has until its link is followed: the hash of `new` is of what
    /// nobody knows.
    pub async fn create_portal_link(&self, new: NewKey, link: NewPortalLink) -> Result<Key> {
        on_engine!(self, s => s.create_portal_link(new, link).await)
    }

    /// Hands the token of a link to who follows it, once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`](crate::StoreError::NotFound) when there is no such link, or no longer.
    pub async fn redeem_portal_link(&self, redeemed: Redeemed) -> Result<Key> {
        on_engine!(self, s => s.redeem_portal_link(redeemed).await)
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`](crate::StoreError::LimitReached) when the key has too many.
    pub async fn open_session(&self, new: NewKey, with: OpenedWith) -> Result<Key> {
        on_engine!(self, s => s.open_session(new, with).await)
    }

    /// Removes at most `limit` portal tokens and sessions that ended before `before`. Answers how
    /// many.
    pub async fn prune_browser_keys(&self, before: UnixMs, limit: usize) -> Result<usize> {
        on_engine!(self, s => s.prune_browser_keys(before, limit).await)
    }

    /// Notes when keys were used last.
    pub async fn touch_keys(&self, used: Vec<(KeyId, UnixMs)>) -> Result<()> {
        on_engine!(self, s => s.touch_keys(used).await)
    }
}
