//! An event as its publisher writes it: read without a copy, checked before anything is done.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookwright_core::limits::{
    DELIVER_AHEAD_MS_MAX, EVENT_METADATA_ENTRIES_MAX, EVENT_METADATA_NAME_CHARS_MAX,
    EVENT_METADATA_VALUE_CHARS_MAX, GIVEN_ID_CHARS_MAX, JSON_DEPTH_MAX,
};
use hookwright_core::subscription::check_event_type;
use hookwright_core::time::UnixMs;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::endpoint_json::check_channels;
use crate::problem::Problem;
use crate::times;

/// An event to publish.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventInput")]
pub(crate) struct EventInput<'a> {
    /// The account whose endpoints receive it, made at its first use; `default` if none is named.
    #[serde(borrow)]
    pub(crate) account_id: Option<Cow<'a, str>>,
    /// Its type's name: letters, digits, `_`, `-` and dots, 1 to 128 characters.
    #[serde(borrow, rename = "type")]
    pub(crate) event_type: Cow<'a, str>,
    /// The payload: any JSON, nested at most 100 deep, kept and sent to the byte.
    #[serde(borrow)]
    #[schemars(with = "Value")]
    pub(crate) data: &'a RawValue,
    /// Its id, unique within the project: 1 to 128 of `A-Z a-z 0-9 _ - :`. Published again with the
    /// same content it answers with the first result, with another content 409.
    #[serde(borrow)]
    pub(crate) id: Option<Cow<'a, str>>,
    /// When it happened (RFC 3339); now if not said.
    #[serde(borrow)]
    pub(crate) time: Option<Cow<'a, str>>,
    /// What it is about, for formats that carry it: any JSON.
    #[serde(borrow)]
    #[schemars(with = "Option<Value>")]
    pub(crate) subject: Option<&'a RawValue>,
    /// A trace id, at most 128 bytes.
    #[serde(borrow)]
    pub(crate) trace: Option<Cow<'a, str>>,
    /// Channels to publish on, at most 16.
    #[serde(default)]
    pub(crate) channels: Vec<String>,
    /// Your own notes, shown with the event and never sent: at most 16, names of 1 to 64 characters,
    /// values of at most 512.
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, String>,
    /// When its deliveries become due (RFC 3339), if not at once: at most 30 days ahead.
    #[serde(borrow)]
    pub(crate) deliver_at: Option<Cow<'a, str>>,
    /// The version of its type that the payload is held against; the newest if not said.
    pub(crate) schema_version: Option<u32>,
}

impl EventInput<'_> {
    /// Refuses what is out of bounds. Times are read apart.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        check(self)?;
        if self.metadata.is_empty() {
            return Ok(());
        }
        check_metadata(&self.metadata)
    }

    /// When it happened, if it says so.
    pub(crate) fn time(&self) -> Result<Option<UnixMs>, Problem> {
        let read = |text: &str| {
            times::parse(text)
                .ok_or_else(|| Problem::field("/time", "must be RFC 3339, as 2024-01-15T10:31:15Z"))
        };
        self.time.as_deref().map(read).transpose()
    }

    /// When it is to be delivered, if not at once. What can be sent again may come too late.
    pub(crate) fn deliver_at(
        &self,
        now: UnixMs,
        repeatable: bool,
    ) -> Result<Option<UnixMs>, Problem> {
        let read = |text: &str| {
            let at = times::parse(text)
                .filter(|at| at.0 <= now.0.saturating_add(DELIVER_AHEAD_MS_MAX))
                .filter(|at| *at > now || repeatable);
            at.ok_or_else(|| {
                let days = DELIVER_AHEAD_MS_MAX / (24 * 60 * 60 * 1000);
                let detail =
                    format!("must be RFC 3339, a time to come and at most {days} days ahead");
                Problem::field("/deliver_at", detail)
            })
        };
        self.deliver_at.as_deref().map(read).transpose()
    }
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), Problem> {
    let fits = |(name, value): (&String, &String)| {
        (1..=EVENT_METADATA_NAME_CHARS_MAX).contains(&name.chars().count())
            && value.chars().count() <= EVENT_METADATA_VALUE_CHARS_MAX
    };
    if metadata.len() <= EVENT_METADATA_ENTRIES_MAX && metadata.iter().all(fits) {
        return Ok(());
    }
    let detail = format!(
        "are at most {EVENT_METADATA_ENTRIES_MAX} notes, with names of 1 to {EVENT_METADATA_NAME_CHARS_MAX} \
         characters and values of at most {EVENT_METADATA_VALUE_CHARS_MAX}"
    );
    Err(Problem::field("/metadata", detail))
}

