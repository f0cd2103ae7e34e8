//! Which calls run the statements about event types.

use super::*;

pub(super) async fn call(store: &Store, project: ProjectId) {
    let document = EventTypeDocument::default();
    let steps = [
        (None, Some(document.clone())),
        (Some(document.clone()), None),
        (None, Some(document)),
    ];
    for (before, after) in steps {
        let name = "t".to_owned();
        let swap = EventTypeSwap {
            name,
            before,
            after,
        };
        let swapped = store.swap_event_types(project, vec![swap], NOW).await;
        assert!(swapped.expect("swapped"));
    }
    store.event_types(project).await.expect("listed");
    let seen = store.event_type(project, "t".to_owned()).await;
    seen.expect("seen");
    store.every_event_type().await.expect("listed");
}
