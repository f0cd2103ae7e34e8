//! What people's browsers hold: sessions that end with their key, links that are followed once.

use hookwright_core::ids::KeyId;
use hookwright_core::limits::SESSIONS_OF_KEY_MAX;
use hookwright_store::{
    Key, KeyOwner, KeyUse, KeysOf, NewKey, NewPortalLink, OpenedWith, PortalFacts, Redeemed,
    Rotation, StoreError,
};

use super::build::{a_key, hash_of};
use super::house::{House, NOW, Tenant, all, rows_by_page};

fn a_session(public_id: &str, owner: KeyOwner, lives_ms: u64) -> NewKey {
    NewKey {
        used_for: KeyUse::Session,
        expires_at: Some(NOW.plus_ms(lives_ms)),
        ..a_key(public_id, owner)
    }
}

fn of(tenant: Tenant) -> KeyOwner {
    KeyOwner::Account(tenant.project, tenant.account)
}

fn signed_on() -> OpenedWith {
    OpenedWith::SingleSignOn("a rule".to_owned())
}

async fn open(house: &House, public_id: &str, tenant: Tenant, parent: Option<KeyId>) -> Key {
    let with = parent.map_or_else(signed_on, OpenedWith::Key);
    let opened = house
        .open_session(a_session(public_id, of(tenant), 9), with)
        .await;
    opened.expect("opened")
}

async fn kept(house: &House, public_id: &str) -> Key {
    let found = house.key_by_hash(hash_of(public_id)).await;
    found.expect("read").expect("kept")
}

fn ids(keys: Vec<Key>) -> Vec<String> {
    keys.into_iter().map(|key| key.public_id).collect()
}

fn a_link(code: &str, lives_ms: u64) -> NewPortalLink {
    NewPortalLink {
        hash: hash_of(code),
        until: NOW.plus_ms(lives_ms),
        portal: PortalFacts {
            return_url: Some("https://shop.example/".to_owned()),
            reveal_secrets: true,
        },
    }
}

fn followed(code: &str, token: &str, after_ms: u64) -> Redeemed {
    Redeemed {
        link_hash: hash_of(code),
        hash: hash_of(token),
        hint: "hw_token".to_owned(),
        now: NOW.plus_ms(after_ms),
    }
}

async fn linked(house: &House, tenant: Tenant, public_id: &str) -> Key {
    let token = NewKey {
        used_for: KeyUse::Portal,
        expires_at: Some(NOW.plus_ms(50)),
        ..a_key(public_id, of(tenant))
    };
    let made = house
        .create_portal_link(token, a_link(&format!("code of {public_id}"), 5))
        .await;
    made.expect("made")
}

