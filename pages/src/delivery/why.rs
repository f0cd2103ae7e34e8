//! What does a class of failure mean, and what is to be done?

/// What happened, and what to do: in words for the receiver's engineer.
pub(crate) fn why(class: &str) -> (&'static str, &'static str) {
    match class {
        "dns" => (
            "The host name could not be resolved.",
            "Check the endpoint's URL, and that its DNS has an A or AAAA record that the public can see.",
        ),
        "address_refused" => (
            "The host name leads to an address that may not be called.",
            "Private, loopback and link-local addresses are refused. Use a public address, or have the operator allow the network.",
        ),
        "connect" => (
            "No connection could be made.",
            "Check that the server listens on this port and that its firewall lets us in.",
        ),
        "tls" => (
            "The TLS handshake failed.",
            "Check that the certificate is valid today, is for this host name, and is sent with its intermediate certificates.",
        ),
        "timeout" => (
            "No answer came in time.",
            "Answer with 2xx as soon as the request is stored, and do the work afterwards.",
        ),
        "disconnected" => (
            "The connection was closed before the answer was complete.",
            "Look for a crash or a restart of the receiver, or a proxy with a shorter time limit.",
        ),
        "protocol" => (
            "The answer was not HTTP/1.1 as it should be, or its head was too large.",
            "Check that the port speaks HTTP, and what proxies in between add.",
        ),
        "redirect" => (
            "The receiver answered with a redirect, which is never followed.",
            "Register the URL that it leads to.",
        ),
        "rejected" => (
            "The receiver refused the request.",
            "Its answer below says why. A 401 or 403 is often a signature that it could not verify: check the signature, and the secret that it uses.",
        ),
        "server_error" => (
            "The receiver failed while it handled the request.",
            "Its answer below and its own log say why. Resend once it is mended.",
        ),
        "gone" => (
            "The receiver said that this endpoint is gone (410), so it was disabled.",
            "Enable the endpoint again if that was a mistake, and resend.",
        ),
        "endpoint_disabled" => (
            "The endpoint was disabled or deleted, so nothing was sent.",
            "Enable it, and resend.",
        ),
        "render" => (
            "The event could not be put into the endpoint's format.",
            "Its payload may no longer be kept, or holds what the format cannot carry. Publish it again.",
        ),
        "auth" => (
            "No token could be had from the endpoint's authorization server.",
            "Check the token URL, the client id and the client secret of the endpoint.",
        ),
        "internal" => (
            "The sender itself failed.",
            "Nothing is wrong with the receiver. The server's log says more; the delivery is tried again.",
        ),
        _ => (
            "The attempt failed.",
            "See what was sent and what came back.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::error_class::ErrorClass;

    use super::*;

    #[test]
    fn every_class_has_words_of_its_own() {
        let general = why("something else");
        let words: std::collections::HashSet<_> = ErrorClass::ALL
            .iter()
            .map(|class| why(class.as_str()))
            .collect();
        assert_eq!(words.len(), ErrorClass::ALL.len());
        assert!(!words.contains(&general));
    }
}
