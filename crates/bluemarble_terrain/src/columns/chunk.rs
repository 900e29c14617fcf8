//! What a chunk holds, cut from the columns under and over it.

use std::{cell::RefCell, sync::Arc};

use bluemarble_core::{
    CHUNK_EDGE, CHUNK_VOLUME, CancelToken, Cancelled, CellPos, Chunk, ChunkKey, MaterialId,
};

use super::{
    cache::TileCache, column::Columns, layers::write_layers, place::layers, source::ColumnSource,
};
use crate::{
    baseline::Survey,
    relief::{self, Relief},
};

thread_local! {
    /// Room for the cells of one chunk: fresh pages would cost a tenth of a millisecond each time.
    static CELLS: RefCell<Vec<MaterialId>> = RefCell::new(vec![MaterialId::AIR; CHUNK_VOLUME]);
}

/// Makes what a chunk is cut from.
pub(super) fn prepare<S: ColumnSource>(
    source: &S,
    cache: &TileCache<S::Floors>,
    key: ChunkKey,
    cancel: &CancelToken,
) -> Result<(), Cancelled> {
    // A tile that went is needed again, unless what is known of it tells everything.
    if cache.known_uniform(key, source.layers()).is_none() {
        cache.get_while(source, key, cancel)?;
    }
    Ok(())
}

/// How the ground of a chunk's columns lies.
pub(super) fn relief<S: ColumnSource>(
    source: &S,
    cache: &TileCache<S::Floors>,
    key: ChunkKey,
    cancel: &CancelToken,
) -> Result<Arc<Relief>, Cancelled> {
    let tile = cache.get_while(source, key, cancel)?;
    let heights = |lod: u8, first: [i32; 2], size: [usize; 2]| {
        source.heights(key.region, lod, first, size, cancel)
    };
    relief::make(&source.shape(), heights, &cache.reliefs, key, &tile.ring, cancel)
}

/// Surveys a chunk.
pub(super) fn survey<S: ColumnSource>(
    source: &S,
    cache: &TileCache<S::Floors>,
    key: ChunkKey,
) -> Survey {
    cache.ranges(source, key).survey(layers(key), source.layers())
}

/// Makes a chunk.
pub(super) fn fill<S: ColumnSource>(
    source: &S,
    cache: &TileCache<S::Floors>,
    key: ChunkKey,
) -> Chunk {
    let tile = cache.get(source, key);
    let of = source.layers();
    if let Some(material) = tile.ranges.uniform(layers(key), of) {
        return Chunk::uniform(material);
    }
    CELLS.with_borrow_mut(|cells| {
        write_layers(&tile, key.pos.y * CHUNK_EDGE, of, cells);
        Chunk::from_cells(cells)
    })
}

/// The material of a single cell, without a tile.
pub(crate) fn material_at(source: &impl ColumnSource, pos: CellPos) -> MaterialId {
    let CellPos { region, lod, cell } = pos;
    let mut columns = Columns::without_heights(1);
    // It is never cancelled.
    _ = source.columns(region, lod, [cell.x, cell.z], [1; 2], &CancelToken::never(), &mut columns);
    columns.cells.first().map_or(MaterialId::AIR, |column| column.material(cell.y, source.layers()))
}
