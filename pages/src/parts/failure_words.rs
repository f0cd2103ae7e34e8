//! Why attempts fail, in the words of somebody who has to mend it: the one place that has them.

/// What is said of a class of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Words {
    /// For a row of a table.
    pub(crate) title: &'static str,
    /// What happened, in a sentence.
    pub(crate) happened: &'static str,
    /// What to do about it.
    pub(crate) advice: &'static str,
}

/// A class that this version does not know.
const UNKNOWN: Words = Words {
    title: "Another failure",
    happened: "The attempt failed.",
    advice: "See what was sent and what came back.",
};

/// What is said of the class, as the API calls it.
pub(crate) fn words(class: &str) -> Words {
    let (title, happened, advice) = match class {
        "dns" => (
            "The host name does not resolve",
            "The host name could not be resolved.",
            "Check the endpoint's URL, and that its DNS has an A or AAAA record that the public can see.",
        ),
        "address_refused" => (
            "The name leads to an address that may not be dialled",
            "The host name leads to an address that may not be called.",
            "Private, loopback and link-local addresses are refused. Use a public address, or have the operator allow the network.",
        ),
        "connect" => (
            "No connection could be made",
            "No connection could be made.",
            "Check that the server listens on this port and that its firewall lets us in.",
        ),
        "tls" => (
            "The TLS handshake or the certificate failed",
            "The TLS handshake failed.",
            "Check that the certificate is valid today, is for this host name, and is sent with its intermediate certificates.",
        ),
        "timeout" => (
            "No answer within the time allowed",
            "No answer came in time.",
            "Answer with 2xx as soon as the request is stored, and do the work afterwards.",
        ),
        "disconnected" => (
            "The connection closed before the answer was whole",
            "The connection was closed before the answer was complete.",
            "Look for a crash or a restart of the receiver, or a proxy with a shorter time limit.",
        ),
        "protocol" => (
            "The answer was not proper HTTP",
            "The answer was not HTTP/1.1 as it should be, or its head was too large.",
            "Check that the port speaks HTTP, and what proxies in between add.",
        ),
        "redirect" => (
            "A redirect was answered, which is not followed",
            "The receiver answered with a redirect, which is never followed.",
            "Register the URL that it leads to.",
        ),
        "rejected" => (
            "The endpoint refused the request (4xx)",
            "The receiver refused the request.",
            "Its answer below says why. A 401 or 403 is often a signature that it could not verify: check the signature, and the secret that it uses.",
        ),
        "server_error" => (
            "The endpoint failed (5xx)",
            "The receiver failed while it handled the request.",
            "Its answer below and its own log say why. Resend once it is mended.",
        ),
        "gone" => (
            "The endpoint said that it is gone (410)",
            "The receiver said that this endpoint is gone (410), so it was disabled.",
            "Enable the endpoint again if that was a mistake, and resend.",
        ),
        "endpoint_disabled" => (
            "The endpoint is disabled or was deleted",
            "The endpoint was disabled or deleted, so nothing was sent.",
            "Enable it, and resend.",
        ),
        "render" => (
            "The event could not be put into the endpoint's format",
            "The event could not be put into the endpoint's format.",
            "Its payload may no longer be kept, or holds what the format cannot carry. Publish it again.",
        ),
        "internal" => (
            "A fault of this server; its log has more",
            "The sender itself failed.",
            "Nothing is wrong with the receiver. The server's log says more; the delivery is tried again.",
        ),
        "auth" => (
            "No token could be had from the authorization server",
            "No token could be had from the endpoint's authorization server.",
            "Check the token URL, the client id and the client secret of the endpoint.",
        ),
        _ => return UNKNOWN,
    };
    Words {
        title,
        happened,
        advice,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hookwright_core::error_class::ErrorClass;

    use super::*;

    #[test]
    fn every_class_has_words_of_its_own() {
        let all: HashSet<_> = ErrorClass::ALL.map(|it| words(it.as_str())).into();
        assert_eq!(all.len(), ErrorClass::ALL.len());
        assert!(!all.contains(&UNKNOWN));
        assert_eq!(words("something else"), UNKNOWN);
    }
}
