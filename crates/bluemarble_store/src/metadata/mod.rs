//! The `zarr.json` documents: what is written, and what is accepted.
//!
//! | module | what it holds |
//! |---|---|
//! | `world` | the world's group: what world this is, and how it is stored |
//! | `region` | a region's group: its lods as an OME-NGFF multiscale image |
//! | `array` | the array of one lod |
//! | `codecs` | the codecs that an array may name |
//! | `document` | JSON |
//! | `difference` | comparing documents |

mod array;
mod codecs;
mod difference;
mod document;
mod region;
mod world;

pub(crate) use array::{ArrayFormat, array_document};
pub(crate) use document::parse;
pub(crate) use region::{listed_lods, region_document};
pub use world::{FORMAT_VERSION, WorldMetadata};
pub(crate) use world::{MANIFEST_SINCE, Recorded, format_version};

#[cfg(test)]
mod tests;
