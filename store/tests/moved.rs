//! What is true of a store that was moved to PostgreSQL and goes on there: rows keep their numbers,
//! new ones come after them, and retention removes the moved ones by their age.

#[path = "moved/management.rs"]
mod management;
#[path = "moved/place.rs"]
mod place;

use hookwright_core::ids::EventId;
use hookwright_core::time::UnixMs;
use hookwright_store::{
    Appended, DeliveryFilter, Disposition, EndpointSettings, EndpointStatus, EventFilter, KeyOwner,
    NewEndpoint, NewKey, NewProject, Page, Scope, Settled, Settlement, Store,
};
use place::{Place, an_event, append};

const OLD: UnixMs = UnixMs(1_700_000_000_000);
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const ALL: Page = Page::newest(100);

/// Three days of events, one on each: finished, waiting, finished.
async fn three_days(place: &Place) -> (Scope, [EventId; 3]) {
    let store = place.source();
    let key = NewKey {
        public_id: "key_a".to_owned(),
        owner: KeyOwner::Root,
        name: None,
        hash: [7; 32],
        hint: "hw_a".to_owned(),
        scopes: 3,
        expires_at: None,
        used_for: Default::default(),
        rate_limit: None,
        now: OLD,
    };
    let project = NewProject {
        public_id: "prj_a".to_owned(),
        name: "a\0b".to_owned(),
        profile: "standard".to_owned(),
        livemode: true,
        key,
        now: OLD,
    };
    let project = store.create_project(project).await.expect("made").id;
    let accounts = store.accounts(project, ALL).await.expect("listed");
    let scope = Scope {
        project_id: project,
        account_id: Some(accounts.rows[0].id),
    };
    let endpoint = NewEndpoint {
        project_id: project,
        account_id: accounts.rows[0].id,
        public_id: "ep_a".to_owned(),
        settings: EndpointSettings::default(),
        secrets: vec!["whsec_a".to_owned()],
        credentials: Default::default(),
        status: EndpointStatus::Active,
        status_reason: None,
        now: OLD,
    };
    let endpoint = store.create_endpoint(endpoint).await.expect("made").id;
    let mut ids = [EventId(0); 3];
    for (day, how) in [
        (0, Disposition::EndpointDisabled),
        (1, Disposition::Due),
        (2, Disposition::EndpointDisabled),
    ] {
        let at = OLD.plus_ms(day * DAY_MS);
        let event = an_event(scope, &format!("evt_{day}"), at, (endpoint, how));
        let Appended::Fresh { id, .. } = append(&store, event).await else {
            panic!("it is fresh");
        };
        ids[day as usize] = id;
    }
    store.close().await.expect("closed");
    (scope, ids)
}

