//! What a project says of its event types: kept whole, changed only from what was seen.

use hookwright_core::limits::{EVENT_TYPES_BYTES_MAX, EVENT_TYPES_PER_PROJECT_MAX};
use hookwright_store::{EventTypeDocument, EventTypeSwap, EventTypeVersion, StoreError};
use serde_json::json;

use super::house::NOW;

fn described(text: &str) -> EventTypeDocument {
    EventTypeDocument {
        description: Some(text.to_owned()),
        ..EventTypeDocument::default()
    }
}

fn swap(
    name: &str,
    before: Option<EventTypeDocument>,
    after: Option<EventTypeDocument>,
) -> EventTypeSwap {
    let name = name.to_owned();
    EventTypeSwap {
        name,
        before,
        after,
    }
}

fn fresh(name: &str) -> EventTypeSwap {
    swap(name, None, Some(described(name)))
}

facts! {
    async fn an_event_type_is_kept_as_it_was_given(house: House) {
        let acme = house.tenant("acme").await.project;
        let whole = EventTypeDocument {
            description: Some("Somebody signed up.".to_owned()),
            group: Some("users".to_owned()),
            deprecated: true,
            archived: true,
            versions: vec![EventTypeVersion {
                version: 7,
                schema: Some(json!({"type": "object", "b": 1, "a": 1.5})),
                example: Some(json!({"x": [null, "é"]})),
            }],
        };
        let made = house.swap_event_types(acme, vec![swap("user.created", None, Some(whole.clone()))], NOW).await;
        assert!(made.expect("made"));
        let kept = house.event_type(acme, "user.created".to_owned()).await.expect("kept");
        assert_eq!((kept.project_id, kept.name.as_str()), (acme, "user.created"));
        assert_eq!((kept.created_at, kept.updated_at), (NOW, NOW));
        assert_eq!(kept.document, whole);
        let after = house.reopened(NOW).await;
        assert_eq!(after.event_types(acme).await.expect("listed"), [kept]);
    }

    async fn an_event_type_changes_only_from_what_was_seen(house: House) {
        let acme = house.tenant("acme").await.project;
        assert!(house.swap_event_types(acme, vec![fresh("a")], NOW).await.expect("made"));
        for stale in [fresh("a"), swap("a", Some(described("other")), None), swap("b", Some(described("b")), None)] {
            let swapped = house.swap_event_types(acme, vec![fresh("new"), stale], NOW).await;
            assert!(!swapped.expect("answered"));
        }
        let later = NOW.plus_ms(5);
        let change = swap("a", Some(described("a")), Some(described("b")));
        assert!(house.swap_event_types(acme, vec![change, fresh("c")], later).await.expect("changed"));
        let types = house.event_types(acme).await.expect("listed");
        let times: Vec<_> = types.iter().map(|it| (it.name.as_str(), it.created_at, it.updated_at)).collect();
        assert_eq!(times, [("a", NOW, later), ("c", later, later)], "nothing of what was refused");
        assert_eq!(types[0].document, described("b"));
        assert!(house.swap_event_types(acme, vec![swap("a", Some(described("b")), None)], later).await.expect("removed"));
        let gone = house.event_type(acme, "a".to_owned()).await;
        assert!(matches!(gone, Err(StoreError::NotFound)));
    }

    async fn projects_describe_their_own_types_in_the_order_of_their_names(house: House) {
        let (acme, zeta) = (house.tenant("acme").await.project, house.tenant("zeta").await.project);
        for (project, name) in [(acme, "b"), (acme, "a.b"), (acme, "B"), (acme, "a"), (zeta, "a")] {
            assert!(house.swap_event_types(project, vec![fresh(name)], NOW).await.expect("made"));
        }
        let names = |types: Vec<hookwright_store::EventType>| -> Vec<String> {
            types.into_iter().map(|it| it.name).collect()
        };
        assert_eq!(names(house.event_types(acme).await.expect("listed")), ["B", "a", "a.b", "b"]);
        assert_eq!(names(house.every_event_type().await.expect("listed")), ["B", "a", "a.b", "b", "a"]);
        house.delete_project(acme, NOW).await.expect("deleted");
        assert_eq!(names(house.every_event_type().await.expect("listed")), ["a"]);
        let refused = house.swap_event_types(acme, vec![fresh("c")], NOW).await;
        assert!(matches!(refused, Err(StoreError::NotFound)));
    }

    async fn a_project_describes_so_many_types_and_no_more(house: House) {
        let acme = house.tenant("acme").await.project;
        let many = (0..EVENT_TYPES_PER_PROJECT_MAX).map(|index| fresh(&format!("t{index}")));
        assert!(house.swap_event_types(acme, many.collect(), NOW).await.expect("made"));
        let refused = house.swap_event_types(acme, vec![fresh("more")], NOW).await;
        assert!(matches!(refused, Err(StoreError::LimitReached { limit: EVENT_TYPES_PER_PROJECT_MAX, .. })));
        assert_eq!(house.event_types(acme).await.expect("listed").len(), EVENT_TYPES_PER_PROJECT_MAX);
        let long = described(&"é".repeat(EVENT_TYPES_BYTES_MAX / 2));
        let refused = house.swap_event_types(acme, vec![swap("t1", Some(described("t1")), Some(long))], NOW).await;
        assert!(matches!(refused, Err(StoreError::LimitReached { limit: EVENT_TYPES_BYTES_MAX, .. })));
    }
}
