//! [`Unlisted`]: the parts of a world of whose stored chunks nobody has asked yet.
//!
//! A world is opened without listing what it holds. Whatever is asked of such a part is answered as if anything
//! could be stored there, until it is listed ([`super::listing`]): a place is replaced by those of the eight
//! places below it that have shards at all, so that what has none is known from far above.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, MAX_LOD, Shape};
use bluemarble_store::ShardKey;
use glam::IVec3;
use rustc_hash::{FxHashMap, FxHashSet};

/// A bit for each lod.
pub(super) type Lods = u32;
/// All of them.
const ALL_LODS: Lods = (2 << MAX_LOD) - 1;
/// A shard has 4 chunks along each axis: as a node so many lods coarser.
const SHARD_LODS: u8 = 2;

/// Places that are not listed, of which none lies below another one. The place of a shard stands for its chunks and
/// for all finer ones below them ([`ShardKey::above`]).
#[derive(Debug)]
pub(super) struct Unlisted {
    shape: Shape,
    /// And of which lods there may be shards at or below the place.
    places: FxHashMap<ShardKey, Lods>,
    /// Places that are listed, as long as there are others. Whatever lies above one of them is one.
    listed: FxHashSet<ShardKey>,
    /// How many lie in a node: region, lod and position, counted from the start of the array.
    in_node: FxHashMap<(u8, u8, IVec3), u32>,
}

impl Unlisted {
    /// Nothing.
    pub fn none(shape: Shape) -> Self {
        let (places, listed, in_node) = Default::default();
        Self { shape, places, listed, in_node }
    }

    /// Everything.
    pub fn all(shape: Shape) -> Self {
        let mut unlisted = Self::none(shape);
        for region in 0..shape.regions() {
            let pos = IVec3::ZERO;
            unlisted.insert(ShardKey { region, lod: MAX_LOD, pos }, ALL_LODS);
        }
        unlisted
    }

    /// Whether everything is listed.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The place that must be listed for it to be known whether a chunk is stored; none outside of the world.
    pub fn place_of(&self, key: ChunkKey) -> Option<ShardKey> {
        if self.is_empty() || key.lod > MAX_LOD {
            return None;
        }
        let pos = self.from_start(key) >> i32::from(SHARD_LODS);
        let own = ShardKey { region: key.region, lod: key.lod, pos };
        // The finest lod whose place is listed, or behind the coarsest; below it lies the place in question, or nothing.
        let (mut finest, mut end) = (key.lod, MAX_LOD + 1);
        while finest < end {
            let middle = finest.midpoint(end);
            match self.listed.contains(&own.above(middle)) {
                true => end = middle,
                false => finest = middle + 1,
            }
        }
        let below = finest.checked_sub(1).filter(|&below| below >= key.lod)?;
        Some(own.above(below)).filter(|place| self.places.contains_key(place))
    }

    /// Whether a chunk at or below a node may be stored in a place that is not listed. Where one ends inside the node,
    /// this is said of all of it.
    pub fn touches(&self, key: ChunkKey) -> bool {
        if self.is_empty() || key.lod > MAX_LOD {
            return false;
        }
        let pos = self.from_start(key);
        let (region, lod) = (key.region, key.lod);
        // One lod finer, a place is twice as wide as the node.
        let is_within = || {
            let around = |lod| ShardKey { region, lod, pos: pos >> 1i32 };
            lod.checked_sub(1).is_some_and(|lod| self.places.contains_key(&around(lod)))
        };
        self.in_node.contains_key(&(region, lod, pos))
            || is_within()
            || self.place_of(key).is_some()
    }

    /// The lods of a place, if it is still to be listed.
    pub fn lods(&self, place: ShardKey) -> Option<Lods> {
        self.places.get(&place).copied()
    }

    /// Some places, in no fixed order.
    pub fn some(&self, max: usize) -> Vec<ShardKey> {
        self.places.keys().take(max).copied().collect()
    }

    /// Notes that the shard of a place is listed, and what there is of the places below it.
    pub fn listed(&mut self, place: ShardKey, below: &[(ShardKey, Lods)]) {
        if self.places.remove(&place).is_none() {
            return;
        }
        for node in nodes_around(place) {
            if let Some(count) = self.in_node.get_mut(&node) {
                *count -= 1;
                if *count == 0 {
                    self.in_node.remove(&node);
                }
            }
        }
        below.iter().for_each(|&(place, lods)| self.insert(place, lods));
        if self.is_empty() {
            self.listed = FxHashSet::default();
        } else {
            self.listed.insert(place);
        }
    }

    fn insert(&mut self, place: ShardKey, lods: Lods) {
        self.places.insert(place, lods);
        for node in nodes_around(place) {
            *self.in_node.entry(node).or_default() += 1;
        }
    }

