//! How does a request authenticate towards its receiver? By the `authorization` header.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_core::endpoint_url::parse_endpoint_url;
use hookwright_store::ReceiverAuth;
use http::HeaderValue;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::place::Place;
use crate::request_bytes;

/// What stands in the header, or where it comes from.
pub(crate) enum Authorization {
    /// The same in each request.
    Fixed(HeaderValue),
    /// A token that is asked for and runs out.
    Token(Arc<TokenSource>),
}

/// An authorization server and what it is asked.
pub(crate) struct TokenSource {
    pub(crate) place: Place,
    /// The whole request.
    pub(crate) request: Vec<u8>,
}

impl TokenSource {
    /// Whether the tokens of one are those of the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.place.is(&other.place) && self.request == other.request
    }
}

/// What an endpoint's settings mean.
pub(crate) fn authorization(auth: &ReceiverAuth) -> Result<Authorization, String> {
    match auth {
        ReceiverAuth::Basic { username, password } => {
            basic(&format!("{username}:{password}")).map(Authorization::Fixed)
        }
        ReceiverAuth::Bearer { token } => bearer(token).map(Authorization::Fixed),
        ReceiverAuth::Oauth2 {
            token_url,
            client_id,
            client_secret,
            scope,
            audience,
        } => {
            let form = [
                ("grant_type", Some("client_credentials")),
                ("scope", scope.as_deref()),
                ("audience", audience.as_deref()),
            ];
            let client = format!("{}:{}", encoded(client_id), encoded(client_secret));
            token_source(token_url, &client, &form).map(|it| Authorization::Token(Arc::new(it)))
        }
    }
}

/// Checks that requests can authenticate so. What is wrong is said in words.
pub fn check_receiver_auth(auth: &ReceiverAuth) -> Result<(), String> {
    authorization(auth).map(drop)
}

/// The header for a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, String> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    value.map_err(|_| "the token has characters that no header can carry".to_owned())
}

fn basic(pair: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
        .map_err(|error| error.to_string())
}

/// RFC 6749, 2.3.1: both parts are encoded as a form's before they become a user and a password.
fn encoded(part: &str) -> String {
    byte_serialize(part.as_bytes()).collect()
}

fn token_source(
    url: &str,
    client: &str,
    form: &[(&str, Option<&str>)],
) -> Result<TokenSource, String> {
    let url = parse_endpoint_url(url, false).map_err(|error| error.to_string())?;
    let mut body = Serializer::new(String::new());
    for (name, value) in form {
        if let Some(value) = value {
            body.append_pair(name, value);
        }
    }
    let body = body.finish();
    let beginning = request_bytes::beginning("POST", url.path_and_query(), url.authority());
    let mut request = beginning;
    request.extend_from_slice(
        format!(
            "authorization: Basic {}\r\naccept: application/json\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            STANDARD.encode(client),
            body.len()
        )
        .as_bytes(),
    );
    Ok(TokenSource {
        place: Place::new(url, None),
        request,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(auth: &ReceiverAuth) -> String {
        match authorization(auth).expect("usable") {
            Authorization::Fixed(value) => value.to_str().expect("text").to_owned(),
            Authorization::Token(_) => panic!("no token is asked for"),
        }
    }

    #[test]
    fn a_name_and_a_password_are_sent_as_basic() {
        // RFC 7617's own example.
        let auth = ReceiverAuth::Basic {
            username: "Aladdin".to_owned(),
            password: "open sesame".to_owned(),
        };
        assert_eq!(fixed(&auth), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        let token = "a\r\nx: y".to_owned();
        assert!(authorization(&ReceiverAuth::Bearer { token }).is_err());
    }

    #[test]
    fn a_token_is_asked_for_with_client_credentials() {
        let auth = ReceiverAuth::Oauth2 {
            token_url: "https://auth.example/token?x=1".to_owned(),
            client_id: "me:too".to_owned(),
            client_secret: "a b".to_owned(),
            scope: Some("hooks write".to_owned()),
            audience: None,
        };
        let Authorization::Token(source) = authorization(&auth).expect("usable") else {
            panic!("a token is asked for");
        };
        let request = String::from_utf8(source.request.clone()).expect("text");
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        assert_eq!(body, "grant_type=client_credentials&scope=hooks+write");
        assert!(head.starts_with("POST /token?x=1 HTTP/1.1\r\nhost: auth.example\r\n"));
        // me%3Atoo:a+b
        assert!(head.contains("\r\nauthorization: Basic bWUlM0F0b286YSti\r\n"));
        assert!(head.ends_with("\r\ncontent-length: 47"), "{head}");
    }
}
