//! Which of an endpoint's secrets sign after a rotation, and until when?
//!
//! A replaced secret goes on counting for a while, so that receivers can change theirs at leisure.
//! Where a request can carry two signatures, both secrets sign meanwhile. Where it can carry one
//! only, the replaced secret alone signs until the stated moment, and from then on the new one.

use crate::time::UnixMs;

/// Which secrets sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signers {
    /// The newest alone.
    Newest,
    /// The newest and the one before, in this order.
    Both,
    /// The one before alone: the newest does not count yet.
    Previous,
}

/// How receivers get from one secret to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Both sign until the end of the overlap.
    Both,
    /// The old one signs until then, the new one from then on.
    CutOver,
}

impl Mode {
    /// The mode that a format allows.
    #[must_use]
    pub const fn of(carries_two_signatures: bool) -> Self {
        if carries_two_signatures {
            Self::Both
        } else {
            Self::CutOver
        }
    }

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::CutOver => "cut_over",
        }
    }
}

/// Who signs an attempt made at `at`, where the secret before counts until `previous_until`.
#[must_use]
pub fn signers(previous_until: Option<UnixMs>, mode: Mode, at: UnixMs) -> Signers {
    match (previous_until, mode) {
        (Some(until), Mode::Both) if at < until => Signers::Both,
        (Some(until), Mode::CutOver) if at < until => Signers::Previous,
        _ => Signers::Newest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIL: UnixMs = UnixMs(1_000);

    #[test]
    fn without_a_secret_before_the_newest_signs() {
        for mode in [Mode::Both, Mode::CutOver] {
            assert_eq!(signers(None, mode, UnixMs(0)), Signers::Newest);
        }
    }

    #[test]
    fn the_overlap_ends_at_its_millisecond() {
        for (mode, meanwhile) in [
            (Mode::Both, Signers::Both),
            (Mode::CutOver, Signers::Previous),
        ] {
            assert_eq!(signers(Some(UNTIL), mode, UnixMs(0)), meanwhile);
            assert_eq!(signers(Some(UNTIL), mode, UnixMs(999)), meanwhile);
            assert_eq!(signers(Some(UNTIL), mode, UNTIL), Signers::Newest);
        }
    }
}
