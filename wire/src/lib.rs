//! Webhook wire formats.
//!
//! **Promise:** bytes and keys only. A [`Profile`] is data: one TOML file that says a format's
//! envelope, headers, signature, schedule and success rule, for the sender and the receiver both.
//! [`render`] makes the bytes that are signed and sent; [`verify`] reads the same profile. Time and
//! randomness come in as arguments; nothing here knows of Hookwright.
//!
//! To add a vendor: `profiles/NAME.toml`, its line in `profile/builtin.rs`, and its format in
//! `vectors/formats.py`, by which `vectors/make.py` writes `vectors/NAME.json`. No code.

mod canonical;
mod envelope;
mod explain;
mod key;
mod message;
mod pick;
mod profile;
mod receiver_code;
mod render;
mod sign;
mod template;
mod timestamp;
mod verify;

pub use canonical::{CanonicalError, CanonicalJson, canonicalise};
pub use explain::{
    About, COMMON_CAUSES, Explanation, SignedContent, Step, explain, is_signed_with,
};
pub use key::{
    SecretError, SigningKey, VerifyingKey, new_ed25519_secret, new_secret, public_key, signing_key,
    verifying_key,
};
pub use message::{Message, Rendered};
pub use profile::{
    Acknowledge, Algorithm, EventTypeInfo, IdPrefixes, KeyEncoding, Profile, ProfileError, Retry,
    RetryRule, SecretRule, SignatureEncoding, SignatureScheme, TimestampFormat, TimestampRule,
    builtin_profiles, builtin_toml,
};
pub use receiver_code::{Language, Proof, proofs, receiver_code};
pub use render::{RenderError, render};
pub use sign::sign_headers;
pub use timestamp::utc;
pub use verify::{Received, Verified, VerifyError, verify};
