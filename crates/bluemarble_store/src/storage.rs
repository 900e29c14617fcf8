//! [`StorageOptions`]: what a world chooses once, when it is made, about how its chunks are stored.

use std::fmt;

/// How the chunks of a world are stored. Recorded in the world when it is made; a world that exists is
/// opened with what it records, whatever is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StorageOptions {
    /// Edge of a stored chunk.
    pub chunk_edge: ChunkEdge,
    /// How a stored chunk is compressed. An array that another program made may use another codec.
    pub codec: ChunkCodec,
}

impl StorageOptions {
    /// What worlds of format version 1 were made with.
    pub(crate) const VERSION_1: Self =
        Self { chunk_edge: ChunkEdge::Cells64, codec: ChunkCodec::Lz4 };
}

/// Edge of a stored chunk. In memory a chunk always has 64³ cells.
///
/// A smaller edge makes a scattered edit cheaper and an index entry dearer; a larger one compresses
/// better, but each read and write of 64³ cells decodes all of the stored chunk around them.
/// [`crate::advise()`] chooses from statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkEdge {
    /// 32³ cells, 64 KiB before compression.
    Cells32,
    /// 64³ cells, 512 KiB before compression.
    #[default]
    Cells64,
    /// 128³ cells, 4 MiB before compression.
    Cells128,
    /// 256³ cells, 32 MiB before compression.
    Cells256,
}

impl ChunkEdge {
    /// All edges, the smallest first.
    pub const ALL: [Self; 4] = [Self::Cells32, Self::Cells64, Self::Cells128, Self::Cells256];

    /// Cells along each axis.
    pub const fn cells(self) -> i32 {
        32 << self as i32
    }

    /// The edge of this many cells; `None` if there is none.
    pub fn from_cells(cells: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|edge| edge.cells() as u64 == cells)
    }
}

impl fmt::Display for ChunkEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cells())
    }
}

/// How the arrays of a world compress their chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ChunkCodec {
    /// Zstandard frames of low bytes and of high bytes: the smallest, and about as fast to read as LZ4.
    #[default]
    ShuffleZstd,
    /// Zstandard frames: what most readers of Zarr know.
    Zstd,
    /// LZ4 blocks: the fastest both ways, several times as large.
    Lz4,
}

impl ChunkCodec {
    /// All codecs, the default first.
    pub const ALL: [Self; 3] = [Self::ShuffleZstd, Self::Zstd, Self::Lz4];

    /// The codec's name in a world's document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ShuffleZstd => "shuffle-zstd",
            Self::Zstd => "zstd",
            Self::Lz4 => "numcodecs.lz4",
        }
    }

    /// The codec with this [`ChunkCodec::name`]; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }
}

impl fmt::Display for ChunkCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_and_codecs_are_found_by_what_documents_call_them() {
        assert_eq!(ChunkEdge::ALL.map(ChunkEdge::cells), [32, 64, 128, 256]);
        for edge in ChunkEdge::ALL {
            assert_eq!(ChunkEdge::from_cells(edge.cells() as u64), Some(edge));
        }
        for cells in [0, 16, 63, 512, u64::MAX] {
            assert_eq!(ChunkEdge::from_cells(cells), None);
        }
        for codec in ChunkCodec::ALL {
            assert_eq!(ChunkCodec::from_name(codec.name()), Some(codec));
        }
        assert_eq!(ChunkCodec::from_name("blosc"), None);
    }
}
