//! Of which type of the database a statement's parameter is.
//!
//! A prepared statement learns it from the server. One that is sent whole says it, and these are
//! the types that the server would have found: the driver puts no Rust type into any other.

use tokio_postgres::types::{ToSql, Type};

/// A value that a statement may be given.
pub(super) trait Parameter: ToSql + Sync {
    /// Its type, of an absent value as well.
    fn sql_type(&self) -> Type;
    /// As the driver takes it.
    fn as_sql(&self) -> &(dyn ToSql + Sync);
}

pub(super) type Parameters<'a> = &'a [&'a dyn Parameter];

/// As the driver takes them with a prepared statement.
pub(super) fn untyped<'a>(parameters: Parameters<'a>) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|it| it.as_sql()).collect()
}

/// As the driver takes them with a statement that was not prepared.
pub(super) fn typed<'a>(parameters: Parameters<'a>) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let typed = parameters.iter().map(|it| (it.as_sql(), it.sql_type()));
    typed.collect()
}

/// A type alone, one that may be absent, and columns of both.
macro_rules! is_parameter {
    ($($rust:ty => $one:ident, $many:ident;)*) => {$(
        is_parameter!(@ $rust => $one);
        is_parameter!(@ Option<$rust> => $one);
        is_parameter!(@ Vec<$rust> => $many);
        is_parameter!(@ Vec<Option<$rust>> => $many);
    )*};
    (@ $rust:ty => $type:ident) => {
        impl Parameter for $rust {
            fn sql_type(&self) -> Type {
                Type::$type
            }

            fn as_sql(&self) -> &(dyn ToSql + Sync) {
                self
            }
        }
    };
}

// `Vec<u8>` is bytes and not a column, and there is no `u8` here.
is_parameter! {
    bool => BOOL, BOOL_ARRAY;
    i16 => INT2, INT2_ARRAY;
    i32 => INT4, INT4_ARRAY;
    i64 => INT8, INT8_ARRAY;
    f64 => FLOAT8, FLOAT8_ARRAY;
    String => TEXT, TEXT_ARRAY;
    &str => TEXT, TEXT_ARRAY;
    Vec<u8> => BYTEA, BYTEA_ARRAY;
    &[u8] => BYTEA, BYTEA_ARRAY;
}
is_parameter!(@ &[i64] => INT8_ARRAY);
is_parameter!(@ Option<Vec<i64>> => INT8_ARRAY);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_a_type_that_takes_it() {
        let (text, bytes, ids) = ("a", [1_u8].as_slice(), [1_i64].as_slice());
        let parameters: Parameters<'_> = &[
            &true,
            &1_i16,
            &vec![Some(1_i32), None],
            &None::<i64>,
            &ids,
            &0.5,
            &text,
            &vec![Some("b".to_owned())],
            &vec![1_u8],
            &vec![bytes],
            &vec![Some(vec![1_u8]), None],
        ];
        for (value, sql_type) in typed(parameters) {
            let mut encoded = bytes::BytesMut::new();
            let refused = value.to_sql_checked(&sql_type, &mut encoded).err();
            assert!(refused.is_none(), "{value:?} as {sql_type}: {refused:?}");
        }
    }

    #[test]
    fn bytes_are_no_column() {
        assert_eq!(vec![1_u8].sql_type(), Type::BYTEA);
        assert_eq!(vec![vec![1_u8]].sql_type(), Type::BYTEA_ARRAY);
    }
}
