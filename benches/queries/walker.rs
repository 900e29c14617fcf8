//! The peer that everybody writes first: chunks of plain cells in a hash map, and the walk of Amanatides and
//! Woo ("A Fast Voxel Traversal Algorithm for Ray Tracing", 1987) from voxel to voxel.

use bluemarble_core::{Chunk, ChunkKey, MaterialId, Ray};
use glam::{DVec3, IVec3};
use rustc_hash::FxHashMap;

pub struct Walker {
    chunks: FxHashMap<IVec3, Box<[MaterialId]>>,
}

impl Walker {
    pub fn new(chunks: &[(ChunkKey, Chunk)]) -> Self {
        let mixed = chunks.iter().filter(|(_, chunk)| chunk.as_uniform() != Some(MaterialId::AIR));
        Self { chunks: mixed.map(|(key, chunk)| (key.pos, chunk.to_cells().into())).collect() }
    }

    #[inline]
    pub fn material(&self, voxel: IVec3) -> MaterialId {
        let cell = voxel & 63;
        let index = cell.x + 64 * cell.z + 4096 * cell.y;
        self.chunks.get(&(voxel >> 6)).map_or(MaterialId::AIR, |cells| cells[index as usize])
    }

    /// The first voxel that is not air within a box around the origin, and the distance in voxels. The chunk is
    /// looked up for each voxel, or, with `KEEPS`, kept until the next one is entered.
    pub fn first_hit<const KEEPS: bool>(
        &self,
        ray: &Ray,
        low: IVec3,
        high: IVec3,
    ) -> Option<(IVec3, f64)> {
        let mut voxel = ray.origin.floor().as_ivec3();
        let step =
            IVec3::from_array(ray.direction.to_array().map(|d| if d > 0.0 { 1 } else { -1 }));
        let delta = ray.direction.recip().abs();
        let ahead = (voxel + step.max(IVec3::ZERO)).as_dvec3() - ray.origin;
        let mut next = DVec3::select(
            ray.direction.cmpeq(DVec3::ZERO),
            DVec3::INFINITY,
            ahead * ray.direction.recip(),
        );
        let (mut at, mut chunk, mut pos) = (0.0, None, IVec3::MAX);
        while voxel.cmpge(low).all() && voxel.cmplt(high).all() {
            if !KEEPS || voxel >> 6 != pos {
                pos = voxel >> 6;
                chunk = self.chunks.get(&pos);
            }
            if let Some(cells) = chunk {
                let cell = voxel & 63;
                if !cells[(cell.x + 64 * cell.z + 4096 * cell.y) as usize].is_air() {
                    return Some((voxel, at));
                }
            }
            if next.x < next.y && next.x < next.z {
                (voxel.x, at) = (voxel.x + step.x, next.x);
                next.x += delta.x;
            } else if next.y < next.z {
                (voxel.y, at) = (voxel.y + step.y, next.y);
                next.y += delta.y;
            } else {
                (voxel.z, at) = (voxel.z + step.z, next.z);
                next.z += delta.z;
            }
        }
        None
    }
}
