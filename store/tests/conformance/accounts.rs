//! How a project's customers are made, named and ended.

use hookwright_core::ids::AccountId;
use hookwright_store::{KeyOwner, Scope, StoreError};

use super::build::{a_key, an_endpoint, an_event, hash_of};
use super::house::{NOW, all, rows_by_page};

facts! {
    async fn an_account_reads_back(house: House) {
        let acme = house.tenant("acme").await;
        let made = house.create_account(acme.project, "c-1".to_owned(), Some("One".to_owned()), NOW);
        let made = made.await.expect("made");
        assert_eq!((made.public_id.as_str(), made.name.as_deref()), ("c-1", Some("One")));
        assert_eq!((made.project_id, made.created_at), (acme.project, NOW));
        let scope = Scope { project_id: acme.project, account_id: Some(made.id) };
        assert_eq!(house.account(scope).await.expect("seen"), made);
    }

    async fn an_account_id_is_used_once_in_its_project(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        house.neighbour(acme, "c-1").await;
        let again = house.create_account(acme.project, "c-1".to_owned(), None, NOW).await;
        assert!(matches!(again, Err(StoreError::Exists(id)) if id == "c-1"));
        house.neighbour(zeta, "c-1").await;
    }

    async fn a_deleted_accounts_id_may_be_used_again(house: House) {
        let acme = house.tenant("acme").await;
        let old = house.neighbour(acme, "c-1").await;
        let event = house.publish_fresh(an_event(old)).await;
        house.delete_account(acme.project, old.account, NOW).await.expect("deleted");
        let new = house.neighbour(acme, "c-1").await;
        assert_ne!(new.account, old.account);
        let seen = house.event(new.scope(), event.id, NOW).await;
        assert!(matches!(seen, Err(StoreError::NotFound)), "the old one's events stay its own");
    }

    async fn an_account_is_renamed(house: House) {
        let acme = house.tenant("acme").await;
        for name in [Some("New".to_owned()), None] {
            let renamed = house.update_account(acme.scope(), name.clone()).await.expect("renamed");
            assert_eq!(renamed.name, name);
            assert_eq!(house.account(acme.scope()).await.expect("seen"), renamed);
        }
    }

    async fn accounts_are_listed_newest_first_each_once(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        for index in 0..4 {
            house.neighbour(acme, &format!("c-{index}")).await;
            house.neighbour(zeta, &format!("c-{index}")).await;
        }
        let rows = rows_by_page(2, |page| house.accounts(acme.project, page)).await;
        let ids: Vec<_> = rows.iter().map(|account| account.public_id.as_str()).collect();
        assert_eq!(ids, ["c-3", "c-2", "c-1", "c-0", "default"]);
    }

    async fn a_deleted_account_takes_its_endpoints_and_keys_along(house: House) {
        let acme = house.tenant("acme").await;
        let wide = house.neighbour(acme, "wide").await;
        for (tenant, name) in [(acme, "a"), (wide, "w")] {
            house.endpoint_of(tenant, name).await;
            house.key_of(tenant, name).await;
        }
        let ended = NOW.plus_ms(1);
        house.delete_account(acme.project, wide.account, ended).await.expect("deleted");
        let (_, accounts, endpoints) = house.routing().await.expect("read");
        assert_eq!(accounts.iter().map(|a| a.id).collect::<Vec<_>>(), [acme.account]);
        assert_eq!(endpoints.iter().map(|e| e.public_id.as_str()).collect::<Vec<_>>(), ["a"]);
        for (name, revoked_at) in [("a", None), ("w", Some(ended))] {
            let key = house.key_by_hash(hash_of(name)).await.expect("read").expect("kept");
            assert_eq!(key.revoked_at, revoked_at);
        }
    }

    async fn nothing_can_be_done_to_an_account_that_is_not_there(house: House) {
        let (acme, zeta) = (house.tenant("acme").await, house.tenant("zeta").await);
        let gone = house.neighbour(acme, "gone").await;
        house.delete_account(acme.project, gone.account, NOW).await.expect("deleted");
        for id in [gone.account, zeta.account, AccountId(999)] {
            let scope = Scope { project_id: acme.project, account_id: Some(id) };
            let read = house.account(scope).await;
            assert!(matches!(read, Err(StoreError::NotFound)));
            let renamed = house.update_account(scope, Some("x".to_owned())).await;
            assert!(matches!(renamed, Err(StoreError::NotFound)));
            let deleted = house.delete_account(acme.project, id, NOW).await;
            assert!(matches!(deleted, Err(StoreError::NotFound)));
            let key = house.create_key(a_key("key_x", KeyOwner::Account(acme.project, id))).await;
            assert!(matches!(key, Err(StoreError::NotFound)));
            let tenant = super::house::Tenant { account: id, ..acme };
            let endpoint = house.create_endpoint(an_endpoint(tenant, "ep_x")).await;
            assert!(matches!(endpoint, Err(StoreError::NotFound)));
        }
        let untouched = house.account(zeta.scope()).await.expect("seen");
        assert_eq!(untouched.name, None);
        assert_eq!(house.routing().await.expect("read").2.len(), 0);
        assert_eq!(house.accounts(acme.project, all()).await.expect("listed").rows.len(), 1);
    }

    async fn a_scope_without_an_account_names_none(house: House) {
        let acme = house.tenant("acme").await;
        let read = house.account(acme.project_scope()).await;
        assert!(matches!(read, Err(StoreError::NotFound)));
        let renamed = house.update_account(acme.project_scope(), None).await;
        assert!(matches!(renamed, Err(StoreError::NotFound)));
    }
}
