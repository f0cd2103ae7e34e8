//! What the portal looks like in its colours: a small picture of it, on light and on dark ground.

use maud::{Markup, html};

use super::portal_input::Look;
use crate::colour::of_theme;

/// Letters of a name that have room in the picture.
const NAME_CHARS: usize = 30;

/// The colours of a theme, as the style sheet has them.
struct Ground {
    name: &'static str,
    ground: &'static str,
    card: &'static str,
    line: &'static str,
    text: &'static str,
    quiet: &'static str,
    /// Where the product chose none.
    accent: &'static str,
    on_accent: &'static str,
}

const GROUNDS: [Ground; 2] = [
    Ground {
        name: "Light",
        ground: "#f6f7f9",
        card: "#ffffff",
        line: "#e2e6eb",
        text: "#161d29",
        quiet: "#566173",
        accent: "#4353d9",
        on_accent: "#ffffff",
    },
    Ground {
        name: "Dark",
        ground: "#0e1219",
        card: "#161c26",
        line: "#29323f",
        text: "#e7ebf2",
        quiet: "#a1adbe",
        accent: "#9dabff",
        on_accent: "#0d1230",
    },
];

/// Both pictures, with what became of each chosen colour.
pub(super) fn samples(look: &Look<'_>) -> Markup {
    let colours = of_theme(look.accent, look.accent_dark);
    let chosen = [look.accent, look.accent_dark.or(look.accent)];
    html! {
        div.grid.samples { @for (place, ground) in GROUNDS.iter().enumerate() {
            @let used = colours[place].map(|it| (it.colour.text(), it.on.text()));
            @let (accent, on) = used.clone().unwrap_or((ground.accent.to_owned(), ground.on_accent.to_owned()));
            figure.sample data-accent=(accent) {
                (picture(look, ground, &accent, &on, place == 0))
                figcaption.quiet { (ground.name) ": " @match (chosen[place], &used) {
                    (Some(chosen), Some((used, _))) if !chosen.eq_ignore_ascii_case(used) =>
                        { code { (chosen) } " could not be read there; " code { (used) } " is shown." },
                    (Some(_), Some((used, _))) => { code { (used) } ", as chosen." },
                    _ => "the standard colour.",
                } }
            }
        } }
    }
}

/// A header with name or logo, the navigation, a link and a button. The logo is in the first picture
/// and is shown by both.
fn picture(look: &Look<'_>, ground: &Ground, accent: &str, on: &str, first: bool) -> Markup {
    let name: String = look.name.chars().take(NAME_CHARS).collect();
    let label = format!("The portal in the {} theme", ground.name.to_lowercase());
    html! {
        svg role="img" aria-label=(label) viewBox="0 0 400 190" font-family="system-ui, sans-serif" font-size="12" {
            @if let (true, Some(logo)) = (first, look.logo) {
                defs { image #sample-logo href=(logo) height="24" {} }
            }
            rect width="400" height="190" fill=(ground.ground) {}
            rect width="400" height="40" fill=(ground.card) {}
            path d="M0 40.5H400M100.5 41V190" stroke=(ground.line) {}
            @match look.logo {
                Some(_) => { use href="#sample-logo" x="14" y="8" {} }
                None => { text x="14" y="25" font-size="14" font-weight="700" fill=(ground.text) { (name) } }
            }
            rect x="8" y="52" width="84" height="22" rx="5" fill=(accent) fill-opacity=".14" {}
            text x="16" y="67" font-weight="600" fill=(ground.text) { "Endpoints" }
            text x="16" y="92" fill=(ground.text) { "Deliveries" }
            text x="16" y="115" fill=(ground.text) { "Events" }
            text x="116" y="71" font-size="16" font-weight="700" fill=(ground.text) { "Endpoints" }
            rect x="276" y="52" width="110" height="28" rx="6" fill=(accent) {}
            text x="331" y="70" text-anchor="middle" font-weight="600" fill=(on) { "New endpoint" }
            rect x="116.5" y="94.5" width="269" height="80" rx="7" fill=(ground.card) stroke=(ground.line) {}
            text x="130" y="119" fill=(accent) text-decoration="underline" { "Order sync" }
            text x="372" y="119" text-anchor="end" fill=(ground.quiet) { "active" }
            path d="M117 134.5H386" stroke=(ground.line) {}
            text x="130" y="158" fill=(accent) text-decoration="underline" { "Warehouse" }
            text x="372" y="158" text-anchor="end" fill=(ground.quiet) { "paused" }
        }
    }
}
