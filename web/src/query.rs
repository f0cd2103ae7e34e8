//! How a query is read: into a type of its own for each operation, which names all that it takes.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// A query as it came, read by [`QueryText::read`] once the caller is known: who may not call is
/// told that, and not what is wrong with a parameter.
pub(crate) struct QueryText(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for QueryText {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Any text is a list of pairs.
        let pairs = Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs);
        Ok(Self(pairs.unwrap_or_default()))
    }
}

impl QueryText {
    /// Each parameter at most once, and none that `Q` does not know. `name[key]=value` is one of
    /// the entries of the map `name` (OpenAPI's style `deepObject`).
    pub(crate) fn read<Q: DeserializeOwned>(self) -> Result<Q, Problem> {
        let mut fields = Map::new();
        for (name, value) in self.0 {
            put(&mut fields, &name, value)?;
        }
        serde_json::from_value(Value::Object(fields))
            .map_err(|error| Problem::query("?", &error.to_string()))
    }
}

fn put(fields: &mut Map<String, Value>, name: &str, value: String) -> Result<(), Problem> {
    let entry = name
        .strip_suffix(']')
        .and_then(|rest| rest.split_once('['))
        .filter(|(map, key)| !map.is_empty() && !key.is_empty());
    let before = match entry {
        None => fields.insert(name.to_owned(), Value::String(value)),
        Some((map, key)) => {
            let map = fields.entry(map).or_insert_with(|| Map::new().into());
            match map.as_object_mut() {
                None => Some(Value::Null),
                Some(map) => map.insert(key.to_owned(), Value::String(value)),
            }
        }
    };
    match before {
        None => Ok(()),
        Some(_) => Err(Problem::query(name, "is given twice; give it once")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Known {
        a: Option<String>,
        map: Option<BTreeMap<String, String>>,
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Known, Problem> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        QueryText(pairs.iter().map(owned).collect()).read()
    }

    #[test]
    fn parameters_and_entries_of_maps_are_read() {
        let read = read(&[("a", "1"), ("map[x]", "2"), ("map[y.z]", "")]).expect("read");
        assert_eq!(read.a.as_deref(), Some("1"));
        let map = read.map.expect("a map");
        assert_eq!(map.len(), 2);
        assert_eq!(map["y.z"], "");
    }

    #[test]
    fn what_is_unknown_or_given_twice_is_refused() {
        for bad in [
            &[("b", "1")][..],
            &[("a", "1"), ("a", "2")],
            &[("map[x]", "1"), ("map[x]", "2")],
            &[("a[x]", "1")],
            &[("map", "1"), ("map[x]", "1")],
            &[("map[]", "1")],
            &[("[x]", "1")],
        ] {
            assert_eq!(read(bad).expect_err("refused").code, "invalid_parameter");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_it_fail(pairs in proptest::collection::vec(("[amp\\[\\]=]{0,8}", ".{0,8}"), 0..6)) {
            let _ = QueryText(pairs).read::<Known>();
        }
    }
}
