//! What tells the page's own scripts from all others: a number made for each answer.

/// The nonce of one answer, in base 16.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nonce(pub(crate) String);

impl Nonce {
    pub(crate) fn new(random: u128) -> Self {
        Self(format!("{random:032x}"))
    }
}
