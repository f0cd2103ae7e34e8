//! How is an endpoint doing, as far as its lane has seen? Since when all fails, and its breaker.

use hookwright_core::breaker::{Breaker, BreakerSettings, Turn};
use hookwright_core::limits::FAILING_KEPT_MS_MIN;
use hookwright_core::time::UnixMs;

/// What a lane has seen of its endpoint.
#[derive(Default)]
pub(crate) struct LaneHealth {
    failing: Option<Failing>,
    succeeded_at: Option<UnixMs>,
    breaker: Option<Box<Breaker>>,
}

#[derive(Clone, Copy)]
struct Failing {
    since: UnixMs,
    is_written: bool,
}

impl LaneHealth {
    /// An attempt was acknowledged. Says whether it is written down that all fail.
    pub(crate) fn succeeded(&mut self, at: UnixMs) -> bool {
        self.succeeded_at = Some(at);
        self.failing
            .take()
            .is_some_and(|failing| failing.is_written)
    }

    /// An attempt failed. Says since when all fail: since then, if that is what is `written` down.
    pub(crate) fn failed(&mut self, at: UnixMs, written: Option<UnixMs>) -> UnixMs {
        let new = Failing {
            since: written.unwrap_or(at),
            is_written: written.is_some(),
        };
        self.failing.get_or_insert(new).since
    }

    /// Since when all fail, once that is worth to be written down, and once only.
    pub(crate) fn take_unwritten(&mut self, now: UnixMs) -> Option<UnixMs> {
        let lasts = |it: &&mut Failing| now.since(it.since) >= FAILING_KEPT_MS_MIN;
        let failing = self.failing.as_mut().filter(lasts)?;
        let is_new = !std::mem::replace(&mut failing.is_written, true);
        is_new.then_some(failing.since)
    }

    /// Takes in what is written down. Says whether this lane knows better: it has succeeded since.
    pub(crate) fn compare(&mut self, written: Option<UnixMs>) -> bool {
        match (written, &mut self.failing) {
            // Another node has succeeded: what fails here fails anew from its next attempt on.
            (None, Some(failing)) if failing.is_written => self.failing = None,
            (Some(since), Some(failing)) if since < failing.since => {
                let is_written = true;
                *failing = Failing { since, is_written };
            }
            _ => {}
        }
        written.is_some_and(|since| self.succeeded_at.is_some_and(|at| at > since))
    }

    /// Nothing was or is to be said of it.
    pub(crate) fn forget_failing(&mut self) {
        self.failing = None;
    }

    pub(crate) fn breaker(&self) -> Option<&Breaker> {
        self.breaker.as_deref()
    }

    pub(crate) fn breaker_mut(&mut self) -> Option<&mut Breaker> {
        self.breaker.as_deref_mut()
    }

    /// The turn of the breaker that an attempt begun now is made in.
    pub(crate) fn turn(&self) -> Option<Turn> {
        self.breaker().map(Breaker::turn)
    }

    /// Requests that the breaker lets be under way.
    pub(crate) fn concurrency_max(&self) -> Option<usize> {
        self.breaker().and_then(Breaker::concurrency_max)
    }

    /// Until when the breaker is open, if it is.
    pub(crate) fn open_until(&self) -> Option<UnixMs> {
        self.breaker()?.open().map(|(_, until)| until)
    }

    /// Sees to it that there is the breaker that is set, or none: `open` is since and until when it
    /// was open as it was written down. Says whether one is gone that did not just let all through.
    pub(crate) fn set_breaker(
        &mut self,
        settings: Option<BreakerSettings>,
        open: Option<(UnixMs, UnixMs)>,
    ) -> bool {
        let kept = self.breaker().map(Breaker::settings);
        if kept == settings.as_ref() {
            return false;
        }
        let gone = self.breaker.take();
        self.breaker = settings.map(|settings| {
            Box::new(match open.filter(|_| gone.is_none()) {
                Some((since, until)) => Breaker::open_until(settings, since, until),
                None => Breaker::new(settings),
            })
        });
        gone.is_some_and(|gone| gone.concurrency_max().is_some())
    }

    /// Another node has opened the breaker: what this lane counted with its own is less than that,
    /// and the open one is taken when the lane is next looked at.
    pub(crate) fn forget_closed_breaker(&mut self) {
        self.breaker
            .take_if(|breaker| breaker.concurrency_max().is_none());
    }

    /// Another node has had the lane: what it wrote down is taken when the lane is next looked at.
    pub(crate) fn forget_breaker(&mut self) {
        self.breaker = None;
    }

