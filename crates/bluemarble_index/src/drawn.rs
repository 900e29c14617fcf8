//! [`DrawnIndex`]: an R-tree over the drawn nodes in world space.

use bluemarble_core::{
    ChunkKey,
    shape::{NodeBounds, Ray},
};
use glam::DVec3;
use rstar::{AABB, RTree, RTreeObject, SelectionFunction};
use rustc_hash::FxHashMap;

/// Envelopes are this much larger than the boxes, so that rounding hides nothing.
const PAD_M: f64 = 1e-6;
/// The same for boxes of the size of a planet.
const PAD_SHARE: f64 = 1e-9;

type Aligned = AABB<[f64; 3]>;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    key: ChunkKey,
    envelope: Aligned,
}

impl RTreeObject for Entry {
    type Envelope = Aligned;

    fn envelope(&self) -> Aligned {
        self.envelope
    }
}

/// What of the tree a ray may meet within a distance.
struct AlongRay {
    ray: Ray,
    max_m: f64,
}

impl AlongRay {
    fn meets(&self, envelope: &Aligned) -> bool {
        let (low, high) = (envelope.lower(), envelope.upper());
        let (mut enter, mut leave) = (0.0f64, self.max_m);
        for axis in 0..3 {
            let (o, d) = (self.ray.origin[axis], self.ray.direction[axis]);
            // The exact test takes such rays for parallel as well.
            if d.abs() < 1e-12 {
                if o < low[axis] || o > high[axis] {
                    return false;
                }
                continue;
            }
            let (a, b) = ((low[axis] - o) / d, (high[axis] - o) / d);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        enter <= leave
    }
}

impl SelectionFunction<Entry> for AlongRay {
    fn should_unpack_parent(&self, envelope: &Aligned) -> bool {
        self.meets(envelope)
    }

    // The default takes every leaf of a parent that is met.
    fn should_unpack_leaf(&self, leaf: &Entry) -> bool {
        self.meets(&leaf.envelope)
    }
}

/// The drawn nodes, ready to be asked which of them a ray meets.
#[derive(Clone, Debug, Default)]
pub struct DrawnIndex {
    tree: RTree<Entry>,
    bounds: FxHashMap<ChunkKey, NodeBounds>,
}

impl DrawnIndex {
    /// An index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node with its box, as [`bluemarble_core::Shape::node_bounds`] gives it. A node that is
    /// there already takes the new box.
    pub fn insert(&mut self, key: ChunkKey, bounds: NodeBounds) {
        match self.bounds.insert(key, bounds) {
            Some(old) if old == bounds => return,
            Some(old) => {
                self.tree.remove(&entry(key, &old));
            }
            None => {}
        }
        self.tree.insert(entry(key, &bounds));
    }

    /// Removes a node. False if it was not there.
    pub fn remove(&mut self, key: ChunkKey) -> bool {
        let Some(bounds) = self.bounds.remove(&key) else { return false };
        self.tree.remove(&entry(key, &bounds)).is_some()
    }

    /// Whether a node is there.
    pub fn contains(&self, key: ChunkKey) -> bool {
        self.bounds.contains_key(&key)
    }

