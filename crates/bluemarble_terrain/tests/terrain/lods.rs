//! Coarse lods show what fine ones would, seen from far away.

use std::{array::from_fn, collections::HashMap};

use bluemarble_core::{GeoPosition, LatticePos, MaterialId};
use glam::ivec3;

use crate::support::{EARTH, FIRST, HILLS, MATERIALS, Oracle, Random};

/// Channels of colours that differ by less look alike.
const ALIKE: f32 = 0.06;

fn colour(material: MaterialId) -> [f32; 3] {
    MATERIALS.get(material).unwrap().colour
}

/// Over random columns of a lod: the share whose top material is that of most finer columns, or has about
/// their mean colour, and the mean difference of heights in coarse cells.
fn compare(world: &impl Oracle, lod: u8, finer: u8, columns: usize) -> (f64, f64) {
    let mut random = Random(u64::from(lod));
    let side = 1 << (lod - finer);
    let (mut same, mut error) = (0, 0.0);
    for _ in 0..columns {
        let (region, x, z) = random.column(world.shape(), lod);
        let (coarse_y, coarse) = world.top(region, lod, x, z);
        let mut votes: HashMap<MaterialId, i32> = HashMap::new();
        let mut sum = 0.0;
        let mut mean = [0.0; 3];
        for i in 0..side * side {
            let (y, fine) = world.top(region, finer, x * side + i % side, z * side + i / side);
            *votes.entry(fine).or_default() += 1;
            let share = 1.0 / (side * side) as f32;
            mean = from_fn(|k| mean[k] + colour(fine)[k] * share);
            sum += f64::from(y + 1);
        }
        let most = votes.values().copied().max().unwrap_or(0);
        let is_alike = (0..3).all(|k| (colour(coarse)[k] - mean[k]).abs() < ALIKE);
        same += i32::from(votes.get(&coarse) == Some(&most) || is_alike);
        let fine_y = sum / f64::from(side * side) / f64::from(side);
        error += f64::from(coarse_y + 1) - fine_y;
    }
    (f64::from(same) / columns as f64, error / columns as f64)
}

fn check(earth: &impl Oracle) {
    let (mut all, mut count) = (0.0, 0.0);
    for lod in 1..=20u8 {
        let (same, error) = compare(earth, lod, lod.saturating_sub(2), 120);
        assert!(same >= 0.9, "lod {lod}: {same} of the columns show the majority");
        assert!(error.abs() <= 0.25, "lod {lod}: heights differ by {error} cells");
        all += same;
        count += 1.0;
    }
    assert!(all / count >= 0.95, "{}", all / count);
}

#[test]
fn the_earth_looks_alike_at_neighbouring_lods() {
    check(&*EARTH);
}

#[test]
fn the_first_edition_looks_alike_at_neighbouring_lods() {
    check(&*FIRST);
}

#[test]
fn hills_look_alike_at_neighbouring_lods() {
    for lod in 1..=9u8 {
        let (same, error) = compare(&*HILLS, lod, lod - 1, 150);
        assert!(same >= 0.9, "lod {lod}: {same} of the columns show the majority");
        assert!(error.abs() <= 0.25, "lod {lod}: heights differ by {error} cells");
    }
}

/// Of the cells that steps of the Alps lay open below their edges, the share with what lies on top.
fn covered(earth: &impl Oracle, lod: u8) -> f64 {
    let shape = earth.shape();
    let LatticePos { region, lattice: at } =
        shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(45.85, 6.88, 0.0)));
    let (mut covered, mut open) = (0, 0);
    let mut random = Random(u64::from(lod));
    for _ in 0..1500 {
        let [x, z] = [at.x, at.z].map(|v| (v as i32 >> lod) + random.within(-200, 200));
        let (high, surface) = earth.top(region, lod, x, z);
        for (dx, dz) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
            let (low, _) = earth.top(region, lod, x + dx, z + dz);
            let below = (low + 1..high).map(|y| earth.cell(region, lod, ivec3(x, y, z)));
            for material in below {
                open += 1;
                covered += i32::from(material == surface);
            }
        }
    }
    f64::from(covered) / f64::from(open)
}

#[test]
fn steps_of_large_cells_show_what_lies_on_top() {
    for lod in 4..=8 {
        let share = covered(&*EARTH, lod);
        assert!(share > 0.95, "lod {lod}: {share}");
    }
}
