//! How keys are replaced, told when they were used, and how portal tokens stay apart from them.

use hookwright_core::ids::KeyId;
use hookwright_store::{Key, KeyOwner, KeyUse, KeysOf, NewKey, PortalFacts, Rotation, StoreError};

use super::build::{a_key, hash_of};
use super::house::{House, NOW, Tenant, all, rows_by_page};

/// A rotation to a key of this id, the old one ending `overlap_ms` after now.
fn to(public_id: &str, overlap_ms: u64) -> Rotation {
    Rotation {
        public_id: public_id.to_owned(),
        hash: hash_of(public_id),
        hint: "hw_new".to_owned(),
        expires_at: None,
        old_until: NOW.plus_ms(overlap_ms),
        now: NOW,
    }
}

fn a_token(tenant: Tenant, public_id: &str, lives_ms: u64) -> NewKey {
    NewKey {
        used_for: KeyUse::Portal,
        expires_at: Some(NOW.plus_ms(lives_ms)),
        ..a_key(public_id, KeyOwner::Account(tenant.project, tenant.account))
    }
}

async fn kept(house: &House, public_id: &str) -> Key {
    let found = house.key_by_hash(hash_of(public_id)).await;
    found.expect("read").expect("kept")
}

fn ids(keys: Vec<Key>) -> Vec<String> {
    keys.into_iter().map(|key| key.public_id).collect()
}

