//! Secrets, and the keys that they become.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::profile::{Algorithm, KeyEncoding, Profile, SignatureScheme};

/// A secret made ready: for each of the profile's signatures, the key if the secret is for it.
pub struct SigningKey {
    pub(crate) schemes: Vec<Option<SchemeKey>>,
}

pub(crate) enum SchemeKey {
    Hmac(hmac::Key),
    Ed25519(Box<Ed25519KeyPair>),
}

/// What a receiver holds, made ready.
pub struct VerifyingKey {
    pub(crate) schemes: Vec<Option<SchemeVerifier>>,
}

pub(crate) enum SchemeVerifier {
    Hmac(hmac::Key),
    Ed25519(Vec<u8>),
}

/// Why a secret cannot be used with a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not of the form that the profile's secrets have.
    #[error("this is no secret of profile \"{profile}\"\nhint: it begins with {prefixes}")]
    WrongKind {
        /// The profile.
        profile: String,
        /// What it may begin with.
        prefixes: String,
    },
    /// What follows the prefix cannot be decoded.
    #[error("the secret cannot be decoded\nhint: after the prefix it is {0}")]
    Encoding(&'static str),
    /// The key has too few or too many bytes.
    #[error("the secret has {found} bytes of key\nhint: it needs {min} to {max}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes at least.
        min: usize,
        /// Bytes at most.
        max: usize,
    },
    /// The two halves of an ed25519 key do not belong together, or it has a wrong length.
    #[error(
        "the ed25519 key is damaged\nhint: it is a seed of 32 bytes, or seed and public key, 64 bytes"
    )]
    Ed25519,
}

/// Makes a sender's key of a secret.
pub fn signing_key(profile: &Profile, secret: &str) -> Result<SigningKey, SecretError> {
    let schemes = each_scheme(profile, secret, |scheme, bytes| match scheme.algorithm {
        Algorithm::Ed25519 => Ok(SchemeKey::Ed25519(Box::new(pair(&bytes)?))),
        algorithm => Ok(SchemeKey::Hmac(hmac::Key::new(hmac_of(algorithm), &bytes))),
    })?;
    Ok(SigningKey { schemes })
}

/// Makes a receiver's key of a secret, or of a public key where the format has those.
pub fn verifying_key(profile: &Profile, secret: &str) -> Result<VerifyingKey, SecretError> {
    if let Some(schemes) = public_keys(profile, secret)? {
        return Ok(VerifyingKey { schemes });
    }
    let schemes = each_scheme(profile, secret, |scheme, bytes| match scheme.algorithm {
        Algorithm::Ed25519 => Ok(SchemeVerifier::Ed25519(
            pair(&bytes)?.public_key().as_ref().to_vec(),
        )),
        algorithm => Ok(SchemeVerifier::Hmac(hmac::Key::new(
            hmac_of(algorithm),
            &bytes,
        ))),
    })?;
    Ok(VerifyingKey { schemes })
}

/// The verifiers of a public key; `None` where the text is a secret. What begins as a secret is
/// one, so that a public prefix may be empty, as Discord's is.
fn public_keys(
    profile: &Profile,
    text: &str,
) -> Result<Option<Vec<Option<SchemeVerifier>>>, SecretError> {
    let starts = |prefix: &Option<String>| prefix.as_ref().is_some_and(|p| text.starts_with(p));
    let schemes = &profile.signatures;
    let public = |scheme: &SignatureScheme| {
        scheme.algorithm == Algorithm::Ed25519 && starts(&scheme.public_key_prefix)
    };
    if schemes.iter().any(|scheme| starts(&scheme.key_prefix)) || !schemes.iter().any(public) {
        return Ok(None);
    }
    let verifier = |scheme: &SignatureScheme| {
        let rest = text.strip_prefix(scheme.public_key_prefix.as_deref()?);
        rest.filter(|_| public(scheme)).map(|rest| {
            let bytes = decoded(scheme.key_encoding, rest)?;
            match bytes.len() {
                32 => Ok(SchemeVerifier::Ed25519(bytes)),
                _ => Err(SecretError::Ed25519),
            }
        })
    };
    let verifiers = schemes.iter().map(|scheme| verifier(scheme).transpose());
    verifiers.collect::<Result<_, _>>().map(Some)
}

/// A new secret in the profile's form. `random` must hold as many bytes as the profile's rule
/// says; 64 are always enough.
#[must_use]
pub fn new_secret(profile: &Profile, random: &[u8]) -> String {
    let rule = &profile.secret;
    let bytes = &random[..random.len().min(rule.bytes)];
    format!("{}{}", rule.prefix, encoded(rule.encoding, bytes))
}

/// A new ed25519 secret of this seed: seed and public key together, as Standard Webhooks writes
/// them. `None` where the format has no such signatures.
#[must_use]
pub fn new_ed25519_secret(profile: &Profile, seed: [u8; 32]) -> Option<String> {
    let scheme = profile
        .signatures
        .iter()
        .find(|scheme| scheme.algorithm == Algorithm::Ed25519)?;
    let pair = pair(&seed).ok()?;
    let bytes = [&seed, pair.public_key().as_ref()].concat();
    let prefix = scheme.key_prefix.as_deref().unwrap_or_default();
    Some(format!("{prefix}{}", encoded(scheme.key_encoding, &bytes)))
}

