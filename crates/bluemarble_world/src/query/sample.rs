//! A grid over a box.

use std::ops::Range;

use bluemarble_core::{CHUNK_EDGE, CellPos, Cells, MAX_LOD, MaterialId, VoxelBox};
use glam::{IVec3, UVec3};

use crate::{Explanation, WorldError, WorldReader};

/// Samples of a box at once.
const MAX_SAMPLES: u64 = 1 << 28;

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
        voxels: VoxelBox,
        resolution: UVec3,
    ) -> Result<Samples, WorldError> {
        self.world().check_box(&voxels)?;
        let VoxelBox { region, voxels } = voxels;
        let count = resolution.as_u64vec3();
        let count = count.x.saturating_mul(count.y).saturating_mul(count.z);
        if count == 0 || count > MAX_SAMPLES {
            return Err(WorldError::TooManySamples { resolution, max: MAX_SAMPLES });
        }
        let size = voxels.size();
        let part = (size.as_dvec3() / resolution.as_dvec3()).min_element().max(1.0);
        let lod = (part.log2() as u8).min(MAX_LOD);
        // The cells of the lod, axis by axis, and which of them are in one chunk.
        let cells: [Vec<i32>; 3] = std::array::from_fn(|axis| {
            let parts = i64::from(resolution[axis]);
            let middle = |along| (2 * along + 1) * i64::from(size[axis]) / (2 * parts);
            let cell = |along| (voxels.min[axis] + middle(along) as i32) >> i32::from(lod);
            (0..parts).map(cell).collect()
        });
        let [xs, ys, zs] = cells.each_ref().map(|cells| runs_in_chunks(cells));
        let start = self.query_begins();
        let mut materials = vec![MaterialId::AIR; count as usize];
        let (row, layer) = (cells[0].len(), cells[0].len() * cells[2].len());
        let mut counts = Explanation::default();
        for y in &ys {
            for z in &zs {
                for x in &xs {
                    let first = IVec3::new(cells[0][x.start], cells[1][y.start], cells[2][z.start]);
                    let key = CellPos::new(region, lod, first).chunk();
                    let rows = y.clone().flat_map(|y| z.clone().map(move |z| (y, z)));
                    if self.known_chunk(key).is_some() {
                        counts.held += 1;
                    } else if let Some(material) = self.node_material(key) {
                        counts.nodes += 1;
                        for (y, z) in rows {
                            materials[y * layer + z * row..][x.clone()].fill(material);
                        }
                        continue;
                    } else {
                        counts.read += 1;
                    }
                    let chunk = &self.chunk(key)?.cells;
                    let last =
                        IVec3::new(cells[0][x.end - 1], cells[1][y.end - 1], cells[2][z.end - 1]);
                    let count = IVec3::new(x.len() as i32, y.len() as i32, z.len() as i32);
                    if last - first + 1 == count {
                        let (low, to) =
                            (first & (CHUNK_EDGE - 1), y.start * layer + z.start * row + x.start);
                        chunk.copy_box(low, low + count, &mut materials[to..], row, layer);
                        continue;
                    }
                    for (y, z) in rows {
                        let found = &mut materials[y * layer + z * row..][x.clone()];
                        for (found, &x) in found.iter_mut().zip(&cells[0][x.clone()]) {
                            let cell = IVec3::new(x, cells[1][y], cells[2][z]);
                            *found = chunk.get(cell & (CHUNK_EDGE - 1));
                        }
                    }
                }
            }
        }
        let Explanation { nodes, held, read, .. } = counts;
        self.explain(Explanation::of(nodes, held, read));
        self.query_ends(start, held + read == 0);
        Ok(Samples { resolution, lod, materials })
    }
}

/// Which of ascending cells are in one chunk after the other.
fn runs_in_chunks(cells: &[i32]) -> Vec<Range<usize>> {
    let mut start = 0;
    let runs =
        cells.chunk_by(|one, next| one.div_euclid(CHUNK_EDGE) == next.div_euclid(CHUNK_EDGE));
    runs.map(|run| {
        start += run.len();
        start - run.len()..start
    })
    .collect()
}
