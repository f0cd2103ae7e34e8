//! Who comes by single sign-on, and is let in or is not?

use crate::scope::Scopes;

/// Somebody whom the identity provider vouches for and a rule lets in.
#[derive(Clone, Debug)]
pub struct SignedOn {
    /// What they may do, in all projects.
    pub scopes: Scopes,
    /// The address, or what the provider calls them: the audit log says so.
    pub name: String,
    /// By which rule: the session is over once it is not one of the server's any more.
    pub rule: String,
}

/// Somebody who is not let in.
#[derive(Clone, Debug)]
pub struct NotSignedOn {
    /// Who it is, if the identity provider's word for it is good.
    pub name: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// Why, for the operator.
    pub reason: String,
}
