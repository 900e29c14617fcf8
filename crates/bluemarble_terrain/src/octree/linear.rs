//! [`LinearOctree`]: a file that is read leaf by leaf.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bluemarble_core::{
    LatticeBox,
    code::{morton_decode, morton_encode},
};
use glam::IVec3;
use quick_cache::sync::Cache;

use super::leaf::{HEADER_BYTES, Header, LEAF_BYTES, Leaf};
use crate::error::TerrainError;

/// Leaves that are read and remembered together.
const BLOCK_LEAVES: usize = 4096;
/// Blocks that are remembered: 16 MB.
const MAX_BLOCKS: usize = 256;
/// A node with no more leaves than this is looked through leaf by leaf.
const FEW_LEAVES: u64 = 512;

/// A pure octree over a cube of voxels, in a file that is read piece by piece.
///
/// It counts voxels from its own lowest corner. Places that no leaf covers are nothing of its own.
pub struct LinearOctree {
    path: PathBuf,
    file: Mutex<File>,
    pub(super) header: Header,
    /// The code of the first leaf of each block, and the checksum of the block.
    blocks: Vec<(u64, u32)>,
    cache: Cache<usize, Arc<[Leaf]>>,
    bounds: LatticeBox,
    materials: Vec<u16>,
    failure: OnceLock<String>,
}

impl LinearOctree {
    /// Opens a file and reads it once, to know that it is whole and in order: 16 bytes of memory stay for every
    /// 4096 leaves.
    ///
    /// # Errors
    /// [`TerrainError::Read`]; [`TerrainError::NotOctree`], naming the leaf at fault.
    pub fn open(path: &Path) -> Result<Self, TerrainError> {
        let unreadable = |source| TerrainError::Read { path: path.to_owned(), source };
        let refuse = |reason: String| TerrainError::NotOctree { path: path.to_owned(), reason };
        let file = File::open(path).map_err(unreadable)?;
        let found = file.metadata().map_err(unreadable)?.len();
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut bytes = [0; HEADER_BYTES];
        match reader.read_exact(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(refuse(format!("{found} bytes, its header alone has {HEADER_BYTES}")));
            }
            read => read.map_err(unreadable)?,
        }
        let header = Header::decode(&bytes).map_err(refuse)?;
        let expected = header.file_bytes();
        if expected != Some(found) {
            let leaves = header.leaves;
            return Err(refuse(format!(
                "{leaves} leaves do not make its {found} bytes; it is cut short"
            )));
        }
        let mut checked = Checked::default();
        let mut block = vec![0; BLOCK_LEAVES * LEAF_BYTES];
        let mut left = header.leaves;
        while left > 0 {
            let count = (BLOCK_LEAVES as u64).min(left) as usize;
            let bytes = &mut block[..count * LEAF_BYTES];
            reader.read_exact(bytes).map_err(unreadable)?;
            checked.block(bytes, header.depth).map_err(refuse)?;
            left -= count as u64;
        }
        if checked.crc != header.leaves_crc {
            return Err(refuse("its checksum is wrong; it is damaged".to_owned()));
        }
        let materials = (0..=u16::MAX).filter(|&material| checked.has(material)).collect();
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(reader.into_inner()),
            header,
            blocks: checked.blocks,
            cache: Cache::new(MAX_BLOCKS),
            bounds: checked.bounds.unwrap_or(LatticeBox::new(IVec3::ZERO, IVec3::ZERO)),
            materials,
            failure: OnceLock::new(),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The octree is a cube of 2^depth voxels along an edge.
    pub fn depth(&self) -> u8 {
        self.header.depth
    }

    /// How many leaves it has.
    pub fn len(&self) -> u64 {
        self.header.leaves
    }

    /// Whether it has no leaf.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The smallest box that holds all leaves.
    pub fn bounds(&self) -> LatticeBox {
        self.bounds
    }

    /// The numbers that its leaves have for materials, each once, sorted.
    pub fn materials(&self) -> &[u16] {
        &self.materials
    }

