//! The inner codecs of an array: the cells of one stored chunk to bytes and back.
//!
//! In this order: `bytes` (u16, little endian; done by [`crate::chunk_bytes`]), a shuffle, a compressor and
//! `crc32c` (checksum of all before it, u32 little endian, at the end), each if there is one.
//!
//! | codec | bytes |
//! |---|---|
//! | `numcodecs.shuffle`, `shuffle` | the low bytes of all cells, then their high bytes |
//! | `numcodecs.lz4`, `lz4` | uncompressed size (u32, little endian), then one LZ4 block |
//! | `zstd`, `numcodecs.zstd` | Zstandard frames, with or without their content size |

use std::cell::RefCell;

use zstd::bulk::{Compressor as ZstdCompressor, Decompressor as ZstdDecompressor};

use crate::ChunkCodec;

/// Bytes of the size in front of an LZ4 block.
const SIZE_BYTES: usize = 4;
/// Bytes of a checksum.
pub(crate) const CRC_BYTES: usize = 4;
/// The Zstandard level of the arrays that we make.
const ZSTD_LEVEL: i32 = 3;
/// The same for shuffled cells: higher levels gain little there, and noise grows and takes four times as
/// long to decode.
const SHUFFLED_ZSTD_LEVEL: i32 = 1;
/// Shuffled bytes that a thread keeps room for: those of 64³ cells.
const KEPT_BYTES: usize = 1 << 19;

/// How an array compresses its chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// Not at all.
    None,
    /// A size and an LZ4 block.
    Lz4,
    /// Zstandard frames.
    Zstd {
        /// The level to write with.
        level: i32,
        /// Whether frames that are written end in a checksum of their own.
        frame_checksum: bool,
    },
}

/// What the inner codecs of an array do after `bytes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecChain {
    /// Whether the low bytes of all cells come before all high bytes.
    pub shuffle: bool,
    /// The compressor.
    pub compressor: Compressor,
    /// Whether a CRC-32C follows.
    pub checksum: bool,
}

impl CodecChain {
    /// The chain of the arrays that we make.
    pub fn new(codec: ChunkCodec) -> Self {
        let (shuffle, compressor) = match codec {
            ChunkCodec::ShuffleZstd => (true, zstd(SHUFFLED_ZSTD_LEVEL)),
            ChunkCodec::Zstd => (false, zstd(ZSTD_LEVEL)),
            ChunkCodec::Lz4 => (false, Compressor::Lz4),
        };
        Self { shuffle, compressor, checksum: true }
    }

    /// No chunk of `raw_bytes` bytes takes more than this, whoever encoded it with which codec.
    pub const fn max_encoded_bytes(raw_bytes: usize) -> usize {
        raw_bytes + raw_bytes / 8 + 1024
    }

    /// Encodes the raw bytes of a chunk.
    ///
    /// # Errors
    /// One clause that says why the compressor gave up, as when memory is short.
    pub fn encode(&self, raw: &[u8]) -> Result<Vec<u8>, String> {
        let shuffled = self.shuffle.then(|| shuffled(raw));
        let raw = shuffled.as_deref().unwrap_or(raw);
        let mut bytes = match self.compressor {
            Compressor::None => raw.to_vec(),
            Compressor::Lz4 => lz4::block::compress(raw, None, true)
                .map_err(|error| format!("LZ4 failed: {error}"))?,
            Compressor::Zstd { level, frame_checksum } => compress_zstd(raw, level, frame_checksum)
                .map_err(|error| format!("Zstandard failed: {error}"))?,
        };
        if self.checksum {
            bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        }
        Ok(bytes)
    }

    /// Decodes a chunk that has `raw_bytes` bytes when it is raw.
    ///
    /// # Errors
    /// One clause that says what is wrong with the bytes. Never panics, and never allocates more than
    /// `raw_bytes`, whatever size the bytes claim.
    pub fn decode(&self, bytes: &[u8], raw_bytes: usize) -> Result<Vec<u8>, String> {
        let mut raw = vec![0; raw_bytes];
        self.decode_into(bytes, &mut raw).map(|()| raw)
    }

