//! What may be said of an event type, checked before it is kept: schemas compile, examples fit them.

use hookwright_core::event_schema::EventSchema;
use hookwright_core::limits::{
    EVENT_EXAMPLE_BYTES_MAX, EVENT_TYPE_GROUP_CHARS_MAX, EVENT_TYPE_VERSION_MAX,
    EVENT_TYPE_VERSIONS_MAX,
};
use hookwright_core::subscription::check_event_type;
use hookwright_store::{EventTypeDocument, EventTypeVersion};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::body::present;
use crate::problem::Problem;
use crate::projects::check_text;

/// A description of an event type.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventTypeInput")]
pub(super) struct TypeInput {
    /// What it tells: 1 to 1,024 characters.
    description: Option<String>,
    /// What it is listed with: 1 to 128 characters.
    group: Option<String>,
    /// It should not be subscribed to any more.
    #[serde(default)]
    deprecated: bool,
    /// It is published no more: events of it are refused.
    #[serde(default)]
    archived: bool,
    /// What its payloads look like: at most 32 versions. Events are held against the newest, the one
    /// with the greatest number, unless they name another.
    #[serde(default)]
    versions: Vec<VersionInput>,
}

/// An event type to be described.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewEventType")]
pub(super) struct NewType {
    /// Letters, digits, `_`, `-` and dots, 1 to 128 characters.
    name: String,
    /// What it tells: 1 to 1,024 characters.
    description: Option<String>,
    /// What it is listed with: 1 to 128 characters.
    group: Option<String>,
    /// It should not be subscribed to any more.
    #[serde(default)]
    deprecated: bool,
    /// It is published no more: events of it are refused.
    #[serde(default)]
    archived: bool,
    /// What its payloads look like: at most 32 versions.
    #[serde(default)]
    versions: Vec<VersionInput>,
}

/// A change of an event type: what is not given stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventTypeUpdate")]
pub(super) struct TypeChange {
    /// What it tells; null takes it back.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    description: Option<Option<String>>,
    /// What it is listed with; null takes it back.
    #[serde(default, deserialize_with = "present")]
    #[schemars(with = "Option<String>")]
    group: Option<Option<String>>,
    /// It should not be subscribed to any more.
    deprecated: Option<bool>,
    /// It is published no more: events of it are refused.
    archived: Option<bool>,
    /// All its versions, in place of those that it has.
    versions: Option<Vec<VersionInput>>,
}

/// What the payload of an event type looks like.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EventTypeVersionInput")]
pub(super) struct VersionInput {
    /// Its number, 1 to 1,000,000; without one, the next after the greatest before it in the list.
    version: Option<u32>,
    /// A JSON Schema, complete in itself; draft 2020-12 unless `$schema` says otherwise. At most 64
    /// KiB. `format` is not checked.
    schema: Option<Value>,
    /// A payload that fits the schema; at most 64 KiB.
    example: Option<Value>,
}

/// A checked change.
#[derive(Clone)]
pub(super) struct Update {
    description: Option<Option<String>>,
    group: Option<Option<String>>,
    deprecated: Option<bool>,
    archived: Option<bool>,
    versions: Option<Vec<EventTypeVersion>>,
}

/// Runs what may take a while beside the requests of others.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |error: tokio::task::JoinError| Problem::internal(&error.to_string());
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

/// A type of this name would stand where the import does.
const TAKEN: &str = "import";

pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    if name == TAKEN {
        let detail = "is the path of the import; choose another name";
        return Err(Problem::field("/name", detail));
    }
    check_event_type(name).map_err(|error| Problem::field("/name", error.to_string()))
}

impl NewType {
    pub(super) fn read(self) -> Result<(String, EventTypeDocument), Problem> {
        check_name(&self.name)?;
        let input = TypeInput {
            description: self.description,
            group: self.group,
            deprecated: self.deprecated,
            archived: self.archived,
            versions: self.versions,
        };
        Ok((self.name, input.read()?))
    }
}

impl TypeInput {
    pub(super) fn read(self) -> Result<EventTypeDocument, Problem> {
        check_texts(self.description.as_deref(), self.group.as_deref())?;
        Ok(EventTypeDocument {
            description: self.description,
            group: self.group,
            deprecated: self.deprecated,
            archived: self.archived,
            versions: read_versions(self.versions)?,
        })
    }
}

impl TypeChange {
    pub(super) fn read(self) -> Result<Update, Problem> {
        let text = |text: &Option<Option<String>>| text.clone().flatten();
        check_texts(
            text(&self.description).as_deref(),
            text(&self.group).as_deref(),
        )?;
        Ok(Update {
            description: self.description,
            group: self.group,
            deprecated: self.deprecated,
            archived: self.archived,
            versions: self.versions.map(read_versions).transpose()?,
        })
    }
}

impl Update {
    pub(super) fn applied_to(self, before: EventTypeDocument) -> EventTypeDocument {
        EventTypeDocument {
            description: self.description.unwrap_or(before.description),
            group: self.group.unwrap_or(before.group),
            deprecated: self.deprecated.unwrap_or(before.deprecated),
            archived: self.archived.unwrap_or(before.archived),
            versions: self.versions.unwrap_or(before.versions),
        }
    }
}

