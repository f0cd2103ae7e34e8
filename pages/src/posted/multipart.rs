//! What does a form say that has a file in it (`multipart/form-data`, RFC 7578)? A file is what the API
//! takes for one: a `data:` URI; nothing, where none was chosen.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands between the parts, if the content type is that of such a form.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let given = parameters.split(';').find_map(|it| {
        let (name, value) = it.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    });
    given
        .map(|it| it.trim_matches('"'))
        .filter(|it| !it.is_empty())
}

/// Its fields, in their order; `None` if it is not whole.
pub(super) fn fields(body: &[u8], boundary: &str) -> Option<Vec<(String, String)>> {
    let between = format!("\r\n--{boundary}");
    let between = between.as_bytes();
    // Nothing stands before the first.
    let mut rest = body.strip_prefix(&between[2..])?;
    let mut fields = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let end = find(rest, between)?;
        fields.push(field(&rest[..end])?);
        rest = &rest[end + between.len()..];
    }
    Some(fields)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|it| it == wanted)
}

/// One part: its name, and what is in it.
fn field(part: &[u8]) -> Option<(String, String)> {
    let end = find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..end]).ok()?;
    let content = &part[end + 4..];
    let header = |wanted: &str| {
        head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let disposition = header("content-disposition")?;
    let name = parameter(disposition, "name")?.to_owned();
    let text = match parameter(disposition, "filename") {
        None => String::from_utf8_lossy(content).into_owned(),
        Some(_) if content.is_empty() => String::new(),
        Some(_) => {
            let kind = header("content-type").unwrap_or("application/octet-stream");
            format!("data:{kind};base64,{}", STANDARD.encode(content))
        }
    };
    Some((name, text))
}

/// Browsers write a quotation mark in a value as %22, so that the next one ends it.
fn parameter<'a>(disposition: &'a str, name: &str) -> Option<&'a str> {
    let wanted = format!("; {name}=\"");
    let start = disposition.find(&wanted)? + wanted.len();
    disposition[start..].split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=----WebKitFormBoundaryAbc";

    fn read(body: &str) -> Option<Vec<(String, String)>> {
        fields(body.as_bytes(), boundary(KIND).expect("a form"))
    }

    #[test]
    fn a_form_names_what_stands_between_its_parts() {
        assert_eq!(boundary(KIND), Some("----WebKitFormBoundaryAbc"));
        assert_eq!(
            boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\""),
            Some("a b")
        );
        for other in [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/mixed; boundary=a",
        ] {
            assert_eq!(boundary(other), None, "{other}");
        }
    }

    #[test]
    fn texts_stay_as_they_are_and_files_become_addresses() {
        let body = "------WebKitFormBoundaryAbc\r\n\
            Content-Disposition: form-data; name=\"settings/portal/name\"\r\n\r\n\
            Zo\u{eb}'s\r\n--shop\r\n\
            ------WebKitFormBoundaryAbc\r\n\
            content-disposition: form-data; name=\"logo\"; filename=\"a%22; name=x.png\"\r\n\
            content-type: image/png\r\n\r\n\
            \u{1}\r\n\r\n2\r\n\
            ------WebKitFormBoundaryAbc\r\n\
            Content-Disposition: form-data; name=\"none\"; filename=\"\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n\r\n\
            ------WebKitFormBoundaryAbc--\r\n";
        let found = read(body).expect("whole");
        let found: Vec<_> = found
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let expected = [
            ("settings/portal/name", "Zo\u{eb}'s\r\n--shop"),
            ("logo", "data:image/png;base64,AQ0KDQoy"),
            ("none", ""),
        ];
        assert_eq!(found, expected);
        assert_eq!(read("------WebKitFormBoundaryAbc--\r\n"), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_off_is_no_form() {
        let whole = "------WebKitFormBoundaryAbc\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n------WebKitFormBoundaryAbc--";
        assert!(read(whole).is_some());
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
        let nameless = whole.replace("; name=\"a\"", "");
        assert_eq!(read(&nameless), None);
    }
}