    /// Whether everything since the opening could be read, and was what it was then.
    ///
    /// # Errors
    /// [`TerrainError::NotOctree`] if not: what was said since then counts for nothing.
    pub fn check(&self) -> Result<(), TerrainError> {
        match self.failure.get() {
            None => Ok(()),
            Some(reason) => {
                Err(TerrainError::NotOctree { path: self.path.clone(), reason: reason.clone() })
            }
        }
    }

    /// The leaf that holds a voxel.
    pub fn leaf_at(&self, voxel: IVec3) -> Option<Leaf> {
        if !self.bounds.contains(voxel) {
            return None;
        }
        let code = morton_encode(voxel.as_uvec3());
        let before = self.first_from(code + 1).checked_sub(1)?;
        self.leaf(before).filter(|leaf| leaf.end() > code)
    }

    /// The largest node without a leaf around a voxel that no leaf holds.
    pub(super) fn empty_around(&self, voxel: IVec3) -> LatticeBox {
        let code = morton_encode(voxel.as_uvec3());
        let start = |lod: u8| code >> (3 * u64::from(lod)) << (3 * u64::from(lod));
        let is_empty = |lod: &u8| self.leaves_of(start(*lod), *lod).is_empty();
        let lod = (1..=self.depth()).take_while(is_empty).last().unwrap_or(0);
        Leaf { code: start(lod), lod, material: 0 }.voxels()
    }

    /// Calls `each` with the leaves that meet a box, in Morton order, until it breaks; true if it never did.
    pub fn leaves_in(
        &self,
        voxels: LatticeBox,
        mut each: impl FnMut(Leaf) -> ControlFlow<()>,
    ) -> bool {
        let low = voxels.min.max(self.bounds.min);
        let inside = LatticeBox::new(low, voxels.max.min(self.bounds.max));
        if inside.is_empty() {
            return true;
        }
        // The smallest node that holds the box.
        let differing = (inside.min ^ (inside.max - 1)).max_element() as u32;
        let lod = (u32::BITS - differing.leading_zeros()) as u8;
        let code = morton_encode((inside.min >> i32::from(lod) << i32::from(lod)).as_uvec3());
        self.visit(code, lod, inside, &mut each).is_continue()
    }

    fn visit(
        &self,
        code: u64,
        lod: u8,
        voxels: LatticeBox,
        each: &mut impl FnMut(Leaf) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let min = morton_decode(code).as_ivec3();
        let node = LatticeBox::new(min, min + (1 << lod));
        if !node.intersects(&voxels) {
            return ControlFlow::Continue(());
        }
        let leaves = self.leaves_of(code, lod);
        let is_inside = node.min.cmpge(voxels.min).all() && node.max.cmple(voxels.max).all();
        if is_inside || lod == 0 || leaves.end - leaves.start <= FEW_LEAVES {
            return self.each_leaf(leaves, |leaf| match leaf.voxels().intersects(&voxels) {
                true => each(leaf),
                false => ControlFlow::Continue(()),
            });
        }
        for octant in 0..8 {
            self.visit(code + (octant << (3 * (lod - 1))), lod - 1, voxels, each)?;
        }
        ControlFlow::Continue(())
    }

    /// The leaves of a node, or the one that it is a part of.
    fn leaves_of(&self, code: u64, lod: u8) -> Range<u64> {
        let start = self.first_from(code);
        let end = self.first_from(code + (1 << (3 * u64::from(lod))));
        let before = start.checked_sub(1).and_then(|before| self.leaf(before));
        match before {
            Some(leaf) if leaf.end() > code => start - 1..end,
            _ => start..end,
        }
    }

    /// The number of the first leaf whose code is not below this one.
    fn first_from(&self, code: u64) -> u64 {
        let after = self.blocks.partition_point(|&(first, _)| first < code);
        let Some(block) = after.checked_sub(1) else { return 0 };
        let within = self.block(block).partition_point(|leaf| leaf.code < code);
        (block * BLOCK_LEAVES + within) as u64
    }

    fn leaf(&self, number: u64) -> Option<Leaf> {
        let (block, within) = (number as usize / BLOCK_LEAVES, number as usize % BLOCK_LEAVES);
        self.block(block).get(within).copied()
    }

