//! Which endpoints are asked for? What the address says, and the form that writes it.

use std::borrow::Cow;

use maud::{Markup, html};
use serde::Deserialize;

use crate::deliveries::asked::input;
use crate::visit::{Face, Visit};

/// The filters of the list, as the address has them. Empty is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    state: String,
    event_type: String,
    url: String,
    account_id: String,
    /// `name=value`, several with commas between them.
    metadata: String,
    cursor: String,
}

const STATES: &[(&str, &str)] = &[
    ("", "Any"),
    ("unwell", "Not well"),
    ("active", "Active"),
    ("paused", "Paused"),
    ("disabled", "Disabled"),
];

impl Asked {
    pub(super) fn is_empty(&self) -> bool {
        let all = [
            &self.state,
            &self.event_type,
            &self.url,
            &self.account_id,
            &self.metadata,
        ];
        all.iter().all(|text| text.trim().is_empty())
    }

    /// The parameters of the API's list.
    pub(super) fn pairs(&self) -> Vec<(Cow<'static, str>, &str)> {
        let state = match self.state.as_str() {
            "unwell" => ("unwell", "true"),
            state => ("status", state),
        };
        let named = [
            state,
            ("event_type", self.event_type.trim()),
            ("url", self.url.trim()),
            ("account_id", self.account_id.trim()),
            ("cursor", self.cursor.as_str()),
        ];
        let named = named.map(|(name, value)| (Cow::Borrowed(name), value));
        let entries = self.metadata.split(',').map(str::trim);
        let entries = entries.filter(|entry| !entry.is_empty()).map(|entry| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            (
                Cow::Owned(format!("metadata[{}]", name.trim())),
                value.trim(),
            )
        });
        named.into_iter().chain(entries).collect()
    }

    /// The form that writes them into the address.
    pub(super) fn form(&self, visit: &Visit) -> Markup {
        let rare = [&self.event_type, &self.account_id, &self.metadata];
        let is_open = rare.iter().any(|text| !text.trim().is_empty());
        html! {
            form.filters method="get" action=(visit.to("/endpoints")) {
                div.field {
                    label for="q-state" { "State" }
                    select #q-state name="state" {
                        @for (value, name) in STATES { option value=(value) selected[*value == self.state] { (name) } }
                    }
                }
                (input("url", "URL", &self.url, "a part of it"))
                details.more open[is_open] {
                    summary { "Event type and more" }
                    div.filters {
                        (input("event_type", "Event type", &self.event_type, "that it is sent"))
                        @if visit.face == Face::Operator { (input("account_id", "Account", &self.account_id, "its id")) }
                        (input("metadata", "Metadata", &self.metadata, "team=billing"))
                    }
                }
                div.actions {
                    button.primary type="submit" { "Filter" }
                    @if !self.is_empty() { a.button href=(visit.to("/endpoints")) { "Clear" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_as_the_api_takes_them() {
        let asked = Asked {
            state: "unwell".to_owned(),
            metadata: "team=billing, tier = gold,".to_owned(),
            ..Asked::default()
        };
        let pairs = asked.pairs();
        let given: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (&**name, *value))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        assert_eq!(
            given,
            [
                ("unwell", "true"),
                ("metadata[team]", "billing"),
                ("metadata[tier]", "gold")
            ]
        );
        assert!(!asked.is_empty() && Asked::default().is_empty());
    }
}
