//! The receiver kit.

mod clock;
#[cfg(feature = "axum")]
mod extract;
mod identity;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "tower")]
mod problem;
mod replays;
#[cfg(feature = "tower")]
mod service;
mod verifier;

pub use clock::system_clock;
#[cfg(feature = "axum")]
pub use extract::{Delivery, DeliveryJson};
pub use identity::MessageKey;
#[cfg(feature = "tower")]
pub use layer::VerifyLayer;
#[cfg(feature = "tower")]
pub use problem::Problem;
pub use replays::{Claim, Replays, Seen};
#[cfg(feature = "tower")]
pub use service::{ResponseBody, VerifyService};
pub use verifier::{Verifier, VerifierError};

pub use hookwright_wire::{
    Profile, ProfileError, SecretError, Verified, VerifyError, builtin_profiles,
};
