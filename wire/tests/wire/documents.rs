//! JSON documents made by chance from a seed, with every trouble that printers differ on.

/// Makes documents; the same seed makes the same ones.
pub struct Maker {
    state: u64,
}

const KEYS: &[&str] = &[
    "a",
    "b",
    "B",
    "10",
    "2",
    "0",
    "00",
    "01",
    "-1",
    "1.5",
    "4294967294",
    "4294967295",
    "4294967296",
    "99999999999",
    "",
    "__proto__",
    "constructor",
    "toString",
    "é",
    "\u{e9}\u{301}",
    "日本",
    "😀",
    "\u{fb33}",
    "\u{2028}",
    "\\u0061",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\udfff",
    "\\u0000",
    "a\\/b",
    "q\\\"",
    "id",
    "length",
];

const TEXTS: &[&str] = &[
    "",
    "plain",
    "ž €",
    "日本",
    "😀",
    "\\ud83d\\ude00",
    "\\uD83D",
    "\\ude00\\ud83d",
    "\\/",
    "/",
    "\\b\\f\\n\\r\\t",
    "\\u0001\\u001F",
    "\u{7f}",
    "\\u007f",
    "\u{80}\u{2028}\u{2029}\u{feff}",
    "\\u00e9",
    "\\\\u0061",
    "'<>&",
    "\u{fffd}\u{10ffff}",
    "\\\"",
];

const SPACES: &[&str] = &["", "", "", " ", "\t", "  \r "];

impl Maker {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// SplitMix64.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }

    pub fn document(&mut self) -> String {
        let mut out = String::new();
        self.value(4, &mut out);
        out
    }

    fn space(&mut self, out: &mut String) {
        out.push_str(self.pick(SPACES));
    }

    fn value(&mut self, depth: u32, out: &mut String) {
        self.space(out);
        match self.below(if depth == 0 { 6 } else { 11 }) {
            0 => out.push_str(self.pick(&["null", "true", "false"])),
            1..=3 => self.number(out),
            4 | 5 => self.text(TEXTS, out),
            6 | 7 => self.many('[', ']', out, |maker, out| maker.value(depth - 1, out)),
            _ => self.many('{', '}', out, |maker, out| {
                maker.text(KEYS, out);
                maker.space(out);
                out.push(':');
                maker.value(depth - 1, out);
            }),
        }
        self.space(out);
    }

    fn many(
        &mut self,
        open: char,
        close: char,
        out: &mut String,
        each: impl Fn(&mut Self, &mut String),
    ) {
        out.push(open);
        self.space(out);
        for place in 0..self.below(8) {
            if place > 0 {
                out.push(',');
            }
            self.space(out);
            each(self, out);
        }
        out.push(close);
    }

    fn text(&mut self, of: &[&str], out: &mut String) {
        out.push('"');
        for _ in 0..=self.below(2) * self.below(2) {
            out.push_str(self.pick(of));
        }
        out.push('"');
    }

    /// At most 15 digits and a modest power of ten, in many spellings: a double holds each so that
    /// its shortest form is the same number.
    fn number(&mut self, out: &mut String) {
        if self.below(2) == 0 {
            out.push('-');
        }
        let size = self.below(15) as u32;
        let digits = self.below(10_u64.pow(size + 1)).to_string();
        out.push_str(&digits);
        let left = 15 - digits.len().min(15);
        if left > 0 && self.below(2) == 0 {
            out.push('.');
            for _ in 0..=self.below(left as u64) {
                let digit = self.pick(&["0", "0", "1", "5", "9"]);
                out.push_str(digit);
            }
        }
        if self.below(3) == 0 {
            out.push_str(self.pick(&["e", "E", "e+", "e-", "E-"]));
            let power = self.below(40) * (1 + self.below(6));
            out.push_str(&power.to_string());
        }
    }
}
