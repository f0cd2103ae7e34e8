//! What a signature is over, for people to compare with what they signed.

use ring::digest::{SHA256, digest};

use crate::profile::SignatureScheme;
use crate::sign::Content;
use crate::template::{Piece, Place};

/// What a signature is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedContent {
    /// How it is put together, as the profile writes it: `{timestamp}.{body}`.
    pub template: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256, in hex.
    pub sha256: String,
}

impl SignedContent {
    pub(super) fn new(scheme: &SignatureScheme, content: &Content<'_>) -> Self {
        let bytes = content.joined(scheme);
        Self {
            template: template(&scheme.content),
            sha256: hex::encode(digest(&SHA256, &bytes)),
            bytes,
        }
    }
}

/// A template of a signature, as a profile's file writes it.
pub(crate) fn template(pieces: &[Piece]) -> String {
    let words = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Place(place) => format!("{{{}}}", name(place)),
    };
    pieces.iter().map(words).collect()
}

const fn name(place: &Place) -> &'static str {
    match place {
        Place::EventId => "message.id",
        Place::Timestamp => "timestamp",
        Place::Body => "body",
        Place::Url => "url",
        Place::Method => "method",
        Place::Signature => "signature",
        // The others stand in envelopes and headers only.
        _ => "",
    }
}
