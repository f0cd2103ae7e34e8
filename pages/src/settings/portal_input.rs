//! The portal's look as fields of a form, and back.

use hookwright_core::limits::PORTAL_LOGO_BYTES_MAX;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::Problem;
use crate::posted::{Fields, Form};

/// A logo that was chosen and is not saved yet: a browser forgets a chosen file.
pub(super) const CARRIED: &str = "carried_logo";
/// A file, as a `data:` URI.
const LOGO: &str = "settings/portal/logo";
const ORIGINS: &str = "settings/portal/frame_origins";
/// The fields that errors are shown beside.
pub(super) const FIELDS: &[&str] = &[
    "settings/portal/name",
    LOGO,
    "settings/portal/accent",
    "settings/portal/accent_dark",
    ORIGINS,
];

/// What is kept of the look.
#[derive(Deserialize)]
pub(super) struct Kept {
    name: Option<String>,
    logo: Option<String>,
    accent: Option<String>,
    accent_dark: Option<String>,
    frame_origins: Vec<String>,
}

/// What a portal would look like, saved or not.
pub(super) struct Look<'a> {
    pub(super) name: &'a str,
    /// A `data:` URI of a picture.
    pub(super) logo: Option<&'a str>,
    pub(super) accent: Option<&'a str>,
    pub(super) accent_dark: Option<&'a str>,
}

impl<'a> Look<'a> {
    /// As a form says it, over what is kept.
    pub(super) fn of(form: &'a Form, kept: &'a Kept, project: &'a str) -> Self {
        let text = |name: &str| form.fields.text(&format!("settings/portal/{name}"));
        let carried = form.fields.text(CARRIED);
        let logo = match form.fields.is_checked("no_logo") {
            true => None,
            false => carried.or(kept.logo.as_deref()),
        };
        Self {
            name: text("name").unwrap_or(project),
            logo: logo.filter(|it| it.starts_with("data:image/")),
            accent: text("accent"),
            accent_dark: text("accent_dark"),
        }
    }
}

