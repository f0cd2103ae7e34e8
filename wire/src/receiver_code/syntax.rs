//! How each language says what the templates need.

use crate::profile::{Algorithm, SignatureEncoding};

/// A language that receivers are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JavaScript for Node.
    Node,
    /// Python.
    Python,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// PHP.
    Php,
    /// Ruby.
    Ruby,
    /// Java.
    Java,
    /// C#.
    CSharp,
}

/// A part of what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Text(&'a str),
    Id,
    Timestamp,
    Body,
    Url,
    Method,
}

/// A step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 8] = [
        Self::Node,
        Self::Python,
        Self::Rust,
        Self::Go,
        Self::Php,
        Self::Ruby,
        Self::Java,
        Self::CSharp,
    ];

    /// The word that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
            Self::Rust => "rust",
            Self::Go => "go",
            Self::Php => "php",
            Self::Ruby => "ruby",
            Self::Java => "java",
            Self::CSharp => "csharp",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Python => "Python",
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Java => "Java",
            Self::CSharp => "C#",
        }
    }

    /// The language of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Node => include_str!("templates/node.txt"),
            Self::Python => include_str!("templates/python.txt"),
            Self::Rust => include_str!("templates/rust.txt"),
            Self::Go => include_str!("templates/go.txt"),
            Self::Php => include_str!("templates/php.txt"),
            Self::Ruby => include_str!("templates/ruby.txt"),
            Self::Java => include_str!("templates/java.txt"),
            Self::CSharp => include_str!("templates/csharp.txt"),
        }
    }

    /// A text as the language writes it. Control characters, which no header can carry, are left out.
    pub(super) fn quoted(self, text: &str) -> String {
        let mark = match self {
            // Within double quotes these two would look for variables.
            Self::Php | Self::Ruby => '\'',
            _ => '"',
        };
        let mut quoted = String::from(mark);
        for letter in text.chars().filter(|letter| !letter.is_control()) {
            if letter == mark || letter == '\\' {
                quoted.push('\\');
            }
            quoted.push(letter);
        }
        quoted.push(mark);
        quoted
    }

    /// How long a text is, as the language counts.
    pub(super) fn length(self, text: &str) -> String {
        let length = match self {
            Self::Go | Self::Php | Self::Rust => text.len(),
            Self::Python | Self::Ruby => text.chars().count(),
            Self::Node | Self::Java | Self::CSharp => text.encode_utf16().count(),
        };
        length.to_string()
    }

    fn word(self, part: Part<'_>) -> String {
        let name = match part {
            Part::Text(text) => return self.quoted(text),
            Part::Id => "id",
            Part::Timestamp => "timestamp",
            Part::Body => "body",
            Part::Url => "url",
            Part::Method => "method",
        };
        match self {
            Self::Php => format!("${name}"),
            _ => name.to_owned(),
        }
    }

    /// What is signed, as bytes.
    pub(super) fn content(self, parts: &[Part<'_>]) -> String {
        if matches!(self, Self::Php | Self::Ruby) {
            let joint = if self == Self::Php { " . " } else { " + " };
            let words: Vec<String> = parts.iter().map(|part| self.word(*part)).collect();
            return words.join(joint);
        }
        // Texts beside each other become one text, and that becomes bytes.
        let is_body = |part: &Part<'_>| *part == Part::Body;
        let runs = parts.chunk_by(|one, other| !is_body(one) && !is_body(other));
        let runs: Vec<String> = runs
            .map(|run| {
                let words: Vec<String> = run.iter().map(|part| self.word(*part)).collect();
                if run.iter().any(is_body) {
                    "body".to_owned()
                } else {
                    self.bytes(&words, matches!(run[0], Part::Text(_)))
                }
            })
            .collect();
        let several = runs.len() > 1;
        match self {
            Self::Node if several => format!("Buffer.concat([{}])", runs.join(", ")),
            Self::Go if several => format!("bytes.Join([][]byte{{{}}}, nil)", runs.join(", ")),
            Self::Rust if several => format!("[{}].concat()", runs.join(", ")),
            Self::Rust => format!("{}.to_vec()", runs.join("")),
            Self::CSharp if several => {
                let (first, rest) = runs.split_at(1);
                let rest: String = rest.iter().map(|run| format!(".Concat({run})")).collect();
                format!("{}{rest}.ToArray()", first.concat())
            }
            Self::Java => {
                let line = |run: &String| format!("                mac.update({run});");
                runs.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            _ => runs.join(" + "),
        }
    }

    /// Texts in a row as bytes.
    fn bytes(self, words: &[String], begins_with_literal: bool) -> String {
        let sum = words.join(" + ");
        let single = words.len() == 1;
        match self {
            Self::Node => format!("Buffer.from({sum})"),
            Self::Python if single => format!("{sum}.encode()"),
            Self::Python => format!("({sum}).encode()"),
            Self::Go => format!("[]byte({sum})"),
            Self::Java if single && !begins_with_literal => format!("{sum}.getBytes(UTF_8)"),
            Self::Java => format!("({sum}).getBytes(UTF_8)"),
            Self::CSharp => format!("Encoding.UTF8.GetBytes({sum})"),
            _ => {
                let bytes = words.iter().map(|word| format!("{word}.as_bytes()"));
                bytes.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The way to the id, after the variable that holds the message.
    pub(super) fn path(self, steps: &[Step]) -> String {
        let step = |step: &Step| match (self, step) {
            (Self::Go, Step::Key(key)) => format!(".(map[string]any)[{}]", self.quoted(key)),
            (Self::Go, Step::Index(index)) => format!(".([]any)[{index}]"),
            (Self::CSharp, Step::Key(key)) => format!(".GetProperty({})", self.quoted(key)),
            (_, Step::Key(key)) => format!("[{}]", self.quoted(key)),
            (_, Step::Index(index)) => format!("[{index}]"),
        };
        steps.iter().map(step).collect()
    }

    /// The hash of an HMAC.
    pub(super) const fn hash(self, algorithm: Algorithm) -> &'static str {
        let place = match algorithm {
            Algorithm::HmacSha1 => 0,
            Algorithm::HmacSha512 => 2,
            _ => 1,
        };
        match self {
            Self::Java => ["HmacSHA1", "HmacSHA256", "HmacSHA512"][place],
            Self::CSharp => ["HMACSHA1", "HMACSHA256", "HMACSHA512"][place],
            Self::Rust => [
                "HMAC_SHA1_FOR_LEGACY_USE_ONLY",
                "HMAC_SHA256",
                "HMAC_SHA512",
            ][place],
            _ => ["sha1", "sha256", "sha512"][place],
        }
    }

    /// The bytes `made` as a signature is written: in hex, in upper-case hex, in base64, URL-safe.
    pub(super) const fn encode(self, encoding: SignatureEncoding) -> &'static str {
        let all: [&str; 4] = match self {
            Self::Python => [
                "made.hex()",
                "made.hex().upper()",
                "base64.b64encode(made).decode()",
                "base64.urlsafe_b64encode(made).decode().rstrip(\"=\")",
            ],
            Self::Php => [
                "bin2hex($made)",
                "strtoupper(bin2hex($made))",
                "base64_encode($made)",
                "rtrim(strtr(base64_encode($made), '+/', '-_'), '=')",
            ],
            Self::Ruby => [
                "made.unpack1(\"H*\")",
                "made.unpack1(\"H*\").upcase",
                "Base64.strict_encode64(made)",
                "Base64.urlsafe_encode64(made, padding: false)",
            ],
            Self::Go => [
                "hex.EncodeToString(made)",
                "strings.ToUpper(hex.EncodeToString(made))",
                "base64.StdEncoding.EncodeToString(made)",
                "base64.RawURLEncoding.EncodeToString(made)",
            ],
            Self::Java => [
                "HexFormat.of().formatHex(made)",
                "HexFormat.of().withUpperCase().formatHex(made)",
                "Base64.getEncoder().encodeToString(made)",
                "Base64.getUrlEncoder().withoutPadding().encodeToString(made)",
            ],
            Self::CSharp => [
                "Convert.ToHexString(made).ToLowerInvariant()",
                "Convert.ToHexString(made)",
                "Convert.ToBase64String(made)",
                "Convert.ToBase64String(made).TrimEnd('=').Replace('+', '-').Replace('/', '_')",
            ],
            // These compare in another way.
            Self::Node | Self::Rust => [""; 4],
        };
        all[place(encoding)]
    }

    /// The text `given` as a signature's bytes.
    pub(super) const fn decode(self, encoding: SignatureEncoding) -> &'static str {
        let hex_base64_url: [&str; 3] = match self {
            Self::Python => [
                "bytes.fromhex(given)",
                "base64.b64decode(given)",
                "base64.urlsafe_b64decode(given + \"==\")",
            ],
            Self::Php => [
                "@hex2bin($given)",
                "base64_decode($given, true)",
                "base64_decode(strtr($given, '-_', '+/'), true)",
            ],
            Self::Ruby => [
                "[given].pack(\"H*\")",
                "Base64.strict_decode64(given)",
                "Base64.urlsafe_decode64(given)",
            ],
            Self::Go => [
                "hex.DecodeString(given)",
                "base64.StdEncoding.DecodeString(given)",
                "base64.RawURLEncoding.DecodeString(given)",
            ],
            Self::Java => [
                "HexFormat.of().parseHex(given)",
                "Base64.getDecoder().decode(given)",
                "Base64.getUrlDecoder().decode(given)",
            ],
            Self::CSharp => [
                "Convert.FromHexString(given)",
                "Convert.FromBase64String(given)",
                "Convert.FromBase64String(given.Replace('-', '+').Replace('_', '/') + \"==\")",
            ],
            Self::Rust => [
                "hex::decode(given).ok()",
                "base64::engine::general_purpose::STANDARD.decode(given).ok()",
                "base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(given).ok()",
            ],
            Self::Node => [""; 3],
        };
        hex_base64_url[place(encoding).saturating_sub(1)]
    }
}

const fn place(encoding: SignatureEncoding) -> usize {
    match encoding {
        SignatureEncoding::Hex => 0,
        SignatureEncoding::HexUpper => 1,
        SignatureEncoding::Base64 => 2,
        SignatureEncoding::Base64url => 3,
    }
}

/// What Node calls an encoding.
pub(super) const fn encoding_word(encoding: SignatureEncoding) -> &'static str {
    match encoding {
        SignatureEncoding::Hex | SignatureEncoding::HexUpper => "hex",
        SignatureEncoding::Base64 => "base64",
        SignatureEncoding::Base64url => "base64url",
    }
}
