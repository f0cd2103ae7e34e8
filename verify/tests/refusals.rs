//! What is no verifier, and which requests are refused before a signature is looked at?

mod kit;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hookwright_verify::{Profile, Verifier, VerifierError, VerifyLayer};
use http::{HeaderValue, Request};
use http_body::{Body, Frame, SizeHint};
use kit::{FIRST, NOW_S, Receiver, URL, profile, request, secret, verifier};

const NONE: [&str; 0] = [];

#[test]
fn no_secret_an_empty_one_and_a_foreign_one_make_no_verifier() {
    let builtin = |name: &str, secrets: &[&str]| Verifier::builtin(name, secrets, || NOW_S);
    let none = builtin("standard-webhooks", &NONE).expect_err("no secret");
    assert_eq!(none, VerifierError::NoSecret);
    for bad in ["", "whsec_", "whsec_c2hvcnQ=", "not one"] {
        let error = builtin("standard-webhooks", &[bad]).expect_err(bad);
        assert!(matches!(error, VerifierError::Secret(_)), "{bad}: {error}");
    }
    for format in ["github", "authento", "stripe"] {
        builtin(format, &[""]).expect_err(format);
    }
    let unknown = builtin("nobody", &["secret"]).expect_err("unknown");
    assert_eq!(unknown, VerifierError::UnknownProfile("nobody".to_owned()));
}

#[test]
fn a_verifier_shows_no_secret() {
    let profile = profile("github");
    let verifier = verifier(&profile, &["swordfish-swordfish"]);
    let shown = format!("{verifier:?} {:?}", VerifyLayer::new(verifier.clone()));
    assert!(
        shown.contains("github") && !shown.contains("swordfish"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_plain_digest_is_enough_only_where_it_was_asked_for() {
    let profile = profile("authento");
    let unsigned = || request(&profile, &[], FIRST);
    let secret = secret(&profile, 1);
    let mut strict = Receiver::holding(&profile, &[&secret]);
    assert_eq!(strict.send(unsigned()).await.status, 401);
    let verifier = Verifier::without_secret(profile.clone(), || NOW_S).expect("a verifier");
    let mut lax = Receiver::new(&VerifyLayer::new(verifier));
    assert_eq!(lax.send(unsigned()).await.status, 204);
    let github = kit::profile("github");
    let error = Verifier::without_secret(github, || NOW_S).expect_err("needs one");
    assert_eq!(error, VerifierError::SecretNeeded("github".to_owned()));
}

#[tokio::test]
async fn a_long_list_of_signatures_is_not_worked_through() {
    let profile = profile("standard-webhooks");
    let secret = secret(&profile, 1);
    for (wrong, status) in [(15, 204), (17, 401)] {
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        let mut request = request(&profile, &[&secret], FIRST);
        let header = &profile.signatures[0].header;
        let right = request.headers()[header].to_str().expect("text").to_owned();
        let list = format!("{}{right}", "v1,AAAA ".repeat(wrong));
        let list = HeaderValue::from_str(&list).expect("a value");
        request.headers_mut().insert(header, list);
        let answer = receiver.send(request).await;
        assert_eq!(answer.status, status, "{wrong} wrong ones: {answer:?}");
    }
}

#[tokio::test]
async fn a_signed_url_is_the_one_that_the_receiver_was_told_and_not_the_requests() {
    let toml = r#"
        name = "urls"
        envelope = { id = "{event.id}", data = "{event.data}" }
        signature = [{ header = "signature", algorithm = "hmac-sha256", content = "{url}{body}" }]
    "#;
    let profile = Profile::parse("urls.toml", toml).expect("a profile");
    let secret = secret(&profile, 1);
    let told = [
        (None, 500),
        (Some("https://other.example/hooks"), 401),
        (Some(URL), 204),
    ];
    for (url, status) in told {
        let mut verifier = verifier(&profile, &[&secret]);
        if let Some(url) = url {
            verifier = verifier.with_url(url);
        }
        let mut receiver = Receiver::new(&VerifyLayer::new(verifier));
        let answer = receiver.send(request(&profile, &[&secret], FIRST)).await;
        assert_eq!(answer.status, status, "{url:?}: {answer:?}");
    }
}

/// A body that says how long it is and fails when it is read, or one that has no end.
struct Strange {
    length: Option<u64>,
}

impl Body for Strange {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(Some(match self.length {
            Some(_) => Err(std::io::Error::other("it was read")),
            None => Ok(Frame::data(Bytes::from_static(&[b' '; 1000]))),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map(SizeHint::with_exact).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_body_without_end_is_read_to_the_limit_and_a_declared_one_not_at_all() {
    let profile = profile("github");
    let secret = secret(&profile, 1);
    let mut receiver = Receiver::holding(&profile, &[&secret]);
    let cases = [
        (None, 413, "body_too_large"),
        (Some((1 << 20) + 1), 413, "body_too_large"),
        (Some(u64::MAX), 413, "body_too_large"),
        (Some(10), 400, "body_unreadable"),
    ];
    for (length, status, code) in cases {
        let request = Request::post("/")
            .body(Strange { length })
            .expect("a request");
        let answer = receiver.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{length:?}"
        );
    }
    assert_eq!(receiver.calls(), 0);
}

#[tokio::test]
async fn a_signature_of_another_version_only_is_said_to_be_missing() {
    let profile = profile("standard-webhooks");
    let secret = secret(&profile, 1);
    let mut receiver = Receiver::holding(&profile, &[&secret]);
    let mut request = request(&profile, &[&secret], FIRST);
    let other = HeaderValue::from_static("v9,AAAA");
    request.headers_mut().insert("webhook-signature", other);
    let answer = receiver.send(request).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, "signature_missing")
    );
}