    /// All nodes, in no fixed order.
    pub fn keys_unsorted(&self) -> impl Iterator<Item = ChunkKey> + '_ {
        self.bounds.keys().copied()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// Removes all nodes.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// The nodes whose box a ray enters within `max_m` metres, each with where it enters (0 if it starts
    /// inside), front to back.
    pub fn along_ray(&self, ray: &Ray, max_m: f64) -> Vec<(ChunkKey, f64)> {
        let broad = self.tree.locate_with_selection_function(AlongRay { ray: *ray, max_m });
        let mut hits: Vec<_> = broad
            .filter_map(|entry| {
                let (enter_m, _) = self.bounds.get(&entry.key)?.ray_span_m(ray)?;
                (enter_m <= max_m).then_some((entry.key, enter_m))
            })
            .collect();
        // Ties by key, so that the order does not depend on the tree's history.
        let rank = |key: ChunkKey| (key.region, key.lod, key.pos.to_array());
        hits.sort_by(|one, two| one.1.total_cmp(&two.1).then(rank(one.0).cmp(&rank(two.0))));
        hits
    }
}

fn entry(key: ChunkKey, bounds: &NodeBounds) -> Entry {
    let half = bounds.aligned_half_extent_m();
    let pad = bounds.centre.abs().max(half) * PAD_SHARE + DVec3::splat(PAD_M);
    let (low, high) = (bounds.centre - half - pad, bounds.centre + half + pad);
    Entry { key, envelope: AABB::from_corners(low.to_array(), high.to_array()) }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{Flat, GeoPosition, Shape};
    use glam::{dvec3, ivec3};
    use proptest::prelude::*;

    use super::*;

    fn brute_force(
        shape: &Shape,
        keys: &[ChunkKey],
        ray: &Ray,
        max_m: f64,
    ) -> Vec<(ChunkKey, f64)> {
        let mut hits: Vec<_> = keys
            .iter()
            .filter_map(|&key| Some((key, shape.node_bounds(key).ray_span_m(ray)?.0)))
            .filter(|hit| hit.1 <= max_m)
            .collect();
        hits.sort_by(|a, b| {
            let rank = |key: ChunkKey| (key.region, key.lod, key.pos.to_array());
            a.1.total_cmp(&b.1).then(rank(a.0).cmp(&rank(b.0)))
        });
        hits
    }

    /// Nodes of all lods around one point of a world.
    fn keys_around(
        shape: &Shape,
        region: u8,
        voxel: glam::IVec3,
        offsets: &[(u8, i8, i8, i8)],
    ) -> Vec<ChunkKey> {
        let mut keys: Vec<_> = offsets
            .iter()
            .map(|&(lod, x, y, z)| {
                let mut key = ChunkKey::of_voxel(region, lod, voxel);
                key.pos += ivec3(x.into(), y.into(), z.into());
                key
            })
            .filter(|key| {
                let around = shape.region_box();
                let own = key.lattice_box();
                own.min.cmpge(around.min).all() && own.max.cmple(around.max).all()
            })
            .collect();
        keys.sort_by_key(|key| (key.lod, key.pos.to_array()));
        keys.dedup();
        keys
    }

    proptest! {
        #[test]
        fn rays_find_what_brute_force_finds(
            flat: bool,
            offsets in prop::collection::vec((0u8..=20, -4i8..4, -4i8..4, -4i8..4), 1..150),
            lat in -80.0..80.0, lon in -170.0..170.0,
            aim in prop::array::uniform3(-1.0f64..1.0),
            away_m in prop_oneof![Just(0.0), 1.0..1e3, 1e3..1e7],
            axis_aligned: bool,
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let shape = if flat { Shape::Flat(Flat { voxel_m: 0.5 }) } else { Shape::earth() };
            let centre = if flat { dvec3(lat, 3.0, lon) } else { shape.world_of(GeoPosition::new(lat, lon, 10.0)) };
            let (region, lattice) = shape.from_world(centre);
            let mut keys = keys_around(&shape, region, lattice.floor().as_ivec3(), &offsets);
            let mut index = DrawnIndex::new();
            for &key in &keys {
                // What is inserted last counts.
                let mut wrong = shape.node_bounds(key);
                wrong.half_extent_m *= 3.0;
                index.insert(key, wrong);
                index.insert(key, shape.node_bounds(key));
                index.insert(key, shape.node_bounds(key));
            }
            for at in removed {
                if !keys.is_empty() {
                    let key = keys.swap_remove(at.index(keys.len()));
                    prop_assert!(index.remove(key));
                    prop_assert!(!index.remove(key));
                }
            }
            prop_assert_eq!(index.len(), keys.len());
            let direction = DVec3::from_array(aim).try_normalize().unwrap_or(DVec3::X);
            let direction = if axis_aligned { DVec3::NEG_Y } else { direction };
            let ray = Ray { origin: centre - direction * away_m, direction };
            for max_m in [0.0, 100.0, away_m * 1.5, f64::INFINITY] {
                prop_assert_eq!(index.along_ray(&ray, max_m), brute_force(&shape, &keys, &ray, max_m));
            }
        }
    }

    #[test]
    fn a_ray_through_a_row_of_chunks_meets_them_in_order() {
        let shape = Shape::Flat(Flat { voxel_m: 1.0 });
        let mut index = DrawnIndex::new();
        for x in (0..40).rev() {
            let key = ChunkKey::new(0, 0, ivec3(x, 0, 0));
            index.insert(key, shape.node_bounds(key));
            let key = ChunkKey::new(0, 0, ivec3(x, 1, 0));
            index.insert(key, shape.node_bounds(key));
        }
        let ray = Ray { origin: dvec3(-10.0, 32.0, 32.0), direction: DVec3::X };
        let hits = index.along_ray(&ray, 1000.0);
        let expected: Vec<_> = (0..16)
            .map(|x| (ChunkKey::new(0, 0, ivec3(x, 0, 0)), 10.0 + 64.0 * f64::from(x)))
            .collect();
        assert_eq!(hits, expected);
        index.clear();
        assert!(index.is_empty() && index.along_ray(&ray, 1000.0).is_empty());
    }
}
