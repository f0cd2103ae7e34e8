//! An HTTP client for the API, and the answers as tests read them.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{Request, header};
use ureq::{Agent, AsSendBody};

use super::PATIENCE;

/// What the API answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) text: String,
    #[allow(dead_code, reason = "not all suites look")]
    headers: ureq::http::HeaderMap,
}

impl Answer {
    /// A header's text.
    #[allow(dead_code, reason = "not all suites look")]
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        let value = value.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers));
        value.to_str().expect("ASCII")
    }

    /// The answer's JSON; `null` when there is no body.
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    /// The answer's JSON, when its status is the one that was expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The problem's code, when it is a problem document that says what to do.
    #[track_caller]
    pub(crate) fn problem(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(
            self.content_type, "application/problem+json",
            "{}",
            self.text
        );
        let document = self.json();
        assert_eq!(document["status"], status, "{document}");
        let detail = document["detail"].as_str().expect("a detail");
        assert!(detail.len() > 20, "says too little: {detail}");
        document["code"].as_str().expect("a code").to_owned()
    }
}

/// A client with one key.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    pub(crate) base: String,
    pub(crate) key: String,
}

impl Client {
    pub(crate) fn new(base: &str, key: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            // A restarted server has closed what the pool holds.
            .max_idle_age(Duration::from_millis(1))
            .allow_non_standard_methods(true)
            .build();
        Self {
            agent: config.into(),
            base: base.to_owned(),
            key: key.to_owned(),
        }
    }

    /// The same server with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], ())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], ())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, &body.to_string())
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path, &body.to_string())
    }

    /// A call with a body of JSON, valid or not.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let json = ("content-type", "application/json");
        self.send(method, path, &[json], body.as_bytes())
    }

    /// Any call at all. `path` may be a whole URL's path with its query.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsSendBody,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let mut response = self
            .agent
            .run(request)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let content_type = response.headers().get(header::CONTENT_TYPE);
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            content_type: content_type
                .map(|value| value.to_str().expect("ASCII").to_owned())
                .unwrap_or_default(),
            text: response.body_mut().read_to_string().expect("a body"),
        }
    }
}
