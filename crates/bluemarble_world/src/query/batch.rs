//! Many places or rays at once, in their order, on all cores.

use std::time::Instant;

use bluemarble_core::{MaterialId, Ray, VoxelPos, code, parallel};

use crate::{HybridWorld, RayHit, RayOptions, WorldError, WorldReader};

/// Rays and points that a thread takes at once.
const RAYS_AT_ONCE: usize = 256;
const POINTS_AT_ONCE: usize = 8192;

impl HybridWorld {
    /// What voxels are made of, in the order asked for, on as many threads as there are cores; the calling one
    /// waits for them. Of voxels whose chunks are not at hand, those of one chunk are read together.
    ///
    /// # Errors
    /// As [`HybridWorld::read`], for the first voxel that cannot be read.
    pub fn read_many(&self, voxels: &[VoxelPos]) -> Result<Vec<MaterialId>, WorldError> {
        let start = Instant::now();
        let read = in_parts(self, voxels, POINTS_AT_ONCE, |reader, part| reader.read_grouped(part));
        self.counted().queries.took_each(voxels.len() as u64, start.elapsed());
        read
    }

    /// The first hit of each ray, in the order asked for, on as many threads as there are cores; the calling
    /// one waits for them.
    ///
    /// # Errors
    /// As [`HybridWorld::read`].
    pub fn cast_many(
        &self,
        rays: &[Ray],
        options: &RayOptions,
    ) -> Result<Vec<Option<RayHit>>, WorldError> {
        in_parts(self, rays, RAYS_AT_ONCE, |reader, rays| {
            rays.iter().map(|ray| reader.first_hit(ray, options)).collect()
        })
    }
}

impl WorldReader {
    /// [`HybridWorld::read_many`], on this thread alone.
    ///
    /// # Errors
    /// As [`HybridWorld::read`], for the first voxel that cannot be read.
    pub fn read_many(&mut self, voxels: &[VoxelPos]) -> Result<Vec<MaterialId>, WorldError> {
        let start = Instant::now();
        let read = self.read_grouped(voxels);
        self.world().counted().queries.took_each(voxels.len() as u64, start.elapsed());
        read
    }

    /// Reads voxels at hand as they come, and then the others, chunk by chunk.
    fn read_grouped(&mut self, voxels: &[VoxelPos]) -> Result<Vec<MaterialId>, WorldError> {
        let mut missing = Vec::new();
        let mut materials = Vec::with_capacity(voxels.len());
        for (index, &pos) in voxels.iter().enumerate() {
            let known = self.known_material(pos.region, pos.voxel);
            if known.is_none() {
                let key = pos.chunk(0);
                missing.push((pos.region, code::morton_of(key), index));
            }
            materials.push(known.unwrap_or_default());
        }
        missing.sort_unstable();
        for (_, _, index) in missing {
            materials[index] = self.material(voxels[index])?;
        }
        Ok(materials)
    }
}

/// Answers a list part by part, each thread with a reader of its own.
fn in_parts<T: Sync, R: Send>(
    world: &HybridWorld,
    items: &[T],
    at_once: usize,
    answer: impl Fn(&mut WorldReader, &[T]) -> Result<Vec<R>, WorldError> + Sync,
) -> Result<Vec<R>, WorldError> {
    // A few parts for each thread, so that no thread is left with all of the work.
    let parts: Vec<_> = items.chunks(at_once.min(items.len().div_ceil(8)).max(1)).collect();
    let answers = parallel::map_with(
        parallel::cores(),
        &parts,
        || world.reader(),
        |reader, part| answer(reader, part),
    );
    let mut all = Vec::with_capacity(items.len());
    for answer in answers {
        all.extend(answer?);
    }
    Ok(all)
}
