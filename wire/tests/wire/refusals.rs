//! Which profile files are refused, and does the refusal say the line, the key and the way out?

use hookwright_wire::{Profile, ProfileError};

const GOOD: &str = r#"name = "acme"
content_type = "application/json"
timeout_ms = 5000

[envelope]
id = "{event.id}"
data = { object = "{event.data}" }

[headers]
X-Acme-Event = "{event.type}"

[timestamp]
header = "X-Acme-Timestamp"
tolerance_s = 300

[[signature]]
header = "X-Acme-Signature"
algorithm = "hmac-sha256"
# the format of the content is {timestamp}.{body}
content = "{timestamp}.{body}"
format = "v1={signature}"
separator = ","

[secret]
prefix = "sec_"

[acknowledge]
status = [200, 204]

[retry]
gaps_s = [5, 60]
jitter = 0.1
"#;

fn refusal(toml: &str) -> ProfileError {
    match Profile::parse("acme.toml", toml) {
        Ok(_) => panic!("taken:\n{toml}"),
        Err(error) => error,
    }
}

/// Exchanges one line of the good file; the refusal must point at the line that took its place.
#[track_caller]
fn refused(line: &str, instead: &str, key: &str, problem: &str) {
    let number = 1 + GOOD.lines().position(|known| known == line).expect(line);
    let error = refusal(&GOOD.replace(&format!("{line}\n"), &format!("{instead}\n")));
    assert_eq!(error.file, "acme.toml");
    assert_eq!(error.key, key, "{error}");
    assert!(error.problem.contains(problem), "{error}");
    assert_eq!(error.line, number, "{error}");
    assert!(!error.hint.is_empty(), "{error}");
    let said = error.to_string();
    let start = format!("acme.toml:{number}: {key}: ");
    assert!(said.starts_with(&start), "{said}");
    assert!(said.contains("\nhint: "), "{said}");
}

#[test]
fn the_file_that_every_case_here_damages_is_good() {
    let profile = Profile::parse("acme.toml", GOOD).expect("good");
    assert_eq!(profile.name, "acme");
    assert!(profile.acknowledges(204) && !profile.acknowledges(201));
}

#[test]
fn an_unknown_key_and_a_wrong_type_are_shown_with_their_line() {
    refused(
        "timeout_ms = 5000",
        "timeout = 5000",
        "timeout",
        "unknown field",
    );
    refused(
        "timeout_ms = 5000",
        "timeout_ms = \"5 s\"",
        "timeout_ms",
        "invalid type",
    );
    refused(
        "timeout_ms = 5000",
        "timeout_ms = -1",
        "timeout_ms",
        "invalid",
    );
    refused(
        "algorithm = \"hmac-sha256\"",
        "algorithm = \"md5\"",
        "algorithm",
        "unknown variant",
    );
    refused("jitter = 0.1", "jiter = 0.1", "jiter", "unknown field");
    refused(
        "X-Acme-Event = \"{event.type}\"",
        "X-Acme-Event = 1",
        "headers.X-Acme-Event",
        "string",
    );
    refused("[timestamp]", "[timestmp]", "[timestmp]", "unknown field");
    refused("[retry]", "[retry", "[retry", "");
}

#[test]
fn a_missing_key_is_named() {
    let error = refusal(&GOOD.replace("name = \"acme\"\n", ""));
    assert!(error.problem.contains("`name`"), "{error}");
    assert_eq!(error.key, "file", "{error}");
    let error = refusal(&GOOD.replace("content = \"{timestamp}.{body}\"\n", ""));
    assert!(error.problem.contains("`content`"), "{error}");
    assert!(refusal("").problem.contains("missing"));
}

#[test]
fn a_placeholder_that_has_no_value_is_refused_where_it_stands() {
    let unknown = "cannot stand here";
    refused(
        "id = \"{event.id}\"",
        "id = \"{event.idd}\"",
        "envelope",
        unknown,
    );
    refused(
        "id = \"{event.id}\"",
        "id = \"a{event.id\"",
        "envelope",
        unknown,
    );
    refused(
        "id = \"{event.id}\"",
        "id = \"{body}\"",
        "envelope",
        unknown,
    );
    let content = "content = \"{timestamp}.{body}\"";
    let key = "signature.content";
    refused(content, "content = \"{time}.{body}\"", key, unknown);
    let empty = "has no value here";
    refused(content, "content = \"{event.type}.{body}\"", key, empty);
    refused(content, "content = \"{signature}{body}\"", key, empty);
    let event = "X-Acme-Event = \"{event.type}\"";
    let header = "headers.X-Acme-Event";
    refused(event, "X-Acme-Event = \"{signature}\"", header, empty);
    refused(event, "X-Acme-Event = \"{timestamp}\"", header, empty);
    let format = "format = \"v1={signature}\"";
    let both = "format = \"t={timestamp},v1={signature}\"";
    refused(format, both, "signature.format", empty);
    refused(format, "format = \"v1\"", "signature.format", "once");
}

