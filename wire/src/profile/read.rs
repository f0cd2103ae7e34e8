//! How a profile file is read, and what is said where it cannot be.

use http::{HeaderName, HeaderValue};

use super::check;
use super::file::{File, RetryWords, Signature, Statuses};
use super::{
    Acknowledge, HeaderRule, IdPrefixes, KeyEncoding, Profile, Retry, RetryRule, SecretRule,
    SignatureScheme, TimestampRule,
};
use crate::envelope;
use crate::template::{self, BadTemplate, Piece};

/// Why a profile file is refused.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {key}: {problem}\nhint: {hint}")]
pub struct ProfileError {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The key.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// The way out.
    pub hint: String,
}

pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// An error at the line that says `found`: the key's own line where there is one.
    pub(super) fn error(
        &self,
        key: &str,
        found: &str,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> ProfileError {
        ProfileError {
            file: self.file.to_owned(),
            line: self.line(key, found),
            key: key.to_owned(),
            problem: problem.into(),
            hint: hint.into(),
        }
    }

    fn line(&self, key: &str, found: &str) -> usize {
        let leaf = key.rsplit('.').next().unwrap_or(key);
        let said = |line: &str| !line.trim_start().starts_with('#') && line.contains(found);
        let own = |line: &str| {
            let left = line.split('=').next().unwrap_or_default();
            line.contains('=') && left.trim().trim_matches('"') == leaf
        };
        let place = |test: &dyn Fn(&str) -> bool| self.text.lines().position(test);
        let at = place(&|line| own(line) && said(line))
            .or_else(|| place(&|line| said(line)).filter(|_| !found.is_empty()))
            .or_else(|| place(&own))
            .unwrap_or(0);
        at + 1
    }

    fn template(&self, key: &str, text: &str) -> Result<Vec<Piece>, ProfileError> {
        template::parse(text).map_err(|error| self.bad_template(key, &error))
    }

    fn bad_template(&self, key: &str, error: &BadTemplate) -> ProfileError {
        let problem = format!("\"{}\" cannot stand here", error.found);
        self.error(key, &error.found, problem, error.hint.clone())
    }

    fn header(&self, key: &str, name: &str) -> Result<HeaderName, ProfileError> {
        name.parse().map_err(|_| {
            let hint = "letters, digits and \"-\"".to_owned();
            self.error(key, name, format!("\"{name}\" is no header name"), hint)
        })
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

pub(super) fn read(file: &str, text: &str) -> Result<Profile, ProfileError> {
    let source = Source { file, text };
    let words: File = toml::from_str(text).map_err(|error| unreadable(&source, &error))?;
    let envelope = envelope::compile(&words.envelope)
        .map_err(|error| source.bad_template("envelope", &error))?;
    let secret = SecretRule {
        prefix: words.secret.prefix,
        encoding: words.secret.encoding,
        bytes: words.secret.bytes,
        bytes_min: words.secret.bytes_min,
        bytes_max: words.secret.bytes_max,
        required: words.secret.required,
    };
    let signatures = words.signature.into_iter();
    let signatures = signatures.map(|words| scheme(&source, words, secret.encoding));
    let timestamp = words.timestamp.map(|words| {
        let header = words
            .header
            .as_deref()
            .map(|name| source.header("timestamp.header", name));
        Ok(TimestampRule {
            header: header.transpose()?,
            format: words.format,
            tolerance_s: words.tolerance_s,
            spelling: words.header,
        })
    });
    let profile = Profile {
        title: if words.title.is_empty() {
            words.name.clone()
        } else {
            words.title
        },
        content_type_value: HeaderValue::from_str(&words.content_type).map_err(|_| {
            let hint = "a media type such as application/json".to_owned();
            source.error(
                "content_type",
                &words.content_type,
                "is no header value".to_owned(),
                hint,
            )
        })?,
        content_type: words.content_type,
        canonical_json: words.canonical_json,
        https_only: words.https_only,
        timeout_ms: words.timeout_ms,
        headers: headers(&source, &words.headers)?,
        timestamp: timestamp.transpose()?,
        signatures: signatures.collect::<Result<_, _>>()?,
        acknowledge: acknowledge(&source, words.acknowledge.status)?,
        retry: retry(&source, &words.retry)?,
        ids: IdPrefixes {
            event: words.ids.event,
            endpoint: words.ids.endpoint,
        },
        catalogue: words.event_types,
        name: words.name,
        secret,
        envelope,
    };
    check::check(&source, &profile)?;
    Ok(profile)
}

fn unreadable(source: &Source<'_>, error: &toml::de::Error) -> ProfileError {
    let span = error.span().unwrap_or(0..0);
    let before = source.text.get(..span.start).unwrap_or_default();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let first = source.text[line..].lines().next().unwrap_or_default();
    let key = first.split('=').next().unwrap_or_default().trim();
    // What is missing is missing from the whole file: no line of it is to blame.
    let of_file = span.start == 0 && !(1..=first.len()).contains(&span.end);
    ProfileError {
        file: source.file.to_owned(),
        line: line_of(source.text, span.start),
        key: if key.is_empty() || of_file {
            "file".to_owned()
        } else {
            key.to_owned()
        },
        problem: error.message().to_owned(),
        hint: "docs/profiles.md lists every key with its type".to_owned(),
    }
}

fn scheme(
    source: &Source<'_>,
    words: Signature,
    encoding: KeyEncoding,
) -> Result<SignatureScheme, ProfileError> {
    Ok(SignatureScheme {
        header: source.header("signature.header", &words.header)?,
        algorithm: words.algorithm,
        encoding: words.encoding,
        separator: words.separator,
        key_prefix: words.key_prefix,
        public_key_prefix: words.public_key_prefix,
        key_encoding: words.key_encoding.unwrap_or(encoding),
        when_no_secret: words.when_no_secret,
        content: source.template("signature.content", &words.content)?,
        lead: source.template("signature.lead", &words.lead)?,
        format: source.template("signature.format", &words.format)?,
        spelling: words.header,
    })
}

fn headers(source: &Source<'_>, table: &toml::Table) -> Result<Vec<HeaderRule>, ProfileError> {
    let rule = |(name, value): (&String, &toml::Value)| {
        let key = format!("headers.{name}");
        let text = value.as_str().ok_or_else(|| {
            let hint = "write the value in quotes".to_owned();
            source.error(&key, name, "must be a string".to_owned(), hint)
        })?;
        Ok(HeaderRule {
            name: source.header(&key, name)?,
            spelling: name.clone(),
            value: source.template(&key, text)?,
        })
    };
    table.iter().map(rule).collect()
}

fn acknowledge(source: &Source<'_>, statuses: Statuses) -> Result<Acknowledge, ProfileError> {
    match statuses {
        Statuses::Word(word) if word == "2xx" => Ok(Acknowledge::Success2xx),
        Statuses::Codes(codes)
            if !codes.is_empty() && codes.iter().all(|code| (200..300).contains(code)) =>
        {
            Ok(Acknowledge::Codes(codes))
        }
        _ => Err(source.error(
            "acknowledge.status",
            "status",
            "names no success".to_owned(),
            "\"2xx\", or a list of codes from 200 to 299 such as [200]".to_owned(),
        )),
    }
}

fn retry(source: &Source<'_>, words: &RetryWords) -> Result<RetryRule, ProfileError> {
    let ms = |seconds: &[u64]| seconds.iter().map(|s| s.saturating_mul(1000)).collect();
    let wrong = |problem: &str| {
        let hint = "give one of gaps_s, offsets_s, or initial_ms with multiplier and max_attempts";
        source.error("retry", "[retry]", problem.to_owned(), hint.to_owned())
    };
    let plan = match (&words.gaps_s, &words.offsets_s, words.initial_ms) {
        (Some(gaps), None, None) => Retry::Gaps { gaps_ms: ms(gaps) },
        (None, Some(offsets), None) => Retry::Offsets {
            offsets_ms: ms(offsets),
        },
        (None, None, Some(initial_ms)) => Retry::Exponential {
            initial_ms,
            multiplier: words.multiplier.unwrap_or(2.0),
            max_attempts: words
                .max_attempts
                .ok_or_else(|| wrong("max_attempts is missing"))?,
            max_delay_ms: words.max_delay_ms.unwrap_or(24 * 60 * 60 * 1000),
        },
        (None, None, None) => Retry::Gaps {
            gaps_ms: Vec::new(),
        },
        _ => return Err(wrong("says its times in two ways")),
    };
    if !(0.0..=1.0).contains(&words.jitter) {
        let hint = "0 keeps the times exactly, 0.1 adds up to a tenth".to_owned();
        return Err(source.error(
            "retry.jitter",
            "jitter",
            "must lie in 0..1".to_owned(),
            hint,
        ));
    }
    Ok(RetryRule {
        plan,
        jitter: words.jitter,
    })
}
