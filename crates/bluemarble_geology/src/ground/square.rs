//! [`Square`]: 64 x 64 columns of voxels, and where their ground is.

use bluemarble_core::{CHUNK_EDGE, Chunk, ChunkKey, MaterialId, VoxelPos};
use bluemarble_world::{HybridWorld, WorldError};
use glam::IVec3;

use super::{
    descent::{Below, Descent},
    matter::{Matter, Matters},
};
use crate::area::folded;

/// Columns of a square.
pub(crate) const COLUMNS: usize = (CHUNK_EDGE * CHUNK_EDGE) as usize;

/// Where the ground of a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    /// The highest voxel of ground.
    pub y: i32,
    /// What lies on it.
    pub above: MaterialId,
    /// Something is built on it or over it.
    pub is_built_on: bool,
}

/// 64 x 64 columns of voxels.
pub(crate) struct Square {
    /// The column of the world that each is, at the height of its top; x fastest.
    places: Vec<Option<VoxelPos>>,
    tops: Vec<Option<Top>>,
    /// What has been read, in the order in which it was.
    chunks: Vec<(ChunkKey, Chunk)>,
}

impl Square {
    /// Reads the columns of a square, from above down to the ground of each. `at`: x and z, in chunks, of what may lie beyond
    /// a side of the region.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub async fn read(
        world: &HybridWorld,
        matters: &Matters,
        region: u8,
        at: [i32; 2],
    ) -> Result<Self, WorldError> {
        let shape = world.shape();
        let place = |index: usize| {
            let [x, z] = [index % 64, index / 64].map(|step| step as i32);
            folded(&shape, region, at[0] * CHUNK_EDGE + x, at[1] * CHUNK_EDGE + z)
        };
        let places: Vec<_> = (0..COLUMNS).map(place).collect();
        let mut square = Self { tops: vec![None; COLUMNS], chunks: Vec::new(), places };
        // Beyond a side the square is one of chunks as well, but turned.
        let Some(first) = square.places.iter().flatten().next().copied() else {
            return Ok(square);
        };
        let key = first.chunk(0);
        let mut descent = Descent::new(world, matters, key.region, 0, [key.pos.x, key.pos.z]);
        let mut above = vec![(MaterialId::AIR, false); COLUMNS];
        let mut missing = square.places.iter().flatten().count();
        while missing > 0 {
            match descent.next().await? {
                None => break,
                Some(Below::Uniform(material)) => {
                    let is_built = matters.get(material) == Matter::Built;
                    above.iter_mut().for_each(|over| *over = (material, over.1 | is_built));
                }
                Some(Below::Chunk(key)) => {
                    let chunk = world.read(key).await?;
                    missing -= square.look(matters, key, &chunk, &mut above);
                    square.chunks.push((key, chunk));
                }
            }
        }
        Ok(square)
    }

    /// Looks for ground in a chunk below all others; returns how many columns have it.
    fn look(
        &mut self,
        matters: &Matters,
        key: ChunkKey,
        chunk: &Chunk,
        above: &mut [(MaterialId, bool)],
    ) -> usize {
        let corner = key.min_voxel();
        let mut found = 0;
        for (index, place) in self.places.iter().enumerate() {
            let Some(place) = place.filter(|_| self.tops[index].is_none()) else { continue };
            let cell = place.voxel & (CHUNK_EDGE - 1);
            let (over, is_built_on) = &mut above[index];
            for y in (0..CHUNK_EDGE).rev() {
                let material = chunk.get(cell.with_y(y));
                match matters.get(material) {
                    Matter::Loose | Matter::Rock => {
                        let y = corner.y + y;
                        let (above, is_built_on) = (*over, *is_built_on);
                        self.tops[index] = Some(Top { y, above, is_built_on });
                        found += 1;
                        break;
                    }
                    Matter::Built => *is_built_on = true,
                    Matter::Nothing | Matter::Liquid => {}
                }
                *over = material;
            }
        }
        found
    }

    /// The ground of a column, 0 to 63 along x and z; `None` where there is none.
    pub fn top(&self, x: usize, z: usize) -> Option<Top> {
        self.tops[z * 64 + x]
    }

    /// What a column is made of at a height; reads what has not been read.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub async fn material(
        &mut self,
        world: &HybridWorld,
        x: usize,
        z: usize,
        y: i32,
    ) -> Result<MaterialId, WorldError> {
        let lattice = world.shape().region_box();
        let Some(place) = self.places[z * 64 + x] else { return Ok(MaterialId::AIR) };
        if y < lattice.min.y || y >= lattice.max.y {
            return Ok(MaterialId::AIR);
        }
        let pos = VoxelPos::new(place.region, place.voxel.with_y(y));
        let key = pos.chunk(0);
        let cell: IVec3 = pos.voxel & (CHUNK_EDGE - 1);
        if let Some((_, chunk)) = self.chunks.iter().find(|(held, _)| *held == key) {
            return Ok(chunk.get(cell));
        }
        let chunk = world.read(key).await?;
        let material = chunk.get(cell);
        self.chunks.push((key, chunk));
        Ok(material)
    }
}
