//! Strings: read as code points, printed as each language prints them.

use super::{CanonicalError, CanonicalJson};

/// The code points of a string's inside; half a surrogate pair stands for itself.
pub(super) fn code_points(raw: &str) -> Vec<u32> {
    let mut points: Vec<u32> = Vec::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(found) = rest.next() {
        if found != '\\' {
            points.push(u32::from(found));
            continue;
        }
        let point = match rest.next() {
            Some('b') => 0x08,
            Some('f') => 0x0c,
            Some('n') => 0x0a,
            Some('r') => 0x0d,
            Some('t') => 0x09,
            Some('u') => {
                let digits = rest.as_str().get(..4).unwrap_or_default();
                rest = rest.as_str().get(4..).unwrap_or_default().chars();
                u32::from_str_radix(digits, 16).unwrap_or(0xfffd)
            }
            Some(other) => u32::from(other),
            None => break,
        };
        push_unit(&mut points, point);
    }
    points
}

/// Adds what an escape says; the second half of a pair joins the first.
fn push_unit(points: &mut Vec<u32>, unit: u32) {
    if (0xdc00..0xe000).contains(&unit)
        && let Some(high) = points
            .last()
            .copied()
            .filter(|last| (0xd800..0xdc00).contains(last))
    {
        points.pop();
        points.push(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
    } else {
        points.push(unit);
    }
}

/// Prints a string with its quotes.
pub(super) fn write(
    form: CanonicalJson,
    raw: &str,
    out: &mut Vec<u8>,
) -> Result<(), CanonicalError> {
    out.push(b'"');
    let plain = !raw.contains('\\') && (!form.is_python() || raw.bytes().all(|b| b < 0x7f));
    if plain {
        out.extend_from_slice(raw.as_bytes());
    } else {
        for point in code_points(raw) {
            write_point(form, point, out)?;
        }
    }
    out.push(b'"');
    Ok(())
}

fn write_point(form: CanonicalJson, point: u32, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match point {
        0x22 => out.extend_from_slice(b"\\\""),
        0x5c => out.extend_from_slice(b"\\\\"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x09 => out.extend_from_slice(b"\\t"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0c => out.extend_from_slice(b"\\f"),
        0x0d => out.extend_from_slice(b"\\r"),
        0..0x20 => write_unit(point, out),
        0xd800..0xe000 if form == CanonicalJson::Jcs => return Err(CanonicalError::LoneSurrogate),
        0xd800..0xe000 => write_unit(point, out),
        0x7f.. if form.is_python() => match point.checked_sub(0x10000) {
            Some(rest) => {
                write_unit(0xd800 + (rest >> 10), out);
                write_unit(0xdc00 + (rest & 0x3ff), out);
            }
            None => write_unit(point, out),
        },
        _ => {
            let found = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Ok(())
}

fn write_unit(unit: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
}

/// UTF-16 code units, by which RFC 8785 sorts.
pub(super) fn utf16(points: &[u32]) -> Vec<u16> {
    let mut units = Vec::with_capacity(points.len());
    for point in points {
        match char::from_u32(*point) {
            Some(found) => units.extend_from_slice(found.encode_utf16(&mut [0; 2])),
            None => units.push(*point as u16),
        }
    }
    units
}

/// The number of a key that JavaScript treats as an array's index.
pub(super) fn index(points: &[u32]) -> Option<u32> {
    let digit = |point: &u32| char::from_u32(*point).filter(char::is_ascii_digit);
    let text: String = points.iter().map(digit).collect::<Option<_>>()?;
    let plain = text == "0" || !text.starts_with('0');
    text.parse().ok().filter(|index| plain && *index < u32::MAX)
}
