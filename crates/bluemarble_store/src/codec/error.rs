//! [`CodecError`]: why a stored chunk cannot be compressed or understood.

use thiserror::Error;

/// What a compressor said.
pub type BackendError = Box<dyn std::error::Error + Send + Sync>;

/// Why a chunk was not encoded or decoded: one clause, in which the chunk is "it".
#[derive(Debug, Error)]
pub enum CodecError {
    /// The LZ4 compressor gave up, as when memory is short.
    #[error("LZ4 failed: {0}")]
    Lz4Failed(#[source] BackendError),
    /// The Zstandard compressor gave up, as when memory is short.
    #[error("Zstandard failed: {0}")]
    ZstdFailed(#[source] BackendError),
    /// There are fewer bytes than a checksum or a size takes.
    #[error("{bytes} bytes are too few for a chunk")]
    TooShort {
        /// Bytes there are.
        bytes: usize,
    },
    /// The bytes are not those that were written.
    #[error("its checksum does not match")]
    Checksum,
    /// The size in front of an LZ4 block is another one.
    #[error("it claims to hold {claimed} bytes, a chunk holds {expected}")]
    ClaimedSize {
        /// What the size says.
        claimed: u32,
        /// Bytes of a chunk.
        expected: usize,
    },
    /// What came out has another size.
    #[error("it holds {found} bytes, a chunk holds {expected}")]
    Size {
        /// Bytes that came out.
        found: usize,
        /// Bytes of a chunk.
        expected: usize,
    },
    /// The LZ4 block cannot be understood.
    #[error("its LZ4 block is broken: {0}")]
    Lz4Broken(#[source] BackendError),
    /// The Zstandard frames cannot be understood.
    #[error("its Zstandard frame is broken: {0}")]
    ZstdBroken(#[source] BackendError),
}
