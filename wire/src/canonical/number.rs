//! Numbers: as each language prints the double, where the double is the number.

use super::CanonicalJson;

/// Prints a number that is written as `literal`.
pub(super) fn write(form: CanonicalJson, literal: &str, out: &mut Vec<u8>) {
    let integer = !literal.contains(['.', 'e', 'E']);
    if form.is_python() && integer {
        // Python's integers have no bound.
        out.extend_from_slice(if literal == "-0" {
            b"0"
        } else {
            literal.as_bytes()
        });
        return;
    }
    let printed = literal
        .parse::<f64>()
        .ok()
        .filter(|double| double.is_finite())
        .map(|double| {
            if form.is_python() {
                python(double)
            } else {
                ryu_js::Buffer::new().format(double).to_owned()
            }
        });
    // A double that is another number than the one published would alter the data.
    let kept = printed.filter(|printed| Decimal::of(printed) == Decimal::of(literal));
    out.extend_from_slice(kept.as_deref().unwrap_or(literal).as_bytes());
}

/// As Python's `repr` of a float.
fn python(double: f64) -> String {
    let text = format!("{double:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    if !(-4..16).contains(&exponent) {
        let point = if digits.len() > 1 { "." } else { "" };
        let (first, rest) = digits.split_at(1);
        let (mark, size) = (
            if exponent < 0 { '-' } else { '+' },
            exponent.unsigned_abs(),
        );
        return format!("{sign}{first}{point}{rest}e{mark}{size:02}");
    }
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    let padded = format!("{digits:0<whole$}");
    let (whole, fraction) = padded.split_at(whole);
    format!(
        "{sign}{whole}.{}",
        if fraction.is_empty() { "0" } else { fraction }
    )
}

/// A decimal number in one form: digits without zeros around them, and the power of ten of the
/// last one.
#[derive(PartialEq, Eq, Debug)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn of(literal: &str) -> Option<Self> {
        let (negative, rest) = match literal.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, literal),
        };
        let (number, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0');
        let shortest = significant.trim_end_matches('0');
        if shortest.is_empty() {
            // Zero has one form; neither its sign nor its exponent says anything about its value.
            return Some(Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            });
        }
        let exponent = exponent.parse::<i64>().ok()?;
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let cut = i64::try_from(significant.len() - shortest.len()).ok()?;
        Some(Self {
            negative,
            digits: shortest.to_owned(),
            exponent: exponent.checked_add(cut)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(form: CanonicalJson, literal: &str) -> String {
        let mut out = Vec::new();
        write(form, literal, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn javascript_prints_a_double_and_keeps_what_no_double_is() {
        for (literal, expected) in [
            ("1.0", "1"),
            ("-0", "0"),
            ("1e21", "1e+21"),
            ("1E2", "100"),
            ("0.000001", "0.000001"),
            ("1e-7", "1e-7"),
            ("0.10", "0.1"),
            ("9007199254740993", "9007199254740993"),
            ("12345678901234567890", "12345678901234567890"),
            ("1e400", "1e400"),
            ("0.1000000000000000055", "0.1000000000000000055"),
        ] {
            assert_eq!(printed(CanonicalJson::Js, literal), expected, "{literal}");
        }
    }

    #[test]
    fn python_prints_floats_as_repr_does_and_integers_whole() {
        for (literal, expected) in [
            ("1.0", "1.0"),
            ("-0", "0"),
            ("-0.0", "-0.0"),
            ("1e16", "1e+16"),
            ("1e15", "1000000000000000.0"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.5e300", "1.5e+300"),
            ("123.456", "123.456"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("1e400", "1e400"),
        ] {
            assert_eq!(
                printed(CanonicalJson::Python, literal),
                expected,
                "{literal}"
            );
        }
    }
}
