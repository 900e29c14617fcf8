//! [`Slots`]: a table that forgets, in which looking is a single step.

use bluemarble_core::ChunkKey;
use glam::IVec3;

/// A power of two.
const SLOTS: usize = 4096;

/// A table in which each key has one slot, so that looking is a single step.
#[derive(Debug)]
pub(super) struct Slots<T> {
    /// None until something is held.
    slots: Box<[Slot<T>]>,
}

/// On a line of the cache of its own.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot<T> {
    pub key: ChunkKey,
    /// What is held was true at this count of publications.
    pub published: u64,
    pub held: Option<T>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Box::default() }
    }
}

impl<T> Slots<T> {
    /// The slot of a key.
    #[inline]
    pub fn index(key: ChunkKey) -> usize {
        // Neighbours of one lod fall into different slots: 16 along each axis.
        let IVec3 { x, y, z } = key.pos;
        let near = (x & 15 | (z & 15) << 4 | (y & 15) << 8) as u64;
        let high = (x >> 4) as u64 ^ ((z >> 4) as u64) << 21 ^ ((y >> 4) as u64) << 42;
        let which = high ^ u64::from(key.lod) << 48 ^ u64::from(key.region) << 56;
        let mixed = which.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        (near ^ mixed) as usize % SLOTS
    }

    /// The slot of a key, if it is the key's now.
    #[inline]
    pub fn slot_of(&mut self, key: ChunkKey) -> Option<&mut Slot<T>> {
        self.slots.get_mut(Self::index(key)).filter(|slot| slot.key == key)
    }

    /// What is held of a key, however old.
    #[inline]
    pub fn any(&self, key: ChunkKey) -> Option<&T> {
        self.slots.get(Self::index(key)).filter(|slot| slot.key == key)?.held.as_ref()
    }

    /// Whether a key has its slot, and what is held of it was true at a count of publications.
    #[inline]
    pub fn is_fresh(&self, index: usize, key: ChunkKey, published: u64) -> bool {
        let slot = self.slots.get(index);
        slot.is_some_and(|slot| slot.key == key && slot.published == published)
    }

    /// What is held in a slot.
    #[inline]
    pub fn at(&self, index: usize) -> Option<&T> {
        self.slots.get(index)?.held.as_ref()
    }

    /// Holds something, and gives back what had its slot.
    pub fn put(&mut self, key: ChunkKey, published: u64, held: T) -> Option<T> {
        if self.slots.is_empty() {
            // Of no count of publications: the slot has no owner yet.
            let key = ChunkKey::new(0, 0, IVec3::ZERO);
            let empty = |_| Slot { key, published: u64::MAX, held: None };
            self.slots = (0..SLOTS).map(empty).collect();
        }
        let slot = &mut self.slots[Self::index(key)];
        (slot.key, slot.published) = (key, published);
        slot.held.replace(held)
    }
}
