//! [`Brush`]: a shape, and what it does to the voxels in it.
//!
//! Spheres and boxes that fill or dig are steps of a batch as they are: nothing is read, and they may be as
//! large as the world allows. What else a brush does is found out cell by cell:
//!
//! ```text
//! shape -> the cells of each chunk ([`cells`]) -> what they hold -> what they become -> steps of a batch
//! ```
//!
//! A shape lies in the lattice of one region. What sticks out over a side is changed in the next region, as
//! with [`EditBatch`]; what sticks out above or below is not.

mod cells;
mod paint;
mod shape;
mod smooth;

use bluemarble_core::{Cause, EditBatch, LatticeBox, MaterialId, MaterialTable, Phase};
use bluemarble_world::HybridWorld;
use glam::DVec3;

use crate::{
    EditError,
    batch::{Steps, check_place},
    cuboid,
};

pub use smooth::MAX_STRENGTH;

/// A shape to act on voxels with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// The region whose lattice the shape lies in.
    pub region: u8,
    /// Which voxels.
    pub shape: BrushShape,
    /// What is done to them.
    pub action: BrushAction,
}

/// The voxels of a brush: those whose centre lies in the shape. Voxel v has its centre at v + 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BrushShape {
    /// At most a radius away from a point.
    Sphere {
        /// A lattice position.
        centre: DVec3,
        /// In voxels.
        radius: f64,
    },
    /// A box.
    Box {
        /// The voxels.
        voxels: LatticeBox,
    },
    /// At most a radius away from a line between two points: a sphere that was drawn along it.
    Line {
        /// A lattice position.
        from: DVec3,
        /// A lattice position.
        to: DVec3,
        /// In voxels.
        radius: f64,
    },
}

/// What a brush does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Brush {
    /// The changes that the brush makes in a world as it is now; perhaps none.
    ///
    /// Nothing is read to fill or dig. To paint and smooth, each chunk that matters is read once: what is
    /// edited between that and the edit with the batch is not seen.
    ///
    /// # Errors
    /// [`EditError::Empty`], [`EditError::Strength`]; [`EditError::TooLarge`] beyond a volume of
    /// [`crate::MAX_CELLS`] or 4096 chunks, unless a sphere or a box is filled or dug: those the world itself limits.
    /// [`EditError::World`]: the region does not exist, the shape lies outside of it, or a chunk cannot be
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
                batch.fill_sphere(region, centre, radius, material);
                return Ok(batch);
            }
            (BrushShape::Box { voxels }, Some(material)) => {
                batch.fill_box(region, voxels, material);
                return Ok(batch);
            }
            _ => {}
        }
        if let BrushAction::Smooth { strength } = action
            && !(1..=MAX_STRENGTH).contains(&strength)
        {
            return Err(EditError::Strength { strength, most: MAX_STRENGTH });
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
                    let merged = cuboid::merge(mask.bounds(), |cell| {
                        filling.filter(|_| mask.contains(cell))
                    });
                    steps.add(*key, merged)?;
                }
            }
        }
        steps.batch(Cause::default())
    }
}

/// Which materials are solid.
struct Solid(Vec<bool>);

impl Solid {
    fn new(materials: &MaterialTable) -> Self {
        let is_solid = |phase| matches!(phase, Phase::Opaque | Phase::Translucent);
        Self(materials.rows().iter().map(|row| is_solid(row.phase)).collect())
    }

    fn contains(&self, material: MaterialId) -> bool {
        self.0.get(usize::from(material.0)).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
