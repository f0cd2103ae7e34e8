//! How a value without a form is written as a column of the database wants it.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::moved::Cell;

type Written = Result<IsNull, Box<dyn Error + Sync + Send>>;

impl ToSql for Cell {
    fn to_sql(&self, column: &Type, out: &mut BytesMut) -> Written {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => integer(*number, column, out),
            // The database has no text with this character in it.
            Self::Text(text) => text.replace('\0', "\u{fffd}").to_sql(column, out),
            Self::Bytes(bytes) => bytes.to_sql(column, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// An error when the number does not fit.
fn integer(number: i64, column: &Type, out: &mut BytesMut) -> Written {
    match *column {
        Type::BOOL => (number != 0).to_sql(column, out),
        Type::INT2 => i16::try_from(number)?.to_sql(column, out),
        Type::INT4 => i32::try_from(number)?.to_sql(column, out),
        Type::INT8 => number.to_sql(column, out),
        _ => Err(format!("a number in a column of {column}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cell: &Cell, column: &Type) -> Option<Vec<u8>> {
        let mut out = BytesMut::new();
        cell.to_sql(column, &mut out).ok().map(|_| out.to_vec())
    }

    #[test]
    fn a_number_is_as_wide_as_its_column() {
        let five = Cell::Integer(5);
        for (column, expected) in [
            (Type::BOOL, vec![1]),
            (Type::INT2, vec![0, 5]),
            (Type::INT4, vec![0, 0, 0, 5]),
            (Type::INT8, vec![0, 0, 0, 0, 0, 0, 0, 5]),
        ] {
            assert_eq!(written(&five, &column), Some(expected), "{column}");
        }
        assert_eq!(written(&five, &Type::TEXT), None);
        assert_eq!(written(&Cell::Integer(40_000), &Type::INT2), None);
    }

    #[test]
    fn text_that_the_database_has_not_is_marked() {
        let text = Cell::Text("a\0b".to_owned());
        assert_eq!(written(&text, &Type::TEXT), Some("a\u{fffd}b".into()));
    }
}
