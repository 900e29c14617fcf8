//! [`EditBatch`]: what shall be changed, before anything is.

use serde::{Deserialize, Serialize};

use crate::{LatticeBox, LatticePos, MaterialId, VoxelBox, VoxelPos};

/// Who or what changes voxels; the delta log keeps it with every edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub enum Cause {
    /// A player.
    #[default]
    Player,
    /// A tool: an import, a script.
    Tool,
    /// A geological process.
    Process {
        /// Its number, which the game or the process library gives it.
        process: u8,
        /// The year of the geological clock.
        year: u32,
    },
}

/// One voxel and what it shall become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct Edit {
    /// The voxel; beyond a side of its region it is the one that lies there in the next region.
    pub pos: VoxelPos,
    /// The new material.
    pub material: MaterialId,
}

/// A cell of a chunk of lod 0 and what it shall become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellEdit {
    /// The index of the cell: [`crate::chunk::cell_index`].
    pub cell: u32,
    /// The new material.
    pub material: MaterialId,
}

/// Cells of a chunk of lod 0 that stand on each other, and what they shall become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellColumn {
    /// The index of the lowest one: [`crate::chunk::cell_index`].
    pub cell: u32,
    /// How many there are, up to the top of the chunk at most.
    pub height: u16,
    /// The new material.
    pub material: MaterialId,
}

/// One step of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub enum EditOp {
    /// One voxel.
    Set(Edit),
    /// Voxels that stand on each other.
    Column {
        /// The lowest one; beyond a side of its region each is the one that lies there in the next region.
        base: VoxelPos,
        /// How many there are.
        height: u32,
        /// The new material.
        material: MaterialId,
    },
    /// All voxels of a box.
    Box {
        /// The region.
        region: u8,
        /// The voxels.
        voxels: LatticeBox,
        /// The new material.
        material: MaterialId,
    },
    /// All voxels whose centre lies in a sphere.
    Sphere {
        /// Its centre: voxel v has its own centre at v + 0.5.
        centre: LatticePos,
        /// Its radius in voxels.
        radius: f64,
        /// The new material.
        material: MaterialId,
    },
}

impl EditOp {
    /// The region that the step counts in.
    pub fn region(&self) -> u8 {
        match *self {
            Self::Set(Edit { pos, .. }) => pos.region,
            Self::Column { base, .. } => base.region,
            Self::Box { region, .. } => region,
            Self::Sphere { centre, .. } => centre.region,
        }
    }

    /// The new material.
    pub fn material(&self) -> MaterialId {
        match *self {
            Self::Set(Edit { material, .. })
            | Self::Column { material, .. }
            | Self::Box { material, .. }
            | Self::Sphere { material, .. } => material,
        }
    }
}

/// Changes that are made together or not at all, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct EditBatch {
    ops: Vec<EditOp>,
    cause: Cause,
}

impl EditBatch {
    /// A batch of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says who or what makes the changes; a player, without this.
    pub fn caused_by(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
    }

    /// Who or what makes the changes.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// Changes one voxel.
    pub fn set(&mut self, pos: VoxelPos, material: MaterialId) -> &mut Self {
        self.push(EditOp::Set(Edit { pos, material }))
    }

    /// Changes voxels that stand on each other, from `base` up. Millions of these are cheap: the ground of a landscape is
    /// raised and lowered so.
    pub fn fill_column(&mut self, base: VoxelPos, height: u32, material: MaterialId) -> &mut Self {
        self.push(EditOp::Column { base, height, material })
    }

    /// Changes all voxels of a box; what sticks out over a side of the region is changed in the next
    /// region, what sticks out above and below is not.
    pub fn fill_box(&mut self, voxels: VoxelBox, material: MaterialId) -> &mut Self {
        let VoxelBox { region, voxels } = voxels;
        self.push(EditOp::Box { region, voxels, material })
    }

    /// Changes all voxels whose centre is at most `radius` voxels away from a lattice position; what
    /// sticks out of the region goes the way of [`EditBatch::fill_box`].
    pub fn fill_sphere(
        &mut self,
        centre: LatticePos,
        radius: f64,
        material: MaterialId,
    ) -> &mut Self {
        self.push(EditOp::Sphere { centre, radius, material })
    }

    /// Adds a step.
    pub fn push(&mut self, op: EditOp) -> &mut Self {
        self.ops.push(op);
        self
    }

    /// The steps in the order in which they are made.
    pub fn ops(&self) -> &[EditOp] {
        &self.ops
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }
}

impl From<Edit> for EditBatch {
    fn from(edit: Edit) -> Self {
        Self::from_iter([edit])
    }
}

impl FromIterator<Edit> for EditBatch {
    fn from_iter<T: IntoIterator<Item = Edit>>(edits: T) -> Self {
        edits.into_iter().map(EditOp::Set).collect()
    }
}

impl FromIterator<EditOp> for EditBatch {
    fn from_iter<T: IntoIterator<Item = EditOp>>(ops: T) -> Self {
        Self { ops: ops.into_iter().collect(), cause: Cause::default() }
    }
}
