//! Tiles of 64 x 64 columns, kept for a while, and the chunks cut from them.

use std::{cell::RefCell, ops::RangeInclusive, sync::Arc, thread};

use bluemarble_core::{CHUNK_EDGE, CHUNK_VOLUME, Chunk, ChunkKey, Face, MaterialId};
use glam::IVec3;
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, UnitWeighter,
    sync::{Cache, DefaultLifecycle},
};

use super::{CellColumn, Columns, Levels, STRATA, Strata, packed::PackedTile};
use crate::{
    baseline::{Baseline, Survey},
    relief::{self, PackedHeights, Relief, ReliefCache},
};

/// Tiles kept for each core, of about 42 KiB. In a descent to the ground with one worker 64 tiles are
/// enough for one in 1.6 to be made twice, 256 for one in 6, 1024 for one in 14.
const TILES_PER_CORE: usize = 128;
/// Fewer are never kept.
const LEAST_TILES: usize = 256;
/// Ranges kept, of about 100 bytes: what is known of a tile stays when the tile goes.
const RANGES: usize = 1 << 16;
/// Strips kept, of 2 KiB.
const STRIPS: usize = 1024;
pub(super) const EDGE: usize = CHUNK_EDGE as usize;
/// Rows of columns between two questions whether to go on: a quarter of a millisecond.
const ROWS_A_STEP: usize = 4;

/// Whether to go on with a row of columns.
pub(crate) fn may_begin_row(row: usize, go_on: &dyn Fn() -> bool) -> bool {
    !row.is_multiple_of(ROWS_A_STEP) || go_on()
}

/// Where columns come from.
pub(crate) trait ColumnSource: Baseline {
    /// The vertical lattice of a lod.
    fn levels(&self, lod: u8) -> Levels {
        let shape = self.shape();
        Levels { lod, voxel_m: shape.voxel_m(), sea_level_y: shape.sea_level_y() }
    }

    /// What fills the ground.
    fn strata(&self) -> &Strata;
    /// Makes `size` columns along x and z from a cell position, x fastest, and the heights around them if
    /// `out` wants them. A column must not depend on which others are asked for. Asks `go_on` before every
    /// [`ROWS_A_STEP`] rows; false if that said no.
    fn columns(
        &self,
        region: u8,
        lod: u8,
        first: [i32; 2],
        size: [usize; 2],
        go_on: &dyn Fn() -> bool,
        out: &mut Columns,
    ) -> bool;

    /// Heights of the ground in metres, at least three along x and along z from a cell position, x fastest:
    /// those that [`ColumnSource::columns`] tells. `None` if `go_on` said no on the way.
    fn heights(
        &self,
        region: u8,
        lod: u8,
        first: [i32; 2],
        size: [usize; 2],
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<f32>> {
        // The ring around the columns asked for belongs to the heights.
        let inner = size.map(|v| v - 2);
        let mut columns = Columns::with_heights(inner[0] * inner[1]);
        let first = first.map(|v| v + 1);
        self.columns(region, lod, first, inner, go_on, &mut columns)
            .then(|| columns.ring_m.unwrap_or_default())
    }
}

/// Bounds of one number over a tile.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub min: i32,
    pub max: i32,
}

fn range(values: &[i32]) -> Range {
    values.iter().fold(Range { min: i32::MAX, max: i32::MIN }, |range, &v| Range {
        min: range.min.min(v),
        max: range.max.max(v),
    })
}

/// 64 x 64 columns, each number in its own list so that a layer of cells is quickly decided.
pub(super) struct ColumnTile {
    pub filled: Vec<i32>,
    pub ground: Vec<i32>,
    pub surface: Vec<MaterialId>,
    pub subsoil: Vec<MaterialId>,
    pub floors: [Vec<i32>; STRATA],
    pub ranges: Ranges,
}

/// Bounds of each number of a tile's columns.
#[derive(Clone, Copy)]
pub(super) struct Ranges {
    pub filled: Range,
    pub ground: Range,
    pub floors: [Range; STRATA],
}

/// Tiles of late, so that chunks above each other and repeated reads share them.
pub(crate) struct TileCache {
    tiles: Cache<Place, Arc<PackedTile>>,
    ranges: Cache<Place, Ranges>,
    /// The columns along a side of a tile that need not be there.
    pub(super) strips: Cache<(Place, Face), Arc<[CellColumn]>>,
    reliefs: ReliefCache,
}

/// Region, lod, x and z of a chunk.
pub(super) type Place = (u8, u8, i32, i32);

pub(super) fn place(key: ChunkKey) -> Place {
    (key.region, key.lod, key.pos.x, key.pos.z)
}

