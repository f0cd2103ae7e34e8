//! Who is told what, how much waits for them, and what other nodes take off.

use hookwright_core::limits::RELAYED_WAITING_MAX;

use super::*;

fn wanted(kinds: &[DoingKind]) -> Wanted {
    Wanted {
        project_id: ProjectId(1),
        account_id: None,
        endpoint_id: None,
        kinds: kinds.to_vec(),
    }
}

fn whose(project: i64, account: i64, endpoint: Option<i64>) -> Whose {
    Whose {
        project_id: ProjectId(project),
        account_id: Some(AccountId(account)),
        endpoint_id: endpoint.map(EndpointId),
    }
}

fn doing(kind: DoingKind, event: i64) -> Doing {
    Doing {
        kind,
        at: UnixMs(0),
        event_id: EventId(event),
        event_given_id: None,
        event_accepted_at: UnixMs(0),
        event_type: "t".into(),
        delivery: None,
    }
}

/// The events that were told so far, and how many were missed.
fn told(listener: &mut Listener) -> (Vec<i64>, u64) {
    let mut events = Vec::new();
    while let Ok(doing) = listener.receiver.try_recv() {
        events.push(doing.event_id.0);
    }
    (events, listener.missed.swap(0, Ordering::Relaxed))
}

#[test]
fn each_is_told_what_is_theirs_and_wanted() {
    let live = Arc::<Live>::default();
    assert!(!live.is_heard());
    let all = wanted(&DoingKind::ALL);
    let account = Wanted {
        account_id: Some(AccountId(2)),
        ..all.clone()
    };
    let endpoint = Wanted {
        endpoint_id: Some(EndpointId(3)),
        ..all.clone()
    };
    let mut listeners = [all, account, endpoint, wanted(&[DoingKind::Failed])]
        .map(|wanted| live.listen(wanted).expect("room"));
    live.tell(whose(1, 2, None), doing(DoingKind::Accepted, 1));
    live.tell(whose(1, 9, Some(3)), doing(DoingKind::Delivered, 2));
    live.tell(whose(9, 2, Some(3)), doing(DoingKind::Failed, 3));
    live.tell(whose(1, 2, Some(4)), doing(DoingKind::Failed, 4));
    let events = listeners.each_mut().map(|listener| told(listener).0);
    assert_eq!(events, [vec![1, 2, 4], vec![1, 4], vec![2], vec![4]]);
    drop(listeners);
    assert!(!live.is_heard());
}

#[test]
fn a_slow_reader_is_told_how_many_it_missed() {
    let live = Arc::<Live>::default();
    let mut listener = live.listen(wanted(&DoingKind::ALL)).expect("room");
    for event in 0..STREAM_WAITING_MAX as i64 + 3 {
        live.tell(whose(1, 2, None), doing(DoingKind::Accepted, event));
    }
    let (events, missed) = told(&mut listener);
    assert_eq!((events.len(), missed), (STREAM_WAITING_MAX, 3));
}

#[test]
fn only_so_many_listen_and_none_once_it_is_closed() {
    let live = Arc::<Live>::default();
    let mut listeners: Vec<Listener> = (0..STREAMS_MAX)
        .map(|_| live.listen(wanted(&DoingKind::ALL)).expect("room"))
        .collect();
    let refused = live.listen(wanted(&DoingKind::ALL)).err();
    assert_eq!(refused, Some(NotListening::Full));
    listeners.pop();
    listeners.push(live.listen(wanted(&DoingKind::ALL)).expect("room"));
    live.close();
    assert!(listeners[0].receiver.is_closed());
    let refused = live.listen(wanted(&DoingKind::ALL)).err();
    assert_eq!(refused, Some(NotListening::Stopping));
}

#[test]
fn what_another_node_wants_is_kept_for_it_until_it_falls_silent() {
    let live = Arc::<Live>::default();
    live.tell(whose(1, 2, None), doing(DoingKind::Accepted, 1));
    live.elsewhere.want(7, 1_000, [ProjectId(1)].into());
    assert!(live.is_heard());
    live.tell(whose(1, 2, None), doing(DoingKind::Accepted, 2));
    live.tell(whose(9, 2, None), doing(DoingKind::Accepted, 3));
    let taken = live.elsewhere.take();
    let events: Vec<i64> = taken.doings.iter().map(|(_, it)| it.event_id.0).collect();
    assert_eq!(events, [2], "of that project, from then on");
    live.elsewhere.forget_silent(999);
    assert!(live.is_heard());
    live.elsewhere.forget_silent(1_000);
    assert!(!live.is_heard());
    live.elsewhere.want(7, 2_000, [ProjectId(1)].into());
    live.elsewhere.want(7, 2_000, [].into());
    assert!(!live.is_heard(), "it said that it does not listen any more");
}

#[test]
fn what_does_not_fit_is_counted_for_those_who_miss_it() {
    let live = Arc::<Live>::default();
    live.elsewhere.want(7, 1_000, [ProjectId(1)].into());
    let max = RELAYED_WAITING_MAX as i64;
    for event in 0..max + 3 {
        live.tell(whose(1, 2, None), doing(DoingKind::Accepted, event));
    }
    let taken = live.elsewhere.take();
    assert_eq!(taken.doings.len(), RELAYED_WAITING_MAX);
    let missed: Vec<Missed> = taken.missed().collect();
    assert_eq!(missed[0].count, 3);
    live.elsewhere.put_back(taken);
    let again = live.elsewhere.take();
    assert_eq!(again.doings.len(), 0);
    let all: Vec<u64> = again.missed().map(|it| it.count).collect();
    assert_eq!(all, [max as u64 + 3], "what could not be said is missed");

    let mut here = [None, Some(2), Some(9)].map(|account| {
        let wanted = Wanted {
            account_id: account.map(AccountId),
            ..wanted(&DoingKind::ALL)
        };
        live.listen(wanted).expect("room")
    });
    live.missed_elsewhere(&missed[0]);
    let counts = here.each_mut().map(|listener| told(listener).1);
    assert_eq!(
        counts,
        [3, 3, 0],
        "nobody learns of another account's doings"
    );
}
