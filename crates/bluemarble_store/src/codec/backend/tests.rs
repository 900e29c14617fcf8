//! The two back ends against each other.

use std::io::Write;

use proptest::prelude::*;

use super::{c, rust};

/// Runs, patterns and noise: what makes literals, short and long matches and blocks without either.
fn any_raw(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        (any::<u8>(), 1usize..40_000).prop_map(|(byte, count)| vec![byte; count]),
        prop::collection::vec(any::<u8>(), 1..3000),
        prop::collection::vec(0u8..4, 1..3000),
        (prop::collection::vec(0u8..20, 1..200), 1usize..300)
            .prop_map(|(pattern, count)| pattern.repeat(count)),
        (any::<u64>(), 1usize..200_000).prop_map(|(seed, count)| noise(seed, count, 256)),
        (any::<u64>(), 1usize..200_000, 2u64..200)
            .prop_map(|(seed, count, values)| noise(seed, count, values)),
    ];
    prop::collection::vec(part, 0..8).prop_map(move |parts| {
        let mut raw = parts.concat();
        // Again what was there, from far back.
        raw.extend_from_within(..raw.len() / 2);
        raw.truncate(most);
        raw
    })
}

/// Bytes below `values`, small ones more often.
fn noise(seed: u64, count: usize, values: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    (0..count).map(|_| (next() % values).min(next() % values) as u8).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn each_reads_the_zstandard_frames_of_the_other(raw in any_raw(600_000), level in -7i32..=19, checksum: bool) {
        let mut got = vec![0; raw.len()];
        let by_c = c::compress_zstd(&raw, level, checksum).expect("compresses");
        prop_assert_eq!(rust::decompress_zstd(&by_c, &mut got).expect("reads"), raw.len());
        prop_assert!(got == raw, "rust reads other bytes");
        let by_rust = rust::compress_zstd(&raw, level, checksum).expect("compresses");
        got.fill(0);
        prop_assert_eq!(c::decompress_zstd(&by_rust, &mut got).expect("reads"), raw.len());
        prop_assert!(got == raw, "c reads other bytes");
        got.fill(0);
        prop_assert_eq!(rust::decompress_zstd(&by_rust, &mut got).expect("reads"), raw.len());
        prop_assert!(got == raw, "rust reads other bytes of its own");
        // Both frames say what they hold, as readers of Zarr expect.
        prop_assert_eq!(zstd::zstd_safe::get_frame_content_size(&by_rust).expect("a frame"), Some(raw.len() as u64));
        prop_assert!(by_rust.len() <= crate::codec::CodecChain::max_encoded_bytes(raw.len()));
        if let Some(less) = raw.len().checked_sub(1) {
            prop_assert!(rust::decompress_zstd(&by_c, &mut got[..less]).is_err());
            prop_assert!(rust::decompress_zstd(&by_rust, &mut got[..less]).is_err());
        }
    }

    #[test]
    fn each_reads_the_lz4_blocks_of_the_other(raw in any_raw(300_000)) {
        let mut got = vec![0; raw.len()];
        let by_c = c::compress_lz4(&raw).expect("compresses");
        let by_rust = rust::compress_lz4(&raw).expect("compresses");
        prop_assert_eq!(&by_c[..4], (raw.len() as u32).to_le_bytes());
        prop_assert_eq!(&by_rust[..4], (raw.len() as u32).to_le_bytes());
        prop_assert_eq!(rust::decompress_lz4(&by_c[4..], &mut got).expect("reads"), raw.len());
        prop_assert!(got == raw, "rust reads other bytes");
        got.fill(0);
        prop_assert_eq!(c::decompress_lz4(&by_rust[4..], &mut got).expect("reads"), raw.len());
        prop_assert!(got == raw, "c reads other bytes");
        prop_assert!(by_rust.len() <= crate::codec::CodecChain::max_encoded_bytes(raw.len()));
        if let Some(less) = raw.len().checked_sub(1) {
            prop_assert!(rust::decompress_lz4(&by_c[4..], &mut got[..less]).is_err());
        }
    }

    #[test]
    fn frames_without_their_content_size_several_frames_and_skipped_ones_are_read_by_both(
        raw in any_raw(300_000),
        cut: prop::sample::Index,
        skipped in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = Vec::new();
        let (first, second) = raw.split_at(cut.index(raw.len() + 1));
        for part in [first, second] {
            let mut encoder = zstd::stream::Encoder::new(&mut bytes, 1).expect("a frame");
            encoder.include_contentsize(false).expect("allowed");
            encoder.write_all(part).expect("written");
            encoder.finish().expect("a frame");
            bytes.extend_from_slice(&0x184D_2A53u32.to_le_bytes());
            bytes.extend_from_slice(&(skipped.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&skipped);
        }
        let mut got = vec![0; raw.len()];
        prop_assert_eq!(c::decompress_zstd(&bytes, &mut got).expect("reads"), raw.len());
        got.fill(0);
        prop_assert_eq!(rust::decompress_zstd(&bytes, &mut got).expect("reads"), raw.len());
        prop_assert!(got == raw, "other bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// What one takes, the other takes for the same bytes, or refuses.
    #[test]
    fn no_damage_makes_a_decoder_panic_or_two_decoders_read_different_bytes(
        raw in any_raw(20_000),
        level in -5i32..=19,
        checksum: bool,
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        keep: prop::sample::Index,
        cut: bool,
    ) {
        for mut bytes in [
            c::compress_zstd(&raw, level, checksum).expect("compresses"),
            rust::compress_zstd(&raw, level, checksum).expect("compresses"),
        ] {
            for (at, byte) in &damages {
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            if cut {
                bytes.truncate(keep.index(bytes.len()));
            }
            let mut by_c = vec![0; raw.len() + 10];
            let mut by_rust = by_c.clone();
            if let (Ok(c), Ok(rust)) =
                (c::decompress_zstd(&bytes, &mut by_c), rust::decompress_zstd(&bytes, &mut by_rust))
            {
                prop_assert_eq!(c, rust);
                prop_assert!(by_c[..c] == by_rust[..c], "different bytes");
            }
        }
        for mut bytes in [c::compress_lz4(&raw).expect("compresses"), rust::compress_lz4(&raw).expect("compresses")] {
            bytes.drain(..4);
            for (at, byte) in &damages {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                bytes[at] ^= byte;
            }
            let mut by_c = vec![0; raw.len() + 10];
            let mut by_rust = by_c.clone();
            if let (Ok(c), Ok(rust)) =
                (c::decompress_lz4(&bytes, &mut by_c), rust::decompress_lz4(&bytes, &mut by_rust))
            {
                prop_assert_eq!(c, rust);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        descriptor: u8,
    ) {
        let mut raw = vec![0; 4096];
        for decompress in [c::decompress_zstd, rust::decompress_zstd] {
            let _ = decompress(&bytes, &mut raw);
            // A frame of one compressed block, then of what follows.
            let mut frame = 0xFD2F_B528u32.to_le_bytes().to_vec();
            frame.push(descriptor & !8);
            frame.extend_from_slice(&bytes);
            let _ = decompress(&frame, &mut raw);
            let mut block = [&0xFD2F_B528u32.to_le_bytes()[..], &[0, 56]].concat();
            block.extend_from_slice(&((bytes.len() as u32) << 3 | 5).to_le_bytes()[..3]);
            block.extend_from_slice(&bytes);
            let _ = decompress(&block, &mut raw);
        }
        let _ = (c::decompress_lz4(&bytes, &mut raw), rust::decompress_lz4(&bytes, &mut raw));
    }
}

#[test]
fn a_frame_that_claims_more_than_there_is_room_for_is_refused_before_it_is_decoded() {
    // Magic number, single segment with an 8-byte size.
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xE0];
    frame.extend_from_slice(&(u64::MAX >> 4).to_le_bytes());
    frame.extend_from_slice(&[1, 0, 0]);
    for decompress in [c::decompress_zstd, rust::decompress_zstd] {
        decompress(&frame, &mut [0; 4096]).expect_err("1 EiB");
    }
    // Runs without end that say nothing of their size.
    let mut runs = vec![0x28, 0xB5, 0x2F, 0xFD, 0, 56];
    (0..100).for_each(|_| runs.extend_from_slice(&[2, 0, 16, 7]));
    for decompress in [c::decompress_zstd, rust::decompress_zstd] {
        decompress(&runs, &mut [0; 4096]).expect_err("12 MiB");
    }
}
