//! One material: of a place, at a lod.

use bluemarble_core::{CHUNK_EDGE, Cells, MaterialId, VoxelPos};

use super::exactness::Exactness;
use crate::{Explanation, WorldError, WorldReader, reader::QueryPath};

impl WorldReader {
    /// What the cell of a lod that holds a voxel is made of.
    ///
    /// Nodes that are known to be of one material answer without their chunk; with [`Exactness::Dominant`]
    /// so do chunks that the index knows to be nearly so. [`WorldReader::explanation`] says what was done.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn query_material(
        &mut self,
        pos: VoxelPos,
        lod: u8,
        exactness: Exactness,
    ) -> Result<MaterialId, WorldError> {
        let start = self.query_begins();
        let material = self.find_material(pos, lod, exactness)?;
        self.query_ends(start, self.explanation().nodes > 0);
        Ok(material)
    }

    /// The same, not counted as a query of its own.
    pub(super) fn find_material(
        &mut self,
        pos: VoxelPos,
        lod: u8,
        exactness: Exactness,
    ) -> Result<MaterialId, WorldError> {
        let key = pos.chunk(lod);
        self.world().check_key(key)?;
        let cell = pos.cell(lod).cell & (CHUNK_EDGE - 1);
        let explain =
            |path, reason, nodes, held, read| Explanation { path, reason, nodes, held, read };
        if let Some(chunk) = self.known_chunk(key) {
            let material = chunk.cells.get(cell);
            self.explain(explain(QueryPath::Held, "the chunk is at hand", 0, 1, 0));
            return Ok(material);
        }
        if let Some(material) = self.node_material(key) {
            let reason = "every voxel of the node has this material";
            self.explain(explain(QueryPath::Node, reason, 1, 0, 0));
            return Ok(material);
        }
        if let Exactness::Dominant { threshold } = exactness
            && let Some(summary) = self.world().summary(key)
            && summary.homogeneity() >= threshold
        {
            let reason = "the index knows that nearly all of the chunk has this material";
            self.explain(explain(QueryPath::Summary, reason, 1, 0, 0));
            return Ok(summary.dominant());
        }
        let material = self.chunk(key)?.cells.get(cell);
        let reason = match exactness {
            Exactness::Exact => "the node is not known to be of one material",
            Exactness::Dominant { .. } => "no material is known to fill enough of the chunk",
        };
        self.explain(explain(QueryPath::Read, reason, 0, 0, 1));
        Ok(material)
    }
}
