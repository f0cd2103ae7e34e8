//! How an attempt is written as bytes: compact, self-describing, padded to a chosen size.
//!
//! The first attempt of a delivery rests in the delivery's own row. Room for it is reserved when
//! the row is made (as zero bytes), so that settling overwrites the row in place and the table
//! stays densely packed. Trailing zeros are therefore no part of the content.

use bytes::Bytes;
use hookwright_core::error_class::ErrorClass;
use hookwright_core::outcome::Timing;
use hookwright_core::time::UnixMs;

use crate::error::StoreError;
use crate::model::Attempt;

const VERSION: u8 = 1;

/// Writes `attempt`, padded with zeros to `reserved` bytes if it is shorter.
pub(crate) fn encode(attempt: &Attempt, reserved: usize) -> Vec<u8> {
    let Attempt {
        request_headers,
        response_headers,
        response_body,
        timing,
        ..
    } = attempt;
    let bodies = request_headers.len() + response_headers.len() + response_body.len();
    let mut out = Vec::with_capacity((48 + bodies).max(reserved));
    out.push(VERSION);
    out.push(u8::from(attempt.manual));
    out.push(attempt.error.map_or(0, ErrorClass::code));
    put(&mut out, u64::from(attempt.number));
    put(&mut out, u64::from(attempt.status.unwrap_or(0)));
    put(&mut out, attempt.started_at.0.unsigned_abs());
    for us in [
        timing.queue_wait_us,
        timing.dns_us,
        timing.connect_us,
        timing.tls_us,
        timing.first_byte_us,
        timing.total_us,
    ] {
        put(&mut out, u64::from(us));
    }
    for part in [
        request_headers.as_bytes(),
        response_headers.as_bytes(),
        response_body,
    ] {
        put(&mut out, part.len() as u64);
        out.extend_from_slice(part);
    }
    if out.len() < reserved {
        out.resize(reserved, 0);
    }
    out
}

/// Reads what [`encode`] wrote; `None` for room that is still empty.
pub(crate) fn decode(blob: &[u8]) -> Result<Option<Attempt>, StoreError> {
    if blob.first().is_none_or(|version| *version == 0) {
        return Ok(None);
    }
    parse(blob).map(Some).ok_or_else(|| unreadable(blob))
}

/// Bytes from which [`head`] can be read, whatever follows: lists read no more.
#[cfg(test)]
const HEAD_BYTES: usize = 64;

/// What lists need of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: Option<u16>,
    pub(crate) finished_at: UnixMs,
}

/// Reads the beginning of what [`encode`] wrote; `None` for room that is still empty.
pub(crate) fn head(blob: &[u8]) -> Result<Option<Head>, StoreError> {
    if blob.first().is_none_or(|version| *version == 0) {
        return Ok(None);
    }
    let read = |(attempt, _): (Attempt, &[u8])| Head {
        status: attempt.status,
        finished_at: attempt
            .started_at
            .plus_ms(u64::from(attempt.timing.total_us) / 1000),
    };
    parse_head(blob)
        .map(read)
        .map_or_else(|| Err(unreadable(blob)), |head| Ok(Some(head)))
}

fn unreadable(blob: &[u8]) -> StoreError {
    StoreError::Unreadable {
        what: "attempt",
        detail: format!("{} bytes of version {}", blob.len(), blob[0]),
    }
}

fn parse(blob: &[u8]) -> Option<Attempt> {
    let (attempt, mut rest) = parse_head(blob)?;
    let mut parts: [&[u8]; 3] = [&[]; 3];
    for part in &mut parts {
        let length = usize::try_from(get(&mut rest)?).ok()?;
        (*part, rest) = rest.split_at_checked(length)?;
    }
    let [request_headers, response_headers, response_body] = parts;
    Some(Attempt {
        request_headers: String::from_utf8_lossy(request_headers).into_owned(),
        response_headers: String::from_utf8_lossy(response_headers).into_owned(),
        response_body: Bytes::copy_from_slice(response_body),
        ..attempt
    })
}

/// All but headers and body, and what is left to read.
fn parse_head(blob: &[u8]) -> Option<(Attempt, &[u8])> {
    let mut rest = blob;
    if take(&mut rest)? != VERSION {
        return None;
    }
    let manual = take(&mut rest)? != 0;
    let error = ErrorClass::from_code(take(&mut rest)?);
    let number = u32::try_from(get(&mut rest)?).ok()?;
    let status = u16::try_from(get(&mut rest)?).ok()?;
    let started_at = UnixMs(i64::try_from(get(&mut rest)?).ok()?);
    let mut us = [0u32; 6];
    for slot in &mut us {
        *slot = u32::try_from(get(&mut rest)?).ok()?;
    }
    let [
        queue_wait_us,
        dns_us,
        connect_us,
        tls_us,
        first_byte_us,
        total_us,
    ] = us;
    let attempt = Attempt {
        number,
        manual,
        started_at,
        timing: Timing {
            queue_wait_us,
            dns_us,
            connect_us,
            tls_us,
            first_byte_us,
            total_us,
        },
        status: (status != 0).then_some(status),
        error,
        ..Attempt::default()
    };
    Some((attempt, rest))
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take(rest: &mut &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    Some(*first)
}

fn get(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for place in 0..10 {
        let byte = take(rest)?;
        value |= u64::from(byte & 0x7f).checked_shl(place * 7)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Attempt {
        Attempt {
            number: 3,
            manual: true,
            started_at: UnixMs(1_700_000_000_123),
            timing: Timing {
                queue_wait_us: 1,
                dns_us: 2,
                connect_us: 3,
                tls_us: 4,
                first_byte_us: 5,
                total_us: u32::MAX,
            },
            status: Some(503),
            error: Some(ErrorClass::ServerError),
            request_headers: "webhook-id: evt_1\n".into(),
            response_headers: "server: x\n".into(),
            response_body: Bytes::from_static(b"no\0\0"),
        }
    }

    #[test]
    fn an_attempt_reads_back_whatever_its_padding() {
        for reserved in [0, 10, 300] {
            let blob = encode(&attempt(), reserved);
            assert!(blob.len() >= reserved);
            assert_eq!(decode(&blob).expect("readable"), Some(attempt()));
        }
    }

    #[test]
    fn the_head_is_read_from_the_first_bytes() {
        let longest = Attempt {
            number: u32::MAX,
            timing: Timing {
                queue_wait_us: u32::MAX,
                dns_us: u32::MAX,
                connect_us: u32::MAX,
                tls_us: u32::MAX,
                first_byte_us: u32::MAX,
                total_us: 5_000,
            },
            status: Some(u16::MAX),
            ..attempt()
        };
        let blob = encode(&longest, 0);
        let read = head(&blob[..HEAD_BYTES]).expect("readable").expect("there");
        assert_eq!(read.status, Some(u16::MAX));
        assert_eq!(read.finished_at, UnixMs(1_700_000_000_128));
        assert_eq!(head(&[0; 9]).expect("reserved"), None);
        assert!(head(&blob[..9]).is_err());
    }

    #[test]
    fn empty_room_is_no_attempt_and_cut_bytes_are_an_error() {
        assert_eq!(decode(&[]).expect("empty"), None);
        assert_eq!(decode(&[0; 100]).expect("reserved"), None);
        let blob = encode(&attempt(), 0);
        for length in 1..blob.len() {
            assert!(decode(&blob[..length]).is_err(), "{length} bytes");
        }
    }
}
