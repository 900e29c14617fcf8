//! The bytes of a linear octree: its header, and a leaf.

use bluemarble_core::{LatticeBox, code::morton_decode};

/// The deepest octree: 2,097,152 voxels along an edge.
pub const MAX_DEPTH: u8 = 21;

pub(super) const HEADER_BYTES: usize = 32;
pub(super) const LEAF_BYTES: usize = 12;
const MAGIC: &[u8; 8] = b"bmoctree";
const VERSION: u32 = 1;

/// A cube of voxels of one material.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The Morton code of its lowest voxel, counted from the octree's lowest corner.
    pub code: u64,
    /// It is 2^lod voxels along an edge.
    pub lod: u8,
    /// What it is made of, by the numbers of the program that made the octree.
    pub material: u16,
}

impl Leaf {
    /// The first code beyond it.
    pub fn end(&self) -> u64 {
        self.code + (1 << (3 * u64::from(self.lod)))
    }

    /// Its voxels, counted from the octree's lowest corner.
    pub fn voxels(&self) -> LatticeBox {
        let min = morton_decode(self.code).as_ivec3();
        LatticeBox::new(min, min + (1 << self.lod))
    }

    pub(super) fn encode(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        bytes[..8].copy_from_slice(&self.code.to_le_bytes());
        bytes[8] = self.lod;
        bytes[10..].copy_from_slice(&self.material.to_le_bytes());
        bytes
    }

    /// `None` if there is anything in it that is no leaf's.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (code, rest) = bytes.split_first_chunk()?;
        let &[lod, 0, low, high] = rest else { return None };
        let leaf = Self {
            code: u64::from_le_bytes(*code),
            lod,
            material: u16::from_le_bytes([low, high]),
        };
        (lod <= MAX_DEPTH && leaf.code >> (3 * u64::from(MAX_DEPTH)) == 0).then_some(leaf)
    }
}

/// What stands before the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub depth: u8,
    pub leaves: u64,
    /// CRC-32C of all leaves.
    pub leaves_crc: u32,
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&u32::from(self.depth).to_le_bytes());
        bytes[16..24].copy_from_slice(&self.leaves.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.leaves_crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// What is wrong with it, if anything.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, String> {
        let word = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        if &bytes[..8] != MAGIC {
            return Err("it does not begin with `bmoctree`".to_owned());
        }
        if word(8) != VERSION {
            return Err(format!("its version is {}, this program reads {VERSION}", word(8)));
        }
        if crc32c::crc32c(&bytes[..28]) != word(28) {
            return Err("the checksum of its header is wrong; it is damaged".to_owned());
        }
        let depth = word(12);
        if depth > u32::from(MAX_DEPTH) {
            return Err(format!("its depth is {depth}, and no octree is deeper than {MAX_DEPTH}"));
        }
        let leaves = u64::from(word(16)) | u64::from(word(20)) << 32;
        Ok(Self { depth: depth as u8, leaves, leaves_crc: word(24) })
    }

    /// How long the file must be.
    pub fn file_bytes(&self) -> Option<u64> {
        self.leaves.checked_mul(LEAF_BYTES as u64)?.checked_add(HEADER_BYTES as u64)
    }
}
