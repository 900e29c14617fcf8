//! Every cell of a box.

use bluemarble_core::{CHUNK_EDGE, CellBox, MAX_LOD, MaterialId};
use glam::IVec3;

use crate::{WorldError, WorldReader};

impl WorldReader {
    /// The cells of a box: x fastest, then z, then y.
    ///
    /// # Errors
    /// [`WorldError::BoxOutside`] if the box is empty or not within the region; as
    /// [`crate::HybridWorld::read`].
    pub fn read_box(&mut self, cells: CellBox) -> Result<Vec<MaterialId>, WorldError> {
        let asked = CellBox { lod: cells.lod.min(MAX_LOD), ..cells };
        self.world().check_box(&asked.voxel_box())?;
        let cells = asked.cells;
        let start = self.query_begins();
        let size = cells.size().as_usizevec3();
        let (row, layer) = (size.x, size.x * size.z);
        let mut found = vec![MaterialId::AIR; layer * size.y];
        for key in asked.chunks() {
            let corner = key.pos * CHUNK_EDGE;
            let low = (cells.min - corner).max(IVec3::ZERO);
            let high = (cells.max - corner).min(IVec3::splat(CHUNK_EDGE));
            let to = (corner + low - cells.min).as_usizevec3();
            let to = &mut found[to.y * layer + to.z * row + to.x..];
            self.chunk(key)?.cells.copy_box(low, high, to, row, layer);
        }
        self.query_ends(start, false);
        Ok(found)
    }
}
