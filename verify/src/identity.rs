//! By what is one message told from another?
//!
//! A retry has a new timestamp and a new signature, so neither will do; and an id in a header that
//! the format does not sign can be exchanged by whoever caught one request. A profile does not say
//! what it signs in words that a receiver could trust to be complete, so we try it out, once, with
//! a key of our own.

use hookwright_wire::{
    Message, Profile, Received, Rendered, SigningKey, Verified, VerifyingKey, new_secret, render,
    signing_key, verify, verifying_key,
};
use ring::digest::{Context, SHA256};

/// What names a message, alike in all its retries. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageKey([u8; 32]);

/// Where a format's messages differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// In the id that a header carries, and that is signed.
    SignedId,
    /// In the body, which is signed: it holds the message's id.
    Body,
    /// In the id that a header carries, unsigned: good against retries, not against an attacker.
    UnsignedId,
    /// Nowhere but in the content as a whole.
    Content,
}

impl Identity {
    /// How messages of this profile differ.
    pub(crate) fn of(profile: &Profile) -> Self {
        Probe::new(profile)
            .and_then(|probe| probe.identity())
            .unwrap_or(Self::Content)
    }

    /// The key of a message.
    pub(crate) fn key(self, verified: &Verified, body: &[u8]) -> MessageKey {
        let id = verified.message_id.as_deref().unwrap_or_default();
        match self {
            Self::SignedId | Self::UnsignedId => digest(&[b"id", id.as_bytes()]),
            Self::Body => digest(&[b"body", body]),
            Self::Content => {
                let at_s = verified.timestamp_s.unwrap_or_default().to_be_bytes();
                digest(&[b"content", &at_s, body])
            }
        }
    }
}

fn digest(parts: &[&[u8]]) -> MessageKey {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut key = [0; 32];
    key.copy_from_slice(context.finish().as_ref());
    MessageKey(key)
}

const NOW_S: i64 = 1_700_000_000;
const ONE: &str = "probe_one";
const TWO: &str = "probe_two";
const URL: &str = "https://probe.invalid/";

/// Two messages that differ in their ids only.
struct Probe<'a> {
    profile: &'a Profile,
    key: VerifyingKey,
    one: Rendered,
    two: Rendered,
}

impl<'a> Probe<'a> {
    fn new(profile: &'a Profile) -> Option<Self> {
        let secret = new_secret(profile, &[7; 64]);
        let keys = [signing_key(profile, &secret).ok()?];
        Some(Self {
            profile,
            key: verifying_key(profile, &secret).ok()?,
            one: probe(profile, ONE, &keys)?,
            two: probe(profile, TWO, &keys)?,
        })
    }

    fn identity(&self) -> Option<Identity> {
        let id = self.check(|value| value)?.message_id;
        let in_header = id.as_deref() == Some(ONE);
        let signed = in_header
            && self
                .check(|value| {
                    if value == ONE.as_bytes() {
                        TWO.as_bytes()
                    } else {
                        value
                    }
                })
                .is_none();
        Some(if signed {
            Identity::SignedId
        } else if self.one.body != self.two.body {
            Identity::Body
        } else if in_header {
            Identity::UnsignedId
        } else {
            Identity::Content
        })
    }

    /// Verifies the first message with its header values changed.
    fn check(&self, change: impl for<'v> Fn(&'v [u8]) -> &'v [u8]) -> Option<Verified> {
        let headers: Vec<(&str, &[u8])> = self
            .one
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), change(value.as_bytes())))
            .collect();
        let received = Received {
            headers: &headers,
            body: &self.one.body,
            url: Some(URL),
            method: "POST",
        };
        verify(
            self.profile,
            &received,
            std::slice::from_ref(&self.key),
            NOW_S,
        )
        .ok()
    }
}

fn probe(profile: &Profile, event_id: &str, keys: &[SigningKey]) -> Option<Rendered> {
    let message = Message {
        event_id,
        event_type: "probe",
        event_time_ms: NOW_S * 1000,
        data: b"{}",
        subject: None,
        // Else it would be made from the id.
        trace: Some("probe"),
        endpoint_id: "probe",
        endpoint_url: URL,
        livemode: false,
        attempt_ms: NOW_S * 1000,
        nonce: [0; 16],
    };
    render(profile, None, &message, keys).ok()
}

#[cfg(test)]
mod tests {
    use hookwright_wire::builtin_profiles;

    use super::*;

    #[test]
    fn the_identity_of_each_built_in_format_is_known() {
        for profile in builtin_profiles() {
            let expected = match profile.name.as_str() {
                "authpi" | "standard-webhooks" | "cloudevents" | "cloudevents-binary" => {
                    Identity::SignedId
                }
                "github" | "shopify" => Identity::UnsignedId,
                "authento" => Identity::Content,
                _ => Identity::Body,
            };
            assert_eq!(Identity::of(&profile), expected, "{}", profile.name);
        }
    }

    #[test]
    fn a_retry_with_a_new_timestamp_has_the_key_of_the_first_attempt() {
        let attempt = |timestamp_s| Verified {
            message_id: Some("evt_1".to_owned()),
            timestamp_s: Some(timestamp_s),
        };
        for identity in [Identity::SignedId, Identity::Body, Identity::UnsignedId] {
            let (first, second) = (attempt(1), attempt(2));
            assert_eq!(identity.key(&first, b"{}"), identity.key(&second, b"{}"));
        }
    }

    #[test]
    fn an_exchanged_id_does_not_change_the_key_where_the_body_decides() {
        let verified = |id: &str| Verified {
            message_id: Some(id.to_owned()),
            timestamp_s: Some(1),
        };
        let key = |identity: Identity, id| identity.key(&verified(id), b"{}");
        assert_eq!(key(Identity::Body, "a"), key(Identity::Body, "b"));
        assert_ne!(key(Identity::SignedId, "a"), key(Identity::SignedId, "b"));
    }
}
