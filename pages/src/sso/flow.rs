//! The way to the issuer and back: where the browser goes, and who it is that returns.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::form_urlencoded::{Serializer, byte_serialize, parse};

use hookwright_core::sign_on::SignedOn;

use super::cookie::Begun;
use super::issuer::{Document, Issuer};
use super::jwk::Found;
use super::token::{Claims, Expected, Token};
use super::{IssuerRequest, NotSignedIn, allow};

/// What an issuer says of a refusal is shown as far as this.
const SAID_CHARS_MAX: usize = 200;
/// A session's name.
const NAME_CHARS_MAX: usize = 256;

/// Where the browser goes to sign in.
pub(super) async fn begin(
    issuer: &Issuer,
    begun: &Begun,
    now_ms: i64,
) -> Result<String, NotSignedIn> {
    let document = issuer.document(now_ms).await?;
    let mut url = url::Url::parse(&document.authorization_endpoint)
        .map_err(|error| NotSignedIn::issuer(format!("authorization_endpoint: {error}")))?;
    let challenge = digest(&SHA256, begun.verifier.as_bytes());
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &issuer.settings.client_id),
        ("redirect_uri", &returns_to(issuer)),
        ("scope", "openid email profile"),
        ("state", &begun.state),
        ("nonce", &begun.nonce),
        ("code_challenge", &URL_SAFE_NO_PAD.encode(challenge)),
        ("code_challenge_method", "S256"),
    ]);
    Ok(url.into())
}

fn returns_to(issuer: &Issuer) -> String {
    format!("{}/ui/sso/callback", issuer.settings.public_url)
}

/// The code in the answer that came back with the browser which began. Nobody is asked for this.
pub(super) fn answered(issuer: &Issuer, begun: &Begun, query: &str) -> Result<String, NotSignedIn> {
    let of = |name: &str| {
        let mut pairs = parse(query.as_bytes());
        pairs.find_map(|(own, value)| (own == name).then(|| value.into_owned()))
    };
    let state = of("state").unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(begun.state.as_bytes())) {
        return Err(NotSignedIn::stale());
    }
    // Another issuer's answer in the place of ours (RFC 9207).
    if of("iss").is_some_and(|from| from != issuer.settings.issuer) {
        let text = "The answer is from another identity provider than the one that was asked.";
        return Err(NotSignedIn::token(text));
    }
    if let Some(error) = of("error") {
        let said: String = of("error_description").unwrap_or(error);
        let said: String = said.chars().take(SAID_CHARS_MAX).collect();
        return Err(NotSignedIn::token(format!(
            "The identity provider refused: {said}"
        )));
    }
    of("code").ok_or_else(NotSignedIn::stale)
}

/// Who came back, as far as they may come in.
pub(super) async fn finish(
    issuer: &Issuer,
    begun: &Begun,
    code: &str,
    now_ms: i64,
) -> Result<SignedOn, NotSignedIn> {
    let document = issuer.document(now_ms).await?;
    let token = redeem(issuer, &document, begun, code).await?;
    let claims = believed(issuer, begun, &token, now_ms).await?;
    admit(issuer, claims)
}

/// The token for a code.
async fn redeem(
    issuer: &Issuer,
    document: &Document,
    begun: &Begun,
    code: &str,
) -> Result<String, NotSignedIn> {
    #[derive(Deserialize)]
    struct Granted {
        id_token: String,
    }
    let settings = &issuer.settings;
    let secret = settings.client_secret.as_deref();
    let in_form = document.takes_secret_in_form();
    let returns_to = returns_to(issuer);
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &returns_to),
        ("code_verifier", &begun.verifier),
    ];
    if secret.is_none() || in_form {
        fields.push(("client_id", &settings.client_id));
    }
    if let Some(secret) = secret.filter(|_| in_form) {
        fields.push(("client_secret", secret));
    }
    let in_header = secret.filter(|_| !in_form);
    let authorization = in_header.map(|secret| basic(&settings.client_id, secret));
    let request = IssuerRequest {
        url: document.token_endpoint.clone(),
        form: Some(form(&fields)),
        authorization,
    };
    let answer = (settings.ask)(request)
        .await
        .map_err(|error| NotSignedIn::issuer(format!("cannot redeem a code: {error}")))?;
    if answer.status != 200 {
        // It may name what is wrong with our settings; it holds no token.
        let said = String::from_utf8_lossy(&answer.body);
        let said: String = said.chars().take(SAID_CHARS_MAX).collect();
        let detail = format!("the token endpoint answered {}: {said}", answer.status);
        return Err(NotSignedIn::issuer(detail));
    }
    // What it says is not repeated: it may hold the token.
    let granted: Result<Granted, _> = serde_json::from_slice(&answer.body);
    let granted =
        granted.map_err(|_| NotSignedIn::issuer("the token endpoint gave no ID token"))?;
    Ok(granted.id_token)
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// RFC 6749, 2.3.1: both are form-encoded before they are joined.
fn basic(id: &str, secret: &str) -> String {
    let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", part(id), part(secret));
    format!("Basic {}", STANDARD.encode(pair))
}

/// What the token says, once it may be believed.
async fn believed(
    issuer: &Issuer,
    begun: &Begun,
    text: &str,
    now_ms: i64,
) -> Result<Claims, NotSignedIn> {
    let unreadable = "The identity provider's token cannot be read.";
    let token = Token::read(text).ok_or_else(|| NotSignedIn::token(unreadable))?;
    match issuer.has_signed(&token, now_ms).await? {
        Found::Right => {}
        Found::Wrong => {
            let text = "The signature of the identity provider's token is wrong.";
            return Err(NotSignedIn::token(text));
        }
        Found::NoSuchKey => {
            let text = "The identity provider's token is signed with a key that the provider does not publish, or in a way that is not known here (RS256, ES256 and EdDSA are).";
            return Err(NotSignedIn::token(text));
        }
    }
    let expected = Expected {
        issuer: &issuer.settings.issuer,
        client_id: &issuer.settings.client_id,
        nonce: &begun.nonce,
        now_s: now_ms / 1_000,
    };
    token.claims.check(&expected).map_err(NotSignedIn::token)?;
    Ok(token.claims)
}

/// What this person may do, if they may come in.
fn admit(issuer: &Issuer, claims: Claims) -> Result<SignedOn, NotSignedIn> {
    let email = claims.verified_email().map(str::to_owned);
    let mut said = claims.others;
    said.insert("sub".to_owned(), Value::String(claims.sub.clone()));
    let name = email.clone().unwrap_or(claims.sub);
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    let settings = &issuer.settings;
    let Some(rule) = allow::rule(&settings.allow, email.as_deref(), &said) else {
        let text = match &email {
            Some(email) => format!("{email} may not sign in here. Who may is set with --oidc-allow."),
            None => "You may not sign in here: the identity provider has not verified your e-mail address, and no other rule of --oidc-allow names you.".to_owned(),
        };
        let detail = format!("{name:?} is not named by --oidc-allow");
        return Err(NotSignedIn::new(StatusCode::FORBIDDEN, text, detail).named(name));
    };
    Ok(SignedOn {
        scopes: rule.scopes(),
        rule: rule.of_issuer(&settings.issuer),
        name,
    })
}
