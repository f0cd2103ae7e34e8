//! Single sign-on as the settings say, and what it needs of the server.

use std::sync::Arc;

use hookwright_pages::{AllowRule, AskIssuer, NoteRefused, OpenFor, SingleSignOn};
use hookwright_web::App;

use crate::failure::{Failure, usage};

/// The settings of single sign-on, as far as they were given.
#[derive(Default)]
pub(crate) struct OidcInput {
    pub(crate) issuer: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<String>,
    pub(crate) allow: Vec<String>,
}

/// The settings of single sign-on, complete and checked.
#[derive(Clone)]
pub(crate) struct Oidc {
    issuer: String,
    client_id: String,
    client_secret: Option<String>,
    allow: Vec<AllowRule>,
    public_url: String,
}

impl OidcInput {
    /// Complete settings; none without an issuer.
    pub(crate) fn complete(
        self,
        public_url: Option<&str>,
        dev: bool,
    ) -> Result<Option<Oidc>, Failure> {
        let Some(issuer) = self.issuer else {
            let given = self.client_id.is_some() || self.client_secret.is_some();
            if given || !self.allow.is_empty() {
                return Err(usage(
                    "single sign-on has no issuer\nhint: set --oidc-issuer, such as https://login.example.com",
                ));
            }
            return Ok(None);
        };
        let is_http = dev && issuer.starts_with("http://");
        if !(issuer.starts_with("https://") || is_http) {
            return Err(usage(format!(
                "\"{issuer}\" is no issuer\nhint: an address with https://, exactly as the issuer calls itself"
            )));
        }
        let client_id = self
            .client_id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| usage("single sign-on needs --oidc-client-id"))?;
        let public_url = public_url.ok_or_else(|| {
            usage("single sign-on needs --public-url\nhint: the address that browsers find this server by; register it with /ui/sso/callback behind it as redirect URI")
        })?;
        if self.allow.is_empty() {
            return Err(usage(
                "with single sign-on, --oidc-allow must say who may sign in\nhint: --oidc-allow ada@example.com:admin,@example.com:viewer",
            ));
        }
        let allow: Result<Vec<AllowRule>, _> = self.allow.iter().map(|text| text.parse()).collect();
        Ok(Some(Oidc {
            issuer,
            client_id,
            client_secret: self.client_secret.filter(|secret| !secret.is_empty()),
            allow: allow.map_err(usage)?,
            public_url: public_url.to_owned(),
        }))
    }
}

impl Oidc {
    /// What the pages need for it.
    pub(crate) fn for_pages(&self, app: &App, ask: AskIssuer, dev: bool) -> SingleSignOn {
        let own = self.clone();
        SingleSignOn {
            issuer: own.issuer,
            client_id: own.client_id,
            client_secret: own.client_secret,
            public_url: own.public_url,
            allow: own.allow,
            plain_http: dev,
            ask,
            open: opener(app.clone()),
            refused: noter(app.clone()),
        }
    }

    /// The rules of who may sign in, as sessions keep them.
    pub(crate) fn rules(&self) -> impl Iterator<Item = String> {
        self.allow.iter().map(|rule| rule.of_issuer(&self.issuer))
    }
}

/// Sessions of operators, who see all projects: what they may do there, their scopes say.
fn opener(app: App) -> OpenFor {
    Arc::new(move |person, connection| {
        let app = app.clone();
        Box::pin(async move {
            let opened = app.sign_on(person, &connection).await;
            opened.map_err(|error| error.to_string())
        })
    })
}

fn noter(app: App) -> NoteRefused {
    Arc::new(move |person, connection| {
        let app = app.clone();
        Box::pin(async move { app.refuse_sign_on(person, &connection).await })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> OidcInput {
        OidcInput {
            issuer: Some("https://id.test".to_owned()),
            client_id: Some("hookwright".to_owned()),
            client_secret: None,
            allow: vec!["@example.com:viewer".to_owned()],
        }
    }

    fn is_complete(input: OidcInput, public_url: Option<&str>, dev: bool) -> bool {
        matches!(input.complete(public_url, dev), Ok(Some(_)))
    }

    #[test]
    fn all_that_it_needs_must_be_there() {
        let url = Some("https://hooks.test");
        assert!(is_complete(input(), url, false));
        assert!(matches!(
            OidcInput::default().complete(url, false),
            Ok(None)
        ));
        assert!(!is_complete(input(), None, false));
        let without = [
            OidcInput {
                client_id: None,
                ..input()
            },
            OidcInput {
                allow: Vec::new(),
                ..input()
            },
            OidcInput {
                allow: vec!["everybody".to_owned()],
                ..input()
            },
            OidcInput {
                issuer: None,
                ..input()
            },
            OidcInput {
                issuer: Some("id.test".to_owned()),
                ..input()
            },
        ];
        for without in without {
            assert!(without.complete(url, true).is_err());
        }
        let plain = || OidcInput {
            issuer: Some("http://id.test".to_owned()),
            ..input()
        };
        assert!(is_complete(plain(), url, true));
        assert!(!is_complete(plain(), url, false));
    }
}
