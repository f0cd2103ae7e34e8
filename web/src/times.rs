//! Times as the API writes and reads them: RFC 3339 in UTC.

use hookwright_core::time::UnixMs;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Whole seconds, with milliseconds only where there are some.
pub(crate) fn rfc3339(at: UnixMs) -> String {
    let moment =
        OffsetDateTime::from_unix_timestamp(at.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = moment.to_hms();
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    match at.0.rem_euclid(1000) {
        0 => format!("{whole}Z"),
        ms => format!("{whole}.{ms:03}Z"),
    }
}

/// Whole seconds and no fraction, for what vendors' customers parse in the documented form.
pub(crate) fn rfc3339_seconds(at: UnixMs) -> String {
    rfc3339(UnixMs(at.seconds() * 1000))
}

/// Any RFC 3339 time, to the millisecond.
pub(crate) fn parse(text: &str) -> Option<UnixMs> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000))
        .ok()
        .map(UnixMs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_and_shows_milliseconds_only_when_there_are_some() {
        assert_eq!(rfc3339(UnixMs(1_705_314_675_000)), "2024-01-15T10:31:15Z");
        assert_eq!(
            rfc3339(UnixMs(1_705_314_675_042)),
            "2024-01-15T10:31:15.042Z"
        );
        assert_eq!(
            rfc3339_seconds(UnixMs(1_705_314_675_042)),
            "2024-01-15T10:31:15Z"
        );
        assert_eq!(
            parse("2024-01-15T11:31:15.042+01:00"),
            Some(UnixMs(1_705_314_675_042))
        );
        assert_eq!(parse("2024-01-15"), None);
    }
}
