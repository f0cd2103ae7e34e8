//! How the place at which a page of a list begins is written: opaque, versioned, with its direction.

use hookwright_store::Towards;

use crate::problem::Problem;

/// Cursors of the second version: `c2o_` towards older rows, `c2n_` towards newer ones.
const OLDER: &str = "c2o_";
const NEWER: &str = "c2n_";
/// Cursors of the first version, all towards older rows: lists that were begun before an upgrade
/// go on.
const FIRST_VERSION: &str = "c1_";
/// Between a row and the number within it.
const WITHIN: char = '-';

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) towards: Towards,
    /// The row that the page does not show any more.
    pub(crate) row: i64,
    /// What of that row was shown last, where a row has several items.
    pub(crate) within: u32,
}

impl Cursor {
    pub(crate) const fn new(towards: Towards, row: i64) -> Self {
        Self {
            towards,
            row,
            within: 0,
        }
    }

    pub(crate) fn encode(self) -> String {
        let prefix = match self.towards {
            Towards::Older => OLDER,
            Towards::Newer => NEWER,
        };
        let mut text = prefix.to_owned();
        push_base_36(&mut text, self.row.unsigned_abs());
        if self.within > 0 {
            text.push(WITHIN);
            push_base_36(&mut text, u64::from(self.within));
        }
        text
    }

    pub(crate) fn decode(text: &str) -> Result<Self, Problem> {
        read(text).ok_or_else(|| {
            let detail = "use a next_cursor or prev_cursor of this list as it was given, or leave it out to begin anew";
            Problem::query("cursor", detail)
        })
    }
}

/// Only what [`Cursor::encode`] wrote, or the first version did.
fn read(text: &str) -> Option<Cursor> {
    let known = [
        (OLDER, Towards::Older),
        (NEWER, Towards::Newer),
        (FIRST_VERSION, Towards::Older),
    ];
    let (rest, towards) = known
        .into_iter()
        .find_map(|(prefix, towards)| Some((text.strip_prefix(prefix)?, towards)))?;
    let (row, within) = match rest.split_once(WITHIN) {
        None => (rest, 0),
        Some((row, within)) => (row, u32::try_from(base_36(within)?).ok()?),
    };
    Some(Cursor {
        towards,
        row: base_36(row)?,
        within,
    })
}

fn push_base_36(text: &mut String, number: u64) {
    if number >= 36 {
        push_base_36(text, number / 36);
    }
    text.push(char::from_digit((number % 36) as u32, 36).unwrap_or('0'));
}

fn base_36(text: &str) -> Option<i64> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let number = text.bytes().all(is_digit).then_some(text)?;
    i64::from_str_radix(number, 36).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_of_the_first_version_goes_on_towards_older_rows() {
        let read = read("c1_10").expect("a cursor");
        assert_eq!(read, Cursor::new(Towards::Older, 36));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for bad in [
            "",
            "c1_",
            "c2o_",
            "c2o_!",
            "12",
            "c2x_1",
            "c2o_-1",
            "c2o_+1",
            "c2n_1-",
            "c2o_A",
            "c2o_1-2-3",
            "c1_zzzzzzzzzzzzzzzzzzzz",
            "c2o_1-zzzzzzzzz",
            "c3o_1",
            " c2o_1",
            "c2o_é",
        ] {
            assert!(Cursor::decode(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back(row in 0..i64::MAX, within: u32, older: bool) {
            let towards = if older { Towards::Older } else { Towards::Newer };
            let cursor = Cursor { towards, row, within };
            prop_assert_eq!(Cursor::decode(&cursor.encode()).ok(), Some(cursor));
        }

        #[test]
        fn no_text_is_read_wrongly(text in "(c[0-9][on]?_)?[-0-9a-zA-Z+_é\\x00]{0,20}") {
            if let Some(cursor) = read(&text) {
                prop_assert!(cursor.row >= 0);
                prop_assert_eq!(read(&cursor.encode()), Some(cursor));
            }
        }
    }
}
