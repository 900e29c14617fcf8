//! Every cell of a box.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, LatticeBox, MAX_LOD, MaterialId};
use glam::IVec3;

use crate::{WorldError, WorldReader};

impl WorldReader {
    /// The cells of a box at a lod: x fastest, then z, then y. The box is counted in cells of the lod.
    ///
    /// # Errors
    /// [`WorldError::BoxOutside`] if the box is empty or not within the region; as
    /// [`crate::HybridWorld::read`].
    pub fn read_box(
        &mut self,
        region: u8,
        cells: LatticeBox,
        lod: u8,
    ) -> Result<Vec<MaterialId>, WorldError> {
        let lod = lod.min(MAX_LOD);
        // Numbers beyond every lattice must not come back as small ones.
        let voxels = |at: IVec3| at.saturating_mul(IVec3::splat(1 << lod));
        self.check_box(region, &LatticeBox::new(voxels(cells.min), voxels(cells.max)))?;
        let start = self.query_begins();
        let size = cells.size().as_usizevec3();
        let (row, layer) = (size.x, size.x * size.z);
        let mut found = vec![MaterialId::AIR; layer * size.y];
        let (first, last): (IVec3, IVec3) = (cells.min >> 6, (cells.max - 1) >> 6);
        for y in first.y..=last.y {
            for z in first.z..=last.z {
                for x in first.x..=last.x {
                    let key = ChunkKey::new(region, lod, IVec3::new(x, y, z));
                    let corner = key.pos * CHUNK_EDGE;
                    let low = (cells.min - corner).max(IVec3::ZERO);
                    let high = (cells.max - corner).min(IVec3::splat(CHUNK_EDGE));
                    let to = (corner + low - cells.min).as_usizevec3();
                    let to = &mut found[to.y * layer + to.z * row + to.x..];
                    self.chunk(key)?.cells.copy_box(low, high, to, row, layer);
                }
            }
        }
        self.query_ends(start, false);
        Ok(found)
    }
}
