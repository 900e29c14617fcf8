//! A document as JSON.

use serde_json::Value;

use crate::StoreError;

/// Parses a document.
pub(crate) fn parse(path: &str, bytes: &[u8]) -> Result<Value, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Syntax { path: path.to_owned(), message: error.to_string() })
}