    /// Decodes a chunk into its raw bytes, of which there must be as many as there are when it is raw.
    ///
    /// # Errors
    /// As [`CodecChain::decode`]; what `raw` then holds is not said.
    pub fn decode_into(&self, bytes: &[u8], raw: &mut [u8]) -> Result<(), String> {
        let mut body = bytes;
        if self.checksum {
            let Some((rest, checksum)) = bytes.split_last_chunk::<CRC_BYTES>() else {
                return Err(format!("{} bytes are too few for a chunk", bytes.len()));
            };
            if crc32c::crc32c(rest) != u32::from_le_bytes(*checksum) {
                return Err("its checksum does not match".to_owned());
            }
            body = rest;
        }
        if !self.shuffle {
            return self.decompress(body, raw);
        }
        with_shuffled(raw.len(), |shuffled| {
            self.decompress(body, shuffled)?;
            unshuffle(shuffled, raw);
            Ok(())
        })
    }

    fn decompress(&self, body: &[u8], raw: &mut [u8]) -> Result<(), String> {
        let raw_bytes = raw.len();
        let sized = |got: usize| {
            if got == raw_bytes {
                return Ok(());
            }
            Err(format!("it holds {got} bytes, a chunk holds {raw_bytes}"))
        };
        match self.compressor {
            Compressor::None => {
                sized(body.len())?;
                raw.copy_from_slice(body);
                Ok(())
            }
            Compressor::Lz4 => {
                let Some((size, block)) = body.split_first_chunk::<SIZE_BYTES>() else {
                    return Err(format!("{} bytes are too few for a chunk", body.len()));
                };
                let size = u32::from_le_bytes(*size);
                if size as usize != raw_bytes {
                    return Err(format!(
                        "it claims to hold {size} bytes, a chunk holds {raw_bytes}"
                    ));
                }
                let got = lz4::block::decompress_to_buffer(block, Some(size as i32), raw)
                    .map_err(|error| format!("its LZ4 block is broken: {error}"))?;
                sized(got)
            }
            Compressor::Zstd { .. } => {
                let got = decompress_zstd(body, raw)
                    .map_err(|error| format!("its Zstandard frame is broken: {error}"))?;
                sized(got)
            }
        }
    }
}

fn zstd(level: i32) -> Compressor {
    Compressor::Zstd { level, frame_checksum: false }
}

/// The low bytes of all cells, then their high bytes. A last odd byte stays where it is.
fn shuffled(raw: &[u8]) -> Vec<u8> {
    let cells = raw.as_chunks::<2>();
    let low = cells.0.iter().map(|&[low, _]| low);
    let high = cells.0.iter().map(|&[_, high]| high);
    low.chain(high).chain(cells.1.iter().copied()).collect()
}

/// Undoes [`shuffled`].
fn unshuffle(shuffled: &[u8], raw: &mut [u8]) {
    let (low, rest) = shuffled.split_at(shuffled.len() / 2);
    let (cells, last) = raw.as_chunks_mut::<2>();
    for ((cell, &low), &high) in cells.iter_mut().zip(low).zip(rest) {
        *cell = [low, high];
    }
    last.copy_from_slice(&rest[low.len()..]);
}

/// Lends bytes, of this thread if they are those of an ordinary chunk.
fn with_shuffled<T>(count: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local! {
        static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    if count > KEPT_BYTES {
        return work(&mut vec![0; count]);
    }
    KEPT.with_borrow_mut(|kept| {
        kept.resize(KEPT_BYTES, 0);
        work(&mut kept[..count])
    })
}

/// Returns how many bytes came out. Making a context takes as long as decoding a small chunk, so each
/// thread keeps one.
fn decompress_zstd(body: &[u8], raw: &mut [u8]) -> std::io::Result<usize> {
    thread_local! {
        static CONTEXT: RefCell<Option<ZstdDecompressor<'static>>> = const { RefCell::new(None) };
    }
    CONTEXT.with_borrow_mut(|context| {
        let context = match context {
            Some(context) => context,
            none => none.insert(ZstdDecompressor::new()?),
        };
        context.decompress_to_buffer(body, raw)
    })
}

fn compress_zstd(raw: &[u8], level: i32, frame_checksum: bool) -> std::io::Result<Vec<u8>> {
    let mut compressor = ZstdCompressor::new(level)?;
    compressor.include_checksum(frame_checksum)?;
    compressor.compress(raw)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

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
        assert!(error.contains("4294967295"), "{error}");
        // A frame of 1 EiB: magic number, single segment with an 8-byte size.
        let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, 0xE0];
        frame.extend_from_slice(&(u64::MAX >> 4).to_le_bytes());
        frame.extend_from_slice(&[1, 0, 0]);
        let error = ZSTD.decode(&frame, 1 << 19).expect_err("1 EiB");
        assert!(error.starts_with("its Zstandard frame is broken: "), "{error}");
    }
}
