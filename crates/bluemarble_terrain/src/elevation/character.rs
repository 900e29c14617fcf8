//! [`CharacterSampler`]: how rough a grid is around a place.

use super::{
    grid::ElevationGrid,
    window::{cap_half_width_deg, range},
};
use crate::interval::Interval;

/// How much the relief and how much what is not an even slope make ground rough.
const EVEN: f64 = 0.35;
const UNEVEN: f64 = 0.8;

/// How rough the grid is around a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GridCharacter {
    /// How much the nodes around differ: greatest less least of 3 x 3, smoothly interpolated.
    pub relief_m: f64,
    /// The middle between these.
    pub middle_m: f64,
    /// The relief, less where it is but one even slope: the flank of a volcano is not a range of mountains.
    pub rough_m: f64,
}

/// Samples the character of a grid and remembers what is around the last place.
pub(crate) struct CharacterSampler<'a> {
    grid: &'a ElevationGrid,
    at: [i32; 2],
    /// Relief and middle at the nine nodes around.
    nodes: [[GridCharacter; 3]; 3],
}

impl<'a> CharacterSampler<'a> {
    pub fn new(grid: &'a ElevationGrid) -> Self {
        let nothing = GridCharacter { relief_m: 0.0, middle_m: 0.0, rough_m: 0.0 };
        Self { grid, at: [i32::MIN; 2], nodes: [[nothing; 3]; 3] }
    }

    fn visit(&mut self, at: [i32; 2]) {
        // Of a square nearby, some nodes are known.
        let [down, right] = [0, 1].map(|k| at[k].wrapping_sub(self.at[k]));
        let known = |i: i32, j: i32| {
            let [i, j] = [i.checked_add(down)?, j.checked_add(right)?].map(usize::try_from);
            self.nodes.get(i.ok()?)?.get(j.ok()?).copied()
        };
        let window: [[f64; 5]; 5] = self.grid.window([at[0] - 2, at[1] - 2]);
        let nodes = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                known(i as i32, j as i32).unwrap_or_else(|| character(&window, [i, j]))
            })
        });
        (self.at, self.nodes) = (at, nodes);
    }

    /// The character at a place: a quadratic B-spline over the nodes.
    pub fn sample(&mut self, lat_deg: f64, lon_deg: f64) -> GridCharacter {
        let [row, column] = self.grid.position(lat_deg, lon_deg);
        let near = [(row + 0.5).floor(), (column + 0.5).floor()];
        let at = near.map(|v| v as i32);
        if at != self.at {
            self.visit(at);
        }
        let weights =
            |t: f64| [0.5 * (0.5 - t) * (0.5 - t), 0.75 - t * t, 0.5 * (0.5 + t) * (0.5 + t)];
        let (wv, wu) = (weights(row - near[0]), weights(column - near[1]));
        let mut sum = GridCharacter { relief_m: 0.0, middle_m: 0.0, rough_m: 0.0 };
        for (v, line) in wv.iter().zip(&self.nodes) {
            for (u, node) in wu.iter().zip(line) {
                sum.relief_m += v * u * node.relief_m;
                sum.middle_m += v * u * node.middle_m;
                sum.rough_m += v * u * node.rough_m;
            }
        }
        sum
    }

    /// Bounds of the relief over all places within `radius_deg` of arc of a place.
    pub fn relief_bounds(&mut self, lat_deg: f64, lon_deg: f64, radius_deg: f64) -> Interval {
        let grid = self.grid;
        let [row, column] = grid.position(lat_deg, lon_deg);
        let rows_away = radius_deg / grid.step_deg[1];
        let columns_away = cap_half_width_deg(lat_deg, radius_deg) / grid.step_deg[0];
        let near = |v: f64| (v + 0.5).floor() as i32;
        let rows = [near(row - rows_away), near(row + rows_away)];
        let columns = [near(column - columns_away), near(column + columns_away)];
        let is_small = columns_away < 64.0
            && !grid.crosses_far_side([columns[0] - 2, columns[1] + 2])
            && rows[1] - rows[0] <= 1
            && columns[1] - columns[0] <= 1;
        if !is_small {
            let nodes =
                grid.node_range([rows[0] - 2, rows[1] + 2], [columns[0] - 2, columns[1] + 2]);
            return Interval::new(0.0, nodes.hi - nodes.lo);
        }
        let here = self.sample(lat_deg, lon_deg).relief_m;
        let mut relief = Interval::new(f64::INFINITY, f64::NEG_INFINITY);
        for at_row in rows[0]..=rows[1] {
            for at_column in columns[0]..=columns[1] {
                self.visit([at_row, at_column]);
                let nodes = self.nodes.iter().flatten().map(|node| node.relief_m);
                relief = relief.hull(range(nodes));
            }
        }
        // The derivatives of the weights sum to 0, their absolute values to at most 2.
        let steepest = (relief.hi - relief.lo) * (rows_away + columns_away);
        relief.meet(Interval::around(here, steepest))
    }
}

/// The character of a node from the nodes around, which begin at a place of a window.
fn character(window: &[[f64; 5]; 5], [i, j]: [usize; 2]) -> GridCharacter {
    let around: [[f64; 3]; 3] =
        std::array::from_fn(|v| std::array::from_fn(|u| window[i + v][j + u]));
    let all = range(around.iter().flatten().copied());
    let south = (around[2][1] - around[0][1]) * 0.5;
    let east = (around[1][2] - around[1][0]) * 0.5;
    let uneven = |k: usize| {
        let (v, u) = (k / 3, k % 3);
        around[v][u] - south * (v as f64 - 1.0) - east * (u as f64 - 1.0)
    };
    let rest = range((0..9).map(uneven));
    let relief_m = all.hi - all.lo;
    let rough_m = EVEN * relief_m + UNEVEN * (rest.hi - rest.lo);
    GridCharacter { relief_m, middle_m: (all.hi + all.lo) * 0.5, rough_m: rough_m.min(relief_m) }
}
