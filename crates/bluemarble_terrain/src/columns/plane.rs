//! One layer of a chunk, for the chunk beside it: a strip of columns costs a tenth of a tile.

use std::sync::Arc;

use bluemarble_core::{CHUNK_EDGE, CancelToken, ChunkKey, Face, FacePlane, MaterialId};

use super::{
    cache::TileCache,
    column::{CellColumn, Columns},
    layers::write_layers,
    place::{EDGE, place},
    source::ColumnSource,
};

/// The cells of a chunk next to one of its faces.
pub(super) fn face_plane<S: ColumnSource>(
    source: &S,
    cache: &TileCache<S::Floors>,
    key: ChunkKey,
    face: Face,
) -> FacePlane {
    let of = source.layers();
    if let Some(material) = cache.known_uniform(key, of) {
        return FacePlane::uniform(material);
    }
    let low = key.pos.y * CHUNK_EDGE;
    let last = if face.is_positive() { EDGE - 1 } else { 0 };
    if face.axis() == 1 {
        // A caller above or below needs the same tile.
        let mut cells = vec![MaterialId::AIR; EDGE * EDGE];
        write_layers(&cache.get(source, key), low + last as i32, of, &mut cells);
        return FacePlane::from_cells(cells.into());
    }
    let strip = match cache.peek(key) {
        Some(tile) => match face.axis() {
            0 => (0..EDGE).map(|z| tile.column(last + EDGE * z)).collect(),
            _ => (0..EDGE).map(|x| tile.column(x + EDGE * last)).collect(),
        },
        None => strip(source, cache, key, face, last),
    };
    FacePlane::from_fn(|u, v| strip[u].material(low + v as i32, of))
}

/// The columns along a side of a tile, made alone.
fn strip<S: ColumnSource>(
    source: &S,
    cache: &TileCache<S::Floors>,
    key: ChunkKey,
    face: Face,
    last: usize,
) -> Arc<[CellColumn<S::Floors>]> {
    let side = (place(key), face);
    if let Some(strip) = cache.strips.get(&side) {
        return strip;
    }
    let (x, z, last) = (key.pos.x * CHUNK_EDGE, key.pos.z * CHUNK_EDGE, last as i32);
    let (first, size) = match face.axis() {
        0 => ([x + last, z], [1, EDGE]),
        _ => ([x, z + last], [EDGE, 1]),
    };
    let mut columns = Columns::without_heights(EDGE);
    // It is never cancelled.
    _ = source.columns(key.region, key.lod, first, size, &CancelToken::never(), &mut columns);
    let strip: Arc<[CellColumn<S::Floors>]> = columns.cells.into();
    cache.strips.insert(side, strip.clone());
    strip
}
