//! What does the guard against repetition remember, and how much?

use hookwright_verify::{
    Claim, MessageKey, Replays, Seen, Verified, Verifier, builtin_profiles, system_clock,
};

const TTL_S: u32 = 600;

fn key(id: &str) -> MessageKey {
    let profile = builtin_profiles()
        .into_iter()
        .find(|profile| profile.name == "github")
        .expect("built in");
    let verifier = Verifier::new(profile, &["a secret"], system_clock).expect("a verifier");
    let verified = Verified {
        message_id: Some(id.to_owned()),
        timestamp_s: None,
    };
    verifier.message_key(&verified, b"{}")
}

fn first(replays: &mut Replays, id: &str, now_s: i64) -> Claim {
    match replays.claim(key(id), now_s) {
        Seen::First(claim) => claim,
        seen => panic!("{id} is {seen:?}"),
    }
}

#[test]
fn a_settled_message_is_a_duplicate_until_its_time_is_over() {
    let mut replays = Replays::new(8, TTL_S);
    let claim = first(&mut replays, "evt_1", 1000);
    replays.settle(claim);
    assert_eq!(replays.claim(key("evt_1"), 1000), Seen::Settled);
    assert_eq!(replays.claim(key("evt_1"), 1599), Seen::Settled);
    first(&mut replays, "evt_1", 1600);
}

#[test]
fn a_message_in_hand_is_neither_new_nor_done() {
    let mut replays = Replays::new(8, TTL_S);
    let claim = first(&mut replays, "evt_1", 1000);
    assert_eq!(replays.claim(key("evt_1"), 1001), Seen::InHand);
    replays.settle(claim);
    assert_eq!(replays.claim(key("evt_1"), 1002), Seen::Settled);
}

#[test]
fn a_released_message_comes_in_again() {
    let mut replays = Replays::new(8, TTL_S);
    let claim = first(&mut replays, "evt_1", 1000);
    replays.release(claim);
    assert!(replays.is_empty());
    first(&mut replays, "evt_1", 1001);
}

#[test]
fn a_message_in_hand_longer_than_its_time_may_be_tried_again() {
    let mut replays = Replays::new(8, TTL_S);
    let lost = first(&mut replays, "evt_1", 1000);
    let second = first(&mut replays, "evt_1", 1600);
    // The lost handler's end says nothing about the second one.
    replays.release(lost);
    assert_eq!(replays.claim(key("evt_1"), 1601), Seen::InHand);
    replays.settle(second);
    assert_eq!(replays.claim(key("evt_1"), 1602), Seen::Settled);
}

#[test]
fn a_full_memory_loses_the_oldest_and_never_grows() {
    let mut replays = Replays::new(3, TTL_S);
    for number in 0..100 {
        let claim = first(&mut replays, &format!("evt_{number}"), 1000);
        replays.settle(claim);
        assert!(replays.len() <= 3, "{} entries", replays.len());
    }
    for kept in ["evt_97", "evt_98", "evt_99"] {
        assert_eq!(replays.claim(key(kept), 1001), Seen::Settled, "{kept}");
    }
    first(&mut replays, "evt_96", 1001);
}

#[test]
fn handlers_that_always_fail_leave_nothing_behind() {
    let mut replays = Replays::new(3, TTL_S);
    for _ in 0..100 {
        let claim = first(&mut replays, "evt_1", 1000);
        replays.release(claim);
    }
    assert_eq!(replays.len(), 0);
}

#[test]
fn what_has_expired_makes_room_before_what_is_young() {
    let mut replays = Replays::new(100, TTL_S);
    for number in 0..50 {
        first(&mut replays, &format!("old_{number}"), 1000);
    }
    first(&mut replays, "young", 2000);
    assert_eq!(replays.len(), 1);
}

#[test]
fn a_clock_that_is_set_back_neither_forgets_nor_overflows() {
    let mut replays = Replays::new(3, u32::MAX);
    let claim = first(&mut replays, "evt_1", i64::MAX);
    replays.settle(claim);
    assert_eq!(replays.claim(key("evt_1"), i64::MIN), Seen::Settled);
}