/// The layers of cells of a chunk.
fn layers(key: ChunkKey) -> RangeInclusive<i32> {
    let low = key.pos.y * CHUNK_EDGE;
    low..=low + CHUNK_EDGE - 1
}

impl TileCache {
    pub fn new() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let tiles = (cores * TILES_PER_CORE).max(LEAST_TILES);
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

    /// The tile of a chunk, unless `go_on` says no while it is made.
    fn get_while(
        &self,
        source: &impl ColumnSource,
        key: ChunkKey,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Arc<PackedTile>> {
        let place = place(key);
        if let Some(tile) = self.tiles.get(&place) {
            return Some(tile);
        }
        // Two threads may make the same tile at once: the tiles are equal, and nobody waits.
        let (tile, ring_m) = ColumnTile::new(source, key, go_on)?;
        let tile = Arc::new(PackedTile::new(&tile, PackedHeights::new(&ring_m)));
        self.tiles.insert(place, tile.clone());
        self.ranges.insert(place, tile.ranges);
        Some(tile)
    }

    /// The tile of a chunk, if it is there.
    pub(super) fn peek(&self, key: ChunkKey) -> Option<Arc<PackedTile>> {
        self.tiles.get(&place(key))
    }

    /// The one material of a chunk, if that is known already.
    pub(super) fn known_uniform(&self, key: ChunkKey, strata: &Strata) -> Option<MaterialId> {
        self.ranges.get(&place(key))?.uniform(layers(key), strata)
    }

    /// The lowest and the highest of the topmost solid cells of a chunk's columns, if they were made once.
    pub fn known_ground(&self, key: ChunkKey) -> Option<[i32; 2]> {
        let ground = self.ranges.get(&place(key))?.ground;
        Some([ground.min, ground.max])
    }

    pub(super) fn get(&self, source: &impl ColumnSource, key: ChunkKey) -> Arc<PackedTile> {
        loop {
            // Nothing says no.
            if let Some(tile) = self.get_while(source, key, &|| true) {
                return tile;
            }
        }
    }

    fn ranges(&self, source: &impl ColumnSource, key: ChunkKey) -> Ranges {
        self.ranges.get(&place(key)).unwrap_or_else(|| self.get(source, key).ranges)
    }
}

impl Ranges {
    /// The one material of some layers, if the ranges tell.
    fn uniform(&self, layers: RangeInclusive<i32>, strata: &Strata) -> Option<MaterialId> {
        let (low, high) = layers.into_inner();
        if low > self.filled.max {
            return Some(MaterialId::AIR);
        }
        if low > self.ground.max {
            return (high <= self.filled.min).then_some(strata.water);
        }
        if high >= self.ground.min || high > self.floors[0].min {
            return None;
        }
        for (i, layer) in strata.layers.iter().enumerate() {
            if low > self.floors[i + 1].max {
                return Some(*layer);
            }
            if high > self.floors[i + 1].min {
                return None;
            }
        }
        Some(strata.bottom)
    }

    /// What some layers are, as far as the ranges tell.
    fn survey(&self, layers: RangeInclusive<i32>, strata: &Strata) -> Survey {
        match self.uniform(layers.clone(), strata) {
            Some(material) => Survey::Uniform(material),
            // Rock is opaque; what lies on top of it need not be.
            None if *layers.end() < self.ground.min => Survey::Opaque,
            None => Survey::Mixed,
        }
    }
}

impl ColumnTile {
    /// The columns of a chunk, and the heights of these and of one more on each side.
    fn new(
        source: &impl ColumnSource,
        key: ChunkKey,
        go_on: &dyn Fn() -> bool,
    ) -> Option<(Self, Vec<f32>)> {
        let first = [key.pos.x * CHUNK_EDGE, key.pos.z * CHUNK_EDGE];
        let mut columns = Columns::with_heights(EDGE * EDGE);
        source
            .columns(key.region, key.lod, first, [EDGE; 2], go_on, &mut columns)
            .then(|| (Self::of(&columns.cells), columns.ring_m.unwrap_or_default()))
    }

    pub fn of(columns: &[CellColumn]) -> Self {
        let filled: Vec<i32> = columns.iter().map(|column| column.filled).collect();
        let ground: Vec<i32> = columns.iter().map(|column| column.ground).collect();
        let floors: [Vec<i32>; STRATA] =
            std::array::from_fn(|i| columns.iter().map(|column| column.floors[i]).collect());
        Self {
            ranges: Ranges {
                filled: range(&filled),
                ground: range(&ground),
                floors: std::array::from_fn(|i| range(&floors[i])),
            },
            surface: columns.iter().map(|column| column.surface).collect(),
            subsoil: columns.iter().map(|column| column.subsoil).collect(),
            filled,
            ground,
            floors,
        }
    }

