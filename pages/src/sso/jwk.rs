//! Was a token signed by one of the issuer's keys? (RFC 7517, RFC 7518, RFC 8037.)
//!
//! The key says which kind of signature it makes, and the token's word for it must be the same: a
//! token cannot choose how it is checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// The issuer's keys, as its document has them. What is no key that we know is passed over.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    alg: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

/// How a signature was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Right,
    Wrong,
    /// None of the keys is meant: they may have changed.
    NoSuchKey,
}

impl Jwk {
    /// The word for the signatures that it makes.
    fn makes(&self) -> Option<&'static str> {
        match (self.kty.as_str(), self.crv.as_str()) {
            ("RSA", _) => Some("RS256"),
            ("EC", "P-256") => Some("ES256"),
            ("OKP", "Ed25519") => Some("EdDSA"),
            _ => None,
        }
    }

    fn is_meant(&self, alg: &str, kid: Option<&str>) -> bool {
        let signs = self.r#use.as_deref().is_none_or(|it| it == "sig");
        let same_alg = self.makes() == Some(alg) && self.alg.as_deref().is_none_or(|it| it == alg);
        let same_id = kid.is_none() || kid == self.kid.as_deref();
        signs && same_alg && same_id
    }

    fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let found = match self.makes() {
            Some("RS256") => {
                let (n, e) = (part(&self.n), part(&self.e));
                RsaPublicKeyComponents { n: &n, e: &e }.verify(
                    &RSA_PKCS1_2048_8192_SHA256,
                    text,
                    signature,
                )
            }
            Some("ES256") => {
                let point = [&[4][..], &part(&self.x), &part(&self.y)].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(text, signature)
            }
            Some("EdDSA") => {
                UnparsedPublicKey::new(&ED25519, part(&self.x)).verify(text, signature)
            }
            _ => return false,
        };
        found.is_ok()
    }
}

impl Keys {
    /// Whether the key that is named (any, where none is) made the signature.
    pub(super) fn check(
        &self,
        (alg, kid): (&str, Option<&str>),
        text: &[u8],
        signature: &[u8],
    ) -> Found {
        let keys = self
            .keys
            .iter()
            .filter_map(|key| Jwk::deserialize(key).ok());
        let mut meant = keys.filter(|key| key.is_meant(alg, kid)).peekable();
        if meant.peek().is_none() {
            return Found::NoSuchKey;
        }
        match meant.any(|key| key.has_signed(text, signature)) {
            true => Found::Right,
            false => Found::Wrong,
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::hmac;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    };
    use serde_json::json;

    use super::*;

    fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn ed25519() -> (Ed25519KeyPair, Value) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": encode(pair.public_key().as_ref())});
        (pair, jwk)
    }

    #[test]
    fn each_kind_of_key_is_known_by_its_signature() {
        let random = SystemRandom::new();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random)
                .expect("a key");
        let point = pair.public_key().as_ref();
        let ec = json!({"kty": "EC", "crv": "P-256", "kid": "b", "use": "sig", "alg": "ES256",
            "x": encode(&point[1..33]), "y": encode(&point[33..])});
        let (ed_pair, ed) = ed25519();
        let keys = Keys {
            keys: vec![json!({"kty": "oct", "k": "AA"}), json!(7), ed, ec],
        };
        let signed = pair.sign(&random, b"text").expect("a signature");
        let ed_signed = ed_pair.sign(b"text");
        let check =
            |alg, kid, text: &[u8], signature: &[u8]| keys.check((alg, kid), text, signature);
        assert_eq!(
            check("ES256", Some("b"), b"text", signed.as_ref()),
            Found::Right
        );
        assert_eq!(check("ES256", None, b"text", signed.as_ref()), Found::Right);
        assert_eq!(
            check("EdDSA", Some("a"), b"text", ed_signed.as_ref()),
            Found::Right
        );
        assert_eq!(
            check("ES256", Some("b"), b"texT", signed.as_ref()),
            Found::Wrong
        );
        assert_eq!(check("ES256", Some("b"), b"text", b""), Found::Wrong);
        // The token cannot choose another kind than the key's.
        for alg in ["none", "HS256", "RS256", "EdDSA", ""] {
            assert_eq!(
                check(alg, Some("b"), b"text", signed.as_ref()),
                Found::NoSuchKey
            );
        }
        assert_eq!(
            check("ES256", Some("c"), b"text", signed.as_ref()),
            Found::NoSuchKey
        );
    }

    #[test]
    fn a_token_cannot_choose_how_it_is_checked() {
        let (pair, jwk) = ed25519();
        let (text, right) = (b"text", pair.sign(b"text"));
        let public = pair.public_key().as_ref();
        // What is published, used as the secret of an HMAC.
        let secret = hmac::Key::new(hmac::HMAC_SHA256, public);
        let hmac = hmac::sign(&secret, text);
        // A secret has no place among published keys; if it is there, it is no key.
        let shared = json!({"kty": "oct", "kid": "a", "alg": "HS256", "k": encode(public)});
        let keys = Keys {
            keys: vec![jwk.clone(), shared],
        };
        let check = |alg, signature: &[u8]| keys.check((alg, Some("a")), text, signature);
        assert_eq!(check("EdDSA", right.as_ref()), Found::Right);
        assert_eq!(check("EdDSA", hmac.as_ref()), Found::Wrong);
        for alg in [
            "HS256", "none", "None", "NONE", "", "RS256", "ES256", "eddsa",
        ] {
            for signature in [hmac.as_ref(), right.as_ref(), b""] {
                assert_eq!(check(alg, signature), Found::NoSuchKey, "{alg}");
            }
        }
        // A key that says of itself that it signs in another way than its kind does.
        let mut odd = jwk;
        odd["alg"] = json!("HS256");
        let keys = Keys { keys: vec![odd] };
        for alg in ["HS256", "EdDSA"] {
            let found = keys.check((alg, Some("a")), text, right.as_ref());
            assert_eq!(found, Found::NoSuchKey);
        }
    }

    #[test]
    fn a_key_for_something_else_signs_nothing() {
        let (pair, mut jwk) = ed25519();
        jwk["use"] = json!("enc");
        let keys = Keys { keys: vec![jwk] };
        let found = keys.check(("EdDSA", None), b"text", pair.sign(b"text").as_ref());
        assert_eq!(found, Found::NoSuchKey);
    }
}