/// The form as the look is now.
pub(super) fn form_of(kept: &Kept) -> Form {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let fields = [
        (FIELDS[0], text(&kept.name)),
        (FIELDS[2], text(&kept.accent)),
        (FIELDS[3], text(&kept.accent_dark)),
        (ORIGINS, kept.frame_origins.join("\n")),
    ];
    Form::of(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// A file that was chosen stays in the form until it is saved, if it can be a logo at all. A new one
/// takes the place of an earlier one, and of the wish to have none.
pub(super) fn carry(fields: &mut Fields) {
    let Some(chosen) = fields.text(LOGO).map(str::to_owned) else {
        return;
    };
    let kept = |name: &str| name != CARRIED && name != "no_logo";
    fields.0.retain(|(name, _)| kept(name));
    if chosen.len() <= PORTAL_LOGO_BYTES_MAX && chosen.starts_with("data:image/") {
        fields.0.push((CARRIED.to_owned(), chosen));
    }
}

/// What the API is asked to change: what the form has, and the logo only if it is to be another.
pub(super) fn change(fields: &Fields) -> Value {
    let mut portal = json!({
        "name": fields.text(FIELDS[0]),
        "accent": fields.text(FIELDS[2]),
        "accent_dark": fields.text(FIELDS[3]),
        "frame_origins": origins(fields),
    });
    if let Some(logo) = fields.text(LOGO).or_else(|| fields.text(CARRIED)) {
        portal["logo"] = logo.into();
    }
    if fields.is_checked("no_logo") {
        portal["logo"] = Value::Null;
    }
    json!({ "settings": { "portal": portal } })
}

fn origins(fields: &Fields) -> Vec<&str> {
    let text = fields.get(ORIGINS).unwrap_or_default();
    let all = text.split(|found: char| found == ',' || found.is_whitespace());
    all.filter(|it| !it.is_empty()).collect()
}

/// A refusal that says which of the origins it is about.
pub(super) fn named(mut problem: Problem, fields: &Fields) -> Problem {
    let origins = origins(fields);
    for error in &mut problem.errors {
        let place = error.pointer.strip_prefix(&format!("/{ORIGINS}/"));
        let place: Option<usize> = place.and_then(|it| it.parse().ok());
        if let Some(origin) = place.and_then(|place| origins.get(place)) {
            error.detail = format!("{origin} {}", error.detail);
        }
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FieldProblem;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let pairs = pairs.iter();
        Fields(
            pairs
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect(),
        )
    }

    fn kept() -> Kept {
        Kept {
            name: Some("Acme".to_owned()),
            logo: Some("data:image/png;base64,AA==".to_owned()),
            accent: Some("#123456".to_owned()),
            accent_dark: None,
            frame_origins: vec!["https://a.test".to_owned(), "https://b.test".to_owned()],
        }
    }

    #[test]
    fn what_is_shown_and_sent_back_changes_nothing_and_leaves_the_logo_alone() {
        let sent = change(&form_of(&kept()).fields);
        let same = json!({"name": "Acme", "accent": "#123456", "accent_dark": null,
            "frame_origins": ["https://a.test", "https://b.test"]});
        assert_eq!(sent, json!({"settings": {"portal": same}}));
        let emptied = change(&fields(&[(LOGO, ""), (ORIGINS, " \r\n")]));
        let nothing =
            json!({"name": null, "accent": null, "accent_dark": null, "frame_origins": []});
        assert_eq!(emptied, json!({"settings": {"portal": nothing}}));
    }

    #[test]
    fn a_chosen_logo_is_kept_in_the_form_until_it_is_saved_or_taken_back() {
        let logo = |fields: &Fields| change(fields)["settings"]["portal"]["logo"].clone();
        let new = "data:image/png;base64,BB==";
        let mut chosen = fields(&[(LOGO, new), (CARRIED, "old"), ("no_logo", "true")]);
        carry(&mut chosen);
        assert_eq!(chosen.all(CARRIED), [new]);
        assert_eq!(logo(&chosen), new);
        let mut again = fields(&[(LOGO, ""), (CARRIED, new)]);
        carry(&mut again);
        assert_eq!(logo(&again), new);
        again.0.push(("no_logo".to_owned(), "true".to_owned()));
        assert_eq!(logo(&again), Value::Null);
        let mut other = fields(&[(LOGO, "data:text/html;base64,BB==")]);
        carry(&mut other);
        assert!(other.all(CARRIED).is_empty());
        assert_eq!(
            logo(&other),
            "data:text/html;base64,BB==",
            "the API refuses it"
        );
    }

    #[test]
    fn a_preview_shows_what_is_typed_over_what_is_kept() {
        let (kept, typed) = (
            kept(),
            Form::of(fields(&[("settings/portal/accent", "#ff0000")]).0),
        );
        let look = Look::of(&typed, &kept, "Shop");
        assert_eq!((look.name, look.accent), ("Shop", Some("#ff0000")));
        assert_eq!(look.logo, Some("data:image/png;base64,AA=="));
        let none = Form::of(fields(&[("no_logo", "true")]).0);
        assert_eq!(Look::of(&none, &kept, "Shop").logo, None);
    }

    #[test]
    fn a_refusal_names_the_origin_that_it_is_about() {
        let problem = Problem {
            title: String::new(),
            status: 422,
            code: String::new(),
            detail: String::new(),
            errors: vec![FieldProblem {
                pointer: format!("/{ORIGINS}/1"),
                detail: "must be an origin".to_owned(),
            }],
        };
        let typed = fields(&[(ORIGINS, "https://a.test\r\nhttp://b.test")]);
        let named = named(problem, &typed);
        assert_eq!(named.errors[0].detail, "http://b.test must be an origin");
    }
}
