//! When is an endpoint left alone for a while, and how is it tried again?
//!
//! A breaker is *closed* while the endpoint is sent to, *open* until some time while it is left
//! alone, and then *half-open*: a stated few attempts, one at a time. The first of these that fails
//! opens it again, for twice as long; when all succeed it closes, and the requests that may be under
//! way grow from one on: 1, 2, 4, ... with each round of successes.
//!
//! Any attempt counts that reached for the receiver: one that it did not acknowledge has failed,
//! whatever it answered. An outcome of before the breaker opened says nothing of how the endpoint
//! does now and is dropped, which the [`Turn`] that an attempt was made in tells.

mod window;

use serde::{Deserialize, Serialize};

use crate::error_class::ErrorClass;
use crate::limits::{BREAKER_OPEN_MS_MAX, LANE_CONCURRENCY_MAX};
use crate::time::UnixMs;
use window::{Seen, Window};

/// When a breaker opens and how it closes again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// The share of failed attempts within the window at which it opens, from 0 (exclusive) to 1.
    pub failure_rate: f64,
    /// Attempts within the window before it judges.
    pub min_attempts: u32,
    /// The window, in seconds.
    pub window_s: u32,
    /// How long it stays open, in seconds.
    pub open_s: u32,
    /// Attempts that are let through while it is half-open, before it closes.
    pub half_open_attempts: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failure_rate: 0.5,
            min_attempts: 20,
            window_s: 60,
            open_s: 30,
            half_open_attempts: 3,
        }
    }
}

/// What a breaker does. The codes are what the stores hold; they never change meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum BreakerState {
    /// The endpoint is sent to.
    #[default]
    Closed = 0,
    /// It is left alone.
    Open = 1,
    /// It is tried with a few attempts.
    HalfOpen = 2,
}

impl BreakerState {
    /// The code that the stores hold.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state for a stored code, or `None` for a code that this version does not know.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Closed),
            1 => Some(Self::Open),
            2 => Some(Self::HalfOpen),
            _ => None,
        }
    }

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// A breaker has come into another state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerChange {
    /// The state that it is in now.
    pub state: BreakerState,
    /// Why, in words.
    pub reason: String,
    /// Until when it is open, if it is.
    pub until: Option<UnixMs>,
}

/// What an attempt was made in: outcomes of an earlier turn are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u32);

/// One endpoint's breaker.
///
/// **Invariant:** while it is open nothing may be under way that was begun since, and while it is
/// half-open one attempt at most: [`Breaker::concurrency_max`] says so, its caller obeys.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
    window: Window,
    turn: u32,
    /// Times that it opened since it last was closed and back at full concurrency.
    openings: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed(Option<Ramp>),
    Open { since: UnixMs, until: UnixMs },
    HalfOpen { succeeded: u32 },
}

/// How far back to full concurrency it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ramp {
    concurrency: usize,
    /// Successes in this round.
    succeeded: usize,
}

