//! The `zarr.json` documents: what is written, and what is accepted.
//!
//! | room | what it holds |
//! |---|---|
//! | `world` | the world's group: what world this is, and how it is stored |
//! | `region` | a region's group: its lods as an OME-NGFF multiscale image |
//! | `array` | the array of one lod |
//! | `codecs` | the codecs that an array may name |
//! | `difference` | comparing documents |

mod array;
mod codecs;
mod difference;
mod region;
mod world;

use serde_json::Value;

pub(crate) use array::{ArrayFormat, array_document};
pub(crate) use region::{listed_lods, region_document};
pub use world::{FORMAT_VERSION, WorldMetadata};

use crate::StoreError;

/// Parses a document.
pub(crate) fn parse(path: &str, bytes: &[u8]) -> Result<Value, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Syntax { path: path.to_owned(), message: error.to_string() })
}

/// A mismatch at one field.
fn mismatch(
    path: &str,
    field: impl Into<String>,
    expected: impl Into<String>,
    found: Option<&Value>,
) -> StoreError {
    StoreError::Mismatch {
        path: path.to_owned(),
        field: field.into(),
        expected: expected.into(),
        found: found.map_or_else(|| "absent".to_owned(), Value::to_string),
    }
}
