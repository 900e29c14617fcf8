//! [`Brush`]: a shape, and what it does to the voxels in it.
//!
//! Spheres and boxes that fill or dig are steps of a batch as they are: nothing is read, and they may be as
//! large as the world allows. What else a brush does is found out cell by cell:
//!
//! ```text
//! shape -> the cells of each chunk -> what they hold -> what they become -> steps of a batch
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `shape` | [`BrushShape`]: which voxels |
//! | `action` | [`BrushAction`]: what is done to them |
//! | `cells`, `mask` | which cells of which chunks a shape holds |
//! | `paint`, `smooth` | what the cells become |
//! | `solid` | which materials are solid |
//!
//! A shape lies in the lattice of one region. What sticks out over a side is changed in the next region, as
//! with [`EditBatch`]; what sticks out above or below is not.

mod action;
mod cells;
mod mask;
mod paint;
mod shape;
mod smooth;
mod solid;

use bluemarble_core::{Cause, EditBatch, LatticePos, MaterialId, VoxelBox};
use bluemarble_world::{HybridWorld, uniform_box};
use glam::DVec3;

pub use action::{BrushAction, MAX_STRENGTH};
pub use shape::BrushShape;

use crate::{
    EditError,
    batch::{Steps, check_place},
};

/// A shape to act on voxels with.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct Brush {
    /// The region whose lattice the shape lies in.
    pub region: u8,
    /// Which voxels.
    pub shape: BrushShape,
    /// What is done to them.
    pub action: BrushAction,
}

impl Brush {
    /// A sphere around a point, with a radius in voxels.
    pub fn sphere(centre: LatticePos, radius: f64, action: BrushAction) -> Self {
        let LatticePos { region, lattice } = centre;
        Self { region, shape: BrushShape::Sphere { centre: lattice, radius }, action }
    }

    /// A box around a point: see [`BrushShape::cuboid`].
    pub fn cuboid(centre: LatticePos, half_extent: DVec3, action: BrushAction) -> Self {
        let LatticePos { region, lattice } = centre;
        Self { region, shape: BrushShape::cuboid(lattice, half_extent), action }
    }

    /// The changes that the brush makes in a world as it is now; perhaps none.
    ///
    /// Nothing is read to fill or dig. To paint and smooth, each chunk that matters is read once: what is
    /// edited between that and the edit with the batch is not seen.
    ///
    /// # Errors
    /// [`EditError::Empty`], [`EditError::Strength`]; [`EditError::TooLarge`] beyond a volume of
    /// [`crate::MAX_CELLS`] or 4096 chunks, unless a sphere or a box is filled or dug: those the world itself limits.
    /// [`EditError::World`]: the region does not exist, the shape is outside of it, or a chunk cannot be
    /// read. Whether the material is known is found by the edit.
    pub async fn batch(&self, world: &HybridWorld) -> Result<EditBatch, EditError> {
        let Self { region, shape, action } = *self;
        shape.check()?;
        check_place(&world.shape(), region, shape.bounds())?;
        let filling = match action {
            BrushAction::Fill(material) => Some(material),
            BrushAction::Dig => Some(MaterialId::AIR),
            BrushAction::Paint(_) | BrushAction::Smooth { .. } => None,
        };
        let mut batch = EditBatch::new();
        match (shape, filling) {
            (BrushShape::Sphere { centre, radius }, Some(material)) => {
                batch.fill_sphere(LatticePos::new(region, centre), radius, material);
                return Ok(batch);
            }
            (BrushShape::Box { voxels }, Some(material)) => {
                batch.fill_box(VoxelBox::new(region, voxels), material);
                return Ok(batch);
            }
            _ => {}
        }
        if let BrushAction::Smooth { strength } = action
            && !(1..=MAX_STRENGTH).contains(&strength)
        {
            return Err(EditError::Strength { strength, max: MAX_STRENGTH });
        }
        let cells = cells::of_shape(&world.shape(), region, &shape)?;
        let mut steps = Steps::default();
        match action {
            BrushAction::Paint(material) => {
                paint::paint(world, &cells, material, &mut steps).await?
            }
            BrushAction::Smooth { strength } => {
                smooth::smooth(world, &cells, strength, &mut steps).await?;
            }
            BrushAction::Fill(_) | BrushAction::Dig => {
                for (key, mask) in &cells {
                    let merged = uniform_box::merge(mask.bounds(), |cell| {
                        filling.filter(|_| mask.contains(cell))
                    });
                    steps.add(*key, merged)?;
                }
            }
        }
        steps.batch(Cause::default())
    }
}

#[cfg(test)]
mod tests;
