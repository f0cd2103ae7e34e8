//! How an index is walked whose rows lie in buckets of their numbers (`id >> 16`): one bucket after
//! the other, so that inserts stay near one another and a page still comes in order.

use crate::model::Towards;
use crate::walk::Span;

/// Bits of a row's number below its bucket's.
pub(super) const BUCKET_BITS: u32 = 16;

/// The buckets that a span lies in, in the order of its walk.
pub(super) fn buckets(span: Span) -> Box<dyn Iterator<Item = i64>> {
    let first = (span.after + 1).max(0) >> BUCKET_BITS;
    let last = (span.before - 1).max(-1) >> BUCKET_BITS;
    match span.towards {
        Towards::Older => Box::new((first..=last).rev()),
        Towards::Newer => Box::new(first..=last),
    }
}

/// The row with which a bucket has been looked through.
pub(super) const fn end_of(bucket: i64, towards: Towards) -> i64 {
    match towards {
        Towards::Older => bucket << BUCKET_BITS,
        Towards::Newer => ((bucket + 1) << BUCKET_BITS) - 1,
    }
}
