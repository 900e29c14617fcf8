//! Packs: the objects that hold pages. A commit appends one, and nothing in it ever changes.

use std::collections::{BTreeMap, BTreeSet};

use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::page::{Page, Pointer};

/// The folder of a world that holds its manifest.
pub const MANIFEST_DIR: &str = "manifest";

/// A commit begins another pack behind so many bytes.
pub(super) const MAX_PACK_BYTES: usize = 8 << 20;
/// Packs of fewer bytes are put together...
const SMALL_PACK_BYTES: u64 = 1 << 20;
/// ... when there are more of them.
const MAX_SMALL_PACKS: usize = 16;

/// Where a pack lies.
pub(super) fn pack_path(pack: u64) -> Path {
    Path::from(format!("{MANIFEST_DIR}/pages-{pack:020}"))
}

/// The bytes of a pack, and how many of them belong to pages of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackUse {
    pub bytes: u64,
    pub live_bytes: u64,
}

/// All packs, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Packs(pub BTreeMap<u64, PackUse>);

impl Packs {
    /// A page is in the tree no more.
    pub fn drop_page(&mut self, pointer: Pointer) {
        if let Some(pack) = self.0.get_mut(&pointer.pack) {
            pack.live_bytes = pack.live_bytes.saturating_sub(u64::from(pointer.bytes));
        }
    }

    /// Takes out the packs of which the tree needs nothing.
    pub fn remove_dead(&mut self) {
        self.0.retain(|_, pack| pack.live_bytes > 0);
    }

    /// Packs whose pages are to be written once more, so that they can be removed: those that are dead by half, and the
    /// small ones when there are many. Each byte of a page is copied a few times at most while it lives.
    pub fn worn(&self) -> BTreeSet<u64> {
        let is_small = |pack: &PackUse| pack.bytes < SMALL_PACK_BYTES;
        let small = self.0.values().filter(|pack| is_small(pack)).count();
        let is_worn = |pack: &PackUse| {
            pack.live_bytes * 2 < pack.bytes || is_small(pack) && small > MAX_SMALL_PACKS
        };
        self.0.iter().filter(|(_, pack)| is_worn(pack)).map(|(&number, _)| number).collect()
    }
}

/// Pages to be written.
#[derive(Debug)]
pub(super) struct PackWriter {
    /// The number of the pack that is being filled.
    next: u64,
    open: Vec<u8>,
    /// Packs that are full.
    pub full: Vec<(u64, Vec<u8>)>,
}

impl PackWriter {
    pub fn new(next: u64) -> Self {
        Self { next, open: Vec::new(), full: Vec::new() }
    }

    pub fn push(&mut self, page: &Page) -> Pointer {
        let (bytes, crc32c) = page.to_bytes();
        if self.open.len() + bytes.len() > MAX_PACK_BYTES {
            self.close();
        }
        let (pack, offset) = (self.next, self.open.len() as u64);
        self.open.extend_from_slice(&bytes);
        Pointer { pack, offset, bytes: bytes.len() as u32, crc32c }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.full.push((self.next, std::mem::take(&mut self.open)));
            self.next += 1;
        }
    }

    /// All packs, and the number of the next one.
    pub fn finish(mut self) -> (Vec<(u64, Vec<u8>)>, u64) {
        self.close();
        (self.full, self.next)
    }
}
