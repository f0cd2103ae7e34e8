//! The receiver kit.

mod clock;
mod identity;
mod replays;
mod verifier;

pub use clock::system_clock;
pub use identity::MessageKey;
pub use replays::{Claim, Replays, Seen};
pub use verifier::{Verifier, VerifierError};

pub use hookwright_wire::{
    Profile, ProfileError, SecretError, Verified, VerifyError, builtin_profiles,
};
