//! [`BrushAction`]: what a brush does.

use bluemarble_core::MaterialId;

/// The largest strength of [`BrushAction::Smooth`].
pub const MAX_STRENGTH: u8 = 16;

/// What a brush does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub enum BrushAction {
    /// Every voxel becomes this.
    Fill(MaterialId),
    /// Every voxel becomes air.
    Dig,
    /// Solid voxels become this; air and liquids stay.
    Paint(MaterialId),
    /// Rounds the ground: a cell becomes solid if most of the 27 cells around and including it are solid,
    /// and else is none. A cell that becomes solid is what most of the solid cells around it are; one that
    /// does not stay solid is what most of the others are, so that it is filled with water under water. Of
    /// equally many the smaller id counts. Where a cell of the 27 has no place in the lattice, the others
    /// decide; if they are divided, the cell stays.
    ///
    /// What is flat stays flat, and so does a slope of one in one.
    Smooth {
        /// How often this is done, 1 to [`MAX_STRENGTH`], each time to all cells at once.
        strength: u8,
    },
}
