//! The codecs of an array, one after the other.

use super::{
    backend::{compress_lz4, compress_zstd, decompress_lz4, decompress_zstd},
    error::CodecError,
    shuffle::{shuffle, unshuffle, with_shuffled},
};
use crate::ChunkCodec;

/// Bytes of the size in front of an LZ4 block.
pub(super) const SIZE_BYTES: usize = 4;
/// Bytes of a checksum.
pub(crate) const CRC_BYTES: usize = 4;
/// The Zstandard level of the arrays that we make.
const ZSTD_LEVEL: i32 = 3;
/// The same for shuffled cells: higher levels gain little there, and noise grows and takes four times as
/// long to decode.
const SHUFFLED_ZSTD_LEVEL: i32 = 1;

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

    /// No chunk of `raw_bytes` bytes takes more than this, whatever encoder and codec made it.
    pub const fn max_encoded_bytes(raw_bytes: usize) -> usize {
        raw_bytes + raw_bytes / 8 + 1024
    }

    /// Encodes the raw bytes of a chunk.
    ///
    /// # Errors
    /// [`CodecError::Lz4Failed`] and [`CodecError::ZstdFailed`], as when memory is short.
    pub fn encode(&self, raw: &[u8]) -> Result<Vec<u8>, CodecError> {
        match self.shuffle {
            true => with_shuffled(raw.len(), |shuffled| {
                shuffle(raw, shuffled);
                self.compress(shuffled)
            }),
            false => self.compress(raw),
        }
    }

    fn compress(&self, raw: &[u8]) -> Result<Vec<u8>, CodecError> {
        let mut bytes = match self.compressor {
            Compressor::None => raw.to_vec(),
            Compressor::Lz4 => compress_lz4(raw).map_err(CodecError::Lz4Failed)?,
            Compressor::Zstd { level, frame_checksum } => {
                compress_zstd(raw, level, frame_checksum).map_err(CodecError::ZstdFailed)?
            }
        };
        if self.checksum {
            bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        }
        Ok(bytes)
    }

    /// Decodes a chunk that has `raw_bytes` bytes when it is raw.
    ///
    /// # Errors
    /// [`CodecError`] says what is wrong with the bytes. Never panics, and never allocates more than
    /// `raw_bytes`, whatever size the bytes claim.
    pub fn decode(&self, bytes: &[u8], raw_bytes: usize) -> Result<Vec<u8>, CodecError> {
        let mut raw = vec![0; raw_bytes];
        self.decode_into(bytes, &mut raw).map(|()| raw)
    }

    /// Decodes a chunk into its raw bytes, of which there must be as many as there are when it is raw.
    ///
    /// # Errors
    /// As [`CodecChain::decode`]; what `raw` then holds is not said.
    pub fn decode_into(&self, bytes: &[u8], raw: &mut [u8]) -> Result<(), CodecError> {
        let mut body = bytes;
        if self.checksum {
            let Some((rest, checksum)) = bytes.split_last_chunk::<CRC_BYTES>() else {
                return Err(CodecError::TooShort { bytes: bytes.len() });
            };
            if crc32c::crc32c(rest) != u32::from_le_bytes(*checksum) {
                return Err(CodecError::Checksum);
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

    fn decompress(&self, body: &[u8], raw: &mut [u8]) -> Result<(), CodecError> {
        let raw_bytes = raw.len();
        let sized = |got: usize| {
            if got == raw_bytes {
                return Ok(());
            }
            Err(CodecError::Size { found: got, expected: raw_bytes })
        };
        match self.compressor {
            Compressor::None => {
                sized(body.len())?;
                raw.copy_from_slice(body);
                Ok(())
            }
            Compressor::Lz4 => {
                let Some((size, block)) = body.split_first_chunk::<SIZE_BYTES>() else {
                    return Err(CodecError::TooShort { bytes: body.len() });
                };
                let size = u32::from_le_bytes(*size);
                if size as usize != raw_bytes {
                    return Err(CodecError::ClaimedSize { claimed: size, expected: raw_bytes });
                }
                sized(decompress_lz4(block, raw).map_err(CodecError::Lz4Broken)?)
            }
            Compressor::Zstd { .. } => {
                sized(decompress_zstd(body, raw).map_err(CodecError::ZstdBroken)?)
            }
        }
    }
}

fn zstd(level: i32) -> Compressor {
    Compressor::Zstd { level, frame_checksum: false }
}
