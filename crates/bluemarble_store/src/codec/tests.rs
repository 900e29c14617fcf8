//! What every chain of codecs must do.

use std::io::Write;

use proptest::prelude::*;

use super::{chain::SIZE_BYTES, *};
use crate::ChunkCodec;

const COMPRESSORS: [Compressor; 4] = [
    Compressor::None,
    Compressor::Lz4,
    Compressor::Zstd { level: 3, frame_checksum: true },
    Compressor::Zstd { level: -5, frame_checksum: false },
];
const ZSTD: CodecChain = CodecChain {
    shuffle: false,
    compressor: Compressor::Zstd { level: 0, frame_checksum: false },
    checksum: false,
};

fn chains() -> impl Iterator<Item = CodecChain> {
    COMPRESSORS.into_iter().flat_map(|compressor| {
        [(false, false), (false, true), (true, false), (true, true)]
            .map(|(shuffle, checksum)| CodecChain { shuffle, compressor, checksum })
    })
}

/// Runs and noise.
fn raw(length: usize, seed: u64, run: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut raw = Vec::with_capacity(length);
    while raw.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let end = (raw.len() + 1 + (state >> 20) as usize % run).min(length);
        raw.resize(end, (state >> 40) as u8);
    }
    raw
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_bytes_come_back_through_every_chain(length in 1usize..70_000, seed: u64, run in 1usize..3000) {
        let raw = raw(length, seed, run);
        for chain in chains() {
            let bytes = chain.encode(&raw).expect("encodes");
            prop_assert!(bytes.len() <= CodecChain::max_encoded_bytes(length));
            prop_assert_eq!(chain.decode(&bytes, length).expect("whole"), raw.clone());
            prop_assert!(chain.decode(&bytes, length - 1).is_err());
            prop_assert!(chain.decode(&bytes, length + 1).is_err());
        }
    }

    #[test]
    fn frames_without_their_content_size_and_several_frames_are_read(length in 2usize..70_000, seed: u64, cut: prop::sample::Index) {
        let raw = raw(length, seed, 50);
        let mut bytes = Vec::new();
        for part in [&raw[..cut.index(length)], &raw[cut.index(length)..]] {
            let mut encoder = zstd::stream::Encoder::new(&mut bytes, 1).expect("a frame");
            encoder.include_contentsize(false).expect("allowed");
            encoder.write_all(part).expect("written");
            encoder.finish().expect("a frame");
        }
        prop_assert_eq!(ZSTD.decode(&bytes, length).expect("whole"), raw);
        prop_assert!(ZSTD.decode(&bytes, length - 1).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_a_decoder_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        valid: bool,
    ) {
        for chain in chains() {
            if valid && bytes.len() >= 12 {
                // Past the checksum and the size, so that the decompressors see the rest.
                match chain.compressor {
                    Compressor::Lz4 => bytes[..4].copy_from_slice(&4096u32.to_le_bytes()),
                    _ => bytes[..4].copy_from_slice(&0xFD2F_B528u32.to_le_bytes()),
                }
                let end = bytes.len() - 4;
                let crc = crc32c::crc32c(&bytes[..end]);
                bytes[end..].copy_from_slice(&crc.to_le_bytes());
            }
            let _ = chain.decode(&bytes, 4096);
        }
    }

    #[test]
    fn no_damage_makes_a_decoder_panic_and_a_checksum_finds_it(
        seed: u64,
        at: prop::sample::Index,
        bit in 0u8..8,
        cut: bool,
    ) {
        let raw = raw(4096, seed, 300);
        for chain in chains() {
            let mut bytes = chain.encode(&raw).expect("encodes");
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            let decoded = chain.decode(&bytes, raw.len());
            prop_assert!(decoded.is_err() || !chain.checksum, "{:?}", chain);
        }
    }
}

#[test]
fn shuffled_cells_are_their_low_bytes_and_then_their_high_bytes() {
    let chain = CodecChain { shuffle: true, compressor: Compressor::None, checksum: false };
    let raw = [1, 10, 2, 20, 3, 30];
    assert_eq!(chain.encode(&raw).expect("encodes"), [1, 2, 3, 10, 20, 30]);
}

#[test]
fn incompressible_chunks_stay_below_the_largest_size_of_every_codec() {
    for edge in crate::ChunkEdge::ALL {
        let raw = (edge.cells() as usize).pow(3) * 2;
        let most = CodecChain::max_encoded_bytes(raw);
        let lz4 = lz4::block::compress_bound(raw).expect("not too large");
        assert!(SIZE_BYTES + lz4 + CRC_BYTES <= most);
        assert!(zstd::zstd_safe::compress_bound(raw) + CRC_BYTES <= most);
    }
}

#[test]
fn a_claimed_size_is_checked_before_anything_is_allocated() {
    let chain = CodecChain::new(ChunkCodec::Lz4);
    let mut bytes = u32::MAX.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    let error = chain.decode(&bytes, 1 << 19).expect_err("4 GiB");
    assert!(error.to_string().contains("4294967295"), "{error}");
    // A frame of 1 EiB: magic number, single segment with an 8-byte size.
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xE0];
    frame.extend_from_slice(&(u64::MAX >> 4).to_le_bytes());
    frame.extend_from_slice(&[1, 0, 0]);
    let error = ZSTD.decode(&frame, 1 << 19).expect_err("1 EiB");
    assert!(error.to_string().starts_with("its Zstandard frame is broken: "), "{error}");
}
