//! The smooth surface through a grid's nodes, at points and bounded over caps of the globe.

use super::{ElevationGrid, OUTSIDE_M};
use crate::interval::Interval;

/// What the grid says about a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GridSample {
    pub height_m: f64,
    /// How much the nodes around differ: greatest less least of 3 x 3, interpolated.
    pub relief_m: f64,
}

/// What the grid says about all places of a cap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GridBounds {
    pub height_m: Interval,
    pub relief_m: Interval,
}

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

/// Samples a grid and remembers the nodes around the last place.
pub(crate) struct GridSampler<'a> {
    grid: &'a ElevationGrid,
    at: [i32; 2],
    window: [[f64; 4]; 4],
    relief: [[f64; 2]; 2],
    knows_relief: bool,
}

/// How far a bicubic Catmull-Rom surface may leave the range of its 16 nodes, as a share of the range:
/// the weights sum to 1 and their absolute values to at most 1.25², so (1.5625 - 1) / 2.
const OVERSHOOT: f64 = 0.28125;
/// Its steepest slope per node along an axis, as a share of the range: half of the greatest sum of
/// absolute weights of the derivative (3) times the greatest sum along the other axis (1.25).
const SLOPE: f64 = 1.875;

/// The steepest slope of the easing curve between nodes.
const EASED_SLOPE: f64 = 1.5;

/// The weights of four nodes in a row at `t` between the second and the third.
#[inline]
fn weights(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}

/// The derivatives of [`weights`].
#[inline]
fn steepness(t: f64) -> [f64; 4] {
    let t2 = t * t;
    [
        0.5 * (-3.0 * t2 + 4.0 * t - 1.0),
        0.5 * (9.0 * t2 - 10.0 * t),
        0.5 * (-9.0 * t2 + 8.0 * t + 1.0),
        0.5 * (3.0 * t2 - 2.0 * t),
    ]
}

fn range(values: impl Iterator<Item = f64>) -> Interval {
    values.fold(Interval::new(f64::INFINITY, f64::NEG_INFINITY), |range, v| {
        range.hull(Interval::point(v))
    })
}

impl<'a> GridSampler<'a> {
    pub fn new(grid: &'a ElevationGrid) -> Self {
        Self {
            grid,
            at: [i32::MIN; 2],
            window: [[0.0; 4]; 4],
            relief: [[0.0; 2]; 2],
            knows_relief: false,
        }
    }

    fn visit(&mut self, at: [i32; 2]) {
        self.visit_nodes(at);
        for i in 0..2 {
            for j in 0..2 {
                let (mut low, mut high) = (self.window[i][j], self.window[i][j]);
                for row in &self.window[i..i + 3] {
                    for &node in &row[j..j + 3] {
                        low = if node < low { node } else { low };
                        high = if node > high { node } else { high };
                    }
                }
                self.relief[i][j] = high - low;
            }
        }
        self.knows_relief = true;
    }

    fn visit_nodes(&mut self, at: [i32; 2]) {
        self.at = at;
        self.knows_relief = false;
        self.window = self.grid.window([at[0] - 1, at[1] - 1]);
    }

    /// The height at a place, and the slope in metres per node southwards and eastwards.
    pub fn height_and_slope(&mut self, lat_deg: f64, lon_deg: f64) -> (f64, [f64; 2]) {
        let [row, column] = self.grid.position(lat_deg, lon_deg);
        let at = [row.floor() as i32, column.floor() as i32];
        if at != self.at {
            self.visit_nodes(at);
        }
        let (v, u) = (row - row.floor(), column - column.floor());
        let (wv, wu, sv, su) = (weights(v), weights(u), steepness(v), steepness(u));
        let (mut height_m, mut south, mut east) = (0.0, 0.0, 0.0);
        for (i, line) in self.window.iter().enumerate() {
            let along =
                |w: &[f64; 4]| w[0] * line[0] + w[1] * line[1] + w[2] * line[2] + w[3] * line[3];
            let here = along(&wu);
            height_m += wv[i] * here;
            south += sv[i] * here;
            east += wv[i] * along(&su);
        }
        (height_m, [south, east])
    }

    pub fn sample(&mut self, lat_deg: f64, lon_deg: f64) -> GridSample {
        let [row, column] = self.grid.position(lat_deg, lon_deg);
        let at = [row.floor() as i32, column.floor() as i32];
        if at != self.at || !self.knows_relief {
            self.visit(at);
        }
        let (v, u) = (row - row.floor(), column - column.floor());
        let (wv, wu) = (weights(v), weights(u));
        let mut height_m = 0.0;
        for (weight, line) in wv.iter().zip(&self.window) {
            height_m +=
                weight * (wu[0] * line[0] + wu[1] * line[1] + wu[2] * line[2] + wu[3] * line[3]);
        }
        // Eased, so that no crease shows along the lines of the grid.
        let lerp = |t: f64, a: f64, b: f64| a + t * t * (3.0 - 2.0 * t) * (b - a);
        let relief = &self.relief;
        let relief_m =
            lerp(v, lerp(u, relief[0][0], relief[0][1]), lerp(u, relief[1][0], relief[1][1]));
        GridSample { height_m, relief_m }
    }

