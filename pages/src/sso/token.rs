//! Does an ID token say what it must? (OpenID Connect Core 1.0, 3.1.3.7.)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

/// Clocks may differ by so many seconds.
const LEEWAY_S: i64 = 60;

/// A token, taken apart. Nothing in it is to be believed before its signature is checked.
pub(super) struct Token<'a> {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    /// What was signed.
    pub(super) signed: &'a str,
    pub(super) signature: Vec<u8>,
    pub(super) claims: Claims,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// What a reader must understand; we understand none of it.
    crit: Option<Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    nonce: Option<String>,
    pub(super) sub: String,
    email: Option<String>,
    email_verified: Option<Value>,
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now_s: i64,
}

impl<'a> Token<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
        let header: Header = serde_json::from_slice(&part(header)?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        Some(Self {
            alg: header.alg,
            kid: header.kid,
            signed,
            signature: part(signature)?,
            claims: serde_json::from_slice(&part(claims)?).ok()?,
        })
    }
}

impl Claims {
    /// What is wrong with it, in words for the person.
    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), &'static str> {
        if self.iss != expected.issuer {
            return Err("The identity provider's token is from another issuer.");
        }
        let is_for_us = match &self.aud {
            Audience::One(audience) => audience == expected.client_id,
            Audience::Many(all) => all.iter().any(|audience| audience == expected.client_id),
        };
        let is_one = match &self.aud {
            Audience::One(_) => true,
            Audience::Many(all) => all.len() == 1,
        };
        let party = self.azp.as_deref();
        // Of many audiences, the token must say that it was made for us.
        let is_ours = party.map_or(is_one, |party| party == expected.client_id);
        if !is_for_us || !is_ours {
            return Err("The identity provider's token was made for another application.");
        }
        if self.exp <= expected.now_s.saturating_sub(LEEWAY_S) {
            return Err("The identity provider's token has expired. Check both servers' clocks.");
        }
        let latest = expected.now_s.saturating_add(LEEWAY_S);
        if self.nbf.is_some_and(|from| from > latest) || self.iat.is_some_and(|at| at > latest) {
            return Err(
                "The identity provider's token is of a time to come. Check both servers' clocks.",
            );
        }
        let nonce = self.nonce.as_deref().unwrap_or("");
        if !bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())) {
            return Err("The identity provider's token was made for another sign-in. Begin again.");
        }
        Ok(())
    }

    /// The address, if the issuer has made sure that it is this person's.
    pub(super) fn verified_email(&self) -> Option<&str> {
        let is_verified = match &self.email_verified {
            Some(Value::Bool(verified)) => *verified,
            // Some issuers write it as a text.
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        };
        self.email.as_deref().filter(|_| is_verified)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://id.test",
        client_id: "hookwright",
        nonce: "n",
        now_s: 1_000_000,
    };

    fn claims(change: Value) -> Option<Claims> {
        let mut claims = json!({"iss": "https://id.test", "aud": "hookwright", "exp": 1_000_300,
            "iat": 1_000_000, "nonce": "n", "sub": "1"});
        for (name, value) in change.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        serde_json::from_value(claims).ok()
    }

    fn is_right(change: Value) -> bool {
        claims(change).is_some_and(|claims| claims.check(&EXPECTED).is_ok())
    }

    #[test]
    fn a_token_for_us_of_now_and_of_this_sign_in_is_right() {
        for right in [
            json!({}),
            json!({"aud": ["hookwright"]}),
            json!({"aud": ["other", "hookwright"], "azp": "hookwright"}),
            json!({"exp": 999_941}),
            json!({"iat": 1_000_060, "nbf": 1_000_060}),
        ] {
            assert!(is_right(right.clone()), "{right}");
        }
    }

    #[test]
    fn whatever_else_it_says_is_refused() {
        for wrong in [
            json!({"iss": "https://id.test/"}),
            json!({"aud": "other"}),
            json!({"aud": []}),
            json!({"aud": ["other", "hookwright"]}),
            json!({"azp": "other"}),
            json!({"exp": 999_940}),
            json!({"exp": "2000000"}),
            json!({"exp": null}),
            json!({"nbf": 1_000_061}),
            json!({"nbf": "soon"}),
            json!({"iat": 1_000_061}),
            json!({"nonce": "m"}),
            json!({"nonce": null}),
            json!({"nonce": ""}),
        ] {
            assert!(!is_right(wrong.clone()), "{wrong}");
        }
    }

    #[test]
    fn an_address_counts_once_it_is_verified() {
        let email = |verified: Value| {
            let claims = claims(json!({"email": "a@b.test", "email_verified": verified}));
            claims.expect("claims").verified_email().is_some()
        };
        assert!(email(json!(true)) && email(json!("true")));
        assert!(
            !email(json!(false)) && !email(json!("yes")) && !email(json!(1)) && !email(Value::Null)
        );
    }

    #[test]
    fn what_is_no_token_is_none() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = part(json!({"iss": "i", "aud": "a", "exp": 1, "sub": "s"}));
        let whole = format!("{}.{claims}.AA", part(json!({"alg": "RS256", "kid": "k"})));
        assert_eq!(Token::read(&whole).expect("a token").alg, "RS256");
        let critical = format!(
            "{}.{claims}.AA",
            part(json!({"alg": "RS256", "crit": ["exp"]}))
        );
        for text in ["", "a.b.c", &claims, &critical, &whole.replace(".AA", ".!")] {
            assert!(Token::read(text).is_none(), "{text}");
        }
    }
}
