//! Which events may be published.

use hookwright_core::time::UnixMs;
use hookwright_store::{EventTypeDocument, EventTypeVersion, ProjectSettings};
use serde_json::json;

use super::*;

fn project(refuse_unknown_event_types: bool) -> Project {
    Project {
        id: ProjectId(1),
        public_id: "prj_1".to_owned(),
        name: String::new(),
        profile: "standard".to_owned(),
        livemode: true,
        settings: ProjectSettings {
            refuse_unknown_event_types,
            ..ProjectSettings::default()
        },
        created_at: UnixMs(0),
    }
}

fn described(name: &str, archived: bool, schemas: &[(u32, Value)]) -> EventType {
    let version = |(version, schema): &(u32, Value)| EventTypeVersion {
        version: *version,
        schema: Some(schema.clone()),
        example: None,
    };
    EventType {
        project_id: ProjectId(1),
        name: name.to_owned(),
        document: EventTypeDocument {
            archived,
            versions: schemas.iter().map(version).collect(),
            ..EventTypeDocument::default()
        },
        created_at: UnixMs(0),
        updated_at: UnixMs(0),
    }
}

fn catalogue(types: Vec<EventType>) -> Catalogue {
    let catalogue = Catalogue::default();
    catalogue.apply(&Change::EventTypes(ProjectId(1), Arc::new(types)));
    catalogue
}

fn event<'a>(event_type: &'a str, schema_version: Option<u32>, payload: &'a str) -> TypeCheck<'a> {
    TypeCheck {
        event_type,
        schema_version,
        payload: payload.as_bytes(),
    }
}

#[test]
fn a_payload_is_held_against_the_newest_version_unless_it_names_one() {
    let schemas = [
        (1, json!({"type": "string"})),
        (5, json!({"type": "integer"})),
    ];
    let catalogue = catalogue(vec![described("a", false, &schemas)]);
    let check =
        |version, payload| catalogue.check(&project(false), None, event("a", version, payload));
    assert_eq!(check(None, "1"), Ok(()));
    assert!(matches!(
        check(None, "\"x\""),
        Err(TypeRefused::Mismatch(_))
    ));
    assert_eq!(check(Some(1), "\"x\""), Ok(()));
    let versions = vec![1, 5];
    assert_eq!(
        check(Some(2), "1"),
        Err(TypeRefused::NoSuchVersion { versions })
    );
}

#[test]
fn an_archived_type_is_refused_and_an_unknown_one_where_the_project_says_so() {
    let catalogue = catalogue(vec![described("old", true, &[])]);
    let check = |strict, name| catalogue.check(&project(strict), None, event(name, None, "{}"));
    assert_eq!(check(false, "old"), Err(TypeRefused::Archived));
    assert_eq!(check(false, "new"), Ok(()));
    assert_eq!(check(true, "new"), Err(TypeRefused::Unknown));
}

#[test]
fn what_the_profile_lists_is_known() {
    let profiles = hookwright_wire::builtin_profiles();
    let listed = |profile: &&Profile| !profile.catalogue.is_empty();
    let profile = profiles.iter().find(listed).expect("one lists its types");
    let name = profile.catalogue[0].name.clone();
    let catalogue = Catalogue::default();
    let check = |name| catalogue.check(&project(true), Some(profile), event(name, None, "{}"));
    assert_eq!(check(&name), Ok(()));
    assert_eq!(check("no.such"), Err(TypeRefused::Unknown));
}

#[test]
fn a_deleted_project_and_a_removed_type_are_forgotten() {
    let catalogue = catalogue(vec![described("a", true, &[])]);
    let check = || catalogue.check(&project(false), None, event("a", None, "{}"));
    assert!(check().is_err());
    catalogue.apply(&Change::ProjectDeleted(ProjectId(1)));
    assert_eq!(check(), Ok(()));
    let again = vec![described("a", true, &[])];
    catalogue.apply(&Change::EventTypes(ProjectId(1), Arc::new(again)));
    assert!(check().is_err());
    catalogue.apply(&Change::EventTypes(ProjectId(1), Arc::default()));
    assert_eq!(check(), Ok(()));
}

#[test]
fn a_schema_that_did_not_change_stays_compiled() {
    let schema = || described("a", false, &[(1, json!({"type": "string"}))]);
    let catalogue = catalogue(vec![schema()]);
    let compiled = || {
        let described = catalogue.of(ProjectId(1)).expect("described");
        let schema = described.types["a"].versions[0]
            .schema
            .clone()
            .expect("a schema");
        schema.compiled.get().is_some()
    };
    assert!(!compiled());
    let checked = catalogue.check(&project(false), None, event("a", None, "1"));
    assert!(checked.is_err() && compiled());
    let more = vec![schema(), described("b", false, &[])];
    catalogue.apply(&Change::EventTypes(ProjectId(1), Arc::new(more)));
    assert!(compiled());
}
