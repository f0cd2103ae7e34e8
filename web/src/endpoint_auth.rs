//! How an endpoint's requests authenticate towards their receiver: as it is given, checked and shown.

use hookwright_core::endpoint_url::parse_endpoint_url;
use hookwright_core::limits::{CLIENT_CERTIFICATE_PEM_BYTES_MAX, RECEIVER_CREDENTIAL_BYTES_MAX};
use hookwright_delivery::{ClientCertificateError, check_receiver_auth, client_certificate_der};
use hookwright_store::{ClientCertificate, ReceiverAuth};
use ring::digest::{SHA256, digest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::problem::Problem;

/// What stands in each request's `authorization` header. Each text has at most 4,096 bytes.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(rename = "ReceiverAuthInput")]
pub(crate) enum AuthInput {
    /// A user's name and password (RFC 7617).
    Basic {
        /// Without a colon.
        username: String,
        password: String,
    },
    /// A fixed token (RFC 6750).
    Bearer { token: String },
    /// A token of an authorization server, asked for by client credentials (RFC 6749, 4.4).
    Oauth2 {
        /// An https URL, reached under the same rule for addresses as receivers.
        token_url: String,
        client_id: String,
        client_secret: String,
        scope: Option<String>,
        audience: Option<String>,
    },
}

impl AuthInput {
    /// What is kept of it.
    pub(crate) fn checked(self, app: &App) -> Result<ReceiverAuth, Problem> {
        let auth = match self {
            Self::Basic { username, password } => {
                if username.contains(':') {
                    let detail = "must be without a colon: the password begins there";
                    return Err(Problem::field("/auth/username", detail));
                }
                needed("/auth/username", &username)?;
                bounded("/auth/password", &password)?;
                ReceiverAuth::Basic { username, password }
            }
            Self::Bearer { token } => {
                needed("/auth/token", &token)?;
                ReceiverAuth::Bearer { token }
            }
            Self::Oauth2 {
                token_url,
                client_id,
                client_secret,
                scope,
                audience,
            } => {
                let url = parse_endpoint_url(&token_url, !app.engine.dev());
                let url =
                    url.map_err(|error| Problem::field("/auth/token_url", error.to_string()))?;
                needed("/auth/client_id", &client_id)?;
                needed("/auth/client_secret", &client_secret)?;
                for (pointer, text) in [("/auth/scope", &scope), ("/auth/audience", &audience)] {
                    text.as_deref()
                        .map_or(Ok(()), |text| needed(pointer, text))?;
                }
                ReceiverAuth::Oauth2 {
                    token_url: url.as_str().to_owned(),
                    client_id,
                    client_secret,
                    scope,
                    audience,
                }
            }
        };
        check_receiver_auth(&auth).map_err(|detail| Problem::field("/auth", detail))?;
        Ok(auth)
    }
}

fn needed(pointer: &str, text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::field(pointer, "must not be empty"));
    }
    bounded(pointer, text)
}

fn bounded(pointer: &str, text: &str) -> Result<(), Problem> {
    if text.len() > RECEIVER_CREDENTIAL_BYTES_MAX {
        let detail = format!("has more than {RECEIVER_CREDENTIAL_BYTES_MAX} bytes");
        return Err(Problem::field(pointer, detail));
    }
    if text.chars().any(char::is_control) {
        return Err(Problem::field(pointer, "has control characters"));
    }
    Ok(())
}

/// A certificate that connections present where the receiver asks for one.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientCertificateInput {
    /// The endpoint's own certificate, then its chain, as PEM: at most 16,384 bytes.
    certificate_pem: String,
    /// Its private key as PEM without a passphrase: at most 16,384 bytes.
    private_key_pem: String,
}

impl ClientCertificateInput {
    /// What is kept of it, where certificate and key can be used and belong together.
    pub(crate) fn checked(self, app: &App) -> Result<ClientCertificate, Problem> {
        for (pointer, pem) in [
            ("/client_certificate/certificate_pem", &self.certificate_pem),
            ("/client_certificate/private_key_pem", &self.private_key_pem),
        ] {
            if pem.len() > CLIENT_CERTIFICATE_PEM_BYTES_MAX {
                let detail = format!("has more than {CLIENT_CERTIFICATE_PEM_BYTES_MAX} bytes");
                return Err(Problem::field(pointer, detail));
            }
        }
        let own = ClientCertificate {
            certificate_pem: self.certificate_pem,
            private_key_pem: self.private_key_pem,
        };
        app.engine.check_client_certificate(&own).map_err(|error| {
            let pointer = match error {
                ClientCertificateError::Certificate => "/client_certificate/certificate_pem",
                ClientCertificateError::Key => "/client_certificate/private_key_pem",
                ClientCertificateError::Mismatch(_) => "/client_certificate",
            };
            Problem::field(pointer, error.to_string())
        })?;
        Ok(own)
    }
}

/// How requests authenticate, without what is secret of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReceiverAuth")]
pub(crate) struct AuthShown {
    /// `basic`, `bearer` or `oauth2`.
    r#type: &'static str,
    /// Of `basic`.
    username: Option<String>,
    /// Of `oauth2`, as the fields that follow.
    token_url: Option<String>,
    client_id: Option<String>,
    scope: Option<String>,
    audience: Option<String>,
}

impl AuthShown {
    pub(crate) fn new(auth: &ReceiverAuth) -> Self {
        let nothing = Self {
            r#type: "",
            username: None,
            token_url: None,
            client_id: None,
            scope: None,
            audience: None,
        };
        match auth.clone() {
            ReceiverAuth::Basic { username, .. } => Self {
                r#type: "basic",
                username: Some(username),
                ..nothing
            },
            ReceiverAuth::Bearer { .. } => Self {
                r#type: "bearer",
                ..nothing
            },
            ReceiverAuth::Oauth2 {
                token_url,
                client_id,
                scope,
                audience,
                ..
            } => Self {
                r#type: "oauth2",
                username: None,
                token_url: Some(token_url),
                client_id: Some(client_id),
                scope,
                audience,
            },
        }
    }
}

/// A client certificate, without what is secret of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ClientCertificate")]
pub(crate) struct ClientCertificateShown {
    /// The fingerprint of the endpoint's own certificate: SHA-256 of its bytes, in hexadecimal.
    sha256: String,
}

impl ClientCertificateShown {
    pub(crate) fn new(own: &ClientCertificate) -> Self {
        let der = client_certificate_der(own).unwrap_or_default();
        let bytes = digest(&SHA256, &der);
        Self {
            sha256: bytes
                .as_ref()
                .iter()
                .map(|it| format!("{it:02x}"))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let shown = |auth| serde_json::to_string(&AuthShown::new(&auth)).expect("JSON");
        let secret = || "hush".to_owned();
        let basic = ReceiverAuth::Basic {
            username: "me".to_owned(),
            password: secret(),
        };
        let oauth2 = ReceiverAuth::Oauth2 {
            token_url: "https://auth.example/".to_owned(),
            client_id: "id".to_owned(),
            client_secret: secret(),
            scope: None,
            audience: None,
        };
        for auth in [basic, ReceiverAuth::Bearer { token: secret() }, oauth2] {
            assert!(!shown(auth).contains("hush"));
        }
    }
}
