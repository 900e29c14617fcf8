//! [`ReliefSlots`]: which node's relief lies where in the buffer that the shader reads.

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_terrain::Relief;

use crate::render::material::{RELIEF_SLOTS, ReliefUpload};

/// A place in the buffer of reliefs; 0 is none, and its node is lit as the cubes that it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReliefSlot(pub u16);

/// Who uses which place.
#[derive(Resource)]
pub(crate) struct ReliefSlots {
    free: Vec<u16>,
    /// How many drawings use each place.
    users: Vec<u8>,
}

impl Default for ReliefSlots {
    fn default() -> Self {
        Self { free: (1..RELIEF_SLOTS).rev().collect(), users: vec![0; usize::from(RELIEF_SLOTS)] }
    }
}

impl ReliefSlots {
    /// A place for a relief that so many drawings use, and what is to be written there. While all places
    /// are taken there is none.
    pub fn take(
        &mut self,
        relief: Arc<Relief>,
        users: usize,
    ) -> (ReliefSlot, Option<ReliefUpload>) {
        let Some(slot) = (if users > 0 { self.free.pop() } else { None }) else {
            return (ReliefSlot(0), None);
        };
        self.users[usize::from(slot)] = users as u8;
        (ReliefSlot(slot), Some(ReliefUpload { slot, relief }))
    }

    /// A drawing is no longer drawn.
    pub fn release(&mut self, ReliefSlot(slot): ReliefSlot) {
        if slot == 0 {
            return;
        }
        let users = &mut self.users[usize::from(slot)];
        *users = users.saturating_sub(1);
        if *users == 0 {
            self.free.push(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{CancelToken, ChunkKey, MaterialTable};
    use bluemarble_terrain::{Baseline, NoiseBaseline};
    use glam::IVec3;

    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_last_drawing_is_gone() {
        let materials = MaterialTable::standard();
        let hills = NoiseBaseline::new(0.5, 1, &materials).expect("the standard materials");
        let relief = hills.relief(ChunkKey::new(0, 2, IVec3::ZERO), &CancelToken::never());
        let relief = relief.expect("it is not cancelled").expect("hills");
        let mut slots = ReliefSlots::default();
        let (first, upload) = slots.take(relief.clone(), 2);
        assert_eq!(upload.map(|upload| upload.slot), Some(first.0));
        let count = usize::from(RELIEF_SLOTS) - 2;
        let others: Vec<_> = (0..count).map(|_| slots.take(relief.clone(), 1).0).collect();
        assert!(others.iter().all(|slot| slot.0 != 0 && *slot != first));
        assert_eq!(slots.take(relief.clone(), 1).0, ReliefSlot(0), "all places are taken");
        slots.release(first);
        assert_eq!(slots.take(relief.clone(), 1).0, ReliefSlot(0), "one drawing is left");
        slots.release(first);
        assert_eq!(slots.take(relief, 1).0, first);
    }
}