    /// Whether nothing of it would be missed.
    pub(crate) fn is_forgettable(&self, now: UnixMs) -> bool {
        self.failing.is_none_or(|failing| failing.is_written)
            && self.breaker().is_none_or(|breaker| breaker.is_at_rest(now))
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::error_class::ErrorClass;

    use super::*;

    const T0: UnixMs = UnixMs(1_700_000_000_000);
    const MINUTE: u64 = FAILING_KEPT_MS_MIN;

    #[test]
    fn failing_is_written_down_once_and_only_when_it_lasts() {
        let mut health = LaneHealth::default();
        assert_eq!(health.failed(T0, None), T0);
        assert_eq!(health.failed(T0.plus_ms(9), None), T0);
        assert_eq!(health.take_unwritten(T0.plus_ms(MINUTE - 1)), None);
        assert!(!health.is_forgettable(T0));
        assert_eq!(health.take_unwritten(T0.plus_ms(MINUTE)), Some(T0));
        assert_eq!(health.take_unwritten(T0.plus_ms(MINUTE)), None);
        assert!(health.is_forgettable(T0), "it is written down");
        assert!(health.succeeded(T0.plus_ms(MINUTE + 1)));
        assert!(!health.succeeded(T0.plus_ms(MINUTE + 2)), "cleared once");
    }

    #[test]
    fn a_lane_made_anew_goes_on_from_what_is_written_down() {
        let mut health = LaneHealth::default();
        assert_eq!(health.failed(T0.plus_ms(MINUTE), Some(T0)), T0);
        assert_eq!(health.take_unwritten(T0.plus_ms(2 * MINUTE)), None);
        assert!(health.succeeded(T0.plus_ms(2 * MINUTE)));
    }

    #[test]
    fn what_another_node_saw_counts() {
        let mut health = LaneHealth::default();
        health.failed(T0, None);
        assert!(!health.compare(None), "not written down yet");
        assert_eq!(health.take_unwritten(T0.plus_ms(MINUTE)), Some(T0));
        assert!(!health.compare(None), "another node succeeded");
        let later = T0.plus_ms(2 * MINUTE);
        assert_eq!(health.failed(later, None), later);
        assert!(!health.compare(Some(T0)), "and another failed for longer");
        assert_eq!(health.failed(later, None), T0);
    }

    #[test]
    fn a_success_after_what_is_written_down_clears_it() {
        let mut health = LaneHealth::default();
        health.succeeded(T0);
        assert!(health.compare(Some(UnixMs(T0.0 - 1))));
        assert!(!health.compare(Some(T0)));
        assert!(!health.compare(None));
    }

    #[test]
    fn a_breaker_is_made_when_it_is_set_and_anew_when_it_is_set_otherwise() {
        let mut health = LaneHealth::default();
        let settings = BreakerSettings {
            min_attempts: 1,
            ..BreakerSettings::default()
        };
        assert!(!health.set_breaker(Some(settings), None));
        let breaker = health.breaker_mut().unwrap();
        let failed = Some(ErrorClass::Timeout);
        assert!(breaker.learn(breaker.turn(), failed, T0).is_some());
        assert!(!health.set_breaker(Some(settings), None), "kept");
        assert_eq!(health.concurrency_max(), Some(0));
        let other = BreakerSettings::default();
        assert!(health.set_breaker(Some(other), Some((T0, T0))));
        assert_eq!(health.concurrency_max(), None);
        assert!(!health.set_breaker(None, None));
        assert!(health.breaker().is_none());
    }

    #[test]
    fn a_breaker_is_open_as_it_was_written_down() {
        let mut health = LaneHealth::default();
        let until = T0.plus_ms(5);
        health.set_breaker(Some(BreakerSettings::default()), Some((T0, until)));
        assert_eq!(health.open_until(), Some(until));
        assert!(!health.is_forgettable(until));
    }

    #[test]
    fn what_another_node_opened_counts_more_than_failures_seen_here() {
        let mut health = LaneHealth::default();
        let settings = Some(BreakerSettings::default());
        health.set_breaker(settings, None);
        let breaker = health.breaker_mut().unwrap();
        breaker.learn(breaker.turn(), Some(ErrorClass::Timeout), T0);
        assert!(!breaker.is_at_rest(T0), "it has counted something");
        health.forget_closed_breaker();
        let until = T0.plus_ms(5);
        health.set_breaker(settings, Some((T0, until)));
        assert_eq!(health.open_until(), Some(until));
        health.forget_closed_breaker();
        assert_eq!(health.open_until(), Some(until), "an open one is kept");
    }
}