    fn from_start(&self, key: ChunkKey) -> IVec3 {
        let start = (self.shape.region_box().min / CHUNK_EDGE) >> i32::from(key.lod);
        // Keys from elsewhere may have any position.
        key.pos.wrapping_sub(start)
    }
}

/// The nodes that hold a place as a whole.
fn nodes_around(place: ShardKey) -> impl Iterator<Item = (u8, u8, IVec3)> {
    let least = place.lod + SHARD_LODS;
    (least..=MAX_LOD).map(move |lod| (place.region, lod, place.pos >> i32::from(lod - least)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use bluemarble_core::Flat;
    use glam::ivec3;
    use proptest::prelude::*;

    use super::*;

    const FLAT: Shape = Shape::Flat(Flat { voxel_m: 1.0 });

    fn any_key(shape: Shape) -> impl Strategy<Value = ChunkKey> {
        let regions = shape.regions();
        (0..regions, 0u8..=20).prop_flat_map(move |(region, lod)| {
            let (min, max) = (shape.region_box().min.x / 64, shape.region_box().max.x / 64);
            let (min, end) = (min >> lod, (max >> lod).max(1));
            let axis = move || {
                prop_oneof![
                    min..(min + 9).min(end),
                    (end - 9).max(min)..end,
                    (-9i32).max(min)..end.min(9)
                ]
            };
            (axis(), axis(), axis())
                .prop_map(move |(x, y, z)| ChunkKey::new(region, lod, ivec3(x, y, z)))
        })
    }

    fn shard_of(shape: &Shape, key: ChunkKey) -> ShardKey {
        ShardKey::locate(shape, key).expect("inside").0
    }

    /// Lists the places over some chunks in turn, and asks about others each time.
    fn check(shape: Shape, stored: &[ChunkKey], asked: &[ChunkKey]) -> Result<(), TestCaseError> {
        let shards: HashSet<_> = stored.iter().map(|&key| shard_of(&shape, key)).collect();
        let lods_below = |place: ShardKey| {
            let below =
                |shard: &&ShardKey| shard.lod <= place.lod && shard.above(place.lod) == place;
            shards.iter().filter(below).fold(0, |lods, shard| lods | 1 << shard.lod)
        };
        let mut unlisted = Unlisted::all(shape);
        let mut listed = HashSet::new();
        for &next in asked {
            while let Some(place) = unlisted.place_of(next) {
                prop_assert!(unlisted.lods(place).is_some() && listed.insert(place));
                let below = place.below().map(|place| (place, lods_below(place)));
                let below: Vec<_> = below.filter(|(_, lods)| *lods != 0).collect();
                unlisted.listed(place, &below);
            }
            let known = |shard: ShardKey| listed.contains(&shard);
            for &key in asked.iter().chain(stored) {
                let shard = shard_of(&shape, key);
                // Listed itself, or known to have nothing.
                let first_closed = (key.lod..=MAX_LOD).rev().find(|&lod| !known(shard.above(lod)));
                let is_known = first_closed
                    .is_none_or(|lod| lod < MAX_LOD && lods_below(shard.above(lod)) == 0);
                prop_assert_eq!(unlisted.place_of(key).is_none(), is_known, "{}", key);
                // Whatever is stored there and not listed touches the node and all above it.
                if shards.contains(&shard) && !known(shard) {
                    for node in std::iter::successors(Some(key), |key| key.parent()) {
                        prop_assert!(unlisted.touches(node), "{} of {}", node, key);
                    }
                }
                let near =
                    |stored: &ChunkKey| key.parent().is_none_or(|around| around.covers(*stored));
                if is_known && !stored.iter().any(near) {
                    prop_assert!(!unlisted.touches(key), "nothing is stored at or near {}", key);
                }
            }
        }
        while let Some(&place) = unlisted.some(1).first() {
            let below: Vec<_> = place
                .below()
                .map(|place| (place, lods_below(place)))
                .filter(|(_, lods)| *lods != 0)
                .collect();
            unlisted.listed(place, &below);
            listed.insert(place);
        }
        prop_assert!(shards.iter().all(|shard| listed.contains(shard)), "all shards are listed");
        prop_assert!(unlisted.in_node.is_empty() && unlisted.listed.is_empty());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_may_be_stored_is_never_said_to_be_known_and_all_shards_are_found(
            on_a_planet in prop::collection::vec(any_key(Shape::earth()), 0..12),
            asked_of_it in prop::collection::vec(any_key(Shape::earth()), 1..8),
            on_a_plain in prop::collection::vec(any_key(FLAT), 0..12),
            asked_of_that in prop::collection::vec(any_key(FLAT), 1..8),
        ) {
            check(Shape::earth(), &on_a_planet, &asked_of_it)?;
            check(FLAT, &on_a_plain, &asked_of_that)?;
        }
    }
}
