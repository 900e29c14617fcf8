//! [`Creep`]: soil moves the faster the steeper it lies.

use serde::{Deserialize, Serialize};

use crate::grid::{Edges, PlaneGrid};

/// Hillslope diffusion: soil moves down at `diffusivity * slope`, in m³ a year for each metre of width (Culling 1960).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Creep {
    /// In m² a year; 0.001 to 0.1 in nature.
    pub diffusivity: f64,
}

impl Default for Creep {
    fn default() -> Self {
        Self { diffusivity: 0.01 }
    }
}

/// Rows and columns are solved along lines, and a line that is a ring is not one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreepError;

impl std::fmt::Display for CreepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("creep needs a grid with closed edges; this one is periodic")
    }
}

impl std::error::Error for CreepError {}

/// The lines of a grid along one axis.
#[derive(Clone, Copy)]
struct Lines {
    count: usize,
    length: usize,
    /// From a line to the next one, and from a node of a line to the next one.
    steps: [usize; 2],
}

impl Creep {
    /// Lets soil creep for some years; outlets stay as they are. Gives what has crept into them, in m³: that and the ground
    /// add up to what there was. A step may be of any length; it is right to the second order of its length and of the
    /// spacing (alternating directions: Peaceman and Rachford 1955, doi 10.1137/0103003).
    ///
    /// # Errors
    /// [`CreepError`] if the grid is periodic.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn creep(
        &self,
        grid: &PlaneGrid,
        is_outlet: &[bool],
        years: f64,
        ground_m: &mut [f64],
    ) -> Result<f64, CreepError> {
        let nodes = grid.columns() * grid.rows();
        assert_eq!((is_outlet.len(), ground_m.len()), (nodes, nodes), "a number for each node");
        if grid.edges() != (Edges::Closed, Edges::Closed) {
            return Err(CreepError);
        }
        let columns =
            Lines { count: grid.columns(), length: grid.rows(), steps: [1, grid.columns()] };
        let rows = Lines { count: grid.rows(), length: grid.columns(), steps: [grid.columns(), 1] };
        let half = 0.5 * self.diffusivity * years / (grid.spacing_m() * grid.spacing_m());
        // Along one axis as it is at the beginning of each half, along the other one as at its end.
        let mut lost_m = 0.0;
        for (known, unknown) in [(columns, rows), (rows, columns)] {
            lost_m += spread(known, half, is_outlet, ground_m);
            solve(unknown, half, is_outlet, ground_m);
            lost_m += lost(unknown, half, is_outlet, ground_m);
        }
        Ok(lost_m * grid.spacing_m() * grid.spacing_m())
    }
}

/// One explicit step along lines; gives what outlets have got.
fn spread(lines: Lines, reach: f64, is_outlet: &[bool], ground_m: &mut [f64]) -> f64 {
    let lost_m = lost(lines, reach, is_outlet, ground_m);
    let Lines { count, length, steps: [to_line, to_node] } = lines;
    for line in 0..count {
        // What came over from the node before.
        let mut inflow_m = 0.0;
        for at in 0..length {
            let node = line * to_line + at * to_node;
            let outflow_m = match at + 1 < length {
                true => reach * (ground_m[node] - ground_m[node + to_node]),
                false => 0.0,
            };
            if !is_outlet[node] {
                ground_m[node] += inflow_m - outflow_m;
            }
            inflow_m = outflow_m;
        }
    }
    lost_m
}

/// What flows into outlets along lines.
fn lost(lines: Lines, reach: f64, is_outlet: &[bool], ground_m: &[f64]) -> f64 {
    let Lines { count, length, steps: [to_line, to_node] } = lines;
    let mut sum_m = 0.0;
    for line in 0..count {
        for at in 1..length {
            let next = line * to_line + at * to_node;
            let node = next - to_node;
            let flow_m = reach * (ground_m[node] - ground_m[next]);
            sum_m += match (is_outlet[node], is_outlet[next]) {
                (false, true) => flow_m,
                (true, false) => -flow_m,
                _ => 0.0,
            };
        }
    }
    sum_m
}

