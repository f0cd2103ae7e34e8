//! Which event types does a form offer to choose from? The first of the catalogue by name; where there
//! are more, it says so, and takes any that is typed.

use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::parts::list::ListOf;
use crate::visit::{Visit, segment};

/// As many as a page can list and stay light.
const OFFERED_MAX: usize = 200;

/// An event type.
#[derive(Clone, Deserialize)]
pub(crate) struct EventType {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) archived: bool,
    versions: Vec<Version>,
}

#[derive(Clone, Deserialize)]
struct Version {
    example: Option<Value>,
}

impl EventType {
    /// A payload of its newest version that has one.
    pub(crate) fn example(&self) -> Option<&Value> {
        let mut newest_first = self.versions.iter().rev();
        newest_first.find_map(|version| version.example.as_ref().filter(|it| !it.is_null()))
    }
}

/// What a form offers.
pub(crate) struct Offered {
    /// Those that are still published.
    pub(crate) types: Vec<EventType>,
    /// Whether the catalogue has others.
    pub(crate) more: bool,
}

pub(crate) async fn load(visit: &Visit) -> Result<Offered, Fault> {
    let query = [("limit", &*OFFERED_MAX.to_string())];
    let list: ListOf<EventType> = visit.get("/v1/event-types", &query).await?;
    let mut types = list.data;
    types.retain(|it| !it.archived);
    Ok(Offered {
        types,
        more: list.next_cursor.is_some(),
    })
}

impl Offered {
    /// A type of the catalogue, offered or not.
    pub(crate) async fn find(&self, visit: &Visit, name: &str) -> Option<EventType> {
        let listed = self.types.iter().find(|it| it.name == name);
        if listed.is_some() || name.is_empty() || !self.more {
            return listed.cloned();
        }
        let path = format!("/v1/event-types/{}", segment(name));
        visit.get(&path, &[]).await.ok()
    }

    /// What is said where the catalogue has more than is listed.
    pub(crate) fn said(&self, visit: &Visit) -> Markup {
        html! {
            @if self.more {
                p.hint.more-types {
                    "Listed are the first " (OFFERED_MAX) " of the catalogue by name. Any other can be typed; "
                    a href=(visit.to("/catalogue")) { "the catalogue" } " has them all."
                }
            }
        }
    }

    /// A field to choose a type by its name: from a list, or typed, where the list is not all.
    pub(crate) fn choice(&self, visit: &Visit, id: &str, label: &str, value: &str) -> Markup {
        let names = || self.types.iter().map(|it| it.name.as_str());
        html! {
            div.field {
                label for=(id) { (label) }
                @if self.more {
                    input id=(id) name="type" type="text" value=(value) list={ (id) "-list" } autocomplete="off" spellcheck="false";
                    datalist id={ (id) "-list" } { @for name in names() { option value=(name) {} } }
                    (self.said(visit))
                } @else {
                    select id=(id) name="type" {
                        @if !names().any(|name| name == value) { option value="" selected { "Choose a type" } }
                        @for name in names() { option value=(name) selected[name == value] { (name) } }
                    }
                }
            }
        }
    }
}
