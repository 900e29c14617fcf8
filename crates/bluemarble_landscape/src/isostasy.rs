//! Isostasy: the crust floats on the mantle, sinks under loads and rises when they are gone.

use rustfft::FftDirection;
use serde::{Deserialize, Serialize};

use crate::{
    grid::{Grid, PlaneGrid},
    waves::{mirrored, transform},
};

const GRAVITY: f64 = 9.81;

/// What floats, and on what; in kg/m³.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Densities {
    /// Of the crust.
    pub crust: f64,
    /// Of the mantle, on which it floats.
    pub mantle: f64,
}

impl Default for Densities {
    fn default() -> Self {
        Self { crust: 2750.0, mantle: 3300.0 }
    }
}

impl Densities {
    /// How deep the root of mountains reaches that are `height_m` metres high, below that of land at sea level (Airy 1855).
    pub fn root_m(&self, height_m: f64) -> f64 {
        height_m * self.crust / (self.mantle - self.crust)
    }

    /// How far land sinks under `load_pa` (negative: rises), in metres, where each column floats by itself.
    pub fn sinking_m(&self, load_pa: f64) -> f64 {
        load_pa / (self.mantle * GRAVITY)
    }
}

/// A plate that is stiff: it sinks less under a load, and around it as well.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plate {
    /// How thick its elastic part is, in metres: 10,000 to 50,000 on the Earth; 0 bends as if it were not there.
    pub elastic_thickness_m: f64,
    /// Young's modulus, in Pa.
    pub stiffness_pa: f64,
    /// Poisson's ratio, without a unit.
    pub poisson: f64,
    /// Densities.
    pub densities: Densities,
}

impl Default for Plate {
    fn default() -> Self {
        Self {
            elastic_thickness_m: 25_000.0,
            stiffness_pa: 7e10,
            poisson: 0.25,
            densities: Densities::default(),
        }
    }
}

impl Plate {
    /// How it resists bending, in N m.
    pub fn rigidity_n_m(&self) -> f64 {
        self.stiffness_pa * self.elastic_thickness_m.powi(3)
            / (12.0 * (1.0 - self.poisson * self.poisson))
    }

    /// How far the plate sinks at each node, in metres, under loads in Pa: each wave of the load is divided by what carries it
    /// (Turcotte and Schubert, Geodynamics, 3.14). What lies beyond closed edges is their mirror image.
    ///
    /// # Panics
    /// If `load_pa` has not one number for each node.
    pub fn sinking_m(&self, grid: &PlaneGrid, load_pa: &[f64]) -> Vec<f64> {
        assert_eq!(load_pa.len(), grid.len(), "a number for each node");
        let (mut waves, columns, rows) = mirrored(grid, load_pa);
        transform(&mut waves, columns, rows, FftDirection::Forward);
        let number = |at: usize, count: usize| {
            let turns = at.min(count - at) as f64;
            2.0 * std::f64::consts::PI * turns / (count as f64 * grid.spacing_m())
        };
        let (rigidity, buoyancy) = (self.rigidity_n_m(), self.densities.mantle * GRAVITY);
        for (at, wave) in waves.iter_mut().enumerate() {
            let (x, y) = (number(at % columns, columns), number(at / columns, rows));
            let carried = buoyancy + rigidity * (x * x + y * y).powi(2);
            *wave /= carried * (columns * rows) as f64;
        }
        transform(&mut waves, columns, rows, FftDirection::Inverse);
        let sinking =
            |node: usize| waves[node / grid.columns() * columns + node % grid.columns()].re;
        (0..grid.len()).map(sinking).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::{grid::Edges, noise};

    #[test]
    fn roots_and_floating_columns_balance_as_airy_says() {
        let densities = Densities::default();
        // A column of crust with its root weighs as much as the mantle that it displaces.
        let (height, root) = (4000.0, densities.root_m(4000.0));
        let off = densities.crust * (height + root) / (densities.mantle * root) - 1.0;
        // Of rock that is taken away five sixths come back.
        let back = densities.sinking_m(densities.crust * GRAVITY * 600.0);
        println!("balance off {off:.1e}; of 600 m {back:.3} m come back");
        assert!(off.abs() < 1e-15 && (back - 500.0).abs() < 1e-9);
    }

    #[test]
    fn waves_of_load_sink_as_far_as_the_plates_equation_says() {
        let plate = Plate::default();
        for (edges, half_waves) in [(Edges::Periodic, 4), (Edges::Closed, 3)] {
            let grid = PlaneGrid::new(64, 48, 5000.0).with_edges(edges, edges);
            let number = PI * f64::from(half_waves) / (64.0 * 5000.0);
            let wave = |node: usize| (number * 5000.0 * ((node % 64) as f64 + 0.5)).cos();
            let load: Vec<f64> = (0..grid.len()).map(|node| 1e7 * wave(node)).collect();
            let carried = 3300.0 * GRAVITY + plate.rigidity_n_m() * number.powi(4);
            let found = plate.sinking_m(&grid, &load);
            let off =
                |node: usize| (found[node] - 1e7 / carried * wave(node)).abs() * carried / 1e7;
            let worst = (0..grid.len()).map(off).fold(0.0, f64::max);
            println!("{edges:?}: waves off {worst:.1e}");
            assert!(worst < 1e-12);
        }
    }

    #[test]
    fn a_plate_without_thickness_is_columns_that_float() {
        let plate = Plate { elastic_thickness_m: 0.0, ..Plate::default() };
        let grid = PlaneGrid::new(15, 9, 1000.0);
        let load: Vec<f64> = (0..grid.len()).map(|node| 1e7 * noise(node as u64)).collect();
        for (found, load) in plate.sinking_m(&grid, &load).iter().zip(&load) {
            assert!((found - plate.densities.sinking_m(*load)).abs() < 1e-10);
        }
    }

    #[test]
    fn a_stiffer_plate_sinks_less_under_a_mountain_and_more_beside_it() {
        let grid = PlaneGrid::new(101, 101, 10_000.0);
        let mut load = vec![0.0; grid.len()];
        load[grid.node(50, 50)] = 5e7;
        let sinking = |elastic_thickness_m| {
            let plate = Plate { elastic_thickness_m, ..Plate::default() };
            let sinking = plate.sinking_m(&grid, &load);
            (sinking[grid.node(50, 50)], sinking[grid.node(56, 50)], sinking.iter().sum::<f64>())
        };
        let (soft, stiff) = (sinking(5_000.0), sinking(40_000.0));
        assert!(stiff.0 < soft.0 && stiff.1 > soft.1);
        assert!((stiff.2 / soft.2 - 1.0).abs() < 1e-9, "as much is carried in all");
    }
}
