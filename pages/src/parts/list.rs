//! Lists of the API, and how a visitor moves through them.

use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded;

use crate::visit::Visit;

/// A page of a list, as the API gives it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ListOf<T> {
    pub(crate) data: Vec<T>,
    pub(crate) next_cursor: Option<String>,
    #[serde(default)]
    pub(crate) prev_cursor: Option<String>,
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    cursor: Option<String>,
}

impl Cursor {
    pub(crate) fn as_str(&self) -> &str {
        self.cursor.as_deref().unwrap_or("")
    }
}

/// Links to the pages before and after: the same query with another cursor.
pub(crate) fn pager<T>(visit: &Visit, list: &ListOf<T>) -> Markup {
    if list.next_cursor.is_none() && list.prev_cursor.is_none() {
        return html! {};
    }
    let link = |cursor: &str| {
        let query = with(&visit.query, "cursor", cursor);
        format!("{}?{query}", visit.to(&visit.path))
    };
    html! {
        nav.pager aria-label="Pages of the list" {
            @if let Some(cursor) = &list.prev_cursor { a.button rel="prev" href=(link(cursor)) { "Newer" } }
            @if let Some(cursor) = &list.next_cursor { a.button rel="next" href=(link(cursor)) { "Older" } }
        }
    }
}

/// A query with one parameter set to another value; without it, if the value is empty.
pub(crate) fn with(query: &str, name: &str, value: &str) -> String {
    let others = form_urlencoded::parse(query.as_bytes());
    let others = others.filter(|(own, _)| own != name && own != "said");
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(others);
    if !value.is_empty() {
        text.append_pair(name, value);
    }
    text.finish()
}

/// What a list says where there is nothing in it.
pub(crate) fn empty(title: &str, text: &str) -> Markup {
    html! {
        div.empty { p.title { (title) } p { (text) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_replaced_and_the_others_stay() {
        assert_eq!(
            with("state=failed&cursor=a", "cursor", "b"),
            "state=failed&cursor=b"
        );
        assert_eq!(with("state=failed&said=x", "state", ""), "");
        assert_eq!(with("", "q", "a b&c"), "q=a+b%26c");
    }
}
