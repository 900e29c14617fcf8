//! [`Ground`]: what a function says of a place.

use bluemarble_core::MaterialId;

/// The ground at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ground {
    /// Its height in metres; y = 0 is at the lattice's 0.
    pub height_m: f64,
    /// Material of its topmost cell.
    pub surface: MaterialId,
    /// Material of what lies below that, all the way down. Must be opaque.
    pub below: MaterialId,
}
