//! What can a receiver's answer do to us? End its own connection, and nothing else.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hookwright_core::error_class::ErrorClass;
use hookwright_core::limits::{
    RESPONSE_BODY_KEPT_BYTES_MAX, RESPONSE_BYTES_MAX, RESPONSE_HEADERS_MAX,
};

use super::peer::{Came, Peer, REQUEST, Then, ask, said};
use crate::connection::Connection;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

fn ok(body: &str, reusable: bool) -> Came {
    Ok((200, body.to_owned(), reusable))
}

fn refused(answer: &str) {
    assert_eq!(said(answer), Err(ErrorClass::Protocol), "{answer:?}");
}

#[test]
fn an_answer_is_the_same_however_it_is_cut_into_pieces() {
    let whole = [
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody", true),
        (
            "HTTP/1.1 200\r\nContent-Length:4 , 4\r\nContent-Length: 4\r\n\r\nbody",
            true,
        ),
        (
            "HTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nb\r\n003;x=y\r\nody\r\n0\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n4 \r\nbody\r\n0\r\nx: y\r\nz: w\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 200 OK\nconnection: x, Close\ncontent-length: 4\n\nbody",
            false,
        ),
        ("HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nbody", false),
        (
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\nbody",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\nbody",
            false,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nbody", false),
    ];
    for (answer, reusable) in whole {
        assert_eq!(said(answer), ok("body", reusable), "{answer:?}");
        let bytes = answer.as_bytes();
        let by_byte = ask(Peer::new(bytes.chunks(1), Then::Closes));
        assert_eq!(by_byte, ok("body", reusable), "{answer:?}");
        for cut in 1..bytes.len() {
            let came = ask(Peer::new([&bytes[..cut], &bytes[cut..]], Then::IsSilent));
            assert_eq!(came, ok("body", reusable), "{answer:?} cut at {cut}");
        }
    }
}

#[test]
fn a_head_that_is_cut_short_is_a_disconnection() {
    let head = b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    for cut in 0..head.len() {
        let came = ask(Peer::new([&head[..cut]], Then::Closes));
        assert_eq!(came, Err(ErrorClass::Disconnected), "cut at {cut}");
    }
}

#[test]
fn what_is_not_http_1_is_refused_at_its_first_bytes() {
    for greeting in [
        "SSH-2.0-x\r\n",
        "HTTP/2 200 OK\r\n",
        "\r\n",
        "hTTP/1.1",
        "\0",
    ] {
        refused(greeting);
    }
    for head in [
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nspace : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nfolded: x\r\n y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nnul: \0\r\n\r\n",
    ] {
        refused(head);
    }
}

#[test]
fn a_length_that_is_none_or_two_is_refused() {
    for lengths in [
        "content-length: -1",
        "content-length: +1",
        "content-length: 0x1",
        "content-length: ",
        "content-length: 1 1",
        "content-length: 1,",
        "content-length: 1, 2",
        "content-length: 1\r\ncontent-length: 2",
        "content-length: 99999999999999999999999999",
    ] {
        refused(&format!("HTTP/1.1 200 OK\r\n{lengths}\r\n\r\nx"));
    }
}

#[test]
fn a_length_beside_a_coding_ends_the_connection() {
    let both = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(
        said(format!("{both}4\r\nbody\r\n0\r\n\r\n")),
        ok("body", false)
    );
    let old = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(
        said(format!("{old}4\r\nbody\r\n0\r\n\r\n")),
        ok("body", false)
    );
}

#[test]
fn a_body_that_is_not_well_formed_leaves_the_status_and_ends_the_connection() {
    for (chunks, kept) in [
        ("ffffffffffffffff\r\nx", "x"),
        ("fffffffffffffffff\r\nx", ""),
        ("10000000000000000\r\nx", ""),
        ("-1\r\nx", ""),
        ("+1\r\nx\r\n0\r\n\r\n", ""),
        ("\r\n\r\n", ""),
        (";x\r\n\r\n", ""),
        ("g\r\nx", ""),
        ("1\nx\r\n0\r\n\r\n", ""),
        ("1\r\nxy\r\n0\r\n\r\n", "x"),
        ("1\r\nx\n0\r\n\r\n", "x"),
        ("1\r\nx\r\n", "x"),
        ("1\r\nx\r\n0\r\n", "x"),
        ("1\r\nx\r\n0\r\n\n", "x"),
    ] {
        for then in [Then::Closes, Then::IsSilent] {
            let came = ask(Peer::new([CHUNKED, chunks], then));
            assert_eq!(came, ok(kept, false), "{chunks:?}");
        }
    }
    let short = "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\nx";
    assert_eq!(ask(Peer::new([short], Then::Closes)), ok("x", false));
}

#[test]
fn what_comes_behind_the_body_ends_the_connection() {
    for (head, body) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", "x"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "",
        ),
    ] {
        assert_eq!(said(head), ok(body, true));
        assert_eq!(said(format!("{head}\n")), ok(body, false));
        assert_eq!(
            said(format!("{head}HTTP/1.1 200 OK\r\n\r\n")),
            ok(body, false)
        );
    }
}

