//! What a form itself finds wrong, said as the API would say it.

use http::StatusCode;

use crate::fault::{FieldProblem, Problem};

/// One field that is wrong.
pub(super) fn wrong(name: &str, detail: &str) -> Problem {
    problem(vec![field(name, detail)])
}

/// A field by its name in the form.
pub(super) fn field(name: &str, detail: &str) -> FieldProblem {
    FieldProblem {
        pointer: format!("/{name}"),
        detail: detail.to_owned(),
    }
}

/// Several fields that are wrong.
pub(super) fn problem(errors: Vec<FieldProblem>) -> Problem {
    Problem {
        title: "Unprocessable Entity".to_owned(),
        status: StatusCode::UNPROCESSABLE_ENTITY.as_u16(),
        code: "invalid_field".to_owned(),
        detail: "Some fields are to be mended.".to_owned(),
        errors,
    }
}
