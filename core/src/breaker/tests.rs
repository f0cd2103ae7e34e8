//! Does a breaker open, wait, try and close as it says?

use proptest::prelude::*;

use super::*;

const T0: UnixMs = UnixMs(1_700_000_000_000);
const FAILED: Option<ErrorClass> = Some(ErrorClass::ServerError);

fn settings() -> BreakerSettings {
    BreakerSettings {
        failure_rate: 0.5,
        min_attempts: 4,
        window_s: 60,
        open_s: 30,
        half_open_attempts: 3,
    }
}

/// Learns outcomes of its own turn, all at one time.
fn learn(
    breaker: &mut Breaker,
    outcomes: &[Option<ErrorClass>],
    now: UnixMs,
) -> Vec<BreakerChange> {
    let one = |outcome: &Option<ErrorClass>| breaker.learn(breaker.turn(), *outcome, now);
    outcomes.iter().filter_map(one).collect()
}

fn opened() -> Breaker {
    let mut breaker = Breaker::new(settings());
    assert_eq!(learn(&mut breaker, &[FAILED; 4], T0).len(), 1);
    breaker
}

fn half_open() -> (Breaker, UnixMs) {
    let mut breaker = opened();
    let now = T0.plus_ms(30_000);
    assert!(breaker.half_open(now).is_some());
    (breaker, now)
}

#[test]
fn it_opens_once_enough_attempts_failed_within_the_window() {
    let mut breaker = Breaker::new(settings());
    assert_eq!(learn(&mut breaker, &[None, FAILED, None], T0), []);
    assert_eq!(breaker.concurrency_max(), None);
    let change = learn(&mut breaker, &[FAILED], T0.plus_ms(5));
    let reason = "2 of 4 attempts failed within 60 s, the last by server_error";
    let until = Some(T0.plus_ms(30_005));
    let expected = BreakerChange {
        state: BreakerState::Open,
        reason: reason.to_owned(),
        until,
    };
    assert_eq!(change, [expected]);
    assert_eq!(breaker.concurrency_max(), Some(0));
}

#[test]
fn too_few_attempts_or_too_few_failures_do_not_open_it() {
    let mut breaker = Breaker::new(settings());
    assert_eq!(learn(&mut breaker, &[FAILED; 3], T0), []);
    let later = T0.plus_ms(61_000);
    assert_eq!(
        learn(&mut breaker, &[FAILED; 3], later),
        [],
        "one window each"
    );
    let mut breaker = Breaker::new(settings());
    let mixed = [None, None, FAILED].repeat(20);
    assert_eq!(learn(&mut breaker, &mixed, T0), []);
}

#[test]
fn a_success_never_opens_it() {
    let settings = BreakerSettings {
        failure_rate: 0.01,
        ..settings()
    };
    let mut breaker = Breaker::new(settings);
    assert_eq!(learn(&mut breaker, &[FAILED; 3], T0), []);
    assert_eq!(learn(&mut breaker, &[None; 50], T0), []);
}

#[test]
fn faults_that_are_not_the_receivers_do_not_count() {
    for class in [
        ErrorClass::Render,
        ErrorClass::EndpointDisabled,
        ErrorClass::Internal,
    ] {
        let mut breaker = Breaker::new(settings());
        assert_eq!(learn(&mut breaker, &[Some(class); 50], T0), []);
        assert!(breaker.is_at_rest(T0));
    }
}

#[test]
fn what_was_under_way_when_it_opened_says_nothing_any_more() {
    let mut breaker = Breaker::new(settings());
    let before = breaker.turn();
    learn(&mut breaker, &[FAILED; 4], T0);
    assert_eq!(breaker.learn(before, None, T0), None);
    let now = T0.plus_ms(30_000);
    breaker.half_open(now);
    for late in [None, FAILED] {
        assert_eq!(breaker.learn(before, late, now), None);
    }
    assert_eq!(breaker.concurrency_max(), Some(1), "still half-open");
}

#[test]
fn it_is_half_open_after_its_time_and_not_before() {
    let mut breaker = opened();
    assert_eq!(breaker.half_open(T0.plus_ms(29_999)), None);
    assert_eq!(breaker.concurrency_max(), Some(0));
    let change = breaker.half_open(T0.plus_ms(30_000)).unwrap();
    assert_eq!((change.state, change.until), (BreakerState::HalfOpen, None));
    assert_eq!(change.reason, "it was open for 30 s and is tried again");
    assert_eq!(breaker.concurrency_max(), Some(1));
    assert_eq!(breaker.half_open(T0.plus_ms(30_001)), None, "once");
}

#[test]
fn a_stated_few_successes_close_it_and_requests_grow_by_rounds() {
    let (mut breaker, now) = half_open();
    assert_eq!(learn(&mut breaker, &[None; 2], now), []);
    let change = learn(&mut breaker, &[None], now);
    assert_eq!(change[0].state, BreakerState::Closed);
    assert_eq!(change[0].reason, "3 attempts in a row succeeded");
    for concurrency in [1, 2, 4, 8, 16] {
        for _ in 0..concurrency {
            assert_eq!(breaker.concurrency_max(), Some(concurrency));
            assert_eq!(learn(&mut breaker, &[None], now), []);
        }
    }
    assert_eq!(breaker.concurrency_max(), None);
}