    /// Bounds over all places within `radius_deg` of arc of a place.
    pub fn bounds(&mut self, lat_deg: f64, lon_deg: f64, radius_deg: f64) -> GridBounds {
        let grid = self.grid;
        let [row, column] = grid.position(lat_deg, lon_deg);
        let rows_away = radius_deg / grid.step_deg[1];
        let columns_away = cap_half_width_deg(lat_deg, radius_deg) / grid.step_deg[0];
        let first = [(row - rows_away).floor() as i32, (column - columns_away).floor() as i32];
        let last = [(row + rows_away).floor() as i32, (column + columns_away).floor() as i32];
        // The spline of a square also looks at the nodes around it.
        let (rows, columns) = ([first[0] - 1, last[0] + 2], [first[1] - 1, last[1] + 2]);
        let is_small = columns_away < 64.0
            && !grid.crosses_far_side(columns)
            && (rows[1] - rows[0] + 1) * (columns[1] - columns[0] + 1) <= 49;
        if !is_small {
            let nodes = grid.node_range(rows, columns);
            let span = nodes.hi - nodes.lo;
            return GridBounds {
                height_m: nodes.grown(span * OVERSHOOT),
                relief_m: Interval::new(0.0, span),
            };
        }
        let mut nodes = Interval::new(f64::INFINITY, f64::NEG_INFINITY);
        let mut relief = nodes;
        for square_row in first[0]..=last[0] {
            for square_column in first[1]..=last[1] {
                self.visit([square_row, square_column]);
                nodes = nodes.hull(range(self.window.iter().flatten().copied()));
                relief = relief.hull(range(self.relief.iter().flatten().copied()));
            }
        }
        let here = self.sample(lat_deg, lon_deg);
        let away = rows_away + columns_away;
        let span = nodes.hi - nodes.lo;
        GridBounds {
            height_m: nodes
                .grown(span * OVERSHOOT)
                .meet(Interval::around(here.height_m, span * SLOPE * away)),
            relief_m: relief.meet(Interval::around(
                here.relief_m,
                (relief.hi - relief.lo) * EASED_SLOPE * away,
            )),
        }
    }
}

/// Degrees of longitude from the middle of a cap to its easternmost point; 180 if it holds a pole.
fn cap_half_width_deg(lat_deg: f64, radius_deg: f64) -> f64 {
    if lat_deg.abs() + radius_deg >= 89.999 {
        return 180.0;
    }
    let sine = radius_deg.to_radians().sin() / lat_deg.to_radians().cos();
    if sine >= 1.0 { 180.0 } else { sine.asin().to_degrees() * 1.000_001 }
}

impl ElevationGrid {
    /// The nodes of a square, from its north-western corner.
    fn window<const N: usize>(&self, [row, column]: [i32; 2]) -> [[f64; N]; N] {
        std::array::from_fn(|i| {
            std::array::from_fn(|j| f64::from(self.node(row + i as i32, column + j as i32)))
        })
    }

    /// Whether columns of a grid that does not close reach the meridian opposite to its middle, beyond
    /// which they come round the globe to the grid's other side.
    fn crosses_far_side(&self, columns: [i32; 2]) -> bool {
        let middle = f64::from(self.columns - 1) * 0.5;
        let half = 180.0 / self.step_deg[0] - 1.0;
        let reaches = |column: i32| (f64::from(column) - middle).abs() >= half;
        self.period == 0 && (reaches(columns[0]) || reaches(columns[1]))
    }

