//! JSON as a tree of slices: numbers and strings stay as they are written.

use std::str;

/// Deeper nesting is refused: recursion must end before the stack does.
const DEPTH_MAX: usize = 128;

/// A value.
pub(super) enum Node<'a> {
    /// `null`, `true` or `false`.
    Word(&'static str),
    Number(&'a str),
    /// The inside of a string, escapes and all.
    String(&'a str),
    Array(Vec<Node<'a>>),
    Object(Vec<(&'a str, Node<'a>)>),
}

/// Why there is no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// It is no JSON.
    #[error("it is no JSON at byte {0}")]
    Syntax(usize),
    /// It is nested too deeply.
    #[error("it is nested deeper than {DEPTH_MAX}")]
    Depth,
    /// RFC 8785 has no form for half a surrogate pair.
    #[error("it holds half a surrogate pair, which RFC 8785 cannot say")]
    LoneSurrogate,
}

struct Reader<'a> {
    json: &'a [u8],
    at: usize,
}

pub(super) fn parse(json: &[u8]) -> Result<Node<'_>, CanonicalError> {
    let mut reader = Reader { json, at: 0 };
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.at == json.len() {
        Ok(node)
    } else {
        Err(reader.wrong())
    }
}

impl<'a> Reader<'a> {
    fn wrong(&self) -> CanonicalError {
        CanonicalError::Syntax(self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), CanonicalError> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.wrong())
        }
    }

    fn slice(&self, from: usize, to: usize) -> Result<&'a str, CanonicalError> {
        str::from_utf8(&self.json[from..to]).map_err(|_| CanonicalError::Syntax(from))
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, CanonicalError> {
        if depth > DEPTH_MAX {
            return Err(CanonicalError::Depth);
        }
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Node::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Node::Number),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Node<'a>, CanonicalError> {
        for word in ["null", "true", "false"] {
            if self.json[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(Node::Word(word));
            }
        }
        Err(self.wrong())
    }

    fn object(&mut self, depth: usize) -> Result<Node<'a>, CanonicalError> {
        self.expect(b'{')?;
        let mut members = Vec::new();
        self.skip_space();
        if self.eat(b'}') {
            return Ok(Node::Object(members));
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            members.push((key, self.value(depth + 1)?));
            self.skip_space();
            if !self.eat(b',') {
                self.expect(b'}')?;
                return Ok(Node::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Node<'a>, CanonicalError> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.skip_space();
        if self.eat(b']') {
            return Ok(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if !self.eat(b',') {
                self.expect(b']')?;
                return Ok(Node::Array(items));
            }
        }
    }

    fn string(&mut self) -> Result<&'a str, CanonicalError> {
        self.expect(b'"')?;
        let from = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return self.slice(from, self.at - 1);
                }
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.at += 1,
                _ => return Err(self.wrong()),
            }
        }
    }

    fn escape(&mut self) -> Result<(), CanonicalError> {
        self.at += 1;
        let digits = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            _ => return Err(self.wrong()),
        };
        self.at += 1;
        for _ in 0..digits {
            if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                return Err(self.wrong());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<&'a str, CanonicalError> {
        let from = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        self.slice(from, self.at)
    }

    fn digits(&mut self) -> Result<(), CanonicalError> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > from {
            Ok(())
        } else {
            Err(self.wrong())
        }
    }
}