    /// Unpacks a tile and works with it.
    pub fn with<T>(packed: &PackedTile, work: impl FnOnce(&Self) -> T) -> T {
        thread_local! {
            static TILE: RefCell<ColumnTile> =
                RefCell::new(ColumnTile::of(&[CellColumn::default(); EDGE * EDGE]));
        }
        TILE.with_borrow_mut(|tile| {
            packed.unpack(tile);
            work(tile)
        })
    }

    /// A column, by its place in the tile.
    #[cfg(test)]
    pub fn column(&self, at: usize) -> CellColumn {
        CellColumn {
            filled: self.filled[at],
            ground: self.ground[at],
            surface: self.surface[at],
            subsoil: self.subsoil[at],
            floors: std::array::from_fn(|i| self.floors[i][at]),
        }
    }

    /// Writes one layer of cells.
    pub fn write_layer(&self, y: i32, strata: &Strata, cells: &mut [MaterialId]) {
        if let Some(material) = self.ranges.uniform(y..=y, strata) {
            cells.fill(material);
            return;
        }
        // Layers none of whose cells lie so deep need not look at the deep floors.
        let deepest = self.ranges.floors.iter().position(|range| y > range.max).unwrap_or(STRATA);
        let below = |i: usize| if i < STRATA { strata.layers[i - 1] } else { strata.bottom };
        match deepest {
            0 => cells.copy_from_slice(&self.subsoil),
            deepest => cells.fill(below(deepest)),
        }
        for i in (1..deepest).rev() {
            let layer = below(i);
            for (cell, &floor) in cells.iter_mut().zip(&self.floors[i]) {
                *cell = if y > floor { layer } else { *cell };
            }
        }
        if deepest > 0 {
            for ((cell, &floor), &subsoil) in
                cells.iter_mut().zip(&self.floors[0]).zip(&self.subsoil)
            {
                *cell = if y > floor { subsoil } else { *cell };
            }
        }
        if y < self.ranges.ground.min {
            return;
        }
        for (((cell, &ground), &filled), &surface) in
            cells.iter_mut().zip(&self.ground).zip(&self.filled).zip(&self.surface)
        {
            let fluid = if y > filled { MaterialId::AIR } else { strata.water };
            let top = if y == ground { surface } else { *cell };
            *cell = if y > ground { fluid } else { top };
        }
    }
}

thread_local! {
    /// Room for the cells of one chunk: fresh pages would cost a tenth of a millisecond each time.
    static CELLS: RefCell<Vec<MaterialId>> = RefCell::new(vec![MaterialId::AIR; CHUNK_VOLUME]);
}

/// Makes what a chunk is cut from; false if `go_on` said no on the way.
pub(crate) fn prepare(
    source: &impl ColumnSource,
    cache: &TileCache,
    key: ChunkKey,
    go_on: &dyn Fn() -> bool,
) -> bool {
    // A tile that went is needed again, unless what is known of it tells everything.
    cache.known_uniform(key, source.strata()).is_some()
        || cache.get_while(source, key, go_on).is_some()
}

/// How the ground of a chunk's columns lies; `None` if `go_on` said no on the way.
pub(crate) fn relief(
    source: &impl ColumnSource,
    cache: &TileCache,
    key: ChunkKey,
    go_on: &dyn Fn() -> bool,
) -> Option<Arc<Relief>> {
    let tile = cache.get_while(source, key, go_on)?;
    relief::make(source, &cache.reliefs, key, &tile.ring, go_on)
}

/// Surveys a chunk.
pub(crate) fn survey(source: &impl ColumnSource, cache: &TileCache, key: ChunkKey) -> Survey {
    cache.ranges(source, key).survey(layers(key), source.strata())
}

/// Makes a chunk.
pub(crate) fn fill(source: &impl ColumnSource, cache: &TileCache, key: ChunkKey) -> Chunk {
    let tile = cache.get(source, key);
    let strata = source.strata();
    if let Some(material) = tile.ranges.uniform(layers(key), strata) {
        return Chunk::uniform(material);
    }
    CELLS.with_borrow_mut(|cells| {
        ColumnTile::with(&tile, |tile| {
            for (y, layer) in layers(key).zip(cells.chunks_exact_mut(EDGE * EDGE)) {
                tile.write_layer(y, strata, layer);
            }
        });
        Chunk::from_cells(cells)
    })
}

/// The material of a single cell, without a tile.
pub(crate) fn material_at(
    source: &impl ColumnSource,
    region: u8,
    lod: u8,
    cell: IVec3,
) -> MaterialId {
    let mut columns = Columns::without_heights(1);
    source.columns(region, lod, [cell.x, cell.z], [1; 2], &|| true, &mut columns);
    columns.cells.first().map_or(MaterialId::AIR, |column| column.material(cell.y, source.strata()))
}