    fn each_leaf(
        &self,
        leaves: Range<u64>,
        mut each: impl FnMut(Leaf) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut at = leaves.start as usize;
        let end = leaves.end as usize;
        while at < end {
            let (number, within) = (at / BLOCK_LEAVES, at % BLOCK_LEAVES);
            let block = self.block(number);
            let last = (end - number * BLOCK_LEAVES).min(block.len());
            for &leaf in block.get(within..last).unwrap_or_default() {
                each(leaf)?;
            }
            at = (number + 1) * BLOCK_LEAVES;
        }
        ControlFlow::Continue(())
    }

    /// A block of leaves; none of them if it cannot be read ([`LinearOctree::check`]).
    fn block(&self, number: usize) -> Arc<[Leaf]> {
        if let Some(block) = self.cache.get(&number) {
            return block;
        }
        match self.read_block(number) {
            Ok(block) => {
                self.cache.insert(number, Arc::clone(&block));
                block
            }
            Err(reason) => {
                // The first failure is the one to tell.
                let _ = self.failure.set(reason);
                Arc::default()
            }
        }
    }

    fn read_block(&self, number: usize) -> Result<Arc<[Leaf]>, String> {
        let &(_, crc) = self.blocks.get(number).ok_or("it ends too early")?;
        let first = (number * BLOCK_LEAVES) as u64;
        let count = (self.header.leaves - first).min(BLOCK_LEAVES as u64) as usize;
        let mut bytes = vec![0; count * LEAF_BYTES];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let from = HEADER_BYTES as u64 + first * LEAF_BYTES as u64;
            file.seek(SeekFrom::Start(from))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|error| format!("leaf {first} cannot be read any more: {error}"))?;
        }
        if crc32c::crc32c(&bytes) != crc {
            return Err(format!("leaf {first} and others have changed since it was opened"));
        }
        Ok(bytes.chunks_exact(LEAF_BYTES).filter_map(Leaf::decode).collect())
    }
}

impl std::fmt::Debug for LinearOctree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, header) = (&self.path, &self.header);
        f.debug_struct("LinearOctree")
            .field("path", path)
            .field("header", header)
            .finish_non_exhaustive()
    }
}

/// What the first reading of a file has found so far.
#[derive(Default)]
struct Checked {
    leaves: u64,
    /// The first code that no leaf has covered yet.
    end: u64,
    crc: u32,
    blocks: Vec<(u64, u32)>,
    bounds: Option<LatticeBox>,
    materials: Vec<bool>,
}

impl Checked {
    fn has(&self, material: u16) -> bool {
        self.materials.get(usize::from(material)).copied().unwrap_or(false)
    }

    fn block(&mut self, bytes: &[u8], depth: u8) -> Result<(), String> {
        self.materials.resize(1 << 16, false);
        for (index, bytes) in bytes.chunks_exact(LEAF_BYTES).enumerate() {
            let number = self.leaves;
            let refuse = |what: &str| format!("leaf {number} {what}");
            let leaf = Leaf::decode(bytes).ok_or_else(|| refuse("has bits that mean nothing"))?;
            if leaf.lod > depth || leaf.code >> (3 * u64::from(depth)) != 0 {
                return Err(refuse("is outside of the cube"));
            }
            if leaf.code & ((1 << (3 * u64::from(leaf.lod))) - 1) != 0 {
                return Err(refuse("does not begin where a node of its lod begins"));
            }
            if leaf.code < self.end {
                return Err(refuse(
                    "comes too late: the leaf before it covers its place or lies behind it",
                ));
            }
            if index == 0 {
                self.blocks.push((leaf.code, 0));
            }
            self.end = leaf.end();
            self.leaves += 1;
            self.materials[usize::from(leaf.material)] = true;
            let voxels = leaf.voxels();
            let known = self.bounds.unwrap_or(voxels);
            self.bounds =
                Some(LatticeBox::new(known.min.min(voxels.min), known.max.max(voxels.max)));
        }
        let crc = crc32c::crc32c(bytes);
        if let Some(block) = self.blocks.last_mut() {
            block.1 = crc;
        }
        self.crc = crc32c::crc32c_combine(self.crc, crc, bytes.len());
        Ok(())
    }
}
