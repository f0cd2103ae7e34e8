//! Before something is done that cannot be undone: does the visitor mean it?

use maud::{Markup, html};

use crate::fault::{FieldProblem, Problem};
use crate::layout::csrf_field;
use crate::parts::field::Field;
use crate::posted::{Fields, Form};
use crate::visit::Visit;

/// The field that the name of what goes is typed into.
const FIELD: &str = "confirm";

/// Whether the name of what goes was typed, exactly.
pub(crate) fn typed(fields: &Fields, name: &str) -> Result<(), Problem> {
    if fields.text(FIELD) == Some(name) {
        return Ok(());
    }
    let detail = format!("Type {name} exactly, to say that you mean it.");
    Err(Problem {
        title: "Not confirmed".to_owned(),
        status: 422,
        code: String::new(),
        detail: detail.clone(),
        errors: vec![FieldProblem {
            pointer: format!("/{FIELD}"),
            detail,
        }],
    })
}

/// A form that does it once `name` was typed.
pub(crate) fn ask(visit: &Visit, action: &str, name: &str, button: &str, form: &Form) -> Markup {
    let label = format!("Type {name} to confirm");
    html! {
        form.stack method="post" action=(action) {
            (csrf_field(visit))
            (Field::new(FIELD, &label).required().input(form, "text"))
            div { button.danger type="submit" { (button) } }
        }
    }
}

/// A button that first opens what it would do: a form with a word of warning. Works without a script.
pub(crate) fn unfold(label: &str, inside: &Markup) -> Markup {
    html! { details.unfold { summary.button { (label) } div.card { (inside) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_name_confirms() {
        let fields = |text: &str| Fields(vec![(FIELD.to_owned(), text.to_owned())]);
        assert!(typed(&fields(" acme "), "acme").is_ok());
        for text in ["", "Acme", "acme1"] {
            let refused = typed(&fields(text), "acme").expect_err("not the name");
            assert_eq!(refused.errors[0].pointer, "/confirm");
        }
    }
}
