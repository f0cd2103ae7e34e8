//! Is there anything on the page that cannot be seen? Names, addresses and errors are other people's
//! texts: a character that turns the order of letters around, or drives a terminal, is shown as a
//! picture of itself wherever it stands. What is in a form stays as it is: it is sent back.

use crate::parts::show::picture;

/// The finished page, with all that is hidden in its texts made visible.
pub(crate) fn plain(page: String) -> String {
    if !may_hide(page.as_bytes()) {
        return page;
    }
    let mut shown = String::with_capacity(page.len() + 64);
    let mut rest = page.as_str();
    // Text, then a tag, and so on: maud writes `<` and `>` nowhere but around tags.
    while let Some(start) = rest.find('<') {
        let (text, from_tag) = rest.split_at(start);
        shown.extend(text.chars().map(picture));
        let until = match from_tag.starts_with("<textarea") {
            true => from_tag.find("</textarea>"),
            false => from_tag.find('>').map(|end| end + 1),
        };
        let (tag, after) = from_tag.split_at(until.unwrap_or(from_tag.len()));
        shown.push_str(tag);
        rest = after;
    }
    shown.extend(rest.chars().map(picture));
    shown
}

/// Whether there may be such a character: a look at the bytes, since most pages have none.
fn may_hide(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| match pair {
        [0xc2, second] => *second < 0xa0,
        [0xd8, 0x9c] | [0xe2, 0x80 | 0x81] => true,
        [first, _] => matches!(first, 0..=8 | 11 | 12 | 14..=31 | 127),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_visible_and_fields_stay() {
        let page = "<p title=\"a\u{202e}b\">x\u{202e}y\u{1b}[31m</p><textarea name=\"t\">\n1\u{202e}2</textarea>\u{7f}";
        let shown = "<p title=\"a\u{202e}b\">x\u{fffd}y␛[31m</p><textarea name=\"t\">\n1\u{202e}2</textarea>␡";
        assert_eq!(plain(page.to_owned()), shown);
    }

    #[test]
    fn a_page_without_any_is_left_as_it_is() {
        let page = "<p>é – ‘quoted’ שלום\r\n\t</p>";
        assert_eq!(plain(page.to_owned()), page);
        assert!(!may_hide("<p>plain é</p>\r\n".as_bytes()));
    }
}
