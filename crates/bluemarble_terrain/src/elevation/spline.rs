//! [`GridSampler`]: the smooth surface through a grid's nodes, at points and bounded over caps of the globe.

use super::{
    grid::ElevationGrid,
    window::{cap_half_width_deg, range},
};
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

impl ElevationGrid {
    /// The smooth surface at a place, in metres.
    pub fn height_m(&self, lat_deg: f64, lon_deg: f64) -> f64 {
        GridSampler::new(self).sample(lat_deg, lon_deg).height_m
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