#[test]
fn what_is_signed_must_be_sent_and_must_be_the_body() {
    let sent = "signs a timestamp that is not sent";
    let stamped = "header = \"X-Acme-Timestamp\"";
    let error = refusal(&GOOD.replace(&format!("{stamped}\n"), ""));
    assert_eq!(error.problem, sent);
    assert_eq!(error.line, 19, "the content, not the comment above it");
    let table = format!("[timestamp]\n{stamped}\ntolerance_s = 300\n");
    let error = refusal(&GOOD.replace(&table, ""));
    assert_eq!(error.problem, sent);
    let content = "content = \"{timestamp}.{body}\"";
    let key = "signature.content";
    let id = "content = \"{message.id}.{body}\"";
    refused(content, id, key, "signs an id that is not sent");
    let bare = "content = \"{timestamp}\"";
    refused(content, bare, key, "does not sign the body");
    let lead = GOOD.replace("separator = \",\"", "lead = \"t={timestamp}\"");
    assert_eq!(refusal(&lead).key, "signature.lead");
    refused(
        "separator = \",\"",
        "separator = \"\"",
        "signature.separator",
        "is empty",
    );
}

#[test]
fn a_bad_or_repeated_header_is_refused() {
    let event = "X-Acme-Event = \"{event.type}\"";
    let spaced = "\"X Acme\" = \"{event.type}\"";
    refused(event, spaced, "headers.X Acme", "is no header name");
    let stamp = "header = \"X-Acme-Timestamp\"";
    refused(
        stamp,
        "header = \"X-Acmé\"",
        "timestamp.header",
        "is no header name",
    );
    refused(
        stamp,
        "header = \"\"",
        "timestamp.header",
        "is no header name",
    );
    let length = "Content-Length = \"1\"";
    refused(event, length, "headers", "not a profile's to set");
    let kind = "content-type = \"text/plain\"";
    refused(event, kind, "headers", "one header twice");
    let again = "x-acme-signature = \"1\"";
    refused(event, again, "headers", "one header twice");
    let line = "X-Acme-Event = \"a\\nX-Other: 1\"";
    refused(event, line, "headers.X-Acme-Event", "no header can carry");
    let kind = "content_type = \"application/json\"";
    refused(
        kind,
        "content_type = \"a\\n\"",
        "content_type",
        "no header value",
    );
}

#[test]
fn what_json_cannot_say_is_no_envelope() {
    for value in ["nan", "inf", "-inf", "1979-05-27T07:32:00Z", "1979-05-27"] {
        let line = format!("id = {value}");
        refused(
            "id = \"{event.id}\"",
            &line,
            "envelope",
            "cannot stand here",
        );
    }
}

#[test]
fn a_policy_that_cannot_be_kept_is_refused() {
    let status = "status = [200, 204]";
    for bad in ["[]", "[302]", "\"3xx\""] {
        let line = format!("status = {bad}");
        refused(status, &line, "acknowledge.status", "names no success");
    }
    refused(
        "timeout_ms = 5000",
        "timeout_ms = 0",
        "timeout_ms",
        "no time",
    );
    for bad in ["0", "-300"] {
        let line = format!("tolerance_s = {bad}");
        refused(
            "tolerance_s = 300",
            &line,
            "timestamp.tolerance_s",
            "no request",
        );
    }
    refused(
        "jitter = 0.1",
        "jitter = nan",
        "retry.jitter",
        "must lie in 0..1",
    );
    let gaps = "gaps_s = [5, 60]";
    for (bad, key, problem) in [
        (
            "initial_ms = 1\nmax_attempts = 0",
            "retry.max_attempts",
            "no attempt",
        ),
        (
            "initial_ms = 1\nmax_attempts = 2\nmultiplier = 0.5",
            "retry.multiplier",
            "is no factor",
        ),
        (
            "initial_ms = 1\nmax_attempts = 2\nmultiplier = nan",
            "retry.multiplier",
            "is no factor",
        ),
        (
            "initial_ms = 1\nmax_attempts = 2\nmultiplier = 100.1",
            "retry.multiplier",
            "is no factor",
        ),
        ("initial_ms = 1", "retry", "max_attempts is missing"),
        ("gaps_s = [1]\noffsets_s = [1]", "retry", "in two ways"),
    ] {
        let error = refusal(&GOOD.replace(gaps, bad));
        assert_eq!(error.key, key, "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
}

#[test]
fn a_profile_takes_the_secrets_that_it_makes_and_makes_none_that_can_be_guessed() {
    let prefix = "prefix = \"sec_\"";
    for (bad, problem) in [
        ("bytes = 0", "guessed"),
        ("bytes = 65", "guessed"),
        ("bytes_min = 0", "guessed"),
        ("bytes_min = 100", "that it refuses"),
        ("bytes_max = 9", "that it refuses"),
    ] {
        let error = refusal(&GOOD.replace(prefix, bad));
        assert_eq!(error.key, "secret", "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
    let other = GOOD.replace("separator", "key_prefix = \"other_\"\nseparator");
    assert!(refusal(&other).problem.contains("that it refuses"));
    let none = GOOD.replace("separator", "when_no_secret = \"hmac-sha256\"\nseparator");
    assert_eq!(refusal(&none).key, "signature.when_no_secret");
}
