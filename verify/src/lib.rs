//! Checks the webhooks that a Hookwright sender sends you, or any sender whose format is a profile.
//!
//! ```
//! use hookwright_verify::{Verifier, VerifyError};
//! use http::{HeaderMap, Method};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
//! // A clock of the day that this was sent; yours is `hookwright_verify::system_clock`.
//! let verifier = Verifier::builtin("standard-webhooks", &[secret], || 1_614_265_330)?;
//! let mut headers = HeaderMap::new();
//! headers.insert("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".parse()?);
//! headers.insert("webhook-timestamp", "1614265330".parse()?);
//! let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
//! headers.insert("webhook-signature", signature.parse()?);
//! let verified = verifier.check(&Method::POST, &headers, br#"{"test": 2432232314}"#)?;
//! assert_eq!(verified.message_id.as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
//! let forged = verifier.check(&Method::POST, &headers, br#"{"test": 2432232315}"#);
//! assert_eq!(forged, Err(VerifyError::Mismatch));
//! # Ok(())
//! # }
//! ```
//!
//! - [`Verifier`] holds a [`Profile`], one endpoint's secrets (several while one is rotated) and a
//!   clock. It needs the body's bytes as they came: JSON that was parsed and written again verifies
//!   seldom.
//! - [`Replays`] knows the messages that were handled already, in bounded memory.
//! - [`VerifyLayer`] (feature `tower`) does both before any service, and answers for it.
//! - [`Delivery`] and [`DeliveryJson`] (feature `axum`) are what handlers behind it take.
//!
//! Both features are on by default; without them no async code comes along.
//!
//! **Not promised:** that a message is handled once. Memory ends with the process and is one
//! process's own, so keep the message's id under a unique key where twice would hurt. The formats
//! `github` and `shopify` sign nothing but the body: who has caught one request can send it again
//! under a new id, at any time.

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

// For receivers of another shape than a `Verifier`.
pub use hookwright_wire::{
    Profile, ProfileError, Received, SecretError, Verified, VerifyError, VerifyingKey,
    builtin_profiles, verify, verifying_key,
};

/// The examples there are compiled.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct Readme;
