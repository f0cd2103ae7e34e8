//! How a customer's portal looks, and which sites may show it within their pages: asked for, checked
//! and shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_core::limits::{
    PORTAL_FRAME_ORIGINS_MAX, PORTAL_LOGO_BYTES_MAX, PORTAL_NAME_CHARS_MAX,
};
use hookwright_store::PortalTheme;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::body;
use crate::problem::Problem;

const KINDS: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/svg+xml"];

/// The customer portal: what is left out stays, and null is as without it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PortalThemeInput {
    /// What the portal is called, 1 to 80 characters; null for the project's name.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    name: Option<Option<String>>,
    /// A picture as a `data:` URI in base64: PNG, JPEG, WebP or SVG, at most 65536 characters.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<String>", length(max = 65_536))]
    logo: Option<Option<String>>,
    /// The colour of buttons and links, as `#rrggbb`. Where a text in it could not be read it is
    /// darkened until it can be.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<String>")]
    accent: Option<Option<String>>,
    /// The same on a dark ground, where it is lightened; null for that of `accent`.
    #[serde(default, deserialize_with = "body::present")]
    #[schemars(with = "Option<String>")]
    accent_dark: Option<Option<String>>,
    /// Origins of the sites that may show the portal in a frame, such as
    /// `https://app.example.com`: at most 20, all of them named anew.
    #[schemars(length(max = 20))]
    frame_origins: Option<Vec<String>>,
}

impl PortalThemeInput {
    /// The theme with the change.
    pub(crate) fn change(self, mut theme: PortalTheme) -> Result<PortalTheme, Problem> {
        if let Some(name) = self.name {
            theme.name = name.map(|name| checked_name(&name)).transpose()?;
        }
        if let Some(logo) = self.logo {
            logo.as_deref().map_or(Ok(()), check_logo)?;
            theme.logo = logo;
        }
        let colour = |name: &str, given: Option<String>| match given {
            Some(text) if !is_colour(&text) => {
                let detail = "must be a colour as #rrggbb, such as #2b5fd9";
                Err(wrong(name, detail))
            }
            given => Ok(given.map(|text| text.to_ascii_lowercase())),
        };
        if let Some(given) = self.accent {
            theme.accent = colour("accent", given)?;
        }
        if let Some(given) = self.accent_dark {
            theme.accent_dark = colour("accent_dark", given)?;
        }
        if let Some(origins) = self.frame_origins {
            theme.frame_origins = checked_origins(&origins)?;
        }
        Ok(theme)
    }
}

fn wrong(name: &str, detail: impl Into<String>) -> Problem {
    Problem::field(&format!("/settings/portal/{name}"), detail)
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    if (1..=PORTAL_NAME_CHARS_MAX).contains(&name.chars().count()) {
        return Ok(name.to_owned());
    }
    let detail = format!("must have 1 to {PORTAL_NAME_CHARS_MAX} characters");
    Err(wrong("name", detail))
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or("");
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn check_logo(text: &str) -> Result<(), Problem> {
    if text.len() > PORTAL_LOGO_BYTES_MAX {
        let detail = format!(
            "must have at most {PORTAL_LOGO_BYTES_MAX} characters; make the picture smaller"
        );
        return Err(wrong("logo", detail));
    }
    let parts = text
        .strip_prefix("data:")
        .and_then(|rest| rest.split_once(";base64,"));
    let fits = parts.is_some_and(|(kind, data)| {
        KINDS.contains(&kind) && STANDARD.decode(data).is_ok_and(|bytes| !bytes.is_empty())
    });
    if fits {
        return Ok(());
    }
    let detail =
        "must be a picture as data:image/png;base64,... (or image/jpeg, image/webp, image/svg+xml)";
    Err(wrong("logo", detail))
}

/// As browsers write them.
fn checked_origins(given: &[String]) -> Result<Vec<String>, Problem> {
    if given.len() > PORTAL_FRAME_ORIGINS_MAX {
        let detail = format!("must be at most {PORTAL_FRAME_ORIGINS_MAX} origins");
        return Err(wrong("frame_origins", detail));
    }
    let mut origins = Vec::new();
    for (place, text) in given.iter().enumerate() {
        let origin = origin(text).ok_or_else(|| {
            let detail = "must be an origin with https, such as https://app.example.com, without a path (http is taken for this machine alone)";
            wrong(&format!("frame_origins/{place}"), detail)
        })?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let is_local = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    let scheme = url.scheme() == "https" || url.scheme() == "http" && is_local;
    // What stands in a header must not be able to end a directive of it.
    let plain = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte));
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    (scheme && plain && bare).then(|| url.origin().ascii_serialization())
}

/// How a project's customer portal looks, and who may show it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PortalTheme")]
pub(crate) struct PortalThemeShown {
    /// What the portal is called; null for the project's name.
    name: Option<String>,
    /// A picture as a `data:` URI.
    logo: Option<String>,
    /// The colour of buttons and links, as `#rrggbb`.
    accent: Option<String>,
    /// The same on a dark ground.
    accent_dark: Option<String>,
    /// Origins of the sites that may show the portal in a frame.
    frame_origins: Vec<String>,
}

pub(crate) fn show(theme: &PortalTheme) -> PortalThemeShown {
    let PortalTheme {
        name,
        logo,
        accent,
        accent_dark,
        frame_origins,
    } = theme.clone();
    PortalThemeShown {
        name,
        logo,
        accent,
        accent_dark,
        frame_origins,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn change(theme: &PortalTheme, input: Value) -> Result<PortalTheme, Problem> {
        let input: PortalThemeInput = serde_json::from_value(input).expect("the shape");
        input.change(theme.clone())
    }

    #[test]
    fn what_is_left_out_stays_and_null_takes_away() {
        let all = json!({
            "name": " Acme ", "logo": "data:image/png;base64,iVBORw0KGgo=", "accent": "#FFCC00",
            "accent_dark": "#ffee88",
            "frame_origins": ["https://App.example.com/", "https://app.example.com", "http://localhost:3000"],
        });
        let first = change(&PortalTheme::default(), all).expect("fits");
        assert_eq!(first.name.as_deref(), Some("Acme"));
        assert_eq!(first.accent.as_deref(), Some("#ffcc00"));
        assert_eq!(
            first.frame_origins,
            ["https://app.example.com", "http://localhost:3000"]
        );
        assert_eq!(change(&first, json!({})).expect("fits"), first);
        let none = json!({"name": null, "logo": null, "accent": null, "accent_dark": null, "frame_origins": []});
        assert_eq!(change(&first, none).expect("fits"), PortalTheme::default());
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let origins = |origin: &str| json!({"frame_origins": [origin]});
        for input in [
            json!({"name": " "}),
            json!({"name": "x".repeat(81)}),
            json!({"accent": "red"}),
            json!({"accent": "#ggg000"}),
            json!({"accent_dark": "#fff"}),
            json!({"logo": "https://acme.example/logo.png"}),
            json!({"logo": "data:text/html;base64,PGI+"}),
            json!({"logo": "data:image/png;base64,***"}),
            json!({"logo": format!("data:image/png;base64,{}", "A".repeat(65_536))}),
            json!({"frame_origins": vec!["https://a.example"; 21]}),
            origins("http://app.example.com"),
            origins("https://app.example.com/path"),
            origins("https://user@app.example.com"),
            origins("https://app.example.com?x"),
            origins("https://a.example; script-src *"),
            origins("*"),
            origins("'self'"),
        ] {
            let refused = change(&PortalTheme::default(), input.clone()).expect_err("does not fit");
            assert_eq!(refused.code, "invalid_field", "{input}");
        }
    }
}
