//! How times are written on the wire, and how an attempt's time is read back.

use std::io::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::profile::TimestampFormat;

/// Whole seconds as RFC 3339 in UTC, of milliseconds since the epoch.
#[must_use]
pub fn utc(ms: i64) -> String {
    let mut out = Vec::new();
    rfc3339(&mut out, ms);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes whole seconds as RFC 3339 in UTC.
pub(crate) fn rfc3339(out: &mut Vec<u8>, ms: i64) {
    civil(out, ms);
    out.push(b'Z');
}

/// Writes milliseconds as RFC 3339 in UTC.
pub(crate) fn rfc3339_ms(out: &mut Vec<u8>, ms: i64) {
    civil(out, ms);
    let _ = write!(out, ".{:03}Z", ms.rem_euclid(1000));
}

fn civil(out: &mut Vec<u8>, ms: i64) {
    let seconds = ms.div_euclid(1000);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let (hour, minute, second) = at.to_hms();
    // Writing into a Vec cannot fail.
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
}

/// Writes seconds with their fraction, always with one.
pub(crate) fn unix_float(out: &mut Vec<u8>, ms: i64) {
    let (seconds, fraction) = (ms.div_euclid(1000), ms.rem_euclid(1000));
    let _ = write!(out, "{seconds}.{fraction:03}");
    while out.ends_with(b"0") && !out.ends_with(b".0") {
        out.pop();
    }
}

/// Writes an attempt's time as the profile says.
pub(crate) fn write(out: &mut Vec<u8>, format: TimestampFormat, ms: i64) {
    let _ = match format {
        TimestampFormat::Unix => write!(out, "{}", ms.div_euclid(1000)),
        TimestampFormat::UnixMs => write!(out, "{ms}"),
        TimestampFormat::Rfc3339 => {
            rfc3339_ms(out, ms);
            Ok(())
        }
    };
}

/// Reads an attempt's time, in seconds. ASCII digits only where it is a number.
pub(crate) fn read(text: &str, format: TimestampFormat) -> Option<i64> {
    let digits = || {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse::<i64>().ok()).flatten()
    };
    match format {
        TimestampFormat::Unix => digits(),
        TimestampFormat::UnixMs => digits().map(|ms| ms / 1000),
        TimestampFormat::Rfc3339 => OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .map(OffsetDateTime::unix_timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn times_are_written_as_the_vendors_write_them() {
        assert_eq!(
            text(|out| rfc3339(out, 1_705_314_675_999)),
            "2024-01-15T10:31:15Z"
        );
        assert_eq!(
            text(|out| rfc3339_ms(out, 1_705_314_675_009)),
            "2024-01-15T10:31:15.009Z"
        );
        assert_eq!(
            text(|out| unix_float(out, 1_687_938_817_611)),
            "1687938817.611"
        );
        assert_eq!(
            text(|out| unix_float(out, 1_687_938_817_600)),
            "1687938817.6"
        );
        assert_eq!(
            text(|out| unix_float(out, 1_687_938_817_000)),
            "1687938817.0"
        );
    }

    #[test]
    fn only_plain_digits_are_a_unix_time() {
        assert_eq!(
            read("1614265330", TimestampFormat::Unix),
            Some(1_614_265_330)
        );
        for bad in [
            "",
            "-1",
            "+1",
            " 1",
            "1.0",
            "١",
            "99999999999999999999",
            "1e3",
        ] {
            assert_eq!(read(bad, TimestampFormat::Unix), None, "{bad}");
        }
        assert_eq!(
            read("1614265330999", TimestampFormat::UnixMs),
            Some(1_614_265_330)
        );
        assert_eq!(
            read("2021-02-25T15:02:10.5Z", TimestampFormat::Rfc3339),
            Some(1_614_265_330)
        );
    }
}
