//! Why an attempt failed, as one of a closed set of classes that a customer may see.

/// The class of a failed attempt. Codes are stored and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ErrorClass {
    /// The host name did not resolve.
    Dns = 1,
    /// The name resolved to an address that may not be dialled.
    AddressRefused = 2,
    /// No TCP connection could be made.
    Connect = 3,
    /// The TLS handshake or the certificate check failed.
    Tls = 4,
    /// The deadline of the attempt passed.
    Timeout = 5,
    /// The connection was closed or reset before an answer was complete.
    Disconnected = 6,
    /// The answer was not HTTP/1.1 as it should be, or its headers were too large.
    Protocol = 7,
    /// A redirect was answered; redirects are never followed.
    Redirect = 8,
    /// The answer's status was 4xx (or another status that does not acknowledge).
    Rejected = 9,
    /// The answer's status was 5xx.
    ServerError = 10,
    /// The endpoint said 410: it is gone.
    Gone = 11,
    /// The endpoint is disabled or was deleted.
    EndpointDisabled = 12,
    /// The event could not be put into the endpoint's format.
    Render = 13,
    /// A fault of our own; the operator's log has the detail.
    Internal = 14,
    /// No token could be had from the endpoint's authorization server.
    Auth = 15,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 15] = [
        Self::Dns,
        Self::AddressRefused,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Disconnected,
        Self::Protocol,
        Self::Redirect,
        Self::Rejected,
        Self::ServerError,
        Self::Gone,
        Self::EndpointDisabled,
        Self::Render,
        Self::Internal,
        Self::Auth,
    ];

    /// The code that the stores hold; 0 is kept for "no error".
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The class for a stored code; `None` for 0 and for codes that this version does not know.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::AddressRefused => "address_refused",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Disconnected => "disconnected",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
            Self::Rejected => "rejected",
            Self::ServerError => "server_error",
            Self::Gone => "gone",
            Self::EndpointDisabled => "endpoint_disabled",
            Self::Render => "render",
            Self::Internal => "internal",
            Self::Auth => "auth",
        }
    }

    /// The class for the API's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// The class of an answered status that does not acknowledge.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            300..=399 => Self::Redirect,
            410 => Self::Gone,
            500..=599 => Self::ServerError,
            _ => Self::Rejected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_reads_back_from_its_code() {
        for class in ErrorClass::ALL {
            assert_eq!(ErrorClass::from_code(class.code()), Some(class));
            assert_eq!(ErrorClass::parse(class.as_str()), Some(class));
        }
        assert_eq!(ErrorClass::from_code(0), None);
    }
}