fn check(input: &EventInput<'_>) -> Result<(), Problem> {
    check_event_type(&input.event_type)
        .map_err(|error| Problem::field("/type", error.to_string()))?;
    if input.id.as_deref().is_some_and(|id| !is_given_id(id)) {
        let detail = format!(
            "an event's id is 1 to {GIVEN_ID_CHARS_MAX} of A-Z a-z 0-9 _ - : (no dot: Standard Webhooks)"
        );
        return Err(Problem::field("/id", detail));
    }
    if input
        .trace
        .as_deref()
        .is_some_and(|trace| trace.len() > GIVEN_ID_CHARS_MAX)
    {
        return Err(Problem::field(
            "/trace",
            format!("has more than {GIVEN_ID_CHARS_MAX} bytes"),
        ));
    }
    check_channels(&input.channels)?;
    check_depth("/data", input.data)?;
    input
        .subject
        .map_or(Ok(()), |subject| check_depth("/subject", subject))
}

fn is_given_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte);
    !id.is_empty() && id.len() <= GIVEN_ID_CHARS_MAX && id.bytes().all(fits)
}

/// Receivers' parsers have a bound too: what is nested deeper is refused here, where somebody can
/// still mend it.
pub(crate) fn check_depth(pointer: &str, raw: &RawValue) -> Result<(), Problem> {
    // Nearly always there are not so many brackets at all, which is quick to see.
    let opening = |byte: &&u8| **byte == b'{' || **byte == b'[';
    if raw.get().as_bytes().iter().filter(opening).count() <= JSON_DEPTH_MAX {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in raw.get().bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return Err(Problem::field(
                        pointer,
                        format!("is nested deeper than {JSON_DEPTH_MAX}"),
                    ));
                }
            }
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_strings_only() {
        let raw = |text: String| RawValue::from_string(text).expect("JSON");
        let nested = |depth| raw(format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert!(check_depth("/data", &nested(JSON_DEPTH_MAX)).is_ok());
        assert!(check_depth("/data", &nested(JSON_DEPTH_MAX + 1)).is_err());
        let text = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(500));
        assert!(check_depth("/data", &raw(text)).is_ok());
    }

    #[test]
    fn a_given_id_has_no_dot() {
        assert!(is_given_id("evt_9x8c7v6b5a4"));
        for bad in ["", "a.b", "a b", "é", "a\"b"] {
            assert!(!is_given_id(bad), "{bad}");
        }
        assert!(!is_given_id(&"x".repeat(GIVEN_ID_CHARS_MAX + 1)));
    }

    #[test]
    fn a_time_to_come_is_near_enough_or_refused() {
        let now = UnixMs(1_700_000_000_000);
        let read = |ms: i64, repeatable| {
            let at = times::rfc3339(UnixMs(now.0 + ms));
            let json = format!("{{\"type\":\"a\",\"data\":1,\"deliver_at\":\"{at}\"}}");
            let input: EventInput<'_> = serde_json::from_str(&json).expect("an event");
            input.deliver_at(now, repeatable).ok().flatten()
        };
        assert_eq!(read(1, false), Some(UnixMs(now.0 + 1)));
        assert!(read(DELIVER_AHEAD_MS_MAX, false).is_some());
        assert!(read(DELIVER_AHEAD_MS_MAX + 1, false).is_none());
        assert!(read(0, false).is_none() && read(-5, false).is_none());
        assert!(read(-5, true).is_some(), "a repetition of what was in time");
    }

    #[test]
    fn notes_are_bounded() {
        let notes = |count: usize, name: &str, value: usize| {
            let note = |index| (format!("{name}{index}"), "é".repeat(value));
            check_metadata(&(0..count).map(note).collect()).is_ok()
        };
        assert!(notes(
            EVENT_METADATA_ENTRIES_MAX,
            "n",
            EVENT_METADATA_VALUE_CHARS_MAX
        ));
        assert!(!notes(EVENT_METADATA_ENTRIES_MAX + 1, "n", 1));
        assert!(!notes(1, "n", EVENT_METADATA_VALUE_CHARS_MAX + 1));
        assert!(!notes(1, &"n".repeat(EVENT_METADATA_NAME_CHARS_MAX), 1));
        assert!(check_metadata(&BTreeMap::from([(String::new(), String::new())])).is_err());
    }
}
