//! How is an API key written, and is this text one?
//!
//! `hwk_`, the kind, 32 random characters and a checksum of 6. The prefix lets scanners find a
//! leaked key; the checksum tells a mistyped key from a revoked one without asking a store. It
//! proves nothing: a key is known by its hash alone.

use crate::limits::ROOT_KEY_CHARS_MIN;

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// The whole installation.
    Root,
    /// One project.
    Project,
    /// One account.
    Account,
    /// One account, for a short time: what a customer's browser holds.
    Portal,
    /// What another key opens, for a short time: what the browser of somebody who signed in holds.
    Session,
}

/// Random bytes that go into a key.
pub const KEY_RANDOM_BYTES: usize = 24;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARS: usize = 32;
const CHECKSUM_CHARS: usize = 6;

impl KeyKind {
    /// Every kind, the mightiest first.
    pub const ALL: [Self; 5] = [
        Self::Root,
        Self::Project,
        Self::Account,
        Self::Portal,
        Self::Session,
    ];

    /// What every key of the kind starts with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Root => "hwk_root_",
            Self::Project => "hwk_proj_",
            Self::Account => "hwk_acct_",
            Self::Portal => "hwk_port_",
            Self::Session => "hwk_sess_",
        }
    }

    /// The word that the API and the stores use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Project => "project",
            Self::Account => "account",
            Self::Portal => "portal",
            Self::Session => "session",
        }
    }

    /// The kind for the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Writes a key of `random` bytes, which hold some 190 bits once written.
#[must_use]
pub fn make(kind: KeyKind, random: &[u8; KEY_RANDOM_BYTES]) -> String {
    let prefix = kind.prefix();
    let mut key = String::with_capacity(prefix.len() + RANDOM_CHARS + CHECKSUM_CHARS);
    key.push_str(prefix);
    let mut rest = *random;
    for _ in 0..RANDOM_CHARS {
        key.push(char::from(BASE62[divide(&mut rest)]));
    }
    let checksum = checksum(key.as_bytes());
    key.extend(checksum.map(char::from));
    key
}

/// The kind of a key that [`make`] could have written; `None` for any other text.
#[must_use]
pub fn kind_of(key: &str) -> Option<KeyKind> {
    let kind = KeyKind::ALL
        .into_iter()
        .find(|kind| key.starts_with(kind.prefix()))?;
    let code = key.as_bytes().get(kind.prefix().len()..)?;
    if code.len() != RANDOM_CHARS + CHECKSUM_CHARS || !code.iter().all(|c| BASE62.contains(c)) {
        return None;
    }
    let (body, written) = key
        .as_bytes()
        .split_at_checked(key.len() - CHECKSUM_CHARS)?;
    (checksum(body) == written).then_some(kind)
}

/// Whether [`make`] could have written this text.
#[must_use]
pub fn well_formed(key: &str) -> bool {
    kind_of(key).is_some()
}

/// Whether an operator may choose this text as the root key: any of at least
/// [`ROOT_KEY_CHARS_MIN`] characters.
#[must_use]
pub fn usable_as_root_key(key: &str) -> bool {
    key.chars().nth(ROOT_KEY_CHARS_MIN - 1).is_some()
}

/// Divides a big-endian number by 62 in place and gives the remainder.
fn divide(number: &mut [u8]) -> usize {
    let mut remainder = 0;
    for byte in number {
        let value = remainder * 256 + usize::from(*byte);
        *byte = (value / BASE62.len()) as u8;
        remainder = value % BASE62.len();
    }
    remainder
}

/// The CRC-32 in base 62, the most significant character first.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_CHARS] {
    let mut rest = crc32(bytes).to_be_bytes();
    let mut chars = [0; CHECKSUM_CHARS];
    for place in chars.iter_mut().rev() {
        *place = BASE62[divide(&mut rest)];
    }
    chars
}

/// CRC-32 as in ISO 3309 and PNG, bit by bit: a key is short and read once per cache miss.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = if crc & 1 == 1 { POLYNOMIAL } else { 0 };
            crc = crc >> 1 ^ carry;
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_checksum_is_the_usual_crc() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn the_form_of_a_key_never_changes() {
        let zeros = make(KeyKind::Root, &[0; KEY_RANDOM_BYTES]);
        assert_eq!(
            zeros,
            format!("hwk_root_{}{}", "0".repeat(32), &zeros[41..])
        );
        let random = std::array::from_fn(|n| n as u8);
        assert_eq!(
            make(KeyKind::Account, &random),
            "hwk_acct_RAKQvOgGnHaKu9UFpCZz76WEP5ld7A003XHBcl"
        );
    }

    #[test]
    fn a_key_says_its_kind() {
        for kind in KeyKind::ALL {
            let key = make(kind, &[7; KEY_RANDOM_BYTES]);
            assert_eq!(kind_of(&key), Some(kind));
            assert!(key.starts_with("hwk_") && key.len() == 9 + 32 + 6);
            assert_eq!(KeyKind::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn a_key_of_one_kind_cannot_be_passed_off_as_another() {
        let key = make(KeyKind::Account, &[7; KEY_RANDOM_BYTES]);
        assert!(!well_formed(&key.replace("acct", "root")));
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        let key = make(KeyKind::Project, &[7; KEY_RANDOM_BYTES]);
        let long = format!("{key}0");
        let accented = format!("{}é", &key[..key.len() - 2]);
        let outside = format!("{}-", &key[..key.len() - 1]);
        let kinds = [
            "",
            "hwk_",
            "hwk_proj_",
            "hwk_proj_é",
            "HWK_PROJ_",
            &key[1..],
            &key[..46],
        ];
        for text in kinds.into_iter().chain([&*long, &*accented, &*outside]) {
            assert!(!well_formed(text), "{text}");
        }
    }

    #[test]
    fn a_root_key_may_be_any_text_that_is_long_enough() {
        assert!(usable_as_root_key(&"é".repeat(32)));
        assert!(!usable_as_root_key(&"é".repeat(31)));
        assert!(!usable_as_root_key(""));
        assert!(usable_as_root_key(&make(
            KeyKind::Root,
            &[1; KEY_RANDOM_BYTES]
        )));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn one_wrong_character_is_always_noticed(
            random: [u8; KEY_RANDOM_BYTES],
            at in 9..47_usize,
            other in proptest::sample::select(BASE62.as_slice()),
        ) {
            let key = make(KeyKind::Account, &random);
            prop_assert!(well_formed(&key));
            let mut bytes = key.clone().into_bytes();
            bytes[at] = other;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(well_formed(&changed), changed == key);
        }

        #[test]
        fn no_text_panics(text in "(hwk_(root|proj|acct|port|sess)_)?\\PC{0,50}") {
            let _ = kind_of(&text);
        }
    }
}
