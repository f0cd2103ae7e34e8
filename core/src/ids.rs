//! How rows are named: typed integer keys inside, time-ordered public ids at the edge.
//!
//! A public id is a prefix and 21 characters: 48 bits of creation time in milliseconds and 56 bits
//! of row number, in Crockford's base 32 in lower case. It sorts by time, carries no `.`
//! (Standard Webhooks), needs no index of its own, and an id whose time does not match its row is
//! not found, so that ids cannot be counted through.

use crate::time::UnixMs;

macro_rules! row_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);
    )+};
}

row_id! {
    /// The row of a project.
    ProjectId,
    /// The row of an account.
    AccountId,
    /// The row of an endpoint.
    EndpointId,
    /// The row of an event.
    EventId,
    /// The row of a delivery.
    DeliveryId,
    /// The row of an API key.
    KeyId,
    /// The row of a job: a replay, a broadcast or a purge.
    JobId,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CODE_CHARS: usize = 21;
const ROW_BITS: u32 = 56;
const TIME_BITS: u32 = 48;

/// Writes `prefix`, then the code of (`created_at`, `row`).
#[must_use]
pub fn encode(prefix: &str, created_at: UnixMs, row: i64) -> String {
    let mut id = String::with_capacity(prefix.len() + CODE_CHARS);
    id.push_str(prefix);
    let time = (created_at.0 as u128) & ((1 << TIME_BITS) - 1);
    let value = (time << ROW_BITS) | ((row as u128) & ((1 << ROW_BITS) - 1));
    for place in (0..CODE_CHARS).rev() {
        let digit = (value >> (place * 5)) & 31;
        id.push(char::from(ALPHABET[digit as usize]));
    }
    id
}

/// Reads back what [`encode`] wrote, whatever the prefix. `None` for any other text.
#[must_use]
pub fn decode(id: &str) -> Option<(UnixMs, i64)> {
    let start = id.len().checked_sub(CODE_CHARS)?;
    let code = id.as_bytes().get(start..)?;
    let mut value: u128 = 0;
    for byte in code {
        let digit = ALPHABET.iter().position(|known| known == byte)?;
        value = (value << 5) | digit as u128;
    }
    let row = (value & ((1 << ROW_BITS) - 1)) as i64;
    let time = value >> ROW_BITS;
    (time < 1 << TIME_BITS).then_some((UnixMs(time as i64), row))
}

/// Writes `prefix` and a code made of `random`, for things that are named once and kept in text
/// (projects, accounts, endpoints, keys).
#[must_use]
pub fn random_id(prefix: &str, random: u128) -> String {
    let mut id = String::with_capacity(prefix.len() + 16);
    id.push_str(prefix);
    for place in 0..16 {
        let digit = (random >> (place * 5)) & 31;
        id.push(char::from(ALPHABET[digit as usize]));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_its_time_and_row() {
        for (ms, row) in [(0, 0), (1_700_000_000_000, 1), (1 << 47, (1 << 55) + 7)] {
            let id = encode("evt_", UnixMs(ms), row);
            assert_eq!(decode(&id), Some((UnixMs(ms), row)));
        }
    }

    #[test]
    fn ids_sort_by_time_then_row() {
        let ids =
            [(1, 9), (2, 1), (2, 2), (300_000, 0)].map(|(ms, row)| encode("evt_", UnixMs(ms), row));
        assert!(ids.is_sorted());
    }

    #[test]
    fn text_that_is_no_code_is_refused() {
        for text in [
            "",
            "evt_",
            "evt_UPPERCASEUPPERCASEUPP",
            "evt_éééééééééééééééééééééé",
            "short",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(
            decode("evt_zzzzzzzzzzzzzzzzzzzzz"),
            None,
            "more than 104 bits"
        );
    }
}
