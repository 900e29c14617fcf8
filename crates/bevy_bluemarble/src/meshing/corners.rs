//! [`Corners`]: where the corners of a chunk's cells lie in its [`NodeFrame`].
//!
//! They are computed in `f64` relative to the middle of the node, so that they are exact at any distance from the
//! planet's centre.

use bluemarble_core::{ChunkKey, LatticePos, Shape};
#[cfg(feature = "avian")]
use glam::Vec3;
use glam::{DVec3, IVec3, dvec3};

use super::NodeFrame;

/// Corners of a chunk along an edge.
const EDGE: usize = 65;

/// A column of lattice corners in the frame of a node: `base + step · y`, y in cells.
#[derive(Clone, Copy)]
struct Column {
    base: DVec3,
    step: DVec3,
}

/// The corners of one chunk.
pub(crate) struct Corners<'a> {
    shape: Shape,
    key: ChunkKey,
    pub frame: &'a NodeFrame,
    /// Columns asked for so far: the shape is asked once for each.
    columns: Vec<Option<Column>>,
}

impl<'a> Corners<'a> {
    pub fn new(shape: Shape, key: ChunkKey, frame: &'a NodeFrame) -> Self {
        Self { shape, key, frame, columns: vec![None; EDGE * EDGE] }
    }

    /// Where a place in cells of the chunk lies, in coordinates of the frame.
    pub fn local(&self, cell: DVec3) -> DVec3 {
        let voxel = self.key.min_voxel().as_dvec3() + cell * f64::from(self.key.cell_voxels());
        self.frame.local(
            self.shape.local_from_lattice(LatticePos::new(self.key.region, voxel))
                - self.frame.centre,
        )
    }

    /// Where a lattice corner lies in the frame: in every shape columns are straight.
    pub fn corner(&mut self, cell: IVec3) -> DVec3 {
        let at = cell.x as usize + EDGE * cell.z as usize;
        let column = match self.columns.get(at).copied().flatten() {
            Some(column) => column,
            None => {
                let (x, z) = (f64::from(cell.x), f64::from(cell.z));
                let base = self.local(dvec3(x, 0.0, z));
                let step = (self.local(dvec3(x, 64.0, z)) - base) / 64.0;
                let column = Column { base, step };
                if let Some(place) = self.columns.get_mut(at) {
                    *place = Some(column);
                }
                column
            }
        };
        column.base + column.step * f64::from(cell.y)
    }

    /// One cell along each axis at a lattice corner, in the frame.
    #[cfg(feature = "render")]
    pub fn axes_at(&mut self, corner: IVec3) -> [DVec3; 3] {
        let from = corner.min(IVec3::splat(EDGE as i32 - 2));
        let here = self.corner(from);
        [IVec3::X, IVec3::Y, IVec3::Z].map(|step| self.corner(from + step) - here)
    }

    /// Where a lattice corner lies in the frame, in metres.
    #[cfg(feature = "avian")]
    pub fn corner_m(&mut self, cell: IVec3) -> Vec3 {
        (self.corner(cell) * self.frame.half_extent_m()).as_vec3()
    }

    /// Where a place in cells of the chunk lies in the frame, in metres.
    #[cfg(feature = "avian")]
    pub fn place_m(&self, cell: Vec3) -> Vec3 {
        (self.local(cell.as_dvec3()) * self.frame.half_extent_m()).as_vec3()
    }
}
