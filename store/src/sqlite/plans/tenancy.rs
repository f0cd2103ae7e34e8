//! Which calls make the store run every statement about keys that exist and the audit log.

use super::every_method::{key, other_id};
use super::*;
use hookwright_core::ids::KeyId;

pub(super) async fn audit(store: &Store, scope: Scope) {
    let account = other_id(store, scope.project_id).await;
    let entry = NewAuditEntry {
        project_id: Some(scope.project_id),
        account_id: Some(account),
        at: NOW,
        noise: 1,
        record: AuditRecord::default(),
    };
    store.audit(entry).await.expect("noted");
    let project_id = Some(scope.project_id);
    for (project_id, account_id) in [
        (None, None),
        (project_id, None),
        (project_id, Some(account)),
    ] {
        let filter = AuditFilter {
            project_id,
            account_id,
            ..AuditFilter::default()
        };
        store
            .audit_log(filter, Page::newest(10))
            .await
            .expect("listed");
    }
    store.prune_audit(NOW, 1).await.expect("pruned");
}

/// What becomes of keys that exist.
pub(super) async fn keys(store: &Store, scope: Scope, run: u32) {
    let account = other_id(store, scope.project_id).await;
    let owner = KeyOwner::Account(scope.project_id, account);
    let token = NewKey {
        used_for: KeyUse::Portal,
        expires_at: Some(NOW),
        ..key(format!("ptk_{run}"), owner)
    };
    let token = store
        .create_portal_token(token, PortalFacts::default())
        .await
        .expect("made");
    let portal = KeysOf::Portal(Scope {
        account_id: Some(account),
        ..scope
    });
    let page = Page::newest(10);
    store.keys(portal, page).await.expect("listed");
    let revoked = store.revoke_key(portal, format!("ptk_{run}"), NOW).await;
    revoked.expect("revoked");
    store
        .touch_keys(vec![(token.id, NOW)])
        .await
        .expect("noted");
    store.keys(KeysOf::Root, page).await.expect("listed");
    let rotation = Rotation {
        public_id: format!("root_new_{run}"),
        hash: key(format!("root_new_{run}"), owner).hash,
        hint: String::new(),
        expires_at: None,
        old_until: NOW,
        now: NOW,
    };
    let rotated = store
        .rotate_key(KeysOf::Root, format!("root_{run}"), rotation)
        .await;
    rotated.expect("rotated");
    let revoked = store
        .revoke_key(KeysOf::Root, format!("root_{run}"), NOW)
        .await;
    revoked.expect("revoked");
    let later = NOW.plus_ms(1);
    browsers(store, owner, run).await;
    store.prune_browser_keys(later, 9).await.expect("pruned");
}

/// What people's browsers hold.
async fn browsers(store: &Store, owner: KeyOwner, run: u32) {
    let passing = |public_id: String, used_for| NewKey {
        used_for,
        expires_at: Some(NOW.plus_ms(5)),
        ..key(public_id, owner)
    };
    let session = passing(format!("ses_{run}"), KeyUse::Session);
    let opened = store.open_session(session, OpenedWith::Key(KeyId(1))).await;
    opened.expect("opened");
    let KeyOwner::Account(project_id, account) = owner else {
        return;
    };
    for account_id in [None, Some(account)] {
        let of = KeysOf::SessionsOf(Scope {
            project_id,
            account_id,
        });
        store.keys(of, Page::newest(10)).await.expect("listed");
        let found = store.key(of, format!("ses_{run}")).await;
        found.expect("there");
    }
    let of = KeysOf::Sessions;
    store.keys(of, Page::newest(10)).await.expect("listed");
    let revoked = store.revoke_key(of, format!("ses_{run}"), NOW).await;
    revoked.expect("revoked");
    let hash = key(format!("link_{run}"), owner).hash;
    let link = NewPortalLink {
        hash,
        until: NOW.plus_ms(5),
        portal: PortalFacts::default(),
    };
    let token = passing(format!("ptk_link_{run}"), KeyUse::Portal);
    store.create_portal_link(token, link).await.expect("made");
    let redeemed = Redeemed {
        link_hash: hash,
        hash: key(format!("followed_{run}"), owner).hash,
        hint: String::new(),
        now: NOW,
    };
    store.redeem_portal_link(redeemed).await.expect("followed");
}
