//! Which boxes of chunks a ray meets, front to back: against rstar alone, which gives them in no order.

use std::{hint::black_box, time::Instant};

use bluemarble_benches::{random::Random, table};
use bluemarble_core::{ChunkKey, Flat, LatticeBox, Ray, Shape, VoxelBox};
use bluemarble_index::NodeTree;
use glam::{DVec3, IVec3, dvec3, ivec3};
use rstar::{AABB, RTree, RTreeObject, SelectionFunction, primitives::GeomWithData};

const RAYS: usize = 500;
/// Boxes that a picking ray looks at before it has its hit.
const FIRST: usize = 3;

type Boxed = GeomWithData<rstar::primitives::Rectangle<[f64; 3]>, ChunkKey>;

/// The part of a ray within a box, by the slabs of its three axes.
fn enter(ray: &Ray, envelope: &AABB<[f64; 3]>) -> Option<f64> {
    let (low, high) = (DVec3::from(envelope.lower()), DVec3::from(envelope.upper()));
    let inverse = ray.direction.recip();
    let (a, b) = ((low - ray.origin) * inverse, (high - ray.origin) * inverse);
    let (enter, leave) = (a.min(b).max_element().max(0.0), a.max(b).min_element());
    (enter <= leave).then_some(enter)
}

/// Everything that a ray meets.
struct Met<'a>(&'a Ray);

impl SelectionFunction<Boxed> for Met<'_> {
    fn should_unpack_parent(&self, envelope: &AABB<[f64; 3]>) -> bool {
        enter(self.0, envelope).is_some()
    }

    fn should_unpack_leaf(&self, leaf: &Boxed) -> bool {
        enter(self.0, &leaf.envelope()).is_some()
    }
}

fn sorted(tree: &RTree<Boxed>, ray: &Ray) -> Vec<(f64, ChunkKey)> {
    let met = tree.locate_with_selection_function(Met(ray));
    let mut met: Vec<_> =
        met.filter_map(|found| Some((enter(ray, &found.envelope())?, found.data))).collect();
    met.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    met
}

pub fn race(rounds: usize) {
    let shape = Shape::Flat(Flat { voxel_m: 1.0 });
    let mut rows = Vec::new();
    for count in [1_500, 25_000, 98_000] {
        let mut random = Random(count as u64);
        // A sheet of nodes of lods 0 to 3 around hills, as a cut around a viewer has them.
        let edge = ((count / 2) as f64).sqrt() as i32;
        let boxes: Vec<(ChunkKey, LatticeBox)> = (0..edge * edge * 2)
            .map(|i| {
                let lod = random.below(4) as u8;
                let pos = ivec3(i % edge, i / edge / edge - 1, i / edge % edge);
                let key = ChunkKey::new(0, lod, pos);
                let size = IVec3::new(64, 1 + random.below(64), 64);
                let min = pos * 64 + ivec3(0, random.below(32), 0);
                (key, LatticeBox::new(min, min + size))
            })
            .collect();
        let bounds = |voxels: &LatticeBox| shape.box_bounds(&VoxelBox::new(0, *voxels));
        let ours = NodeTree::bulk(boxes.iter().map(|(key, voxels)| (*key, bounds(voxels))));
        let plain = boxes.iter().map(|(key, voxels)| {
            let (low, high) = (voxels.min.as_dvec3().to_array(), voxels.max.as_dvec3().to_array());
            Boxed::new(rstar::primitives::Rectangle::from_corners(low, high), *key)
        });
        let plain = RTree::bulk_load(plain.collect());
        let size = f64::from(edge * 64);
        let rays: Vec<Ray> = (0..RAYS)
            .map(|_| {
                let angle = random.between(0.0, std::f64::consts::TAU);
                let direction = dvec3(angle.cos(), -0.1, angle.sin()).normalize();
                let origin = dvec3(random.share() * size, 90.0, random.share() * size);
                Ray { origin, direction }
            })
            .collect();
        for ray in &rays {
            let expected: Vec<_> = sorted(&plain, ray).iter().map(|met| met.1).collect();
            let mut found: Vec<_> = ours.along_ray(ray, f64::INFINITY).map(|met| met.0).collect();
            let order = |key: &ChunkKey| (key.lod, key.pos.to_array());
            let mut expected = expected;
            found.sort_unstable_by_key(order);
            expected.sort_unstable_by_key(order);
            assert!(found == expected, "{count} boxes: others are met");
        }
        let mut times_ns = [const { Vec::new() }; 3];
        for round in 0..rounds {
            for turn in table::turns(3, round) {
                let start = Instant::now();
                for ray in &rays {
                    let along = ours.along_ray(ray, f64::INFINITY);
                    match turn {
                        0 => drop(black_box(along.take(FIRST).collect::<Vec<_>>())),
                        1 => drop(black_box(along.collect::<Vec<_>>())),
                        _ => drop(black_box(sorted(&plain, ray))),
                    }
                }
                times_ns[turn].push(start.elapsed().as_nanos() as f64 / rays.len() as f64);
            }
        }
        let [first, all, plain] = times_ns.map(table::median);
        let mut row = vec![boxes.len().to_string()];
        row.extend([first, all, plain].map(|ns| format!("{ns:.0}")));
        row.extend([plain / first, plain / all].map(table::ratio));
        rows.push(row);
    }
    table::print(
        "Boxes along a ray, front to back",
        &format!("{RAYS} rays low over a sheet of boxes; ns a ray; rstar finds all and sorts them"),
        &["boxes", "first 3", "all", "rstar and sort", "rstar / first 3", "rstar / all"],
        &rows,
    );
}
