//! Pictures: our mark, and one for each page of the navigation. Drawn by lines in the colour of the
//! text beside them, and hidden from those who hear the page: the words say it all.

use maud::{Markup, PreEscaped, html};

/// Our mark: a hook, and what it has caught. The same as `assets/mark.svg`.
pub(crate) fn mark() -> Markup {
    html! {
        svg.mark width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" focusable="false" {
            rect width="32" height="32" rx="8" fill="currentColor" {}
            path d="M19 6.5v12.2a5.4 5.4 0 1 1-10.8 0V16" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" {}
            path d="m4.9 18.6 3.3-3.6 3.3 3.6" fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round" {}
            circle cx="24.6" cy="21.6" r="2.6" fill="#ffc94d" {}
        }
    }
}

/// The picture beside a page's name in the navigation.
pub(crate) fn of(path: &str) -> Markup {
    let lines = match path {
        "/" => "M3 12.5V17h4v-7H3v2.5ZM8 17h4V4H8v13Zm5 0h4V7.5h-4V17Z",
        "/endpoints" => {
            "M8 12l4-4M8.5 6.5l2-2a3.5 3.5 0 0 1 5 5l-2 2m-2 2-2 2a3.5 3.5 0 0 1-5-5l2-2"
        }
        "/deliveries" => "M3 10h11m-4-4 4 4-4 4M17 4v12",
        "/events" => "M11 3 4 11.5h5L8.5 17 16 8.5h-5L11 3Z",
        "/logs" => "M10 3.5 2.8 16.5h14.4L10 3.5ZM10 8.5v3.5m0 2.3v.1",
        "/replays" => "M4 10a6 6 0 1 0 2-4.5L4 7.3M4 3.5v3.8h3.8M10 7v3.3l2.2 1.4",
        "/catalogue" => {
            "M4 4h5a1.5 1.5 0 0 1 1 .5 1.5 1.5 0 0 1 1-.5h5v12h-5.2a1 1 0 0 0-.8.5 1 1 0 0 0-.8-.5H4V4Zm6 .5v12"
        }
        "/debugger" => "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4Zm3.8 8.8L17 17M7 9l1.4 1.4L11 7.7",
        "/accounts" => {
            "M7 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c0-3 2-5 5-5s5 2 5 5M13 4a3 3 0 0 1 0 5.3m1.6 2.6c2 .6 3.4 2.3 3.4 4.6"
        }
        "/keys" | "/root-keys" => "M7 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm2.8-6.8L17 3m-3 3 2.5 2.5",
        "/audit" => "M6 3.5h8v13H6v-13Zm2.2 4h3.6m-3.6 3h3.6m-3.6 3h2",
        "/settings" => "M3 6h7m4 0h3M3 14h3m4 0h7M12 4v4M8 12v4",
        "/projects" => "M3 5.5h5l1.5 2H17v9H3v-11Z",
        "/sessions" => "M3 4.5h14v9H3v-9Zm4 12h6m-3-3v3",
        "/docs" => "m7 6-4 4 4 4m6-8 4 4-4 4",
        "/sign-out" => "M12 6V4H4v12h8v-2m-4-4h9m-3-3 3 3-3 3",
        _ => "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12Z",
    };
    html! {
        svg.icon width="18" height="18" viewBox="0 0 20 20" aria-hidden="true" focusable="false" {
            (PreEscaped(format!(r#"<path d="{lines}"/>"#)))
        }
    }
}
