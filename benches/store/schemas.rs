//! How edits lie in a database.
//!
//! | schema | key | value | an edit |
//! |---|---|---|---|
//! | chunks | chunk | its 64³ cells, LZ4 as ours | reads, decodes, changes, encodes, writes |
//! | voxels | voxel | its material | writes |
//! | lists | chunk and batch | the edits of the batch in the chunk | writes |
//!
//! Chunks is what can be used as it is. Voxels and lists are deltas, as our log: who reads a chunk has to
//! put it together. Keys are whole numbers: all three databases like these best.

use std::collections::HashMap;

use bluemarble_core::{CHUNK_VOLUME, ChunkKey, MaterialId, VoxelPos, cell_index};

use crate::{
    input::{Voxel, flat_chunk},
    peers::{Peer, Rows},
};

const CELL_BITS: u32 = 18;
/// Added to chunk positions, so that keys are not negative.
const OFFSET: i32 = 1 << 11;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    Chunks,
    Voxels,
    Lists,
}

impl Schema {
    pub const ALL: [Self; 3] = [Self::Chunks, Self::Voxels, Self::Lists];

    pub fn name(self) -> &'static str {
        match self {
            Self::Chunks => "chunks",
            Self::Voxels => "voxels",
            Self::Lists => "lists",
        }
    }
}

/// Edits in a database.
pub struct Edits {
    peer: Box<dyn Peer>,
    schema: Schema,
    /// Batches so far; a list has the number of its batch.
    batches: u64,
    /// The cells of chunks that nobody has edited, by their y.
    flat: HashMap<i32, Vec<u8>>,
    raw: Vec<u8>,
}

fn chunk_key(key: ChunkKey) -> u64 {
    let [x, y, z] = (key.pos + OFFSET).to_array().map(|axis| axis as u64);
    (x << 24 | z << 12 | y) << CELL_BITS
}

fn chunk_y(key: u64) -> i32 {
    ((key >> CELL_BITS) & 0xFFF) as i32 - OFFSET
}

fn place(voxel: &Voxel) -> (u64, usize) {
    let cell = voxel.at & 63;
    let index = cell_index(cell.x as usize, cell.y as usize, cell.z as usize);
    (chunk_key(VoxelPos::new(0, voxel.at).chunk(0)), index)
}

impl Edits {
    pub fn new(peer: Box<dyn Peer>, schema: Schema, batches: u64) -> Self {
        let raw = vec![0; CHUNK_VOLUME * 2];
        Self { peer, schema, batches, flat: HashMap::new(), raw }
    }

    /// Makes edits in one durable transaction.
    pub fn edit(&mut self, edits: &[Voxel]) {
        match self.schema {
            Schema::Chunks => self.edit_chunks(edits),
            Schema::Voxels => {
                let mut rows: Vec<(u64, MaterialId)> = (edits.iter())
                    .map(|edit| {
                        let (key, cell) = place(edit);
                        (key | cell as u64, edit.material)
                    })
                    .collect();
                // Stable: of two edits of a voxel the later one counts.
                rows.sort_by_key(|&(key, _)| key);
                let mut last: Rows = Vec::with_capacity(rows.len());
                for (key, material) in rows {
                    let value = material.0.to_le_bytes().to_vec();
                    match last.last_mut() {
                        Some(row) if row.0 == key => row.1 = value,
                        _ => last.push((key, value)),
                    }
                }
                self.peer.put(&last);
            }
            Schema::Lists => {
                let mut rows: Rows = Vec::new();
                for (key, edits) in
                    sorted(edits).chunk_by(|a, b| a.0 == b.0).map(|of| (of[0].0, of))
                {
                    let mut list = Vec::with_capacity(edits.len() * 6);
                    for &(_, cell, material) in edits {
                        list.extend_from_slice(&(cell as u32).to_le_bytes());
                        list.extend_from_slice(&material.0.to_le_bytes());
                    }
                    rows.push((key | self.batches, list));
                }
                self.peer.put(&rows);
                self.batches += 1;
            }
        }
    }

    fn edit_chunks(&mut self, edits: &[Voxel]) {
        let sorted = sorted(edits);
        let by_chunk: Vec<_> = sorted.chunk_by(|a, b| a.0 == b.0).collect();
        let keys: Vec<u64> = by_chunk.iter().map(|edits| edits[0].0).collect();
        let Self { peer, flat, raw, .. } = self;
        let mut next = by_chunk.iter();
        peer.rewrite(&keys, &mut |key, old| {
            match old {
                Some(bytes) => decode(bytes, raw),
                None => raw
                    .copy_from_slice(flat.entry(chunk_y(key)).or_insert_with_key(|&y| flat_raw(y))),
            }
            for &(_, cell, material) in *next.next().expect("as many as keys") {
                raw[cell * 2..][..2].copy_from_slice(&material.0.to_le_bytes());
            }
            lz4::block::compress(raw, None, true).expect("it fits")
        });
    }

    /// What a voxel was made to be.
    pub fn materials(&mut self, voxels: &[Voxel]) -> Vec<MaterialId> {
        let mut found = Vec::with_capacity(voxels.len());
        let mut known = None;
        for voxel in voxels {
            let (key, cell) = place(voxel);
            let bytes = match self.schema {
                Schema::Chunks => {
                    if known != Some(key) {
                        decode(&self.peer.get(key).expect("edited"), &mut self.raw);
                        known = Some(key);
                    }
                    [self.raw[cell * 2], self.raw[cell * 2 + 1]]
                }
                Schema::Voxels => {
                    let value = self.peer.get(key | cell as u64).expect("edited");
                    value.try_into().expect("two bytes")
                }
                Schema::Lists => (0..self.batches)
                    .rev()
                    .find_map(|batch| last_in_list(&self.peer.get(key | batch)?, cell))
                    .expect("edited"),
            };
            found.push(MaterialId(u16::from_le_bytes(bytes)));
        }
        found
    }
}

/// Edits by chunk and cell index; within a chunk in the order in which they were made.
fn sorted(edits: &[Voxel]) -> Vec<(u64, usize, MaterialId)> {
    let mut sorted: Vec<_> = (edits.iter())
        .map(|edit| {
            let (key, cell) = place(edit);
            (key, cell, edit.material)
        })
        .collect();
    sorted.sort_by_key(|&(key, ..)| key);
    sorted
}

fn last_in_list(list: &[u8], cell: usize) -> Option<[u8; 2]> {
    let cell = (cell as u32).to_le_bytes();
    let edit = list.chunks_exact(6).rev().find(|edit| edit[..4] == cell)?;
    Some([edit[4], edit[5]])
}

fn flat_raw(chunk_y: i32) -> Vec<u8> {
    let cells = flat_chunk(chunk_y).to_cells();
    cells.iter().flat_map(|cell| cell.0.to_le_bytes()).collect()
}

fn decode(bytes: &[u8], raw: &mut [u8]) {
    let size = Some(raw.len() as i32);
    let read =
        lz4::block::decompress_to_buffer(&bytes[4..], size, raw).expect("it was encoded here");
    assert_eq!(read, raw.len());
}
