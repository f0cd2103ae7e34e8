//! What does the issuer say of itself? Its document and its keys, asked for once and kept.

use std::sync::{Arc, Mutex, PoisonError};

use hookwright_core::limits::{SSO_KEPT_MS, SSO_KEY_LOOKS_PER_MINUTE_MAX};
use hookwright_core::request_rate::admit;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::jwk::{Found, Keys};
use super::token::Token;
use super::{IssuerRequest, NotSignedIn, SingleSignOn};

/// Single sign-on with what is known of its issuer.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(super) settings: SingleSignOn,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    document: Option<(Arc<Document>, i64)>,
    keys: Option<(Arc<Keys>, i64)>,
    /// How often unknown keys were looked for: by a clock that goes a sixtieth as fast, so that the
    /// rate is one per minute.
    looks: i64,
}

/// OpenID Connect Discovery 1.0, 3.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

impl Document {
    /// Whether the secret goes into the form: into the header where that is possible, as it is
    /// where the issuer does not say.
    pub(super) fn takes_secret_in_form(&self) -> bool {
        let known = |method: &str| {
            let mut all = self.token_endpoint_auth_methods_supported.iter();
            all.any(|own| own == method)
        };
        !known("client_secret_basic") && known("client_secret_post")
    }
}

impl Issuer {
    pub(crate) fn new(settings: SingleSignOn) -> Self {
        Self {
            settings,
            kept: Arc::default(),
        }
    }

    /// Its document: the one that is kept, or asked for anew.
    pub(super) async fn document(&self, now_ms: i64) -> Result<Arc<Document>, NotSignedIn> {
        let kept = self.kept(|kept| kept.document.clone());
        if let Some((document, _)) = kept.filter(|(_, at)| is_fresh(*at, now_ms)) {
            return Ok(document);
        }
        let base = self.settings.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let document: Document = self.ask(url).await?;
        if document.issuer != self.settings.issuer {
            let detail = format!(
                "the issuer calls itself {:?}; --oidc-issuer must say exactly that",
                document.issuer
            );
            return Err(NotSignedIn::issuer(detail));
        }
        for url in [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
        ] {
            if !(url.starts_with("https://") || self.settings.plain_http) {
                return Err(NotSignedIn::issuer(format!("{url:?} is not https")));
            }
        }
        let document = Arc::new(document);
        let fresh = Some((Arc::clone(&document), now_ms));
        self.kept(|kept| kept.document = fresh);
        Ok(document)
    }

    /// Whether the issuer signed this token. Keys change: where none that is known is meant, they
    /// are looked at anew, but not again and again.
    pub(super) async fn has_signed(
        &self,
        token: &Token<'_>,
        now_ms: i64,
    ) -> Result<Found, NotSignedIn> {
        let check = |keys: &Keys| {
            let named = (token.alg.as_str(), token.kid.as_deref());
            keys.check(named, token.signed.as_bytes(), &token.signature)
        };
        let kept = self.kept(|kept| kept.keys.clone());
        if let Some((keys, _)) = kept.filter(|(_, at)| is_fresh(*at, now_ms)) {
            let found = check(&keys);
            if found != Found::NoSuchKey || !self.may_look(now_ms) {
                return Ok(found);
            }
        }
        let url = self.document(now_ms).await?.jwks_uri.clone();
        let keys: Arc<Keys> = Arc::new(self.ask(url).await?);
        let fresh = Some((Arc::clone(&keys), now_ms));
        self.kept(|kept| kept.keys = fresh);
        Ok(check(&keys))
    }

    fn may_look(&self, now_ms: i64) -> bool {
        let now = now_ms.saturating_mul(1_000_000) / 60;
        self.kept(
            |kept| match admit(kept.looks, now, SSO_KEY_LOOKS_PER_MINUTE_MAX) {
                Ok(looks) => {
                    kept.looks = looks;
                    true
                }
                Err(_) => false,
            },
        )
    }

    fn kept<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask<T: DeserializeOwned>(&self, url: String) -> Result<T, NotSignedIn> {
        let request = IssuerRequest {
            url: url.clone(),
            form: None,
            authorization: None,
        };
        let answer = (self.settings.ask)(request).await;
        let answer =
            answer.map_err(|error| NotSignedIn::issuer(format!("cannot ask {url}: {error}")))?;
        if answer.status != 200 {
            let detail = format!("{url} answered {}", answer.status);
            return Err(NotSignedIn::issuer(detail));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| NotSignedIn::issuer(format!("{url} answered nonsense: {error}")))
    }
}

fn is_fresh(at_ms: i64, now_ms: i64) -> bool {
    (0..SSO_KEPT_MS).contains(&(now_ms - at_ms))
}
