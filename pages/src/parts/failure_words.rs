//! Why attempts fail, in the words of somebody who has to mend it.

/// What went wrong, for the class of the API.
pub(crate) fn what(class: &str) -> &str {
    match class {
        "dns" => "The host name does not resolve",
        "address_refused" => "The name leads to an address that may not be dialled",
        "connect" => "No connection could be made",
        "tls" => "The TLS handshake or the certificate failed",
        "timeout" => "No answer within the time allowed",
        "disconnected" => "The connection closed before the answer was whole",
        "protocol" => "The answer was not proper HTTP",
        "redirect" => "A redirect was answered, which is not followed",
        "rejected" => "The endpoint refused the request (4xx)",
        "server_error" => "The endpoint failed (5xx)",
        "gone" => "The endpoint said that it is gone (410)",
        "endpoint_disabled" => "The endpoint is disabled or was deleted",
        "render" => "The event could not be put into the endpoint's format",
        "internal" => "A fault of this server; its log has more",
        "auth" => "No token could be had from the authorization server",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::error_class::ErrorClass;

    #[test]
    fn every_class_has_words() {
        for class in ErrorClass::ALL.map(ErrorClass::as_str) {
            assert_ne!(super::what(class), class);
        }
    }
}
