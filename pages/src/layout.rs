//! What is around every page: the head, the navigation, what was just done.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::assets::{MARK_PATH, SCRIPT_PATH, STYLE_PATH};
use crate::csrf;
use crate::parts::icons;
use crate::plain::plain;
use crate::portal::{Portal, host};
use crate::router::PORTAL;
use crate::said;
use crate::visit::{Face, Visit};

/// Who finds a page in the navigation. What may be done there is the API's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// A key with this scope.
    Scope(&'static str),
    /// A key with this scope, in the operator's face only.
    Operator(&'static str),
}

/// The pages that people find by themselves: path, name, who finds it.
pub(crate) const NAVIGATION: &[(&str, &str, Needs)] = &[
    ("/", "Overview", Needs::Scope("deliveries:read")),
    ("/endpoints", "Endpoints", Needs::Scope("endpoints:read")),
    ("/deliveries", "Deliveries", Needs::Scope("deliveries:read")),
    ("/events", "Events", Needs::Scope("events:read")),
    ("/logs", "Failed", Needs::Scope("deliveries:read")),
    ("/replays", "Replays", Needs::Scope("deliveries:read")),
    ("/catalogue", "Catalogue", Needs::Scope("events:read")),
    ("/debugger", "Debugger", Needs::Scope("endpoints:read")),
    ("/accounts", "Accounts", Needs::Operator("accounts:read")),
    ("/keys", "Keys", Needs::Operator("keys:write")),
    ("/audit", "Audit", Needs::Operator("audit:read")),
    ("/settings", "Settings", Needs::Operator("settings:write")),
];

/// A page within the navigation.
pub(crate) fn page(visit: &Visit, title: &str, main: &Markup) -> Response {
    let inner = html! {
        a.skip href="#main" { "Skip to content" }
        header.bar {
            a.brand href=(visit.to("/")) { (brand_mark(visit)) }
            @if let Some(name) = &visit.project_name { span.project title=(name) { (name) } }
            @if let Some(portal) = &visit.portal { span.project title=(portal.account_name()) { (portal.account_name()) } }
            @if in_project(visit) { (search(visit)) }
            details.menu {
                summary { "Menu" }
                (navigation(visit, "Menu"))
            }
        }
        div.columns {
            aside.side { (navigation(visit, "Main")) }
            main #main tabindex="-1" {
                @if let Some(text) = said::text(&visit.query) { p.said role="status" { (text) } }
                (main)
            }
        }
    };
    let title = format!("{title} · {}", brand(visit));
    let about = About {
        face: visit.face,
        nonce: Some(&visit.nonce.0),
        has_style: visit.portal.as_deref().is_some_and(Portal::has_style),
    };
    document(&title, &about, &inner).into_response()
}

