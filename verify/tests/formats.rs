//! Does the layer let in what each built-in format's sender sends, and nothing else?

mod kit;

use bytes::Bytes;
use hookwright_verify::{VerifyLayer, builtin_profiles};
use http::HeaderValue;
use http_body_util::{BodyExt as _, Full};
use kit::{Attempt, FIRST, NOW_S, Receiver, request, secret, verifier};

async fn body_of(request: &http::Request<Full<Bytes>>) -> Bytes {
    let body = request.body().clone().collect().await;
    body.expect("a body").to_bytes()
}

#[tokio::test]
async fn a_delivery_of_each_format_comes_in_with_its_raw_body() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        let request = request(&profile, &[&secret], FIRST);
        let sent = body_of(&request).await;
        let answer = receiver.send(request).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, "handled"));
        let calls = receiver.handler.calls.lock().expect("the calls");
        let [(verified, body)] = calls.as_slice() else {
            panic!("{}: {} calls", profile.name, calls.len());
        };
        assert_eq!(*body, sent, "{}", profile.name);
        let at_s = profile.timestamp.as_ref().map(|_| NOW_S);
        assert_eq!(verified.timestamp_s, at_s, "{}", profile.name);
        if let Some(id) = &verified.message_id {
            assert_eq!(id, "evt_1", "{}", profile.name);
        }
    }
}

#[tokio::test]
async fn a_tampered_body_is_refused_in_each_format() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        let mut request = request(&profile, &[&secret], FIRST);
        let mut body = body_of(&request).await.to_vec();
        let last = body.len() - 2;
        body[last] ^= 1;
        *request.body_mut() = Full::from(body);
        let answer = receiver.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "signature_mismatch")
        );
        assert_eq!(receiver.calls(), 0, "{}", profile.name);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_the_answer_gives_nothing_away() {
    for profile in builtin_profiles() {
        let (ours, theirs) = (secret(&profile, 1), secret(&profile, 2));
        let mut receiver = Receiver::holding(&profile, &[&ours]);
        let answer = receiver.send(request(&profile, &[&theirs], FIRST)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "signature_mismatch")
        );
        assert_eq!(receiver.calls(), 0, "{}", profile.name);
        let right = request(&profile, &[&ours], FIRST);
        let header = &profile.signatures[0].header;
        let told = format!("{:?}{}", answer.headers, answer.body);
        for hidden in [ours.as_bytes(), right.headers()[header].as_bytes()] {
            let hidden = std::str::from_utf8(hidden).expect("text");
            // Without prefix or label, which are public.
            let tail = &hidden[hidden.len() - 16..];
            assert!(!told.contains(tail), "{}: {told}", profile.name);
        }
    }
}

#[tokio::test]
async fn an_attempt_outside_the_tolerance_is_refused_where_the_format_tells_the_time() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        for (at_s, code) in [
            (NOW_S - 301, "timestamp_too_old"),
            (NOW_S + 301, "timestamp_too_new"),
        ] {
            let attempt = Attempt { at_s, ..FIRST };
            let answer = receiver.send(request(&profile, &[&secret], attempt)).await;
            if profile.timestamp.is_some() {
                assert_eq!((answer.status, answer.code().as_str()), (401, code));
                assert_eq!(receiver.calls(), 0, "{}", profile.name);
            } else {
                assert!((200..300).contains(&answer.status), "{}", profile.name);
            }
        }
    }
}

#[tokio::test]
async fn a_request_without_its_signature_is_refused() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        let mut request = request(&profile, &[&secret], FIRST);
        request.headers_mut().remove(&profile.signatures[0].header);
        let answer = receiver.send(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "header_missing")
        );
        assert_eq!(receiver.calls(), 0, "{}", profile.name);
    }
}

#[tokio::test]
async fn a_replay_and_a_repeated_attempt_are_acknowledged_and_not_handled_again() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        receiver.send(request(&profile, &[&secret], FIRST)).await;
        let repeated = Attempt {
            at_s: NOW_S + 5,
            ..FIRST
        };
        for attempt in [FIRST, repeated] {
            let answer = receiver.send(request(&profile, &[&secret], attempt)).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (200, ""),
                "{}",
                profile.name
            );
        }
        assert_eq!(receiver.calls(), 1, "{}", profile.name);
    }
}

#[tokio::test]
async fn an_exchanged_id_lets_no_replay_in_but_where_the_format_signs_none() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        receiver.send(request(&profile, &[&secret], FIRST)).await;
        let mut caught = request(&profile, &[&secret], FIRST);
        for value in caught.headers_mut().values_mut() {
            if value == "evt_1" {
                *value = HeaderValue::from_static("evt_9");
            }
        }
        receiver.send(caught).await;
        let signs_no_id = ["github", "shopify"].contains(&profile.name.as_str());
        assert_eq!(
            receiver.calls(),
            if signs_no_id { 2 } else { 1 },
            "{}",
            profile.name
        );
    }
}

#[tokio::test]
async fn two_messages_of_equal_data_are_both_handled() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let mut receiver = Receiver::holding(&profile, &[&secret]);
        let other = Attempt {
            id: "evt_2",
            happened_ms: FIRST.happened_ms + 1,
            ..FIRST
        };
        for attempt in [FIRST, other] {
            receiver.send(request(&profile, &[&secret], attempt)).await;
        }
        assert_eq!(receiver.calls(), 2, "{}", profile.name);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_verified() {
    for profile in builtin_profiles() {
        let secret = secret(&profile, 1);
        let request = request(&profile, &[&secret], FIRST);
        let bytes = body_of(&request).await.len();
        for (body_bytes_max, status, calls) in [(bytes, 204, 1), (bytes - 1, 413, 0)] {
            let layer = VerifyLayer::new(verifier(&profile, &[&secret]));
            let mut receiver = Receiver::new(&layer.body_bytes_max(body_bytes_max));
            let answer = receiver.send(request.clone()).await;
            assert_eq!(
                (answer.status, receiver.calls()),
                (status, calls),
                "{}",
                profile.name
            );
            if status == 413 {
                assert_eq!(answer.code(), "body_too_large");
            }
        }
    }
}

#[tokio::test]
async fn a_rotated_secret_is_good_until_the_receiver_drops_it() {
    for profile in builtin_profiles() {
        let (old, new) = (secret(&profile, 1), secret(&profile, 2));
        let mut both = Receiver::holding(&profile, &[&new, &old]);
        let signed_by: [&[&str]; 3] = [&[&old], &[&new, &old], &[&new]];
        for (number, secrets) in signed_by.into_iter().enumerate() {
            let id = format!("evt_{number}");
            let happened_ms = FIRST.happened_ms + i64::try_from(number).expect("small");
            let attempt = Attempt {
                id: &id,
                happened_ms,
                ..FIRST
            };
            let answer = both.send(request(&profile, secrets, attempt)).await;
            assert_eq!(answer.status, 204, "{}: {answer:?}", profile.name);
        }
        let mut only_new = Receiver::holding(&profile, &[&new]);
        let answer = only_new.send(request(&profile, &[&old], FIRST)).await;
        assert_eq!(answer.status, 401, "{}", profile.name);
    }
}
