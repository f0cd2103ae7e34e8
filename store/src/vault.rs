//! How secrets rest: sealed under the master key, bound to the record that they belong to.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

/// Seals and opens secrets. The first key seals; all of them open, so that a master key is rotated
/// by putting the new one in front.
pub struct Vault {
    keys: Vec<([u8; KEY_ID_BYTES], LessSafeKey)>,
    random: SystemRandom,
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no master key, or one of the wrong length.
    #[error("a master key has 32 bytes")]
    BadKey,
    /// The record is not one of ours, or was altered or moved.
    #[error("a stored secret was altered, or belongs to another record")]
    Altered,
    /// Sealed under a master key that was not given.
    #[error(
        "a stored secret is sealed under another master key\nhint: give that key in HOOKWRIGHT_MASTER_KEY, after the new one and a comma"
    )]
    UnknownKey,
    /// The machine gave no randomness.
    #[error("the machine gave no randomness")]
    NoRandomness,
}

impl Vault {
    /// A vault of these 32-byte master keys, the current one first.
    pub fn new(master_keys: &[Vec<u8>]) -> Result<Self, VaultError> {
        let mut keys = Vec::with_capacity(master_keys.len());
        for key in master_keys {
            let unbound =
                UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| VaultError::BadKey)?;
            let mut id = [0; KEY_ID_BYTES];
            id.copy_from_slice(&digest(&SHA256, key).as_ref()[..KEY_ID_BYTES]);
            keys.push((id, LessSafeKey::new(unbound)));
        }
        if keys.is_empty() {
            return Err(VaultError::BadKey);
        }
        Ok(Self {
            keys,
            random: SystemRandom::new(),
        })
    }

    /// Seals `plain` for the record named `identity`.
    pub fn seal(&self, identity: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (id, key) = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .map_err(|_| VaultError::NoRandomness)?;
        let mut body = plain.to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(sealing, Aad::from(identity.as_bytes()), &mut body)
            .map_err(|_| VaultError::Altered)?;
        let mut record = Vec::with_capacity(HEAD_BYTES + body.len());
        record.push(VERSION);
        record.extend_from_slice(id);
        record.extend_from_slice(&nonce);
        record.extend_from_slice(&body);
        Ok(record)
    }

    /// Opens a record that was sealed for `identity`.
    pub fn open(&self, identity: &str, record: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (head, body) = record
            .split_at_checked(HEAD_BYTES)
            .ok_or(VaultError::Altered)?;
        let (key_id, nonce) = head[1..].split_at(KEY_ID_BYTES);
        if head[0] != VERSION {
            return Err(VaultError::Altered);
        }
        let (_, key) = self
            .keys
            .iter()
            .find(|(id, _)| id == key_id)
            .ok_or(VaultError::UnknownKey)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Altered)?;
        let mut body = body.to_vec();
        let plain = key
            .open_in_place(nonce, Aad::from(identity.as_bytes()), &mut body)
            .map_err(|_| VaultError::Altered)?;
        Ok(plain.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(keys: &[u8]) -> Vault {
        Vault::new(&keys.iter().map(|byte| vec![*byte; 32]).collect::<Vec<_>>()).expect("32 bytes")
    }

    #[test]
    fn a_secret_opens_only_as_the_record_it_was_sealed_for() {
        let sealed = vault(&[1]).seal("ep_a", b"whsec_x").expect("sealed");
        assert_eq!(
            vault(&[1]).open("ep_a", &sealed).expect("opened"),
            b"whsec_x"
        );
        assert!(matches!(
            vault(&[1]).open("ep_b", &sealed),
            Err(VaultError::Altered)
        ));
    }

    #[test]
    fn a_rotated_key_still_opens_what_it_sealed() {
        let sealed = vault(&[1]).seal("ep_a", b"whsec_x").expect("sealed");
        assert!(vault(&[2, 1]).open("ep_a", &sealed).is_ok());
        assert!(matches!(
            vault(&[2]).open("ep_a", &sealed),
            Err(VaultError::UnknownKey)
        ));
    }

    #[test]
    fn any_altered_byte_is_noticed() {
        let vault = vault(&[1]);
        let sealed = vault.seal("ep_a", b"whsec_x").expect("sealed");
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(vault.open("ep_a", &altered).is_err(), "byte {place}");
        }
        assert!(vault.open("ep_a", b"").is_err());
    }
}
