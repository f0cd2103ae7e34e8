//! What a project's own retention removes.

/// What is removed of finished events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataClass {
    /// What was published. Events and deliveries stay to be seen.
    Payloads,
    /// What was sent and answered. Events and deliveries stay to be seen.
    Attempts,
    /// Events with all that is theirs.
    Deliveries,
}

impl DataClass {
    /// All, in the order in which they are removed.
    pub const ALL: [Self; 3] = [Self::Deliveries, Self::Attempts, Self::Payloads];

    /// Its name in the names of places.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Payloads => "payloads",
            Self::Attempts => "attempts",
            Self::Deliveries => "deliveries",
        }
    }
}

/// What one piece of a walk did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Events that something was removed of.
    pub events: usize,
    /// There may be more to do at once.
    pub more: bool,
}