#[test]
fn an_answer_that_may_have_no_body_has_none() {
    for (head, reusable) in [
        ("HTTP/1.1 204 No\r\n\r\n", true),
        ("HTTP/1.1 304 No\r\ncontent-length: 5\r\n\r\n", true),
        ("HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\n", false),
        (
            "HTTP/1.1 204 No\r\ntransfer-encoding: chunked\r\n\r\n",
            false,
        ),
        ("HTTP/1.1 304 No\r\n\r\nbody", false),
        ("HTTP/1.1 101 Switch\r\nupgrade: x\r\n\r\nbody", false),
    ] {
        let came = said(head).map(|(_, body, reusable)| (body, reusable));
        assert_eq!(came, Ok((String::new(), reusable)), "{head:?}");
    }
}

/// A peer that says this, then that for ever: what came of it, and how much was heard.
fn endless(first: &str, then: &str) -> (Came, usize) {
    let peer = Peer::new([first, then], Then::RepeatsTheLast);
    let heard = Arc::clone(&peer.said);
    (ask(peer), heard.load(Ordering::Relaxed))
}

#[test]
fn nothing_endless_is_heard_to_its_end() {
    const READ: usize = 16 * 1024;
    let head = "HTTP/1.1 200 OK\r\n";
    let wide = format!("x: {}\r\n", "x".repeat(1_000));
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    let many = "x: y\r\n".repeat(RESPONSE_HEADERS_MAX + 1);
    let (came, heard) = endless(interim, interim);
    assert_eq!(came, Err(ErrorClass::Protocol));
    assert!((RESPONSE_BYTES_MAX..RESPONSE_BYTES_MAX + READ).contains(&heard));
    for (first, then) in [(head, "x"), (head, "x: y\r\n"), (head, wide.as_str())] {
        let (came, heard) = endless(first, then);
        assert_eq!(came, Err(ErrorClass::Protocol));
        assert!(heard < super::HEAD_BYTES_MAX + READ);
    }
    refused(&format!("{head}{many}\r\n"));
    for (first, then) in [
        (format!("{CHUNKED}0\r\n"), "x: y\r\n"),
        (CHUNKED.to_owned(), "0"),
        (format!("{CHUNKED}1;"), "x"),
    ] {
        let (came, heard) = endless(&first, then);
        assert_eq!(came, ok("", false));
        assert!(heard < RESPONSE_BYTES_MAX + READ);
    }
    for first in [CHUNKED, "HTTP/1.1 200 OK\r\n\r\n"] {
        let (came, heard) = endless(first, "4\r\nbody\r\n");
        let (status, body, reusable) = came.expect("an answer");
        assert_eq!((status, reusable), (200, false));
        assert_eq!(body.len(), RESPONSE_BODY_KEPT_BYTES_MAX);
        assert!(heard < RESPONSE_BYTES_MAX);
    }
}

#[test]
fn an_answer_that_comes_before_the_request_is_whole_counts_and_ends_the_connection() {
    let answer = "HTTP/1.1 413 Too much\r\ncontent-length: 0\r\n\r\n";
    let peer = Peer::new([answer], Then::IsSilent).taking(5);
    assert_eq!(ask(peer), Ok((413, String::new(), false)));
    let pieces = ["HTTP/1.1 100 Continue\r\n\r\n", answer];
    let peer = Peer::new(pieces, Then::IsSilent).taking(5);
    let taken = Arc::clone(&peer.taken);
    assert_eq!(ask(peer), Ok((413, String::new(), true)));
    assert_eq!(*taken.lock().expect("not poisoned"), REQUEST);
}

#[test]
fn an_answer_is_heard_from_a_peer_that_takes_nothing() {
    let answer = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
    let peer = Peer::new([answer], Then::Closes).broken();
    assert_eq!(ask(peer), Ok((503, String::new(), false)));
    let peer = Peer::new([] as [&str; 0], Then::Closes).broken();
    assert_eq!(ask(peer), Err(ErrorClass::Disconnected));
}

#[test]
fn an_idle_connection_that_was_closed_or_speaks_is_not_used() {
    let idle = |pieces: &[&str], then| {
        let mut connection = Connection::new(Box::new(Peer::new(pieces, then)));
        connection.is_quiet()
    };
    assert!(idle(&[], Then::IsSilent));
    assert!(!idle(&[], Then::Closes));
    assert!(!idle(&["HTTP/1.1 408 Too late\r\n\r\n"], Then::IsSilent));
}
