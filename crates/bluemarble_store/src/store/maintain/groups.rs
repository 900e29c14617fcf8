//! Which stored chunks hold which chunks of 64³ cells.

use std::collections::BTreeSet;

use glam::IVec3;

use crate::layout::ArrayLayout;

/// Chunks of 64³ cells and the slots that hold them: several slots and one chunk, or the other way round.
pub(super) struct Group {
    pub slots: Vec<usize>,
    pub chunks: Vec<IVec3>,
}

/// All groups of a shard.
pub(super) fn groups(layout: &ArrayLayout) -> Vec<Group> {
    let slots = 0..layout.slots();
    if !layout.is_within_chunks() {
        let group =
            |slot| Group { slots: vec![slot], chunks: layout.chunks_of_slot(slot).collect() };
        return slots.map(group).collect();
    }
    let chunks: BTreeSet<[i32; 3]> = slots
        .flat_map(|slot| layout.chunks_of_slot(slot))
        .map(|within| within.to_array())
        .collect();
    let group = |within: [i32; 3]| Group {
        slots: layout.parts(within.into()).map(|part| part.slot).collect(),
        chunks: vec![within.into()],
    };
    chunks.into_iter().map(group).collect()
}