/// Over all pages: one that looks into days of nothing is empty, and has a next one.
async fn listed(store: &Store, scope: Scope) -> Vec<EventId> {
    let mut found = Vec::new();
    let mut page = ALL;
    for _ in 0..1_000 {
        let events = store.events(scope, EventFilter::default(), page).await;
        let events = events.expect("listed");
        found.extend(events.rows.iter().map(|event| event.id));
        page.before = events.next;
        if page.before.is_none() {
            return found;
        }
    }
    panic!("a walk ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_events_go_by_their_age_and_what_waits_stays() {
    let place = Place::make().await;
    let (scope, [first, waiting, last]) = three_days(&place).await;
    place.migrate().await;
    let store = place.target().await;
    assert_eq!(listed(&store, scope).await, [last, waiting, first]);
    let second_day = OLD.plus_ms(DAY_MS);
    assert_eq!(store.prune(second_day, 10).await.expect("pruned"), 1);
    assert_eq!(listed(&store, scope).await, [last, waiting]);
    let later = OLD.plus_ms(9 * DAY_MS);
    assert_eq!(store.prune(later, 10).await.expect("pruned"), 1);
    assert_eq!(listed(&store, scope).await, [waiting]);
    let first_page = Page {
        before: Some(1 << 40),
        ..ALL
    };
    let left = store
        .deliveries(scope, DeliveryFilter::default(), first_page)
        .await;
    let left = left.expect("listed").rows;
    assert_eq!(left.len(), 1, "deliveries go with their events");

    let lane = left[0].endpoint_id;
    let claimed = store.claim(vec![(lane, 5)], later).await;
    let claimed = claimed.expect("claimed").remove(0);
    let (done, settled) = tokio::sync::oneshot::channel();
    store.settle(
        vec![Settlement {
            project_id: scope.project_id,
            id: claimed.id,
            lease: claimed.lease,
            manual: false,
            attempt: None,
            becomes: Settled::Failed,
            error: None,
            notice: None,
            at: later,
        }],
        move |outcome| drop(done.send(outcome)),
    );
    let accepted = settled.await.expect("told").expect("stored");
    assert_eq!(accepted, [true]);
    assert_eq!(store.prune(later, 10).await.expect("pruned"), 1);
    assert!(listed(&store, scope).await.is_empty());
    let again = an_event(scope, "evt_0", later, (lane, Disposition::Due));
    let again = append(&store, again).await;
    assert!(matches!(again, Appended::Fresh { .. }), "its name is free");
}

#[tokio::test(flavor = "multi_thread")]
async fn moved_payloads_go_before_their_events() {
    let place = Place::make().await;
    let (scope, [first, waiting, last]) = three_days(&place).await;
    place.migrate().await;
    let store = place.target().await;
    let later = OLD.plus_ms(9 * DAY_MS);
    for (limit, expected) in [(1, 1), (10, 1), (10, 0)] {
        let gone = store.prune_payloads(later, limit).await;
        assert_eq!(gone.expect("pruned"), expected);
    }
    for (id, day, is_there) in [(first, 0, false), (waiting, 1, true), (last, 2, false)] {
        let event = store.event(scope, id, OLD.plus_ms(day * DAY_MS)).await;
        let payload = event.expect("it is there").payload;
        assert_eq!(payload.is_some(), is_there, "day {day}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rows_come_after_moved_ones() {
    let place = Place::make().await;
    let (scope, old) = three_days(&place).await;
    place.migrate().await;
    let store = place.target().await;
    let now = OLD.plus_ms(3 * DAY_MS);
    let made = store.create_account(scope.project_id, "acc_b".to_owned(), None, now);
    assert!(made.await.expect("made").id > scope.account_id.expect("one"));
    let lane = store
        .endpoint(scope, "ep_a".to_owned())
        .await
        .expect("moved");
    assert_eq!(lane.secrets, ["whsec_a"]);
    let event = an_event(scope, "evt_new", now, (lane.id, Disposition::Due));
    let Appended::Fresh { id, .. } = append(&store, event).await else {
        panic!("it is fresh");
    };
    assert_eq!(listed(&store, scope).await, [id, old[2], old[1], old[0]]);
    let event = an_event(scope, "evt_1", now, (lane.id, Disposition::Due));
    let repeated = append(&store, event).await;
    assert!(
        matches!(repeated, Appended::Repeated { id, .. } if id == old[1]),
        "{repeated:?}"
    );
    let projects = store.projects(ALL).await.expect("listed").rows;
    assert_eq!(projects[0].name, "a\u{fffd}b", "text without NUL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_an_older_version_left_is_brought_up_to_date_first() {
    let place = Place::make().await;
    three_days(&place).await;
    place.change(
        "DROP INDEX jobs_ended; ALTER TABLE endpoints DROP COLUMN status_since; PRAGMA user_version = 5",
    );
    let refused = place.begin().await.err().expect("refused").to_string();
    assert!(
        refused.contains("hint: start `hookwright serve`"),
        "{refused}"
    );
    // Which does it.
    place.source().close().await.expect("closed");
    place.migrate().await;
}
