//! What the store keeps, as its callers see it.

mod audit;
mod browser;
mod delivery;
mod endpoint;
mod endpoint_filter;
mod event_type;
mod filter;
mod health;
mod in_order;
mod jobs;
mod notice;
mod page;
mod replay;
mod retention;
mod rollup;
mod tenant;

pub use audit::*;
pub use browser::*;
pub use delivery::*;
pub use endpoint::*;
pub use endpoint_filter::*;
pub use event_type::*;
pub use filter::*;
pub use health::*;
pub use in_order::*;
pub use jobs::*;
pub use notice::*;
pub use page::*;
pub use replay::*;
pub use retention::*;
pub use rollup::*;
pub use tenant::*;