facts! {
    async fn a_new_key_takes_over_what_the_old_one_was(house: House) {
        let acme = house.tenant("acme").await;
        let old = NewKey {
            name: Some("ci".to_owned()),
            rate_limit: Some(7),
            ..a_key("old", KeyOwner::Account(acme.project, acme.account))
        };
        let old = house.create_key(old).await.expect("made");
        let new = house.rotate_key(acme.scope(), "old".to_owned(), to("new", 5)).await;
        let new = new.expect("rotated");
        assert_eq!(new, kept(&house, "new").await);
        assert_eq!((new.owner, &new.name, new.scopes), (old.owner, &old.name, old.scopes));
        assert_eq!((new.rate_limit, new.used_for), (Some(7), KeyUse::Api));
        assert_eq!((new.expires_at, new.hint.as_str()), (None, "hw_new"));
        assert_eq!(kept(&house, "old").await.expires_at, Some(NOW.plus_ms(5)));
    }

    async fn a_rotation_lengthens_no_life(house: House) {
        let acme = house.tenant("acme").await;
        let owner = KeyOwner::Account(acme.project, acme.account);
        let old = NewKey { expires_at: Some(NOW.plus_ms(3)), ..a_key("old", owner) };
        house.create_key(old).await.expect("made");
        let rotated = house.rotate_key(acme.scope(), "old".to_owned(), to("new", 5)).await;
        rotated.expect("rotated");
        assert_eq!(kept(&house, "old").await.expires_at, Some(NOW.plus_ms(3)));
    }

    async fn a_key_that_has_ended_hands_nothing_over(house: House) {
        let acme = house.tenant("acme").await;
        let owner = KeyOwner::Account(acme.project, acme.account);
        let expired = NewKey { expires_at: Some(NOW), ..a_key("expired", owner) };
        house.create_key(expired).await.expect("made");
        house.key_of(acme, "revoked").await;
        house.revoke_key(acme.scope(), "revoked".to_owned(), NOW).await.expect("revoked");
        for old in ["expired", "revoked", "none"] {
            let refused = house.rotate_key(acme.scope(), old.to_owned(), to("new", 5)).await;
            assert!(matches!(refused, Err(StoreError::NotFound)), "{old}");
        }
        assert_eq!(house.key_by_hash(hash_of("new")).await.expect("read"), None);
    }

    async fn a_key_is_rotated_only_within_its_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        house.key_of(acme, "key_1").await;
        for scope in [wide.scope(), zeta.scope(), acme.project_scope()] {
            let refused = house.rotate_key(scope, "key_1".to_owned(), to("new", 5)).await;
            assert!(matches!(refused, Err(StoreError::NotFound)));
            assert!(matches!(house.key(scope, "key_1".to_owned()).await, Err(StoreError::NotFound)));
        }
        assert_eq!(kept(&house, "key_1").await.expires_at, None);
    }

    async fn the_last_root_key_without_an_end_stays(house: House) {
        house.put_root_key(a_key("root_1", KeyOwner::Root), false).await.expect("put");
        let ending = NewKey { expires_at: Some(NOW.plus_ms(5)), ..a_key("root_2", KeyOwner::Root) };
        house.create_key(ending).await.expect("made");
        let refused = house.revoke_key(KeysOf::Root, "root_1".to_owned(), NOW).await;
        assert!(matches!(refused, Err(StoreError::Last(_))));
        let rotated = house.rotate_key(KeysOf::Root, "root_1".to_owned(), to("root_3", 5)).await;
        assert_eq!(rotated.expect("rotated").owner, KeyOwner::Root);
        house.revoke_key(KeysOf::Root, "root_1".to_owned(), NOW).await.expect("revoked");
        let root_keys = rows_by_page(2, |page| house.keys(KeysOf::Root, page)).await;
        assert_eq!(ids(root_keys), ["root_3", "root_2", "root_1"]);
    }

    async fn the_root_key_of_the_settings_leaves_added_ones_alone(house: House) {
        house.put_root_key(a_key("root_1", KeyOwner::Root), true).await.expect("put");
        let added = NewKey { used_for: KeyUse::AddedRoot, ..a_key("added", KeyOwner::Root) };
        house.create_key(added).await.expect("made");
        let rotated = house.rotate_key(KeysOf::Root, "root_1".to_owned(), to("rotated", 0)).await;
        rotated.expect("rotated");
        house.put_root_key(a_key("root_2", KeyOwner::Root), true).await.expect("put");
        assert!(kept(&house, "root_1").await.revoked_at.is_some());
        for name in ["added", "rotated", "root_2"] {
            assert_eq!(kept(&house, name).await.revoked_at, None, "{name}");
        }
        house.put_root_key(a_key("root_1", KeyOwner::Root), true).await.expect("put");
        let back = kept(&house, "root_1").await;
        assert_eq!((back.revoked_at, back.expires_at), (None, None), "the settings have the last word");
    }

    async fn a_portal_token_is_found_by_its_hash_and_listed_apart(house: House) {
        let acme = house.tenant("acme").await;
        let wide = house.neighbour(acme, "wide").await;
        house.key_of(acme, "key_1").await;
        for name in ["t1", "t2"] {
            house.create_portal_token(a_token(acme, name, 5), PortalFacts::default()).await.expect("made");
        }
        house.create_portal_token(a_token(wide, "w", 5), PortalFacts::default()).await.expect("made");
        assert_eq!(kept(&house, "t1").await.used_for, KeyUse::Portal);
        let tokens = rows_by_page(1, |page| house.keys(KeysOf::Portal(acme.scope()), page)).await;
        assert_eq!(ids(tokens), ["t2", "t1"]);
        assert_eq!(ids(house.keys(acme.scope(), all()).await.expect("listed").rows), ["key_1"]);
        let as_key = house.revoke_key(acme.scope(), "t1".to_owned(), NOW).await;
        assert!(matches!(as_key, Err(StoreError::NotFound)), "it is no key");
        let of = KeysOf::Portal(acme.scope());
        house.revoke_key(of, "t1".to_owned(), NOW).await.expect("revoked");
        assert_eq!(kept(&house, "t1").await.revoked_at, Some(NOW));
        assert_eq!(kept(&house, "t2").await.revoked_at, None);
    }

    async fn no_token_is_made_for_an_account_that_is_gone(house: House) {
        let acme = house.tenant("acme").await;
        let wide = house.neighbour(acme, "wide").await;
        house.create_portal_token(a_token(wide, "t1", 5), PortalFacts::default()).await.expect("made");
        house.delete_account(wide.project, wide.account, NOW).await.expect("deleted");
        assert_eq!(kept(&house, "t1").await.revoked_at, Some(NOW));
        let refused = house.create_portal_token(a_token(wide, "t2", 5), PortalFacts::default()).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
    }

    async fn tokens_that_ended_are_removed_a_few_at_a_time(house: House) {
        let acme = house.tenant("acme").await;
        for (name, lives) in [("t1", 1), ("t2", 2), ("t3", 3), ("t4", 9)] {
            house.create_portal_token(a_token(acme, name, lives), PortalFacts::default()).await.expect("made");
        }
        let owner = KeyOwner::Account(acme.project, acme.account);
        let ended = NewKey { expires_at: Some(NOW), ..a_key("key_1", owner) };
        house.create_key(ended).await.expect("made");
        for gone in [2, 1, 0] {
            let pruned = house.prune_browser_keys(NOW.plus_ms(9), 2).await;
            assert_eq!(pruned.expect("pruned"), gone);
        }
        kept(&house, "t4").await;
        kept(&house, "key_1").await;
    }

    async fn a_key_tells_when_it_was_used_last(house: House) {
        let acme = house.tenant("acme").await;
        let (one, two) = (house.key_of(acme, "one").await, house.key_of(acme, "two").await);
        assert_eq!(one.last_used_at, None);
        let used = vec![(one.id, NOW.plus_ms(5)), (KeyId(999_999), NOW)];
        house.touch_keys(used).await.expect("noted");
        // Another node may be behind.
        house.touch_keys(vec![(one.id, NOW)]).await.expect("noted");
        assert_eq!(kept(&house, "one").await.last_used_at, Some(NOW.plus_ms(5)));
        assert_eq!(kept(&house, "two").await.last_used_at, two.last_used_at);
    }
}
