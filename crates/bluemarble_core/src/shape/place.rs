//! [`CellPlace`]: a cell and the region that it lies in.

use glam::IVec3;

/// A cell beside another, perhaps in the next region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellPlace {
    /// The region it lies in.
    pub region: u8,
    /// Its position there, in cells of the lod asked about.
    pub cell: IVec3,
}
