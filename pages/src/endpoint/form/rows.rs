//! Rows of a name and a value, with empty ones to fill in.

use maud::{Markup, html};

use super::error;
use crate::posted::Form;

/// Empty rows behind those that are filled in; saved, there are as many again.
const EMPTY: usize = 3;

/// Rows whose fields are `{kind}_name` and `{kind}_value`; the API calls all of them `name`.
pub(super) fn rows(form: &Form, kind: &str, name: &str, titles: (&str, &str)) -> Markup {
    let (names, values) = (format!("{kind}_name"), format!("{kind}_value"));
    let given = form.fields.all(&names).into_iter();
    let given = given.zip(form.fields.all(&values));
    let given = given.filter(|(name, value)| !name.is_empty() || !value.is_empty());
    let all = given.chain([("", ""); EMPTY]);
    html! {
        div.rows {
            @for (at, (own, value)) in all.enumerate() {
                div.pair {
                    input type="text" name=(names) value=(own) aria-label={ (titles.0) " " (at + 1) } placeholder=(titles.0);
                    input type="text" name=(values) value=(value) aria-label={ (titles.1) " " (at + 1) } placeholder=(titles.1);
                }
            }
        }
        p.hint { "Empty a row to take it out. Saving adds empty ones." }
        (error(form, name))
    }
}
