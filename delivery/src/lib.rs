//! Hookwright's delivery engine.
//!
//! **Promise:** the only crate that opens connections to customers. There is one send path
//! ([`send`](crate)) for first attempts, retries, resends and tests. Clock, randomness, resolver
//! and dialer are handed in as a [`World`], so that the whole walk can run inside a simulation.
//!
//! What is not promised: order between deliveries of an endpoint that did not ask for it, and exactly-once. A delivery
//! that was sent and not settled before a crash is sent again.

mod answer_body;
mod answer_head;
mod authorization;
mod catalogue;
mod connect;
mod connection;
mod engine;
mod exchange;
mod explain;
mod gate;
mod handshake;
mod inbox;
mod jobs;
mod lane;
mod lane_gauge;
mod lane_health;
mod lanes;
mod live;
mod metrics;
mod node;
mod notices;
mod observed;
mod outcome;
mod owned;
mod place;
mod profiles;
mod publish;
mod receivers;
mod record;
mod relay;
mod request_bytes;
mod rollups;
mod routing;
mod send;
mod signing;
mod target;
mod tls;
mod tokens;
mod told;
mod unwell;
mod waiting;
mod wanted;
mod worker;
mod world;

pub use authorization::check_receiver_auth;
pub use catalogue::{TypeCheck, TypeRefused};
pub use engine::{Engine, EngineOptions, Health, NotMadeAgain, RequestAgain, StartError};
pub use explain::{Verdict, Would, explain};
pub use jobs::subject_digest;
pub use live::{DeliveryDone, Doing, DoingKind, Listener, NotListening, Told, Wanted};
pub use profiles::{Profiles, ProfilesError, breaker_of, promises_exact_times};
pub use publish::{Publish, PublishError, Published};
pub use tls::{ClientCertificateError, ExtraCaError, client_certificate_der, client_config};
pub use worker::Worker;
pub use world::{
    BoxedIo, Clock, Dial, Io, Later, Random, Resolve, SystemClock, SystemDial, SystemRandom,
    SystemResolve, World,
};