/// A page for somebody who is not signed in, or who ran into a wall.
pub(crate) fn bare(title: &str, main: &Markup) -> Html<String> {
    let inner =
        html! { main.bare #main { p.brand { (icons::mark()) span { "Hookwright" } } (main) } };
    document(title, &About::of(Face::Operator), &inner)
}

/// The same for a customer, who need not know by what their product sends.
pub(crate) fn portal_bare(title: &str, main: &Markup) -> Html<String> {
    let inner = html! { main.bare #main { (main) } };
    document(title, &About::of(Face::Portal), &inner)
}

/// What the whole is called: a customer knows it as their product's.
fn brand(visit: &Visit) -> &str {
    match &visit.portal {
        Some(portal) => &portal.name,
        None => "Hookwright",
    }
}

fn brand_mark(visit: &Visit) -> Markup {
    let Some(portal) = &visit.portal else {
        return html! { (icons::mark()) span { (brand(visit)) } };
    };
    match portal.logo_path() {
        Some(path) => html! { img src=(path) alt=(portal.name) height="28"; },
        None => html! { span { (portal.name) } },
    }
}

/// What a customer finds beneath the navigation: the way back.
fn portal_foot(portal: &Portal) -> Markup {
    html! {
        @if portal.read_only { p.quiet.look-only { "You can look at everything here, and change nothing." } }
        @if let Some(url) = &portal.return_url { ul.second {
            li { a href=(url) target="_top" rel="noreferrer" { "Back to " (host(url)) } }
        } }
    }
}

fn in_project(visit: &Visit) -> bool {
    visit.project_id.is_some() || visit.face == Face::Portal
}

/// The way from an id to its page, on every page.
fn search(visit: &Visit) -> Markup {
    html! {
        form.search role="search" method="get" action=(visit.to("/search")) {
            input name="q" type="search" aria-label="Find by id" placeholder="Find by id" maxlength="128"
                autocomplete="off" spellcheck="false" data-search;
            kbd aria-hidden="true" { "/" }
        }
    }
}

fn navigation(visit: &Visit, label: &str) -> Markup {
    let found = NAVIGATION.iter().filter(|(.., needs)| match needs {
        Needs::Scope(scope) => visit.may(scope),
        Needs::Operator(scope) => visit.face == Face::Operator && visit.may(scope),
    });
    let is_here = |path: &str| match path {
        "/" => visit.path == "/",
        path => visit.path == path || visit.path.starts_with(&format!("{path}/")),
    };
    html! {
        nav aria-label=(label) {
            @if in_project(visit) { ul { @for (path, name, _) in found {
                li { a href=(visit.to(path)) aria-current=[is_here(path).then_some("page")] { (icons::of(path)) (name) } }
            } } }
            @if let Some(portal) = &visit.portal { (portal_foot(portal)) }
            @if visit.face == Face::Operator { ul.second {
                @if visit.is_root() {
                    li { a href="/ui" aria-current=[(visit.base == "/ui" && visit.path == "/").then_some("page")] { (icons::of("/projects")) "Projects" } }
                    li { a href="/ui/root-keys" aria-current=[(visit.base == "/ui" && visit.path.starts_with("/root-keys")).then_some("page")] { (icons::of("/root-keys")) "Root keys" } }
                    @if visit.may("audit:read") { li { a href="/ui/audit" aria-current=[(visit.base == "/ui" && visit.path == "/audit").then_some("page")] { (icons::of("/audit")) "Audit of all" } } }
                }
                li { a href="/ui/sessions" aria-current=[(visit.base == "/ui" && visit.path.starts_with("/sessions")).then_some("page")] { (icons::of("/sessions")) "Sessions" } }
                li { a href="/docs" { (icons::of("/docs")) "API" } }
                li { form method="post" action="/ui/sign-out" {
                    (csrf_field(visit))
                    button.link type="submit" { (icons::of("/sign-out")) "Sign out" }
                } }
            } }
        }
    }
}

/// What every form that changes something carries.
pub(crate) fn csrf_field(visit: &Visit) -> Markup {
    html! { input type="hidden" name=(csrf::FIELD) value=(visit.csrf); }
}

/// What a document says of itself in its head.
struct About<'a> {
    face: Face,
    nonce: Option<&'a str>,
    /// The product's own colours.
    has_style: bool,
}

impl About<'_> {
    const fn of(face: Face) -> Self {
        Self {
            face,
            nonce: None,
            has_style: false,
        }
    }
}

fn document(title: &str, about: &About<'_>, inner: &Markup) -> Html<String> {
    let face = match about.face {
        Face::Operator => "operator",
        Face::Portal => "portal",
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" data-face=(face) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" type="image/svg+xml" href=(*MARK_PATH);
                link rel="stylesheet" href=(*STYLE_PATH);
                @if about.has_style { link rel="stylesheet" href={ (PORTAL) "/theme.css" }; }
                @if let Some(nonce) = about.nonce { script src=(*SCRIPT_PATH) nonce=(nonce) defer {} }
            }
            body { (inner) }
        }
    };
    Html(plain(page.into_string()))
}
