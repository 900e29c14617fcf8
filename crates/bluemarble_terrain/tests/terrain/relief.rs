//! Reliefs tell how the ground lies that the cubes stand for.

use std::sync::Arc;

use bluemarble_core::{CancelToken, ChunkKey, LatticePos, MaterialId, MaterialTable, Shape};
use bluemarble_terrain::{
    Baseline, Empty, Ground, GroundClosure, HORIZON_DIRECTIONS, HORIZON_NODES, NORMAL_NODES, Relief,
};
use glam::{DVec3, dvec3, ivec3};

use crate::support::{EARTH, Random};

fn plane(height_m: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> impl Baseline {
    let ground = move |x_m: f64, z_m: f64, _: f64| Ground {
        height_m: height_m(x_m, z_m),
        surface: MaterialId(5),
        below: MaterialId(11),
    };
    GroundClosure::new(0.5, "test", -2000.0..=2000.0, ground).expect("good bounds")
}

fn relief(world: &dyn Baseline, key: ChunkKey) -> Arc<Relief> {
    world.relief(key, &CancelToken::never()).expect("it is not cancelled").expect("it has ground")
}

#[test]
fn a_plane_that_rises_eastwards_faces_west_and_its_horizon_is_its_own_slope() {
    let world = plane(|x_m, _| 0.2 * x_m);
    let relief = relief(&world, ChunkKey::new(0, 1, ivec3(2, 0, -3)));
    let length = (1.0f64 + 0.04).sqrt();
    for node in 0..NORMAL_NODES * NORMAL_NODES {
        let [first, second] = relief.normal(node % NORMAL_NODES, node / NORMAL_NODES);
        assert!((first + 0.2 / length).abs() < 0.004 && second.abs() < 1e-4, "{first} {second}");
    }
    for node in 0..HORIZON_NODES * HORIZON_NODES {
        let (x, z) = (node % HORIZON_NODES, node / HORIZON_NODES);
        for direction in 0..HORIZON_DIRECTIONS {
            let east = (std::f64::consts::TAU * direction as f64 / 16.0).cos();
            let tangent = (0.2 * east).max(0.0);
            let sine = tangent / (1.0 + tangent * tangent).sqrt();
            let found = relief.horizon_sine(x, z, direction);
            assert!((found - sine).abs() < 0.003, "{found}, not {sine}, in direction {direction}");
        }
    }
    assert!((0.97..1.0).contains(&relief.sky(16, 16)));
}

#[test]
fn a_distant_wall_stands_on_the_horizon_where_it_is_and_nowhere_else() {
    // 300 m high, from 2 km to 4 km south, 1 km wide.
    let world =
        plane(
            |x_m, z_m| {
                if (2000.0..4000.0).contains(&z_m) && x_m.abs() < 1000.0 { 300.0 } else { 0.0 }
            },
        );
    let relief = relief(&world, ChunkKey::new(0, 0, ivec3(0, 0, 0)));
    let south = relief.horizon_sine(8, 8, 4);
    // Coarse lods tell where a cliff stands within a step of the distances looked at.
    assert!((0.07..0.16).contains(&south), "{south}");
    for direction in [0, 1, 2, 6, 7, 8, 10, 12, 14] {
        assert_eq!(relief.horizon_sine(8, 8, direction), 0.0, "direction {direction}");
    }
    assert_eq!(relief.normal(3, 4), [0.0, 0.0]);
}

#[test]
fn neighbours_agree_on_the_nodes_between_them() {
    let world = plane(|x_m, z_m| 9.0 * (x_m * 0.09).sin() * (z_m * 0.05).cos());
    for world in [&world as &dyn Baseline, &*EARTH] {
        let y = if world.shape().regions() > 1 { 1 << 18 } else { 0 };
        let at = |x| ChunkKey::new(0, 1, ivec3(4000 + x, y, 9000));
        let (west, east) = (relief(world, at(0)), relief(world, at(1)));
        for z in 0..NORMAL_NODES {
            let (a, b) = (west.normal(NORMAL_NODES - 1, z), east.normal(0, z));
            assert!((a[0] - b[0]).abs() < 0.02 && (a[1] - b[1]).abs() < 0.02, "{a:?} {b:?}");
        }
        for z in 0..HORIZON_NODES {
            for direction in 0..HORIZON_DIRECTIONS {
                let a = west.horizon_sine(HORIZON_NODES - 1, z, direction);
                let b = east.horizon_sine(0, z, direction);
                assert!((a - b).abs() < 0.1, "{a} {b}");
            }
        }
    }
}

#[test]
fn normals_on_the_globe_are_those_of_its_ground_in_world_space() {
    let shape = EARTH.shape();
    let mut random = Random(11);
    let (mut off, mut count) = (0.0, 0.0);
    for case in 0..60u8 {
        let lod = case % 15;
        let (region, x, z) = random.column(shape, lod);
        let y = (f64::from(shape.sea_level_y()) / f64::from(64 << lod)) as i32;
        let key = ChunkKey::new(region, lod, ivec3(x >> 6, y, z >> 6));
        let relief = relief(&*EARTH, key);
        let cell = f64::from(1u32 << lod);
        let (node_x, node_z) = (5 + usize::from(case) % 20, 9);
        let corner = key.min_voxel().as_dvec3()
            + dvec3(2.0 * node_x as f64, 0.0, 2.0 * node_z as f64) * cell;
        // Four places of the ground around the corner.
        let place = |dx: f64, dz: f64| -> DVec3 {
            let (x, z) = (corner.x + dx * cell, corner.z + dz * cell);
            let y = shape.lattice_y(EARTH.ground_m(region, x, z, lod));
            shape.local_from_lattice(LatticePos::new(region, dvec3(x, y, z)))
        };
        let (west, east) =
            (place(-0.5, -0.5) + place(-0.5, 0.5), place(0.5, -0.5) + place(0.5, 0.5));
        let (north, south) =
            (place(-0.5, -0.5) + place(0.5, -0.5), place(-0.5, 0.5) + place(0.5, 0.5));
        let truth = (south - north).cross(east - west).normalize();
        let up = shape.up(place(0.0, 0.0));
        let axis = shape.x_axis(region);
        let first = (axis - up * axis.dot(up)).normalize();
        let second = first.cross(up);
        let [a, b] = relief.normal(node_x, node_z);
        let told = first * a + second * b + up * (1.0 - a * a - b * b).sqrt();
        off += told.angle_between(truth).to_degrees();
        count += 1.0;
        assert!(told.angle_between(truth).to_degrees() < 2.0, "{key}: {told} is not {truth}");
    }
    assert!(off / count < 0.5, "{} degrees off on the average", off / count);
}

#[test]
fn only_nodes_beside_edited_columns_are_not_natural() {
    let relief = relief(&plane(|_, _| 0.0), ChunkKey::new(0, 0, ivec3(0, 0, 0)));
    let edited = relief.with_edited(|x, z| (x, z) == (10, 21));
    let natural = |relief: &Relief, x: usize, z: usize| relief.words()[z * NORMAL_NODES + x] >> 24;
    for z in 0..NORMAL_NODES {
        for x in 0..NORMAL_NODES {
            let beside = (x, z) == (5, 11);
            assert_eq!(natural(&relief, x, z), 255);
            assert_eq!(natural(&edited, x, z), if beside { 0 } else { 255 }, "{x} {z}");
        }
    }
}

#[test]
fn a_world_without_ground_has_no_relief() {
    let empty = Empty::new(Shape::earth()).expect("a shape");
    assert!(
        empty
            .relief(ChunkKey::new(0, 3, ivec3(1, 1, 1)), &CancelToken::never())
            .is_ok_and(|relief| relief.is_none())
    );
    assert_eq!(MaterialTable::standard().id("grass").ok(), Some(MaterialId(5)));
}
