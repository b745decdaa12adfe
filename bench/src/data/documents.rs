//! What is passed through in bulk: documents of about 100 kB, and an export of 100 MB.

use std::iter::RepeatN;

use bytes::Bytes;
use serde::Serialize;

use super::PRODUCTS;
use super::catalog::{Product, product};

/// Products of a document.
const PAGES: usize = 50;
/// Bytes of one piece of an export.
const PIECE: usize = 62_500;
/// Pieces of an export.
const PIECES: usize = 1_600;

/// Bytes of an export: 100 MB.
pub(crate) const EXPORT: usize = PIECE * PIECES;

#[derive(Serialize)]
pub(crate) struct Document {
    id: String,
    products: Vec<Product>,
}

/// The id of the document at this place.
pub(crate) fn document_id(number: usize) -> String {
    format!("d-{:05}", 104 + number * 31)
}

/// The document at this place.
pub(crate) fn document(number: usize) -> Document {
    Document {
        id: document_id(number),
        products: (0..PAGES)
            .map(|page| product((number + page) % PRODUCTS))
            .collect(),
    }
}

/// An export, piece by piece; the pieces share their memory.
pub(crate) fn export() -> RepeatN<Bytes> {
    let text = b"4711;SKU-1048576;amber cotton frame;19.99;EUR\n".iter();
    let piece: Bytes = text.copied().cycle().take(PIECE).collect();
    std::iter::repeat_n(piece, PIECES)
}
