//! Which part of a list of event types is asked for and answered: by name, from a name on.

use hookwright_core::subscription::check_event_type;
use schemars::JsonSchema;
use serde::Deserialize;

use super::show::EventTypeShown;
use crate::paging::{PageOf, items};
use crate::problem::Problem;

const AFTER: &str = "t1a_";
const BEFORE: &str = "t1b_";

/// What a list of event types takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListTypes {
    /// The project, where the key is a root key.
    pub(super) project_id: Option<String>,
    /// Items on a page: 1 to 250, 50 if not given.
    #[schemars(with = "Option<u16>", range(min = 1, max = 250))]
    limit: Option<String>,
    /// A `next_cursor` or `prev_cursor` as it was given.
    cursor: Option<String>,
}

/// The page that was asked for.
#[derive(Debug)]
pub(super) struct Asked {
    limit: usize,
    from: From,
}

#[derive(Debug, PartialEq)]
enum From {
    Beginning,
    After(String),
    Before(String),
}

impl ListTypes {
    pub(super) fn page(&self) -> Result<Asked, Problem> {
        asked(self.limit.as_deref(), self.cursor.as_deref())
    }
}

pub(super) fn asked(limit: Option<&str>, cursor: Option<&str>) -> Result<Asked, Problem> {
    let from = match cursor {
        None => Some(From::Beginning),
        Some(cursor) => decode(cursor),
    };
    let detail = "use a next_cursor or prev_cursor of this list as it was given";
    Ok(Asked {
        limit: items(limit)?,
        from: from.ok_or_else(|| Problem::query("cursor", detail))?,
    })
}

/// A type's name is of characters that need no escape anywhere.
fn decode(cursor: &str) -> Option<From> {
    let name = |name: &str| check_event_type(name).ok().map(|()| name.to_owned());
    if let Some(after) = cursor.strip_prefix(AFTER) {
        return name(after).map(From::After);
    }
    name(cursor.strip_prefix(BEFORE)?).map(From::Before)
}

/// The page of all of them, which are in the order of their names.
pub(super) fn page_of(all: Vec<EventTypeShown>, asked: &Asked) -> PageOf<EventTypeShown> {
    let place = |name: &str| all.partition_point(|it| it.name.as_str() < name);
    let (start, end) = match &asked.from {
        From::Beginning => (0, asked.limit),
        From::After(name) => {
            let at = all.partition_point(|it| it.name.as_str() <= name.as_str());
            (at, at.saturating_add(asked.limit))
        }
        From::Before(name) => {
            let end = place(name);
            (end.saturating_sub(asked.limit), end)
        }
    };
    let end = end.min(all.len());
    let start = start.min(end);
    let page: Vec<EventTypeShown> = all[start..end].to_vec();
    let next = page.last().filter(|_| end < all.len());
    let prev = page.first().filter(|_| start > 0);
    let next = next.map(|it| format!("{AFTER}{}", it.name));
    let prev = prev.map(|it| format!("{BEFORE}{}", it.name));
    PageOf::between(page, next, prev)
}

#[cfg(test)]
mod tests {
    use hookwright_wire::EventTypeInfo;
    use proptest::prelude::*;

    use super::*;

    fn types(count: usize) -> Vec<EventTypeShown> {
        let shown = |index| {
            let info = EventTypeInfo {
                name: format!("t{index:03}"),
                description: String::new(),
            };
            EventTypeShown::from(&info)
        };
        (0..count).map(shown).collect()
    }

    fn page(
        count: usize,
        limit: &str,
        cursor: Option<&str>,
    ) -> (Vec<String>, Option<String>, Option<String>) {
        let asked = asked(Some(limit), cursor).expect("good");
        let page = serde_json::to_value(page_of(types(count), &asked)).expect("JSON");
        let names = page["data"].as_array().expect("a list").iter();
        let names = names.map(|it| it["name"].as_str().expect("a name").to_owned());
        let cursor = |name: &str| page[name].as_str().map(str::to_owned);
        (
            names.collect(),
            cursor("next_cursor"),
            cursor("prev_cursor"),
        )
    }

    #[test]
    fn a_walk_sees_each_type_once_in_both_directions() {
        for count in [0, 1, 4, 6, 7] {
            let (mut seen, mut back) = (Vec::new(), Vec::new());
            let mut at = None;
            let last = loop {
                let (names, next, _) = page(count, "3", at.as_deref());
                seen.extend(names.clone());
                match next {
                    Some(next) => at = Some(next),
                    None => break names,
                }
            };
            assert_eq!(seen.len(), count);
            back.extend(last.iter().rev().cloned());
            let mut at = page(count, "3", at.as_deref()).2;
            while let Some(cursor) = at {
                let (names, _, prev) = page(count, "3", Some(&cursor));
                back.extend(names.into_iter().rev());
                at = prev;
            }
            back.reverse();
            assert_eq!(back, seen);
        }
    }

    proptest! {
        #[test]
        fn no_cursor_makes_it_fail(cursor in "(t1a_|t1b_|)[a-z0-9._]{0,6}|.{0,8}", limit in 1_usize..9, count in 0_usize..20) {
            if let Ok(asked) = asked(Some(&limit.to_string()), Some(&cursor)) {
                let _ = page_of(types(count), &asked);
            }
        }
    }
}