/// Whether an attempt that ended in this class tells how the receiver does. The others never
/// reached for it: they are faults of the event, of the settings or of our own.
#[must_use]
pub const fn tells_of_receiver(class: ErrorClass) -> bool {
    !matches!(
        class,
        ErrorClass::Render | ErrorClass::EndpointDisabled | ErrorClass::Internal
    )
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            window: Window::new(settings.window_s),
            settings,
            state: State::Closed(None),
            turn: 0,
            openings: 0,
        }
    }

    /// One that is open until then, as it was written down before a restart.
    #[must_use]
    pub fn open_until(settings: BreakerSettings, since: UnixMs, until: UnixMs) -> Self {
        Self {
            state: State::Open { since, until },
            openings: 1,
            ..Self::new(settings)
        }
    }

    /// What it goes by.
    #[must_use]
    pub const fn settings(&self) -> &BreakerSettings {
        &self.settings
    }

    /// Whether it was opened, and until when it is left alone.
    #[must_use]
    pub const fn open(&self) -> Option<(UnixMs, UnixMs)> {
        match self.state {
            State::Open { since, until } => Some((since, until)),
            State::Closed(_) | State::HalfOpen { .. } => None,
        }
    }

    /// How many requests may be under way; `None` is as many as without a breaker.
    #[must_use]
    pub const fn concurrency_max(&self) -> Option<usize> {
        match self.state {
            State::Closed(None) => None,
            State::Closed(Some(ramp)) => Some(ramp.concurrency),
            State::Open { .. } => Some(0),
            State::HalfOpen { .. } => Some(1),
        }
    }

    /// Whether it holds nothing that would be missed.
    #[must_use]
    pub fn is_at_rest(&self, now: UnixMs) -> bool {
        self.state == State::Closed(None) && self.window.seen(now) == Seen::default()
    }

    /// The turn that an attempt begun now is made in.
    #[must_use]
    pub const fn turn(&self) -> Turn {
        Turn(self.turn)
    }

    /// Lets the first attempts through, if it was open for long enough.
    pub fn half_open(&mut self, now: UnixMs) -> Option<BreakerChange> {
        let (since, until) = self.open().filter(|(_, until)| *until <= now)?;
        let open_s = until.since(since).div_ceil(1_000);
        let reason = format!("it was open for {open_s} s and is tried again");
        self.enter(State::HalfOpen { succeeded: 0 });
        Some(self.change(BreakerState::HalfOpen, reason))
    }

    /// Learns from an attempt that ended at `now`: acknowledged, or the class of its failure.
    pub fn learn(
        &mut self,
        turn: Turn,
        failed: Option<ErrorClass>,
        now: UnixMs,
    ) -> Option<BreakerChange> {
        if turn != self.turn() || failed.is_some_and(|class| !tells_of_receiver(class)) {
            return None;
        }
        match (self.state, failed) {
            (State::Open { .. }, _) => None,
            (State::HalfOpen { .. }, Some(class)) => {
                let reason = format!("an attempt to try it again failed: {}", class.as_str());
                Some(self.open_now(reason, now))
            }
            (State::HalfOpen { succeeded }, None) => self.tried(succeeded + 1),
            (State::Closed(ramp), _) => {
                self.window.add(failed.is_some(), now);
                if let (Some(ramp), None) = (ramp, failed) {
                    self.climb(ramp);
                }
                self.judge(failed, now)
            }
        }
    }

    /// Closes it whatever it saw: a person says that the endpoint is well.
    pub fn close(&mut self) {
        self.openings = 0;
        self.window = Window::new(self.settings.window_s);
        self.enter(State::Closed(None));
    }

    fn tried(&mut self, succeeded: u32) -> Option<BreakerChange> {
        if succeeded < self.settings.half_open_attempts {
            self.state = State::HalfOpen { succeeded };
            return None;
        }
        self.window = Window::new(self.settings.window_s);
        self.enter(State::Closed(Some(Ramp {
            concurrency: 1,
            succeeded: 0,
        })));
        let reason = match succeeded {
            1 => "an attempt to try it again succeeded".to_owned(),
            _ => format!("{succeeded} attempts in a row succeeded"),
        };
        Some(self.change(BreakerState::Closed, reason))
    }

    /// Twice as many at once after each round of successes, until that is as many as ever.
    fn climb(&mut self, mut ramp: Ramp) {
        ramp.succeeded += 1;
        if ramp.succeeded >= ramp.concurrency {
            ramp = Ramp {
                concurrency: ramp.concurrency * 2,
                succeeded: 0,
            };
        }
        let is_there = ramp.concurrency >= LANE_CONCURRENCY_MAX;
        if is_there {
            self.openings = 0;
        }
        self.state = State::Closed((!is_there).then_some(ramp));
    }

    fn judge(&mut self, failed: Option<ErrorClass>, now: UnixMs) -> Option<BreakerChange> {
        let class = failed?;
        let Seen { attempts, failures } = self.window.seen(now);
        let rate = f64::from(failures) / f64::from(attempts.max(1));
        if attempts < self.settings.min_attempts || rate < self.settings.failure_rate {
            return None;
        }
        let window_s = self.settings.window_s;
        let reason = format!(
            "{failures} of {attempts} attempts failed within {window_s} s, the last by {}",
            class.as_str()
        );
        Some(self.open_now(reason, now))
    }

    fn open_now(&mut self, reason: String, now: UnixMs) -> BreakerChange {
        let once_ms = u64::from(self.settings.open_s).max(1) * 1_000;
        let doubled_ms = once_ms.saturating_mul(1_u64 << self.openings.min(32));
        let open_ms = doubled_ms.min(BREAKER_OPEN_MS_MAX.max(once_ms));
        self.openings = self.openings.saturating_add(1);
        let (since, until) = (now, now.plus_ms(open_ms));
        self.enter(State::Open { since, until });
        self.change(BreakerState::Open, reason)
    }

    const fn enter(&mut self, state: State) {
        self.state = state;
        self.turn = self.turn.wrapping_add(1);
    }

    fn change(&self, state: BreakerState, reason: String) -> BreakerChange {
        BreakerChange {
            state,
            reason,
            until: self.open().map(|(_, until)| until),
        }
    }
}

#[cfg(test)]
mod tests;
