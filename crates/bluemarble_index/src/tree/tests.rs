use bluemarble_core::{Flat, GeoPosition, LatticePos, Shape, VoxelPos};
use glam::{dvec3, ivec3};
use proptest::prelude::*;

use super::*;

fn rank(key: ChunkKey) -> (u8, u8, [i32; 3]) {
    (key.region, key.lod, key.pos.to_array())
}

fn brute_force(shape: &Shape, keys: &[ChunkKey], ray: &Ray, max_m: f64) -> Vec<(ChunkKey, f64)> {
    let mut hits: Vec<_> = keys
        .iter()
        .filter_map(|&key| Some((key, shape.node_bounds(key).ray_span_m(ray)?.0)))
        .filter(|hit| hit.1 <= max_m)
        .collect();
    hits.sort_by(|a, b| a.1.total_cmp(&b.1).then(rank(a.0).cmp(&rank(b.0))));
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
            let mut key = VoxelPos::new(region, voxel).chunk(lod);
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
        let centre = if flat { dvec3(lat, 3.0, lon) } else { shape.local_from_geo(GeoPosition::new(lat, lon, 10.0)) };
        let LatticePos { region, lattice } = shape.lattice_from_local(centre);
        let mut keys = keys_around(&shape, region, lattice.floor().as_ivec3(), &offsets);
        let mut index = NodeTree::new();
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
            let mut found: Vec<_> = index.along_ray(&ray, max_m).collect();
            prop_assert!(found.is_sorted_by(|a, b| a.1 <= b.1), "{:?}", found);
            let mut expected = brute_force(&shape, &keys, &ray, max_m);
            // Sides in one plane may be some roundings apart.
            for all in [&mut found, &mut expected] {
                all.sort_by_key(|(key, _)| (key.region, key.lod, key.pos.to_array()));
            }
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.into_iter().zip(expected) {
                let is_near = (found.1 - expected.1).abs() <= 1e-9 * (1.0 + expected.1);
                prop_assert!(found.0 == expected.0 && is_near, "{:?} {:?}", found, expected);
            }
        }
    }
}

#[test]
fn a_ray_through_a_row_of_chunks_meets_them_in_order() {
    let shape = Shape::Flat(Flat { voxel_m: 1.0 });
    let mut index = NodeTree::new();
    for x in (0..40).rev() {
        let key = ChunkKey::new(0, 0, ivec3(x, 0, 0));
        index.insert(key, shape.node_bounds(key));
        let key = ChunkKey::new(0, 0, ivec3(x, 1, 0));
        index.insert(key, shape.node_bounds(key));
    }
    let ray = Ray { origin: dvec3(-10.0, 32.0, 32.0), direction: DVec3::X };
    let hits: Vec<_> = index.along_ray(&ray, 1000.0).collect();
    let expected: Vec<_> = (0..16)
        .map(|x| (ChunkKey::new(0, 0, ivec3(x, 0, 0)), 10.0 + 64.0 * f64::from(x)))
        .collect();
    assert_eq!(hits, expected);
    index.clear();
    assert!(index.is_empty() && index.along_ray(&ray, 1000.0).next().is_none());
}