facts! {
    async fn a_session_knows_the_key_that_it_was_opened_with(house: House) {
        let acme = house.tenant("acme").await;
        let key = house.key_of(acme, "key_1").await;
        let opened = open(&house, "ses_1", acme, Some(key.id)).await;
        assert_eq!(kept(&house, "ses_1").await, opened);
        let parent = opened.parent.expect("a parent");
        assert_eq!((parent.id, parent.public_id, parent.hint), (key.id, key.public_id, key.hint));
        assert_eq!((opened.used_for, opened.expires_at), (KeyUse::Session, Some(NOW.plus_ms(9))));
        assert_eq!(opened.sign_on_rule, None);
    }

    async fn a_session_knows_the_rule_by_which_single_sign_on_opened_it(house: House) {
        let acme = house.tenant("acme").await;
        let opened = open(&house, "ses_1", acme, None).await;
        assert_eq!((&opened.parent, opened.sign_on_rule.as_deref()), (&None, Some("a rule")));
        assert_eq!(kept(&house, "ses_1").await, opened);
        assert_eq!(opened.portal, PortalFacts::default());
        let key = house.key_of(acme, "key_1").await;
        assert_eq!(key.sign_on_rule, None);
    }

    async fn a_session_ends_with_its_key(house: House) {
        let acme = house.tenant("acme").await;
        let revoked = house.key_of(acme, "revoked").await;
        let rotated = house.key_of(acme, "rotated").await;
        let ending = NewKey { expires_at: Some(NOW.plus_ms(3)), ..a_key("ending", of(acme)) };
        let ending = house.create_key(ending).await.expect("made");
        for (name, parent) in [("s1", revoked.id), ("s2", rotated.id), ("s3", ending.id)] {
            open(&house, name, acme, Some(parent)).await;
        }
        house.revoke_key(acme.scope(), "revoked".to_owned(), NOW.plus_ms(1)).await.expect("revoked");
        let rotation = Rotation {
            public_id: "new".to_owned(),
            hash: hash_of("new"),
            hint: String::new(),
            expires_at: None,
            old_until: NOW.plus_ms(4),
            now: NOW,
        };
        house.rotate_key(acme.scope(), "rotated".to_owned(), rotation).await.expect("rotated");
        let end = async |name: &str| {
            let key = kept(&house, name).await;
            (key.revoked_at, key.expires_at)
        };
        assert_eq!(end("s1").await, (Some(NOW.plus_ms(1)), Some(NOW.plus_ms(9))));
        assert_eq!(end("s2").await, (None, Some(NOW.plus_ms(4))));
        assert_eq!(end("s3").await, (None, Some(NOW.plus_ms(3))));
    }

    async fn sessions_are_listed_apart_and_ended_within_their_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        let key = house.key_of(acme, "key_1").await;
        open(&house, "s1", acme, Some(key.id)).await;
        open(&house, "s2", wide, None).await;
        open(&house, "s3", zeta, None).await;
        let root = house.open_session(a_session("s4", KeyOwner::Root, 9), signed_on()).await;
        root.expect("opened");
        assert!(!house.has_root_key().await.expect("read"), "a session is no root key");
        let listed = async |of: KeysOf| ids(rows_by_page(1, |page| house.keys(of, page)).await);
        assert_eq!(listed(KeysOf::Sessions).await, ["s4", "s3", "s2", "s1"]);
        assert_eq!(listed(KeysOf::SessionsOf(acme.project_scope())).await, ["s2", "s1"]);
        assert_eq!(listed(KeysOf::SessionsOf(acme.scope())).await, ["s1"]);
        assert_eq!(listed(acme.scope().into()).await, ["key_1"]);
        assert_eq!(ids(house.keys(KeysOf::Root, all()).await.expect("listed").rows), [""; 0]);
        let strangers: [KeysOf; 4] = [
            KeysOf::SessionsOf(wide.scope()),
            KeysOf::SessionsOf(zeta.project_scope()),
            KeysOf::Portal(acme.scope()),
            acme.scope().into(),
        ];
        for of in strangers {
            let refused = house.revoke_key(of, "s1".to_owned(), NOW).await;
            assert!(matches!(refused, Err(StoreError::NotFound)), "{of:?}");
        }
        for (of, name) in [(KeysOf::SessionsOf(acme.scope()), "s1"), (KeysOf::Sessions, "s3")] {
            house.revoke_key(of, name.to_owned(), NOW).await.expect("ended");
            assert_eq!(kept(&house, name).await.revoked_at, Some(NOW));
        }
        assert_eq!(kept(&house, "s2").await.revoked_at, None);
    }

    async fn a_session_goes_with_its_account_and_its_project(house: House) {
        let acme = house.tenant("acme").await;
        let wide = house.neighbour(acme, "wide").await;
        open(&house, "s1", wide, None).await;
        let of_project = KeyOwner::Project(acme.project);
        house.open_session(a_session("s2", of_project, 9), signed_on()).await.expect("opened");
        house.delete_account(wide.project, wide.account, NOW).await.expect("deleted");
        assert_eq!(kept(&house, "s1").await.revoked_at, Some(NOW));
        let refused = house.open_session(a_session("s3", of(wide), 9), signed_on()).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
        house.delete_project(acme.project, NOW).await.expect("deleted");
        assert_eq!(kept(&house, "s2").await.revoked_at, Some(NOW));
        let refused = house.open_session(a_session("s4", of_project, 9), signed_on()).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
    }

    async fn a_key_has_so_many_sessions_at_a_time(house: House) {
        let acme = house.tenant("acme").await;
        let (one, two) = (house.key_of(acme, "one").await, house.key_of(acme, "two").await);
        for number in 0..SESSIONS_OF_KEY_MAX {
            open(&house, &format!("s{number}"), acme, Some(one.id)).await;
        }
        let refused = house.open_session(a_session("more", of(acme), 9), OpenedWith::Key(one.id)).await;
        assert!(matches!(refused, Err(StoreError::LimitReached { .. })));
        open(&house, "other", acme, Some(two.id)).await;
        let of = KeysOf::SessionsOf(acme.scope());
        house.revoke_key(of, "s7".to_owned(), NOW).await.expect("ended");
        open(&house, "again", acme, Some(one.id)).await;
    }

    async fn a_link_hands_its_token_to_the_first_who_follows_it(house: House) {
        let acme = house.tenant("acme").await;
        let made = linked(&house, acme, "ptk_1").await;
        assert_eq!(made.portal, a_link("", 0).portal);
        let (one, two) = futures_util::future::join(
            house.redeem_portal_link(followed("code of ptk_1", "token one", 1)),
            house.redeem_portal_link(followed("code of ptk_1", "token two", 1)),
        ).await;
        let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
        let won = won.expect("one of them has it");
        assert!(matches!(lost, Err(StoreError::NotFound)));
        assert_eq!((won.id, won.public_id.as_str()), (made.id, "ptk_1"));
        assert_eq!((won.hint.as_str(), won.expires_at), ("hw_token", Some(NOW.plus_ms(50))));
        assert_eq!(won.portal, made.portal);
        let mut found = 0;
        for token in ["token one", "token two", "ptk_1"] {
            let key = house.key_by_hash(hash_of(token)).await.expect("read");
            found += usize::from(key.is_some());
        }
        assert_eq!(found, 1);
    }

    async fn a_link_ends_with_its_time_and_with_its_token(house: House) {
        let acme = house.tenant("acme").await;
        for name in ["late", "revoked"] {
            linked(&house, acme, name).await;
        }
        let of = KeysOf::Portal(acme.scope());
        assert_eq!(ids(house.keys(of, all()).await.expect("listed").rows), ["revoked", "late"]);
        house.revoke_key(of, "revoked".to_owned(), NOW).await.expect("revoked");
        for (code, after) in [("code of late", 5), ("code of revoked", 1), ("none", 1)] {
            let refused = house.redeem_portal_link(followed(code, "token", after)).await;
            assert!(matches!(refused, Err(StoreError::NotFound)), "{code}");
        }
        let gone = house.neighbour(acme, "gone").await;
        house.delete_account(gone.project, gone.account, NOW).await.expect("deleted");
        let token = NewKey { used_for: KeyUse::Portal, ..a_key("ptk_9", self::of(gone)) };
        let refused = house.create_portal_link(token, a_link("code", 5)).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
    }

    async fn sessions_that_ended_are_removed_a_few_at_a_time(house: House) {
        let acme = house.tenant("acme").await;
        for (name, lives) in [("s1", 1), ("s2", 2), ("s3", 3), ("s4", 9)] {
            house.open_session(a_session(name, of(acme), lives), signed_on()).await.expect("opened");
        }
        for gone in [2, 1, 0] {
            let pruned = house.prune_browser_keys(NOW.plus_ms(9), 2).await;
            assert_eq!(pruned.expect("pruned"), gone);
        }
        kept(&house, "s4").await;
    }
}
