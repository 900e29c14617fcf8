//! [`LinearOctreeWriter`]: leaves become a linear octree.

use std::{
    collections::VecDeque,
    io::{self, Seek, SeekFrom, Write},
};

use super::leaf::{HEADER_BYTES, Header, Leaf, MAX_DEPTH};

/// Leaves that may still become a part of a larger one: seven of each lod.
const MAX_PENDING: usize = 7 * (MAX_DEPTH as usize + 1) + 1;

/// Writes a linear octree. Eight leaves of one material that fill a node become one.
pub struct LinearOctreeWriter<W> {
    out: W,
    start: u64,
    header: Header,
    pending: VecDeque<Leaf>,
    end: u64,
}

impl<W: Write + Seek> LinearOctreeWriter<W> {
    /// Begins an octree of 2^depth voxels along an edge where `out` stands.
    ///
    /// # Errors
    /// What `out` says, or `InvalidInput` if no octree is so deep.
    pub fn new(mut out: W, depth: u8) -> io::Result<Self> {
        if depth > MAX_DEPTH {
            return Err(invalid(format!("no octree is {depth} deep, {MAX_DEPTH} at most")));
        }
        let start = out.stream_position()?;
        // Replaced by the header when all leaves are known: until then it is no octree.
        out.write_all(&[0; HEADER_BYTES])?;
        let header = Header { depth, leaves: 0, leaves_crc: 0 };
        Ok(Self { out, start, header, pending: VecDeque::new(), end: 0 })
    }

    /// Adds a leaf behind all others.
    ///
    /// # Errors
    /// What `out` says, or `InvalidInput` if the leaf has no place there.
    pub fn push(&mut self, leaf: Leaf) -> io::Result<()> {
        let is_inside = leaf.lod <= self.header.depth
            && leaf.code >> (3 * u64::from(self.header.depth)) == 0
            && leaf.code.trailing_zeros() >= 3 * u32::from(leaf.lod);
        if !is_inside || leaf.code < self.end {
            return Err(invalid(format!("{leaf:?} does not follow code {}", self.end)));
        }
        self.end = leaf.end();
        self.pending.push_back(leaf);
        while let Some(parent) = self.merged() {
            self.pending.truncate(self.pending.len() - 8);
            self.pending.push_back(parent);
        }
        if self.pending.len() > MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            self.write(oldest)?;
        }
        Ok(())
    }

    /// Writes the rest, and gives back how many leaves there are.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> io::Result<(W, u64)> {
        while let Some(leaf) = self.pending.pop_front() {
            self.write(leaf)?;
        }
        let end = self.out.stream_position()?;
        self.out.seek(SeekFrom::Start(self.start))?;
        self.out.write_all(&self.header.encode())?;
        self.out.seek(SeekFrom::Start(end))?;
        Ok((self.out, self.header.leaves))
    }

    fn write(&mut self, leaf: Leaf) -> io::Result<()> {
        let bytes = leaf.encode();
        self.header.leaves += 1;
        self.header.leaves_crc = crc32c::crc32c_append(self.header.leaves_crc, &bytes);
        self.out.write_all(&bytes)
    }

    /// What the last eight leaves are together, if they are the children of one node and alike.
    fn merged(&self) -> Option<Leaf> {
        let last = *self.pending.back()?;
        let step = 3 * u32::from(last.lod);
        // The eighth child, with seven before it.
        if last.code >> step & 7 != 7 || last.lod >= self.header.depth {
            return None;
        }
        let first = self.pending.len().checked_sub(8)?;
        let mut siblings = self.pending.range(first..).zip(0u64..);
        let code = last.code - (7 << step);
        let are_alike =
            siblings.all(|(&leaf, child)| leaf == Leaf { code: code + (child << step), ..last });
        are_alike.then_some(Leaf { code, lod: last.lod + 1, ..last })
    }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
