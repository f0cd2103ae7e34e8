//! What the store keeps, as its callers see it.

mod delivery;
mod endpoint;
mod page;
mod tenant;

pub use delivery::*;
pub use endpoint::*;
pub use page::*;
pub use tenant::*;
