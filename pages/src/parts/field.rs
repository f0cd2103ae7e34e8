//! A field of a form, with its label, its hint and what is wrong with it beside it.

use maud::{Markup, html};

use crate::posted::Form;

/// What a field is. Its name is the JSON pointer of the API's field without the first slash.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) hint: &'a str,
    pub(crate) required: bool,
    /// Whether it is said that it may be left empty.
    optional: bool,
}

impl<'a> Field<'a> {
    pub(crate) const fn new(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            hint: "",
            required: false,
            optional: true,
        }
    }

    pub(crate) const fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    pub(crate) const fn required(self) -> Self {
        Self {
            required: true,
            optional: false,
            ..self
        }
    }

    /// Needed where something was chosen that it belongs to: the API says so, since a browser would
    /// ask for it even where it is not shown.
    pub(crate) const fn where_chosen(self) -> Self {
        Self {
            optional: false,
            ..self
        }
    }

    fn id(&self) -> String {
        format!("f-{}", self.name.replace('/', "-"))
    }

    /// What describes it for those who do not see it: its hint and its error.
    fn described_by(&self, form: &Form) -> Option<String> {
        let id = self.id();
        let hint = (!self.hint.is_empty()).then(|| format!("{id}-hint"));
        let error = form.error(self.name).map(|_| format!("{id}-error"));
        let all: Vec<String> = hint.into_iter().chain(error).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    fn around(&self, form: &Form, input: &Markup) -> Markup {
        let id = self.id();
        html! {
            div.field {
                label for=(id) {
                    (self.label)
                    @if self.optional { " " span.optional { "optional" } }
                }
                (input)
                @if !self.hint.is_empty() { p.hint id={ (id) "-hint" } { (self.hint) } }
                @if let Some(error) = form.error(self.name) {
                    p.error role="alert" id={ (id) "-error" } { (error.detail) }
                }
            }
        }
    }

    /// One line; `kind` is the input's type: text, url, number, password, datetime-local.
    pub(crate) fn input(&self, form: &Form, kind: &str) -> Markup {
        let invalid = form.error(self.name).map(|_| "true");
        let input = html! {
            input id=(self.id()) name=(self.name) type=(kind) value=(form.value(self.name))
                required[self.required] aria-describedby=[self.described_by(form)] aria-invalid=[invalid];
        };
        self.around(form, &input)
    }

    /// Several lines of text, such as JSON.
    pub(crate) fn area(&self, form: &Form, rows: u8) -> Markup {
        let invalid = form.error(self.name).map(|_| "true");
        let input = html! {
            textarea id=(self.id()) name=(self.name) rows=(rows) spellcheck="false"
                required[self.required] aria-describedby=[self.described_by(form)] aria-invalid=[invalid] {
                // A browser drops the first line break of a text area.
                "\n" (form.value(self.name))
            }
        };
        self.around(form, &input)
    }

    /// One of these: value and name.
    pub(crate) fn select(&self, form: &Form, options: &[(&str, &str)]) -> Markup {
        let invalid = form.error(self.name).map(|_| "true");
        let chosen = form.value(self.name);
        let input = html! {
            select id=(self.id()) name=(self.name)
                aria-describedby=[self.described_by(form)] aria-invalid=[invalid] {
                @for (value, name) in options {
                    option value=(value) selected[*value == chosen] { (name) }
                }
            }
        };
        self.around(form, &input)
    }
}

/// A check box with its label behind it.
pub(crate) fn check(form: &Form, name: &str, value: &str, label: &str) -> Markup {
    let checked = form.fields.all(name).contains(&value);
    html! {
        label.check {
            input type="checkbox" name=(name) value=(value) checked[checked];
            span { (label) }
        }
    }
}

/// What is wrong with a form as a whole, and with fields that it does not show.
pub(crate) fn trouble(form: &Form, shown: &[&str]) -> Markup {
    let Some(problem) = &form.problem else {
        return html! {};
    };
    let beside = shown.iter().any(|name| form.error(name).is_some());
    html! {
        div.trouble role="alert" {
            @if beside { p { "Nothing was saved. What is to be mended is said beside the fields." } }
            @else {
                p { strong { "Nothing was saved." } " " (problem.detail) }
                @for error in &problem.errors { p { code { (error.pointer) } } }
            }
        }
    }
}