#[test]
fn a_failed_half_open_attempt_opens_it_for_twice_as_long_up_to_a_bound() {
    let mut breaker = opened();
    let mut now = T0;
    let mut open_ms = 30_000;
    for _ in 0..12 {
        now = now.plus_ms(open_ms);
        breaker.half_open(now).unwrap();
        let change = learn(&mut breaker, &[None, Some(ErrorClass::Timeout)], now);
        open_ms = (open_ms * 2).min(BREAKER_OPEN_MS_MAX);
        let reason = "an attempt to try it again failed: timeout";
        assert_eq!(change[0].reason, reason);
        assert_eq!(change[0].until, Some(now.plus_ms(open_ms)));
    }
    assert_eq!(open_ms, BREAKER_OPEN_MS_MAX);
}

#[test]
fn an_open_time_above_the_bound_is_kept_and_never_doubled() {
    let open_s = u32::MAX;
    let mut breaker = Breaker::new(BreakerSettings {
        open_s,
        ..settings()
    });
    let mut now = T0;
    for outcomes in [[FAILED; 4].as_slice(), &[FAILED], &[FAILED]] {
        let change = learn(&mut breaker, outcomes, now);
        let until = now.plus_ms(u64::from(open_s) * 1_000);
        assert_eq!(change[0].until, Some(until));
        now = until;
        breaker.half_open(now).unwrap();
    }
}

#[test]
fn it_opens_for_the_first_time_again_once_it_is_back_at_full_concurrency() {
    let (mut breaker, now) = half_open();
    learn(&mut breaker, &[None; 3 + 1 + 2 + 4 + 8 + 16], now);
    let later = now.plus_ms(120_000);
    let change = learn(&mut breaker, &[FAILED; 4], later);
    assert_eq!(change[0].until, Some(later.plus_ms(30_000)));

    let (mut breaker, now) = half_open();
    learn(&mut breaker, &[None; 3 + 1 + 2], now);
    let later = now.plus_ms(120_000);
    let change = learn(&mut breaker, &[FAILED; 4], later);
    assert_eq!(change[0].until, Some(later.plus_ms(60_000)), "on the way");
}

#[test]
fn closed_by_hand_it_starts_from_nothing() {
    let mut breaker = opened();
    breaker.close();
    assert_eq!(breaker.concurrency_max(), None);
    assert!(breaker.is_at_rest(T0));
    assert_eq!(learn(&mut breaker, &[FAILED; 3], T0), []);
}

#[test]
fn codes_come_back_as_their_states() {
    for state in [
        BreakerState::Closed,
        BreakerState::Open,
        BreakerState::HalfOpen,
    ] {
        assert_eq!(BreakerState::from_code(state.code()), Some(state));
    }
    assert_eq!(BreakerState::from_code(3), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever happens: time goes on, attempts begin only as allowed and end in any order.
    #[test]
    fn nothing_is_under_way_that_it_forbids_and_it_is_never_stuck(
        failure_rate in 0.01..=1.0_f64,
        min_attempts in 0..30_u32,
        window_s in 0..200_u32,
        open_s in 0..4_000_u32,
        half_open_attempts in 0..6_u32,
        steps in proptest::collection::vec((0..40_000_u64, any::<bool>(), any::<u8>()), 1..300),
    ) {
        let settings = BreakerSettings {
            failure_rate, min_attempts, window_s, open_s, half_open_attempts,
        };
        let mut breaker = Breaker::new(settings);
        let mut now = T0;
        let mut under_way: Vec<Turn> = Vec::new();
        for (gap_ms, failed, pick) in steps {
            now = now.plus_ms(gap_ms);
            breaker.half_open(now);
            if let Some((since, until)) = breaker.open() {
                prop_assert!(now < until);
                let longest = BREAKER_OPEN_MS_MAX.max(u64::from(open_s).max(1) * 1_000);
                prop_assert!(until.since(since) <= longest);
            }
            let of_now = under_way.iter().filter(|turn| **turn == breaker.turn()).count();
            let max = breaker.concurrency_max().unwrap_or(LANE_CONCURRENCY_MAX);
            prop_assert!(of_now <= max, "{of_now} under way, {max} allowed");
            if of_now < max && pick % 2 == 0 {
                under_way.push(breaker.turn());
            } else if !under_way.is_empty() {
                let turn = under_way.swap_remove(pick as usize % under_way.len());
                let change = breaker.learn(turn, failed.then_some(ErrorClass::Connect), now);
                if let Some(change) = change {
                    prop_assert_eq!(change.state == BreakerState::Open, failed);
                    prop_assert_eq!(change.until.is_some(), failed);
                }
            }
        }
        // However it stands: it is tried again after its time, and successes close it for good.
        let now = now.plus_ms(BREAKER_OPEN_MS_MAX.max(u64::from(open_s).max(1) * 1_000));
        breaker.half_open(now);
        for _ in 0..(half_open_attempts + 64) {
            let change = breaker.learn(breaker.turn(), None, now);
            prop_assert!(change.is_none_or(|it| it.state == BreakerState::Closed));
            if breaker.concurrency_max().is_none() { break; }
        }
        prop_assert_eq!(breaker.concurrency_max(), None);
    }
}