    /// Bounds of the nodes in inclusive ranges of rows and columns that may leave the grid.
    fn node_range(&self, mut rows: [i32; 2], mut columns: [i32; 2]) -> Interval {
        let mut bounds = Interval::new(f64::INFINITY, f64::NEG_INFINITY);
        let leaves = rows[0] < 0 || rows[1] >= self.rows;
        if leaves {
            // Rows beyond a pole are rows of the opposite meridian: take them all around.
            match (self.pole_folds[0], self.pole_folds[1]) {
                (Some(_), Some(_)) => {
                    columns = [0, self.columns - 1];
                    let deep = 2.max(-rows[0]).max(rows[1] - self.rows + 1);
                    if rows[0] < 0 {
                        rows[1] = rows[1].max(deep);
                    }
                    if rows[1] >= self.rows {
                        rows[0] = rows[0].min(self.rows - 1 - deep);
                    }
                }
                _ => {
                    bounds = bounds.hull(Interval::point(f64::from(OUTSIDE_M)));
                    if self.period > 0 {
                        columns = [0, self.columns - 1];
                        rows = [rows[0].min(0), rows[1].max(self.rows - 1)];
                    }
                }
            }
        }
        rows = [rows[0].clamp(0, self.rows - 1), rows[1].clamp(0, self.rows - 1)];
        let parts = if self.period == 0 {
            if columns[0] < 0 || columns[1] >= self.columns {
                bounds = bounds.hull(Interval::point(f64::from(OUTSIDE_M)));
            }
            if self.crosses_far_side(columns) {
                [Some([0, self.columns - 1]), None]
            } else {
                let inside = [columns[0].max(0), columns[1].min(self.columns - 1)];
                [(inside[0] <= inside[1]).then_some(inside), None]
            }
        } else if columns[1] - columns[0] + 1 >= self.period {
            [Some([0, self.period - 1]), None]
        } else {
            let west = columns[0].rem_euclid(self.period);
            let east = columns[1].rem_euclid(self.period);
            if west <= east {
                [Some([west, east]), None]
            } else {
                [Some([west, self.period - 1]), Some([0, east])]
            }
        };
        for part in parts.into_iter().flatten() {
            let rows = rows.map(|row| row as usize);
            bounds = bounds.hull(self.nodes.bounds(rows, part.map(|column| column as usize)));
        }
        bounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::mix;

    fn random(k: u64) -> f64 {
        mix(k.wrapping_mul(0x9e37_79b9_7f4a_7c15)) as f64 / u64::MAX as f64
    }

    /// Steps between nodes are as rough as they can be.
    fn rough(columns: u32, rows: u32, north_west_deg: [f64; 2], step_deg: f64) -> ElevationGrid {
        let count = u64::from(columns * rows);
        let nodes = (0..count).map(|k| if random(k) < 0.5 { -1000.0 } else { 1000.0 }).collect();
        ElevationGrid::from_samples(nodes, columns, north_west_deg, [step_deg; 2]).expect("a grid")
    }

    /// High on one meridian: what crosses a pole must look at the other side.
    fn lune() -> ElevationGrid {
        let nodes = (0..360 * 181).map(|k| if k % 360 == 7 { 1000.0 } else { 0.0 }).collect();
        ElevationGrid::from_samples(nodes, 360, [90.0, -180.0], [1.0; 2]).expect("a grid")
    }

    #[test]
    fn no_place_of_a_cap_leaves_its_bounds() {
        let grids = [
            rough(120, 61, [90.0, -180.0], 3.0),
            rough(120, 60, [88.5, 0.0], 3.0),
            rough(40, 30, [50.0, 170.0], 1.0),
            rough(350, 100, [50.0, -170.0], 1.0),
            lune(),
        ];
        for (number, grid) in grids.iter().enumerate() {
            for case in 0..3000u64 {
                let seed = case * 1000 + number as u64;
                let signed = random(seed) * 2.0 - 1.0;
                // Poles are where it is hard.
                let lat_deg = signed.signum() * (1.0 - (1.0 - signed.abs()).powi(2)) * 90.0;
                let lon_deg = random(seed + 1) * 360.0 - 180.0;
                let radius_deg = random(seed + 2).powi(4) * 50.0;
                let bounds = GridSampler::new(grid).bounds(lat_deg, lon_deg, radius_deg);
                for k in 0..24 {
                    let around = random(seed + 10 + k) * std::f64::consts::TAU;
                    let [lat, lon] = travel(lat_deg, lon_deg, around, radius_deg * 0.999_999);
                    let found = grid.height_and_relief(lat, lon);
                    for (value, bound) in
                        [(found.height_m, bounds.height_m), (found.relief_m, bounds.relief_m)]
                    {
                        let bound = bound.grown(1e-6);
                        assert!(
                            (bound.lo..=bound.hi).contains(&value),
                            "{value} in {bound:?} at {lat}, {lon}, {radius_deg} degrees from \
                             {lat_deg}, {lon_deg} of grid {number}"
                        );
                    }
                }
            }
        }
    }

    /// Where a great circle from a place leads.
    fn travel(lat_deg: f64, lon_deg: f64, bearing: f64, distance_deg: f64) -> [f64; 2] {
        let (lat, distance) = (lat_deg.to_radians(), distance_deg.to_radians());
        let sine = lat.sin() * distance.cos() + lat.cos() * distance.sin() * bearing.cos();
        let east = (bearing.sin() * distance.sin() * lat.cos())
            .atan2(distance.cos() - lat.sin() * sine)
            .to_degrees();
        let lon = lon_deg + east;
        [sine.clamp(-1.0, 1.0).asin().to_degrees(), (lon + 540.0).rem_euclid(360.0) - 180.0]
    }

    impl ElevationGrid {
        fn height_and_relief(&self, lat_deg: f64, lon_deg: f64) -> GridSample {
            GridSampler::new(self).sample(lat_deg, lon_deg)
        }
    }
}
