//! What does a form say that has a file in it (`multipart/form-data`, RFC 7578)? A file is what the API
//! takes for one: a `data:` URI; nothing, where none was chosen.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use multer::{Error, Field, Multipart};

/// What stands between the parts, if the content type is that of such a form.
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let found = multer::parse_boundary(content_type).ok();
    found.filter(|it| !it.is_empty())
}

/// Its fields, in their order; `None` if it is not whole.
pub(super) async fn fields(body: Bytes, boundary: String) -> Option<Vec<(String, String)>> {
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let mut form = Multipart::new(body, boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        fields.push((name, content(field).await.ok()?));
    }
    Some(fields)
}

async fn content(field: Field<'_>) -> Result<String, Error> {
    let is_file = field.file_name().is_some();
    let kind = field.content_type().map(ToString::to_string);
    let content = field.bytes().await?;
    if !is_file {
        return Ok(String::from_utf8_lossy(&content).into_owned());
    }
    if content.is_empty() {
        return Ok(String::new());
    }
    let kind = kind.as_deref().unwrap_or("application/octet-stream");
    Ok(format!("data:{kind};base64,{}", STANDARD.encode(content)))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const KIND: &str = "multipart/form-data; boundary=----WebKitFormBoundaryAbc";

    fn read(body: &str) -> Option<Vec<(String, String)>> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let found = fields(body, boundary(KIND).expect("a form"));
        found.now_or_never().expect("all of it is there")
    }

    #[test]
    fn a_form_names_what_stands_between_its_parts() {
        assert_eq!(boundary(KIND).as_deref(), Some("----WebKitFormBoundaryAbc"));
        let quoted = boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"");
        assert_eq!(quoted.as_deref(), Some("a b"));
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
