//! [`KEEP`]: what says of a cell that it stays what it is.

use bluemarble_core::MaterialId;

/// Marks a cell that stays what it is.
pub const KEEP: MaterialId = MaterialId::UNSTORED;
