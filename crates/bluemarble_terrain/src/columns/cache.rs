//! [`TileCache`]: tiles of 64 x 64 columns, kept for a while.

use std::{sync::Arc, thread};

use bluemarble_core::{CHUNK_EDGE, CancelToken, Cancelled, ChunkKey, Face, MaterialId};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{
    column::{CellColumn, Columns},
    floors::{Floors, Layers},
    packed::PackedTile,
    place::{EDGE, Place, layers, place},
    ranges::Ranges,
    source::ColumnSource,
};
use crate::relief::{PackedHeights, ReliefCache};

/// Tiles kept for each core, of about 42 KiB. In a descent to the ground with one worker 64 tiles are
/// enough for one in 1.6 to be made twice, 256 for one in 6, 1024 for one in 14.
const TILES_PER_CORE: usize = 128;
/// Fewer are never kept.
const MIN_TILES: usize = 256;
/// Ranges kept, of about 100 bytes: what is known of a tile stays when the tile goes.
const RANGES: usize = 1 << 16;
/// Strips kept, of 2 KiB.
const STRIPS: usize = 1024;

/// Tiles of late, so that chunks above each other and repeated reads share them.
pub(crate) struct TileCache<F: Floors> {
    tiles: Cache<Place, Arc<PackedTile<F>>>,
    ranges: Cache<Place, Ranges<F>>,
    /// The columns along a side of a tile that need not be there.
    pub(super) strips: Cache<(Place, Face), Arc<[CellColumn<F>]>>,
    pub(super) reliefs: ReliefCache,
}

impl<F: Floors> TileCache<F> {
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let tiles = (cores * TILES_PER_CORE).max(MIN_TILES);
        // The default keeps almost all room for what is read often, and a stream of new tiles would
        // push each other out at once.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(tiles)
            .weight_capacity(tiles as u64)
            .hot_allocation(0.5)
            .build();
        let tiles = match options {
            Ok(options) => Cache::with_options(
                options,
                UnitWeighter,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            Err(_) => Cache::new(tiles),
        };
        Self {
            tiles,
            ranges: Cache::new(RANGES),
            strips: Cache::new(STRIPS),
            reliefs: ReliefCache::new(),
        }
    }

    /// The tile of a chunk, unless it is cancelled while it is made.
    pub(super) fn get_while(
        &self,
        source: &impl ColumnSource<Floors = F>,
        key: ChunkKey,
        cancel: &CancelToken,
    ) -> Result<Arc<PackedTile<F>>, Cancelled> {
        let place = place(key);
        if let Some(tile) = self.tiles.get(&place) {
            return Ok(tile);
        }
        // Two threads may make the same tile at once: the tiles are equal, and neither waits.
        let tile = Arc::new(make_tile(source, key, cancel)?);
        self.tiles.insert(place, tile.clone());
        self.ranges.insert(place, tile.ranges);
        Ok(tile)
    }

    /// The tile of a chunk, if it is there.
    pub(super) fn peek(&self, key: ChunkKey) -> Option<Arc<PackedTile<F>>> {
        self.tiles.get(&place(key))
    }

    /// The one material of a chunk, if that is known already.
    pub(super) fn known_uniform(&self, key: ChunkKey, of: &Layers<F>) -> Option<MaterialId> {
        self.ranges.get(&place(key))?.uniform(layers(key), of)
    }

    /// The lowest and the highest of the topmost solid cells of a chunk's columns, if they were made once.
    pub fn known_ground(&self, key: ChunkKey) -> Option<[i32; 2]> {
        let ground = self.ranges.get(&place(key))?.ground;
        Some([ground.min, ground.max])
    }

    pub(super) fn get(
        &self,
        source: &impl ColumnSource<Floors = F>,
        key: ChunkKey,
    ) -> Arc<PackedTile<F>> {
        loop {
            // It is never cancelled.
            if let Ok(tile) = self.get_while(source, key, &CancelToken::never()) {
                return tile;
            }
        }
    }

    pub(super) fn ranges(
        &self,
        source: &impl ColumnSource<Floors = F>,
        key: ChunkKey,
    ) -> Ranges<F> {
        self.ranges.get(&place(key)).unwrap_or_else(|| self.get(source, key).ranges)
    }
}

/// The columns of a chunk, and the heights of these and of one more on each side.
fn make_tile<S: ColumnSource>(
    source: &S,
    key: ChunkKey,
    cancel: &CancelToken,
) -> Result<PackedTile<S::Floors>, Cancelled> {
    let first = [key.pos.x * CHUNK_EDGE, key.pos.z * CHUNK_EDGE];
    let mut columns = Columns::with_heights(EDGE * EDGE);
    source.columns(key.region, key.lod, first, [EDGE; 2], cancel, &mut columns)?;
    let heights = PackedHeights::new(&columns.ring_m.unwrap_or_default());
    Ok(PackedTile::new(&columns.cells, heights))
}
