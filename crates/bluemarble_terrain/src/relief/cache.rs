//! [`make`]: the relief of a chunk, and what is remembered for others.

use std::sync::Arc;

use bluemarble_core::{CancelToken, Cancelled, ChunkKey, Shape};
use quick_cache::sync::Cache;

use super::{
    heights::{HeightBlock, MakeHeights, PackedHeights},
    horizons,
    metric::Metric,
    normals,
    words::Relief,
};

/// Reliefs kept, of 9 KB: chunks above each other share one, and an edited chunk asks again.
const RELIEFS: usize = 512;
/// Blocks of heights kept, of 3.5 KB.
const BLOCKS: usize = 2048;

/// What sources remember for [`Relief`]s.
pub(crate) struct ReliefCache {
    blocks: Cache<ChunkKey, Arc<HeightBlock>>,
    reliefs: Cache<ChunkKey, Arc<Relief>>,
}

impl ReliefCache {
    pub fn new() -> Self {
        Self { blocks: Cache::new(BLOCKS), reliefs: Cache::new(RELIEFS) }
    }
}

/// The relief under a chunk whose columns, and those around them, have these heights. `heights` makes those of coarser lods in the chunk's region.
pub(crate) fn make(
    shape: &Shape,
    heights: impl MakeHeights,
    cache: &ReliefCache,
    key: ChunkKey,
    ring: &PackedHeights,
    cancel: &CancelToken,
) -> Result<Arc<Relief>, Cancelled> {
    // Chunks above each other have the same.
    let place = ChunkKey::new(key.region, key.lod, key.pos.with_y(0));
    if let Some(relief) = cache.reliefs.get(&place) {
        return Ok(relief);
    }
    let ring_m = ring.unpacked();
    let metric = |at: [f64; 2]| Metric::at(shape, key, at);
    let horizons =
        horizons::trace(heights, &cache.blocks, key, &ring_m, &metric([32.0; 2]), cancel)?;
    let normals = normals::normals(&ring_m, key.lod, metric);
    let relief = Arc::new(Relief::new(&normals, &horizons));
    cache.reliefs.insert(place, relief.clone());
    Ok(relief)
}