/// The public key that receivers verify with, in the form that the format gives it; `None` for a
/// secret that is shared.
#[must_use]
pub fn public_key(profile: &Profile, secret: &str) -> Option<String> {
    let scheme = profile.signatures.iter().find(|scheme| {
        let own = |prefix: &String| secret.starts_with(prefix.as_str());
        scheme.algorithm == Algorithm::Ed25519 && scheme.key_prefix.as_ref().is_none_or(own)
    })?;
    let pair = pair(&key_bytes(profile, scheme, secret).ok()?).ok()?;
    let prefix = scheme.public_key_prefix.as_deref().unwrap_or_default();
    let public = encoded(scheme.key_encoding, pair.public_key().as_ref());
    Some(format!("{prefix}{public}"))
}

fn encoded(encoding: KeyEncoding, bytes: &[u8]) -> String {
    match encoding {
        KeyEncoding::Base64 => STANDARD.encode(bytes),
        KeyEncoding::Raw | KeyEncoding::Hex => hex::encode(bytes),
    }
}

fn each_scheme<K>(
    profile: &Profile,
    secret: &str,
    make: impl Fn(&SignatureScheme, Vec<u8>) -> Result<K, SecretError>,
) -> Result<Vec<Option<K>>, SecretError> {
    let mut keys = Vec::with_capacity(profile.signatures.len());
    for scheme in &profile.signatures {
        let fits = scheme
            .key_prefix
            .as_ref()
            .is_none_or(|prefix| secret.starts_with(prefix));
        keys.push(if fits {
            Some(make(scheme, key_bytes(profile, scheme, secret)?)?)
        } else {
            None
        });
    }
    if keys.iter().all(Option::is_none) && !profile.signatures.is_empty() {
        let prefixes: Vec<&str> = profile
            .signatures
            .iter()
            .filter_map(|scheme| scheme.key_prefix.as_deref())
            .collect();
        return Err(SecretError::WrongKind {
            profile: profile.name.clone(),
            prefixes: prefixes.join(" or "),
        });
    }
    Ok(keys)
}

fn key_bytes(
    profile: &Profile,
    scheme: &SignatureScheme,
    secret: &str,
) -> Result<Vec<u8>, SecretError> {
    let prefix = scheme
        .key_prefix
        .as_deref()
        .unwrap_or(&profile.secret.prefix);
    let rest = secret.strip_prefix(prefix).unwrap_or(secret);
    let bytes = match scheme.key_encoding {
        KeyEncoding::Raw => secret.as_bytes().to_vec(),
        encoding => decoded(encoding, rest)?,
    };
    let (min, max) = (profile.secret.bytes_min, profile.secret.bytes_max);
    if scheme.algorithm != Algorithm::Ed25519 && !(min..=max).contains(&bytes.len()) {
        return Err(SecretError::Length {
            found: bytes.len(),
            min,
            max,
        });
    }
    Ok(bytes)
}

fn decoded(encoding: KeyEncoding, text: &str) -> Result<Vec<u8>, SecretError> {
    match encoding {
        KeyEncoding::Raw => Ok(text.as_bytes().to_vec()),
        KeyEncoding::Base64 => STANDARD
            .decode(text)
            .map_err(|_| SecretError::Encoding("base64")),
        KeyEncoding::Hex => hex::decode(text).map_err(|_| SecretError::Encoding("hexadecimal")),
    }
}

/// A pair of 32 bytes of seed, or of seed and public key, which must match.
fn pair(bytes: &[u8]) -> Result<Ed25519KeyPair, SecretError> {
    match bytes.split_at_checked(32) {
        Some((seed, [])) => Ed25519KeyPair::from_seed_unchecked(seed),
        Some((seed, public)) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
        None => return Err(SecretError::Ed25519),
    }
    .map_err(|_| SecretError::Ed25519)
}

pub(crate) fn hmac_of(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::HmacSha512 => hmac::HMAC_SHA512,
        Algorithm::HmacSha256 | Algorithm::Sha256 | Algorithm::Ed25519 => hmac::HMAC_SHA256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin_profiles;

    /// The pair of Standard Webhooks' own example.
    const SECRET: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

    fn standard() -> Profile {
        let mut profiles = builtin_profiles().into_iter();
        let found = profiles.find(|profile| profile.name == "standard-webhooks");
        found.expect("built in")
    }

    #[test]
    fn a_public_key_belongs_to_its_secret() {
        assert_eq!(public_key(&standard(), SECRET).as_deref(), Some(PUBLIC));
        let shared = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(public_key(&standard(), shared), None);
        assert_eq!(public_key(&standard(), "whsk_AAAA"), None);
    }

    #[test]
    fn a_new_pair_is_written_as_the_standard_writes_them() {
        let seed: [u8; 32] = STANDARD
            .decode("6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=")
            .expect("base64")
            .try_into()
            .expect("32 bytes");
        assert_eq!(
            new_ed25519_secret(&standard(), seed).as_deref(),
            Some(SECRET)
        );
    }
}
