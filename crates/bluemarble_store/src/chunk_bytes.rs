//! Chunks of 64³ cells within the raw bytes of stored chunks, which may be smaller or larger.
//!
//! Raw bytes are u16, little endian, x fastest, then z, then y. 0xFFFF marks a cell that is not stored.

use std::ops::Range;

use bluemarble_core::{CHUNK_EDGE, MaterialId};
use glam::{IVec3, ivec3};

/// Bytes of a cell.
pub const CELL_BYTES: usize = 2;
/// What cells that are not stored look like, byte by byte.
const UNSTORED_BYTE: u8 = 0xff;

/// The cells that a chunk shares with one stored chunk: a cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which chunk of the shard it is.
    pub slot: usize,
    /// Where the cube begins in the stored chunk, in cells.
    pub in_stored: IVec3,
    /// Where the cube begins in the chunk of 64³ cells.
    pub in_chunk: IVec3,
    /// Cells along each axis of the cube.
    pub edge_cells: i32,
    /// Cells along each axis of the stored chunk.
    pub stored_edge_cells: i32,
}

impl Part {
    /// Each row of cells: the bytes in the stored chunk, the cells in the chunk.
    fn rows(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + use<> {
        let Self { in_stored, in_chunk, edge_cells, stored_edge_cells, .. } = *self;
        let start =
            |corner: IVec3, edge: i32| ((corner.y * edge + corner.z) * edge + corner.x) as usize;
        let edge = edge_cells as usize;
        (0..edge_cells * edge_cells).map(move |row| {
            let step = ivec3(0, row / edge_cells, row % edge_cells);
            let bytes = start(in_stored + step, stored_edge_cells) * CELL_BYTES;
            let cells = start(in_chunk + step, CHUNK_EDGE);
            (bytes..bytes + edge * CELL_BYTES, cells..cells + edge)
        })
    }

    /// Whether the part is all of the chunk and all of the stored chunk.
    pub fn is_whole(&self) -> bool {
        self.edge_cells == CHUNK_EDGE && self.stored_edge_cells == CHUNK_EDGE
    }

    /// Copies the part out of a stored chunk.
    ///
    /// # Panics
    /// If `raw` is not a whole stored chunk or `cells` not 64³ cells.
    pub fn take(&self, raw: &[u8], cells: &mut [MaterialId]) {
        for (bytes, row) in self.rows() {
            let row = &mut cells[row];
            bytemuck::cast_slice_mut(row).copy_from_slice(&raw[bytes]);
            swap_if_big_endian(row);
        }
    }

    /// Copies the part into a stored chunk.
    ///
    /// # Panics
    /// If `raw` is not a whole stored chunk or `cells` not 64³ cells.
    pub fn put(&self, cells: &[MaterialId], raw: &mut [u8]) {
        for (bytes, row) in self.rows() {
            let (row, bytes) = (&cells[row], &mut raw[bytes]);
            if cfg!(target_endian = "little") {
                bytes.copy_from_slice(bytemuck::cast_slice(row));
                continue;
            }
            for (cell, bytes) in row.iter().zip(bytes.as_chunks_mut().0) {
                *bytes = cell.0.to_le_bytes();
            }
        }
    }

    /// Whether some cell of the part is stored.
    ///
    /// # Panics
    /// If `raw` is not a whole stored chunk.
    pub fn is_stored(&self, raw: &[u8]) -> bool {
        self.rows().any(|(bytes, _)| {
            raw[bytes].chunks_exact(CELL_BYTES).any(|cell| cell != [UNSTORED_BYTE; CELL_BYTES])
        })
    }
}

/// Turns cells into what their bytes, little endian, mean on this machine.
pub fn swap_if_big_endian(cells: &mut [MaterialId]) {
    if cfg!(target_endian = "big") {
        cells.iter_mut().for_each(|cell| cell.0 = cell.0.swap_bytes());
    }
}

/// Bytes of a stored chunk before compression.
pub const fn raw_bytes(stored_edge_cells: i32) -> usize {
    (stored_edge_cells as usize).pow(3) * CELL_BYTES
}

/// A stored chunk without any cell.
pub fn unstored(stored_edge_cells: i32) -> Vec<u8> {
    vec![UNSTORED_BYTE; raw_bytes(stored_edge_cells)]
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{CHUNK_VOLUME, cell_index};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn a_part_comes_back_and_nothing_else_changes(
            log in 5u32..8,
            x in 0i32..4, y in 0i32..4, z in 0i32..4,
            seed: u16,
        ) {
            let stored_edge_cells = 1 << log;
            let edge_cells = stored_edge_cells.min(CHUNK_EDGE);
            let at = |x, y, z| ivec3(x, y, z);
            let places = (stored_edge_cells / edge_cells).max(1);
            let in_stored = at(x % places, y % places, z % places) * edge_cells;
            let places = CHUNK_EDGE / edge_cells;
            let in_chunk = at(x % places, y % places, z % places) * edge_cells;
            let part = Part { slot: 0, in_stored, in_chunk, edge_cells, stored_edge_cells };
            let cells: Vec<_> = (0..CHUNK_VOLUME)
                .map(|index| MaterialId((index as u16).wrapping_mul(31).wrapping_add(seed) % 65535))
                .collect();
            let mut raw = unstored(stored_edge_cells);
            prop_assert!(!part.is_stored(&raw));
            part.put(&cells, &mut raw);
            prop_assert!(part.is_stored(&raw));
            let stored = raw.chunks_exact(2).filter(|cell| *cell != [0xff; 2]).count();
            prop_assert_eq!(stored, (edge_cells as usize).pow(3));
            // One cell, by hand.
            let edge = stored_edge_cells;
            let last = in_stored + edge_cells - 1;
            let byte = ((last.y * edge + last.z) * edge + last.x) as usize * 2;
            let cell = in_chunk + edge_cells - 1;
            let expected = cells[cell_index(cell.x as usize, cell.y as usize, cell.z as usize)];
            prop_assert_eq!(u16::from_le_bytes([raw[byte], raw[byte + 1]]), expected.0);
            let mut back = vec![MaterialId::UNSTORED; CHUNK_VOLUME];
            part.take(&raw, &mut back);
            for (index, (&back, &cell)) in back.iter().zip(&cells).enumerate() {
                let within = bluemarble_core::cell_position(index) - in_chunk;
                let inside = within.cmpge(IVec3::ZERO).all() && within.cmplt(IVec3::splat(edge_cells)).all();
                prop_assert_eq!(back, if inside { cell } else { MaterialId::UNSTORED });
            }
        }
    }

    #[test]
    fn a_single_cell_makes_a_part_stored() {
        let part = |x| Part {
            slot: 0,
            in_stored: ivec3(x, 64, 0),
            in_chunk: IVec3::ZERO,
            edge_cells: 64,
            stored_edge_cells: 128,
        };
        let mut raw = unstored(128);
        let byte = ((64 + 63) * 128 + 63) * 128 * 2 + 64 * 2;
        raw[byte + 1] = 0;
        assert!(!part(0).is_stored(&raw));
        assert!(part(64).is_stored(&raw));
    }
}