fn check_texts(description: Option<&str>, group: Option<&str>) -> Result<(), Problem> {
    if let Some(description) = description {
        check_text("/description", description)?;
    }
    let length = group.map(|group| group.chars().count());
    if length.is_some_and(|length| !(1..=EVENT_TYPE_GROUP_CHARS_MAX).contains(&length)) {
        let detail = format!("must have 1 to {EVENT_TYPE_GROUP_CHARS_MAX} characters");
        return Err(Problem::field("/group", detail));
    }
    Ok(())
}

/// Numbered and in the order of their numbers.
fn read_versions(input: Vec<VersionInput>) -> Result<Vec<EventTypeVersion>, Problem> {
    if input.len() > EVENT_TYPE_VERSIONS_MAX {
        let detail = format!("are at most {EVENT_TYPE_VERSIONS_MAX}; leave the oldest out");
        return Err(Problem::field("/versions", detail));
    }
    let mut versions: Vec<EventTypeVersion> = Vec::with_capacity(input.len());
    for (index, version) in input.into_iter().enumerate() {
        let greatest = versions.iter().map(|it| it.version).max().unwrap_or(0);
        let number = version.version.unwrap_or(greatest.saturating_add(1));
        let pointer = format!("/versions/{index}");
        let is_new = versions.iter().all(|it| it.version != number);
        if !is_new || !(1..=EVENT_TYPE_VERSION_MAX).contains(&number) {
            let detail =
                format!("must be a number from 1 to {EVENT_TYPE_VERSION_MAX} that no other has");
            return Err(Problem::field(&format!("{pointer}/version"), detail));
        }
        let version = EventTypeVersion {
            version: number,
            schema: version.schema,
            example: version.example,
        };
        check_version(&version)
            .map_err(|(field, detail)| Problem::field(&format!("{pointer}{field}"), detail))?;
        versions.push(version);
    }
    versions.sort_by_key(|it| it.version);
    Ok(versions)
}

/// Whether the schema can be used and the example fits it; else where it is wrong, and how.
pub(super) fn check_version(version: &EventTypeVersion) -> Result<(), (String, String)> {
    let at = |field: &str| field.to_owned();
    let schema = match &version.schema {
        None => None,
        Some(schema) => {
            let compiled = EventSchema::compile(schema);
            Some(compiled.map_err(|error| (at("/schema"), error.to_string()))?)
        }
    };
    let Some(example) = &version.example else {
        return Ok(());
    };
    if example.to_string().len() > EVENT_EXAMPLE_BYTES_MAX {
        let detail = format!("has more than {EVENT_EXAMPLE_BYTES_MAX} bytes");
        return Err((at("/example"), detail));
    }
    schema
        .map_or(Ok(()), |schema| schema.check(example))
        .map_err(|mismatch| {
            let detail = format!(
                "the example is not as the schema says: {}",
                mismatch.message
            );
            (format!("/example{}", mismatch.pointer), detail)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(versions: Value) -> Result<Vec<EventTypeVersion>, Problem> {
        let input: TypeInput =
            serde_json::from_value(json!({"versions": versions})).expect("input");
        input.read().map(|document| document.versions)
    }

    #[test]
    fn versions_are_numbered_and_sorted() {
        let read_numbers = |versions| -> Vec<u32> {
            let versions = read(versions).expect("good");
            versions.iter().map(|it| it.version).collect()
        };
        assert_eq!(read_numbers(json!([{}, {}])), [1, 2]);
        assert_eq!(
            read_numbers(json!([{"version": 7}, {"version": 2}, {}])),
            [2, 7, 8]
        );
        for bad in [
            json!([{"version": 0}]),
            json!([{"version": 3}, {"version": 3}]),
            json!([{"version": 1_000_000}, {}]),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
        assert!(read(json!(vec![json!({}); EVENT_TYPE_VERSIONS_MAX + 1])).is_err());
    }

    #[test]
    fn an_example_must_fit_its_schema() {
        let version = |example: Value| json!([{"schema": {"type": "string"}, "example": example}]);
        assert!(read(version(json!("a"))).is_ok());
        assert!(read(version(json!(1))).is_err());
        assert!(read(json!([{"schema": {"type": "strang"}}])).is_err());
        assert!(read(json!([{"example": "x".repeat(EVENT_EXAMPLE_BYTES_MAX)}])).is_err());
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name() {
        let update = |json: Value| {
            let input: TypeChange = serde_json::from_value(json).expect("input");
            input.read().expect("good")
        };
        let before = EventTypeDocument {
            description: Some("a".to_owned()),
            group: Some("g".to_owned()),
            deprecated: true,
            ..EventTypeDocument::default()
        };
        assert_eq!(update(json!({})).applied_to(before.clone()), before);
        let after = update(json!({"group": null, "archived": true})).applied_to(before);
        assert_eq!(
            (after.description.as_deref(), after.group),
            (Some("a"), None)
        );
        assert!(after.archived && after.deprecated);
    }
}
