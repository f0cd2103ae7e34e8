//! One top-level member of a payload, as raw bytes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The raw value of `name` in the object `data`; `None` where it has none or is no object. Of a
/// repeated member the last counts, as for every common parser.
pub(crate) fn pick<'a>(data: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut reader = serde_json::Deserializer::from_slice(data);
    let found = reader.deserialize_map(Pick { name }).ok()?;
    found.map(|raw| raw.get().as_bytes())
}

struct Pick<'n> {
    name: &'n str,
}

impl<'a> Visitor<'a> for Pick<'_> {
    type Value = Option<&'a RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<&'a RawValue>()? {
            // Half a surrogate pair is no text in Rust; such a key is only passed over.
            let key: Option<Cow<'_, str>> = serde_json::from_str(key.get()).ok();
            if key.is_some_and(|key| key == self.name) {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_picked_raw_and_the_last_of_several_wins() {
        let data = br#"{"a": 1.0, "b": {"a": 2}, "a": [ 1 ], "q\"": 3}"#;
        assert_eq!(pick(data, "a"), Some(&b"[ 1 ]"[..]));
        assert_eq!(pick(data, "b"), Some(&br#"{"a": 2}"#[..]));
        assert_eq!(pick(data, "q\""), Some(&b"3"[..]));
        assert_eq!(pick(data, "c"), None);
        assert_eq!(pick(br#"{"\u0061\/": 4}"#, "a/"), Some(&b"4"[..]));
        assert_eq!(
            pick(br#"{"\ud800": "\ud800", "a": 5}"#, "a"),
            Some(&b"5"[..])
        );
        assert_eq!(pick(b"[1]", "a"), None);
        assert_eq!(pick(b"\"a\"", "a"), None);
    }
}
