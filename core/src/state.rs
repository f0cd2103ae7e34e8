//! Which states a delivery can be in, and how each is written down.

/// The state of a delivery. The codes are what the stores hold; they never change meaning.
///
/// All codes lie between 2 and 127, so that `SQLite` writes each in the same number of bytes and a
/// row that changes state keeps its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DeliveryState {
    /// Not attempted yet.
    Pending = 2,
    /// Attempted and failed; another attempt is scheduled.
    Retrying = 3,
    /// Waiting because its endpoint is paused.
    Held = 4,
    /// Acknowledged by the receiver.
    Delivered = 10,
    /// Given up: the schedule is exhausted, or the endpoint is disabled.
    Failed = 11,
    /// Withdrawn by a person before it was delivered.
    Cancelled = 12,
}

/// The highest code of a live state: every live code is lower, every final code is higher.
pub const LIVE_CODE_MAX: u8 = 9;

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Retrying,
        Self::Held,
        Self::Delivered,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The code that the stores hold.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state for a stored code, or `None` for a code that this version does not know.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            2 => Self::Pending,
            3 => Self::Retrying,
            4 => Self::Held,
            10 => Self::Delivered,
            11 => Self::Failed,
            12 => Self::Cancelled,
            _ => return None,
        })
    }

    /// Whether more may still happen by itself.
    #[must_use]
    pub const fn is_live(self) -> bool {
        (self as u8) <= LIVE_CODE_MAX
    }

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state for the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_its_state_and_word() {
        let mut seen = 0;
        for code in 0..=u8::MAX {
            let Some(state) = DeliveryState::from_code(code) else {
                continue;
            };
            seen += 1;
            assert_eq!(state.code(), code);
            assert_eq!(DeliveryState::parse(state.as_str()), Some(state));
            assert_eq!(state.is_live(), code <= LIVE_CODE_MAX);
        }
        assert_eq!(seen, 6);
    }
}
