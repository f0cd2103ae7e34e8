//! Which events are sent: types of the catalogue, patterns, channels.

use maud::{Markup, html};

use super::error;
use crate::offered::{EventType, Offered};
use crate::parts::field::Field;
use crate::posted::Form;
use crate::visit::Visit;

pub(super) fn part(visit: &Visit, form: &Form, offered: &Offered) -> Markup {
    let mut groups: Vec<&str> = Vec::new();
    for known in &offered.types {
        let group = group(known);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups.sort_unstable();
    html! {
        fieldset {
            legend { "Which events" }
            p.hint { "Nothing chosen and nothing typed: all events." }
            @for name in groups {
                @let of_group = offered.types.iter().filter(|it| group(it) == name);
                div.group role="group" aria-label=(if name.is_empty() { "Event types" } else { name }) {
                    @if !name.is_empty() { p.name { (name) } }
                    @for known in of_group { (one(form, known)) }
                }
            }
            (offered.said(visit))
            (Field::new("events_more", "More types and patterns")
                .hint("Names, \"user.*\" for all that begin so, or \"*\" for all; one a line.")
                .area(form, 2))
            (error(form, "events"))
            (Field::new("channels", "Channels")
                .hint("Only events that are published on one of these; with commas between them. Empty: whatever the channel.")
                .input(form, "text"))
        }
    }
}

fn group(known: &EventType) -> &str {
    known.group.as_deref().unwrap_or_default()
}

fn one(form: &Form, known: &EventType) -> Markup {
    let checked = form.fields.all("events").contains(&known.name.as_str());
    html! {
        label.check {
            input type="checkbox" name="events" value=(known.name) checked[checked];
            span {
                code { (known.name) }
                @if known.deprecated { " " span.badge { "deprecated" } }
                @if let Some(text) = &known.description { " " span.quiet { (text) } }
            }
        }
    }
}
