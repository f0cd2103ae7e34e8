//! How API keys are kept: found by hash, revoked, never forgotten.

use hookwright_store::{KeyOwner, StoreError};

use super::build::{a_key, hash_of};
use super::house::{NOW, all, rows_by_page};

facts! {
    async fn a_key_is_found_by_its_hash_alone(house: House) {
        let acme = house.tenant("acme").await;
        let mut new = a_key("key_1", KeyOwner::Account(acme.project, acme.account));
        new.name = Some("ci".to_owned());
        new.expires_at = Some(NOW.plus_ms(5));
        let made = house.create_key(new).await.expect("made");
        assert_eq!((made.public_id.as_str(), made.name.as_deref()), ("key_1", Some("ci")));
        assert_eq!((made.hint.as_str(), made.scopes), ("hw_abc", 3));
        assert_eq!((made.expires_at, made.revoked_at), (Some(NOW.plus_ms(5)), None));
        assert_eq!(made.owner, KeyOwner::Account(acme.project, acme.account));
        assert_eq!(house.key_by_hash(hash_of("key_1")).await.expect("read"), Some(made));
        assert_eq!(house.key_by_hash(hash_of("key_2")).await.expect("read"), None);
    }

    async fn a_hash_and_an_id_are_used_once(house: House) {
        let acme = house.tenant("acme").await;
        house.key_of(acme, "key_1").await;
        let owner = KeyOwner::Project(acme.project);
        let mut same_hash = a_key("key_2", owner);
        same_hash.hash = hash_of("key_1");
        let mut same_id = a_key("key_1", owner);
        same_id.hash = hash_of("key_2");
        for new in [same_hash, same_id] {
            let refused = house.create_key(new).await;
            assert!(matches!(refused, Err(StoreError::Exists(_))));
        }
    }

    async fn a_revoked_key_is_kept_with_the_time_of_its_first_revocation(house: House) {
        let acme = house.tenant("acme").await;
        let key = house.key_of(acme, "key_1").await;
        for later in [1, 2] {
            let revoked = house.revoke_key(acme.scope(), "key_1".to_owned(), NOW.plus_ms(later));
            assert_eq!(revoked.await.expect("revoked"), key.id);
        }
        let kept = house.key_by_hash(hash_of("key_1")).await.expect("read").expect("kept");
        assert_eq!(kept.revoked_at, Some(NOW.plus_ms(1)));
    }

    async fn a_list_shows_the_keys_of_exactly_its_owner(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        for index in 0..5 {
            house.key_of(acme, &format!("a{index}")).await;
        }
        house.key_of(wide, "w").await;
        house.key_of(zeta, "z").await;
        let names = |keys: Vec<hookwright_store::Key>| {
            keys.into_iter().map(|key| key.public_id).collect::<Vec<_>>()
        };
        let ours = rows_by_page(2, |page| house.keys(acme.scope(), page)).await;
        assert_eq!(names(ours), ["a4", "a3", "a2", "a1", "a0"]);
        let projects = house.keys(acme.project_scope(), all()).await.expect("listed").rows;
        assert_eq!(names(projects), ["key_acme"]);
    }

    async fn a_key_is_revoked_only_within_its_scope(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let wide = house.neighbour(acme, "wide").await;
        house.key_of(acme, "key_1").await;
        let strangers = [wide.scope(), zeta.scope(), zeta.project_scope(), acme.project_scope()];
        for scope in strangers {
            let refused = house.revoke_key(scope, "key_1".to_owned(), NOW).await;
            assert!(matches!(refused, Err(StoreError::NotFound)));
        }
        let key = house.key_by_hash(hash_of("key_1")).await.expect("read").expect("kept");
        assert_eq!(key.revoked_at, None);
    }

    async fn there_is_a_root_key_once_one_is_put(house: House) {
        house.tenant("acme").await;
        assert!(!house.has_root_key().await.expect("read"), "a project's key is none");
        house.put_root_key(a_key("root_1", KeyOwner::Root), false).await.expect("put");
        assert!(house.has_root_key().await.expect("read"));
        let key = house.key_by_hash(hash_of("root_1")).await.expect("read").expect("kept");
        assert_eq!(key.owner, KeyOwner::Root);
    }

    async fn putting_the_same_root_key_again_changes_nothing(house: House) {
        house.put_root_key(a_key("root_1", KeyOwner::Root), false).await.expect("put");
        let before = house.key_by_hash(hash_of("root_1")).await.expect("read");
        let mut again = a_key("root_again", KeyOwner::Root);
        again.hash = hash_of("root_1");
        house.put_root_key(again, true).await.expect("put");
        assert_eq!(house.key_by_hash(hash_of("root_1")).await.expect("read"), before);
    }

    async fn the_only_root_key_ends_the_others_and_may_come_back(house: House) {
        let acme = house.tenant("acme").await;
        house.key_of(acme, "key_1").await;
        house.put_root_key(a_key("root_1", KeyOwner::Root), false).await.expect("put");
        house.put_root_key(a_key("root_2", KeyOwner::Root), true).await.expect("put");
        let revoked = async |name| {
            let key = house.key_by_hash(hash_of(name)).await.expect("read").expect("kept");
            key.revoked_at.is_some()
        };
        assert!(revoked("root_1").await);
        assert!(!revoked("root_2").await);
        assert!(!revoked("key_1").await, "no root key");
        house.put_root_key(a_key("root_1", KeyOwner::Root), true).await.expect("put");
        assert!(!revoked("root_1").await);
        assert!(revoked("root_2").await);
    }

    async fn no_project_can_revoke_a_root_key(house: House) {
        let acme = house.tenant("acme").await;
        house.put_root_key(a_key("root_1", KeyOwner::Root), false).await.expect("put");
        for scope in [acme.scope(), acme.project_scope()] {
            let refused = house.revoke_key(scope, "root_1".to_owned(), NOW).await;
            assert!(matches!(refused, Err(StoreError::NotFound)));
        }
    }
}