/// One implicit step along lines: a system of three diagonals each (Thomas 1949).
fn solve(lines: Lines, reach: f64, is_outlet: &[bool], ground_m: &mut [f64]) {
    let Lines { count, length, steps: [to_line, to_node] } = lines;
    // Each node is its own number, less the part of the next one.
    let mut parts = vec![0.0; length];
    for line in 0..count {
        let start = line * to_line;
        let (mut part_before, mut before_m) = (0.0, 0.0);
        for (at, part) in parts.iter_mut().enumerate() {
            let node = start + at * to_node;
            if is_outlet[node] {
                (*part, part_before, before_m) = (0.0, 0.0, ground_m[node]);
                continue;
            }
            let has_before = if at > 0 { reach } else { 0.0 };
            let has_next = if at + 1 < length { reach } else { 0.0 };
            let diagonal = 1.0 + has_before + has_next - has_before * part_before;
            *part = has_next / diagonal;
            ground_m[node] = (ground_m[node] + has_before * before_m) / diagonal;
            (part_before, before_m) = (*part, ground_m[node]);
        }
        for at in (0..length.saturating_sub(1)).rev() {
            let node = start + at * to_node;
            ground_m[node] += parts[at] * ground_m[node + to_node];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use crate::{
        grid::{Grid, volume_m3},
        noise,
    };

    #[test]
    fn a_slope_that_rises_as_fast_as_it_creeps_is_a_parabola() {
        let (nodes, spacing_m, uplift_m) = (41, 5.0, 1e-4);
        let grid = PlaneGrid::new(nodes, 3, spacing_m);
        let is_outlet: Vec<bool> =
            (0..grid.len()).map(|at| at % nodes % (nodes - 1) == 0).collect();
        let mut ground_m = vec![0.0; grid.len()];
        let (creep, years) = (Creep::default(), 2e4);
        for _ in 0..2000 {
            for (height, is_outlet) in ground_m.iter_mut().zip(&is_outlet) {
                *height += if *is_outlet { 0.0 } else { uplift_m * years };
            }
            creep.creep(&grid, &is_outlet, years, &mut ground_m).expect("closed");
        }
        let half_m = (nodes - 1) as f64 * spacing_m / 2.0;
        let mut worst: f64 = 0.0;
        for at in 1..nodes - 1 {
            let x = at as f64 * spacing_m - half_m;
            let exact = uplift_m / (2.0 * creep.diffusivity) * (half_m * half_m - x * x);
            // Uplift comes before creep: half a step of it is gone.
            let found = ground_m[nodes + at] + uplift_m * years / 2.0;
            worst = worst.max(
                (found - exact).abs() / (uplift_m / (2.0 * creep.diffusivity) * half_m * half_m),
            );
        }
        println!("parabola: off {worst:.1e} of its height");
        assert!(worst < 1e-9, "{worst}");
    }

    /// How far a sine that has decayed for a while is off, as a part of its height.
    fn sine_error(nodes: usize, steps: usize) -> f64 {
        let length_m = 1000.0;
        // The middles of cells: their closed edges lie half a cell further out.
        let spacing_m = length_m / nodes as f64;
        let grid = PlaneGrid::new(nodes, nodes, spacing_m);
        let at = |index: usize| (index as f64 + 0.5) * spacing_m;
        let wave = |node: usize| {
            (PI * at(node % nodes) / length_m).cos()
                * (2.0 * PI * at(node / nodes) / length_m).cos()
        };
        let mut ground_m: Vec<f64> = (0..grid.len()).map(wave).collect();
        let (creep, years) = (Creep { diffusivity: 0.5 }, 40_000.0);
        let is_outlet = vec![false; grid.len()];
        for _ in 0..steps {
            creep.creep(&grid, &is_outlet, years / steps as f64, &mut ground_m).expect("closed");
        }
        let squares = (1.0 + 4.0) * (PI / length_m).powi(2);
        let height = (-creep.diffusivity * squares * years).exp();
        let off = |node: usize| (ground_m[node] - height * wave(node)).abs();
        (0..grid.len()).map(off).fold(0.0, f64::max) / height
    }

    #[test]
    fn a_sine_decays_as_it_must_with_an_error_of_the_second_order() {
        let errors =
            [(10, 4), (20, 8), (40, 16), (80, 32)].map(|(nodes, steps)| sine_error(nodes, steps));
        let orders: Vec<f64> = errors.windows(2).map(|pair| (pair[0] / pair[1]).log2()).collect();
        println!("errors {errors:.6?}, orders {orders:.3?}");
        assert!(orders.iter().all(|order| *order > 1.9), "{orders:?}");
        assert!(errors[3] < 1e-3);
    }

    #[test]
    fn ground_and_what_has_crept_out_add_up() {
        let grid = PlaneGrid::new(30, 20, 10.0);
        let mut ground_m: Vec<f64> = (0..grid.len()).map(|at| 50.0 * noise(at as u64)).collect();
        // At the edges, and here and there inside.
        let mut is_outlet = grid.border();
        (0..grid.len()).step_by(37).for_each(|at| is_outlet[at] = true);
        let fixed: Vec<_> = ground_m.clone();
        let begun_m3 = volume_m3(&grid, &ground_m);
        let mut left_m3 = 0.0;
        for _ in 0..1000 {
            left_m3 += Creep { diffusivity: 0.1 }
                .creep(&grid, &is_outlet, 700.0, &mut ground_m)
                .expect("closed");
        }
        let off = (volume_m3(&grid, &ground_m) + left_m3) / begun_m3 - 1.0;
        println!("ground and what has left: off {off:.1e}");
        assert!(off.abs() < 1e-12 && left_m3 != 0.0);
        assert!((0..grid.len()).filter(|&at| is_outlet[at]).all(|at| ground_m[at] == fixed[at]));
    }

    #[test]
    fn a_periodic_grid_is_refused() {
        let grid = PlaneGrid::new(4, 4, 1.0).with_edges(Edges::Closed, Edges::Periodic);
        let refused = Creep::default().creep(&grid, &[false; 16], 1.0, &mut [0.0; 16]);
        assert_eq!(refused, Err(CreepError));
    }
}
