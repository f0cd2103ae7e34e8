//! Hookwright's dashboard and customer portal: HTML pages and forms.
//!
//! **Promise:** a client of the HTTP API and nothing more. Every page asks the API, in this process,
//! with the visitor's own key, so that nobody sees or does here what their key may not see or do
//! there. It knows no store and no engine, and between requests it keeps nothing but how often
//! signing in failed lately, and an identity provider's keys.
//!
//! To add a page: a file of its own with its `routes`, a line in [`router::pages`], an entry in
//! [`layout::NAVIGATION`] if people should find it, and a browser test in `browser/tests`.

mod accounts;
mod api;
mod assets;
mod audit;
mod browser_name;
mod catalogue;
mod colour;
mod cookies;
mod csrf;
mod debugger;
mod deliveries;
mod delivery;
mod endpoint;
mod endpoints;
mod events;
mod fault;
mod guard;
mod keys;
mod layout;
mod logs;
mod moment;
mod nonce;
mod offered;
mod overview;
mod parts;
mod plain;
mod portal;
mod posted;
mod projects;
mod purges;
mod receiver_code;
mod replays;
mod router;
mod said;
mod search;
mod sessions;
mod settings;
mod sign_in;
mod sso;
mod stats;
mod throttle;
mod visit;

pub use router::{Options, routes};
pub use sso::{
    AllowRule, AllowRuleError, AskIssuer, Awaited, IssuerAnswer, IssuerRequest, NoteRefused, Noted,
    OpenFor, SingleSignOn,
};
