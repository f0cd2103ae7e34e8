//! Lists of what people manage are walked both ways alike.

use hookwright_core::job_state::JobKind;
use hookwright_store::{KeysOf, Listed, Page, StoreError};

use super::house::rows_by_page;
use super::jobs::a_replay;
use super::lists::rows_from_the_oldest;

const MADE: usize = 7;

/// The rows of a list, newest first, whichever way and in whatever pages it is walked.
async fn both_ways<T, R, F>(list: impl Fn(Page) -> F, row: impl Fn(&T) -> R) -> Vec<R>
where
    R: PartialEq + std::fmt::Debug,
    F: Future<Output = Result<Listed<T>, StoreError>>,
{
    let all = list(Page::newest(100)).await.expect("listed");
    assert_eq!(
        (all.next, all.prev),
        (None, None),
        "nothing is beside all of it"
    );
    let all: Vec<R> = all.rows.iter().map(&row).collect();
    for limit in [1, 2, 3, MADE, MADE + 1] {
        let older = rows_by_page(limit, &list).await;
        let newer = rows_from_the_oldest(limit, &list).await;
        for walked in [older, newer] {
            let walked: Vec<R> = walked.iter().map(&row).collect();
            assert_eq!(walked, all, "in pages of {limit}");
        }
    }
    goes_back(&list, row).await;
    all
}

/// The page before the second one is the first one.
async fn goes_back<T, R, F>(list: impl Fn(Page) -> F, row: impl Fn(&T) -> R)
where
    R: PartialEq + std::fmt::Debug,
    F: Future<Output = Result<Listed<T>, StoreError>>,
{
    let of = |listed: &Listed<T>| listed.rows.iter().map(&row).collect::<Vec<R>>();
    let first = list(Page::newest(3)).await.expect("listed");
    let second = Page {
        before: first.next,
        ..Page::newest(3)
    };
    let second = list(second).await.expect("listed");
    let back = Page {
        after: second.prev,
        ..Page::newest(3)
    };
    let back = list(back).await.expect("listed");
    assert_eq!(of(&back), of(&first));
    let again = Page {
        before: back.next,
        ..Page::newest(3)
    };
    assert_eq!(of(&list(again).await.expect("listed")), of(&second));
}

facts! {
    async fn accounts_are_walked_both_ways(house: House) {
        let acme = house.tenant("acme").await;
        house.tenant("zeta").await;
        for number in 0..MADE - 1 {
            house.neighbour(acme, &format!("other_{number}")).await;
        }
        let list = |page| house.accounts(acme.project, page);
        let found = both_ways(list, |account| account.public_id.clone()).await;
        assert_eq!(found.len(), MADE, "with the default account");
    }

    async fn projects_are_walked_both_ways(house: House) {
        for number in 0..MADE {
            house.tenant(&format!("p{number}")).await;
        }
        let found = both_ways(|page| house.projects(page), |project| project.id).await;
        assert_eq!(found.len(), MADE);
    }

    async fn endpoints_are_walked_both_ways(house: House) {
        let acme = house.tenant("acme").await;
        let beside = house.neighbour(acme, "beside").await;
        for number in 0..MADE {
            house.endpoint_of(acme, &format!("ep_{number}")).await;
            house.endpoint_of(beside, &format!("other_{number}")).await;
        }
        for (scope, count) in [(acme.scope(), MADE), (acme.project_scope(), 2 * MADE)] {
            let list = |page| house.endpoints(scope, page);
            let found = both_ways(list, |endpoint| endpoint.public_id.clone()).await;
            assert_eq!(found.len(), count);
        }
    }

    async fn keys_are_walked_both_ways(house: House) {
        let acme = house.tenant("acme").await;
        for number in 0..MADE {
            house.key_of(acme, &format!("key_{number}")).await;
        }
        let of = KeysOf::Owner(acme.scope());
        let found = both_ways(|page| house.keys(of, page), |key| key.public_id.clone()).await;
        assert_eq!(found.len(), MADE);
    }

    async fn jobs_are_walked_both_ways(house: House) {
        let acme = house.tenant("acme").await;
        let beside = house.neighbour(acme, "beside").await;
        for number in 0..MADE {
            house.create_job(a_replay(acme, &format!("rpl_{number}"))).await.expect("made");
            house.create_job(a_replay(beside, &format!("other_{number}"))).await.expect("made");
        }
        for (scope, count) in [(acme.scope(), MADE), (acme.project_scope(), 2 * MADE)] {
            let list = |page| house.jobs(scope, JobKind::Replay, page);
            let found = both_ways(list, |job| job.public_id.clone()).await;
            assert_eq!(found.len(), count);
        }
    }
}
