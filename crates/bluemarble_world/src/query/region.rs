//! What a box is made of, in as few boxes as possible.

use bluemarble_core::{Cells, ChunkKey, LatticeBox, MAX_LOD, MaterialId, VoxelBox};

use super::boxes::{self, HomogeneousBox};
use crate::{Explanation, WorldError, WorldReader};

impl WorldReader {
    /// What a box of voxels is made of at a lod: boxes of one material that fill it and do not overlap. No two
    /// of them could be one. Nodes that are known to be of one material are not read, however large.
    ///
    /// # Errors
    /// [`WorldError::BoxOutside`] if the box is empty or not within the region; as
    /// [`crate::HybridWorld::read`].
    pub fn query_region(
        &mut self,
        voxels: VoxelBox,
        lod: u8,
    ) -> Result<Vec<HomogeneousBox>, WorldError> {
        self.world().check_box(&voxels)?;
        let VoxelBox { region, voxels } = voxels;
        let start = self.query_begins();
        let mut found = Vec::new();
        let mut counts = Explanation::default();
        for root in self.shape().roots() {
            if root.region == region {
                self.collect(root, &voxels, lod.min(MAX_LOD), &mut found, &mut counts)?;
            }
        }
        self.explain(Explanation::of(counts.nodes, counts.held, counts.read));
        let found = boxes::join(found);
        self.query_ends(start, counts.held + counts.read == 0);
        Ok(found)
    }

    fn collect(
        &mut self,
        key: ChunkKey,
        voxels: &LatticeBox,
        lod: u8,
        found: &mut Vec<HomogeneousBox>,
        counts: &mut Explanation,
    ) -> Result<(), WorldError> {
        let own = key.lattice_box();
        if !own.intersects(voxels) {
            return Ok(());
        }
        let inside = LatticeBox::new(own.min.max(voxels.min), own.max.min(voxels.max));
        if let Some(material) = self.node_material(key) {
            counts.nodes += 1;
            found.push(HomogeneousBox { voxels: inside, material });
            return Ok(());
        }
        if key.lod > lod
            && let Some(children) = key.children()
        {
            return children
                .into_iter()
                .try_for_each(|child| self.collect(child, voxels, lod, found, counts));
        }
        match self.known_chunk(key).is_some() {
            true => counts.held += 1,
            false => counts.read += 1,
        }
        let chunk = &self.chunk(key)?.cells;
        if let Some(material) = chunk.as_uniform() {
            found.push(HomogeneousBox { voxels: inside, material });
            return Ok(());
        }
        // In cells: those that the box meets.
        let shift = i32::from(lod);
        let (min, corner) = (inside.min >> shift, own.min >> shift);
        let max = (inside.max + (key.cell_voxels() - 1)) >> shift;
        let size = (max - min).as_usizevec3();
        let mut cells = vec![MaterialId::AIR; size.element_product()];
        chunk.copy_box(min - corner, max - corner, &mut cells, size.x, size.x * size.z);
        let of_chunk = boxes::of_cells(min, max, &cells);
        found.extend(of_chunk.into_iter().map(|cells| HomogeneousBox {
            voxels: LatticeBox::new(
                (cells.voxels.min << shift).max(inside.min),
                (cells.voxels.max << shift).min(inside.max),
            ),
            material: cells.material,
        }));
        Ok(())
    }
}
