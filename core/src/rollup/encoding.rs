//! How counts are written down: a version, then numbers in as few bytes as each needs.

use super::{Counts, Phase, Tally};

const VERSION: u8 = 1;
/// Numbers before the errors.
const NUMBERS: usize = 5;

/// Bytes that are no counts of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the counts are damaged or of a newer version")]
pub struct Unreadable;

impl Counts {
    /// As it is stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let numbers: [u64; NUMBERS] = [
            self.accepted,
            self.delivered,
            self.failed,
            self.retried,
            self.attempts,
        ];
        for count in numbers {
            put(&mut bytes, count);
        }
        put_tally(&mut bytes, &self.errors);
        for (code, times) in (0..).zip(&self.times) {
            if times.iter().len() > 0 {
                put(&mut bytes, code);
                put_tally(&mut bytes, times);
            }
        }
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// For any other bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (mut counts, mut rest) = numbers(bytes)?;
        let rest = &mut rest;
        while !rest.is_empty() {
            let code = take(rest)?;
            let place = usize::try_from(code)
                .ok()
                .filter(|it| *it < Phase::ALL.len());
            counts.times[place.ok_or(Unreadable)?] = take_tally(rest)?;
        }
        Ok(counts)
    }

    /// All but the times: for who adds up many and shows none of those.
    ///
    /// # Errors
    /// For bytes of another version.
    pub fn numbers_in(bytes: &[u8]) -> Result<Self, Unreadable> {
        numbers(bytes).map(|(counts, _)| counts)
    }

    /// Failures alone, of all classes together: for who adds up thousands to find a few.
    ///
    /// # Errors
    /// For bytes of another version.
    pub fn failures_in(bytes: &[u8]) -> Result<u64, Unreadable> {
        let mut rest = of_this_version(bytes)?;
        let reader = &mut rest;
        for _ in 0..NUMBERS {
            take(reader)?;
        }
        let mut sum = 0_u64;
        for _ in 0..take(reader)? {
            *reader = reader.split_first().ok_or(Unreadable)?.1;
            sum = sum.saturating_add(take(reader)?);
        }
        Ok(sum)
    }
}

fn of_this_version(bytes: &[u8]) -> Result<&[u8], Unreadable> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => Ok(rest),
        _ => Err(Unreadable),
    }
}

/// All but the times, and the bytes that hold those.
fn numbers(bytes: &[u8]) -> Result<(Counts, &[u8]), Unreadable> {
    let mut rest = of_this_version(bytes)?;
    let reader = &mut rest;
    let counts = Counts {
        accepted: take(reader)?,
        delivered: take(reader)?,
        failed: take(reader)?,
        retried: take(reader)?,
        attempts: take(reader)?,
        errors: take_tally(reader)?,
        ..Counts::default()
    };
    Ok((counts, rest))
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

pub(super) fn take(bytes: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(Unreadable)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Unreadable)
}

fn put_tally(bytes: &mut Vec<u8>, tally: &Tally) {
    put(bytes, tally.iter().len() as u64);
    for (number, count) in tally.iter() {
        bytes.push(number);
        put(bytes, count);
    }
}

fn take_tally(bytes: &mut &[u8]) -> Result<Tally, Unreadable> {
    let mut tally = Tally::default();
    for _ in 0..take(bytes)? {
        let (&number, rest) = bytes.split_first().ok_or(Unreadable)?;
        *bytes = rest;
        tally.add(number, take(bytes)?);
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error_class::ErrorClass;
    use crate::outcome::Timing;

    fn counts() -> impl Strategy<Value = Counts> {
        let attempt = (any::<[u32; 6]>(), 0_u8..16);
        let attempts = prop::collection::vec(attempt, 0..20);
        (any::<[u64; 4]>(), attempts).prop_map(|(totals, attempts)| {
            let mut counts = Counts {
                accepted: totals[0],
                delivered: totals[1],
                failed: totals[2],
                retried: totals[3],
                ..Counts::default()
            };
            for ([a, b, c, d, e, f], class) in attempts {
                let timing = Timing {
                    queue_wait_us: a,
                    dns_us: b,
                    connect_us: c,
                    tls_us: d,
                    first_byte_us: e,
                    total_us: f,
                };
                counts.attempt(&timing, ErrorClass::from_code(class));
                counts.time(Phase::Delivery, u64::from(a) * 3);
            }
            counts
        })
    }

    proptest! {
        #[test]
        fn counts_read_back(counts in counts()) {
            let bytes = counts.encode();
            prop_assert_eq!(Counts::decode(&bytes), Ok(counts.clone()));
            let failures = counts.errors().map(|(_, count)| count).sum();
            prop_assert_eq!(Counts::failures_in(&bytes), Ok(failures));
            let timeless = Counts { times: Default::default(), ..counts };
            prop_assert_eq!(Counts::numbers_in(&bytes), Ok(timeless));
        }

        #[test]
        fn the_order_of_adding_does_not_matter(a in counts(), b in counts(), c in counts()) {
            let sum = |all: [&Counts; 3]| {
                let mut sum = Counts::default();
                all.into_iter().for_each(|one| sum.merge(one));
                sum
            };
            let expected = sum([&a, &b, &c]);
            prop_assert_eq!(&sum([&c, &a, &b]), &expected);
            let mut later = b.clone();
            later.merge(&c);
            let mut nested = a.clone();
            nested.merge(&later);
            prop_assert_eq!(nested, expected);
        }

        #[test]
        fn other_bytes_are_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Counts::decode(&bytes);
            let versioned: Vec<u8> = std::iter::once(VERSION).chain(bytes).collect();
            let _ = Counts::decode(&versioned);
            let _ = Counts::failures_in(&versioned);
        }
    }

    #[test]
    fn a_newer_version_is_not_misread() {
        let mut bytes = Counts::default().encode();
        bytes[0] = VERSION + 1;
        assert_eq!(Counts::decode(&bytes), Err(Unreadable));
        assert_eq!(Counts::decode(&[]), Err(Unreadable));
    }

    #[test]
    fn an_empty_minute_takes_a_few_bytes() {
        assert!(Counts::default().encode().len() < 10);
    }
}
