//! A grid over a box.

use bluemarble_core::{LatticeBox, MAX_LOD, MaterialId};
use glam::{IVec3, UVec3};

use super::{Exactness, Explanation};
use crate::{WorldError, WorldReader};

/// Samples of a box at once.
const MOST_SAMPLES: u64 = 1 << 28;

/// Materials at the points of a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Samples {
    /// How many along x, y and z.
    pub resolution: UVec3,
    /// The lod that was sampled.
    pub lod: u8,
    /// x fastest, then z, then y.
    pub materials: Vec<MaterialId>,
}

impl Samples {
    /// The sample at a point of the grid.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn get(&self, at: UVec3) -> MaterialId {
        assert!(at.cmplt(self.resolution).all(), "the grid ends at {}", self.resolution);
        let [x, y, z] = at.as_usizevec3().to_array();
        let size = self.resolution.as_usizevec3();
        self.materials[x + size.x * (z + size.z * y)]
    }
}

impl WorldReader {
    /// The materials in the middles of `resolution` equal parts of a box, taken from the coarsest lod whose
    /// cells are not wider than the narrowest side of a part.
    ///
    /// # Errors
    /// [`WorldError::BoxOutside`] if the box is empty or not within the region; [`WorldError::TooManySamples`];
    /// as [`crate::HybridWorld::read`].
    pub fn sample_region(
        &mut self,
        region: u8,
        voxels: LatticeBox,
        resolution: UVec3,
    ) -> Result<Samples, WorldError> {
        self.check_box(region, &voxels)?;
        let count = resolution.as_u64vec3();
        let count = count.x.saturating_mul(count.y).saturating_mul(count.z);
        if count == 0 || count > MOST_SAMPLES {
            return Err(WorldError::TooManySamples { resolution, most: MOST_SAMPLES });
        }
        let size = voxels.size();
        let part = (size.as_dvec3() / resolution.as_dvec3()).min_element().max(1.0);
        let lod = (part.log2() as u8).min(MAX_LOD);
        let middle = |along: u32, axis: usize| {
            let (along, parts) = (i64::from(along), i64::from(resolution[axis]));
            let offset = (2 * along + 1) * i64::from(size[axis]) / (2 * parts);
            voxels.min[axis] + offset as i32
        };
        let (xs, zs): (Vec<_>, Vec<_>) = (
            (0..resolution.x).map(|x| middle(x, 0)).collect(),
            (0..resolution.z).map(|z| middle(z, 2)).collect(),
        );
        let start = self.query_begins();
        let mut materials = Vec::with_capacity(count as usize);
        let (mut nodes, mut held, mut read) = (0, 0, 0);
        for y in 0..resolution.y {
            let y = middle(y, 1);
            for &z in &zs {
                for &x in &xs {
                    let voxel = IVec3::new(x, y, z);
                    materials.push(self.find_material(region, voxel, lod, Exactness::Exact)?);
                    let last = self.explanation();
                    nodes += last.nodes;
                    held += last.held;
                    read += last.read;
                }
            }
        }
        self.explain(Explanation::of(nodes, held, read));
        self.query_ends(start, held + read == 0);
        Ok(Samples { resolution, lod, materials })
    }
}
