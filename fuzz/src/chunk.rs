//! Stored chunks: every codec chain, every edge, and the parts that chunks of 64³ cells have in them.

use bluemarble_core::{CHUNK_VOLUME, MaterialId, Shape};
use bluemarble_store::{
    ArrayLayout, ChunkEdge, CodecChain, Compressor,
    chunk_bytes::{raw_bytes, unstored},
};
use glam::IVec3;

use super::Verdict;

/// The compressors of arrays; two bits of the flags choose one.
pub const COMPRESSORS: [Compressor; 4] = [
    Compressor::None,
    Compressor::Lz4,
    Compressor::Zstd { level: 1, frame_checksum: false },
    Compressor::Zstd { level: 3, frame_checksum: true },
];
/// Flag: a checksum follows.
pub const CHECKSUM: u8 = 4;
/// Flag: the bytes of the cells are shuffled.
pub const SHUFFLE: u8 = 128;
/// The edge's place in the flags.
pub const EDGE_SHIFT: u8 = 3;
/// Flag: the bytes are without their checksum, which is appended.
pub const MADE_TRUE: u8 = 32;
/// Flag: the bytes are a pattern of cells to be encoded.
pub const RAW: u8 = 64;

/// Target `chunk_codec`: flags, then an encoded chunk or a pattern of cells. What is decoded has the size
/// of a chunk and survives being encoded again.
pub fn codec(data: &[u8]) -> Verdict {
    let Some((&flags, bytes)) = data.split_first() else { return Verdict::Refused };
    let chain = CodecChain {
        shuffle: flags & SHUFFLE != 0,
        compressor: COMPRESSORS[usize::from(flags % 4)],
        checksum: flags & CHECKSUM != 0,
    };
    let edge = ChunkEdge::ALL[usize::from(flags >> EDGE_SHIFT & 3)];
    let raw_bytes = raw_bytes(edge.cells());
    let raw = if flags & RAW != 0 {
        bytes.iter().copied().chain([0]).cycle().take(raw_bytes).collect()
    } else {
        let mut bytes = bytes.to_vec();
        if chain.checksum && flags & MADE_TRUE != 0 {
            let checksum = crc32c::crc32c(&bytes);
            bytes.extend_from_slice(&checksum.to_le_bytes());
        }
        match chain.decode(&bytes, raw_bytes) {
            Ok(raw) => raw,
            Err(_) => return Verdict::Refused,
        }
    };
    assert_eq!(raw.len(), raw_bytes);
    let encoded = chain.encode(&raw).expect("enough memory");
    assert!(encoded.len() <= CodecChain::max_encoded_bytes(raw_bytes), "{} bytes", encoded.len());
    assert!(chain.decode(&encoded, raw_bytes).expect("what was encoded") == raw, "another chunk");
    assert!(chain.decode(&encoded, raw_bytes - 1).is_err(), "too large for where it goes");
    parts(edge, &raw);
    Verdict::Accepted
}

/// The first chunk of a shard, taken out of a stored chunk and put into an empty one.
fn parts(edge: ChunkEdge, raw: &[u8]) {
    for part in ArrayLayout::new(&Shape::earth(), 0, edge).parts(IVec3::ZERO) {
        let mut cells = vec![MaterialId::UNSTORED; CHUNK_VOLUME];
        part.take(raw, &mut cells);
        let is_stored = cells.iter().any(|&cell| cell != MaterialId::UNSTORED);
        assert_eq!(part.is_stored(raw), is_stored);
        let mut copy = unstored(edge.cells());
        part.put(&cells, &mut copy);
        let mut again = vec![MaterialId::UNSTORED; CHUNK_VOLUME];
        part.take(&copy, &mut again);
        assert!(again == cells, "another part");
    }
}
