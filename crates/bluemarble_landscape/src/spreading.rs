//! [`Spreading`]: thin layers that flow under their own weight, such as ice and lava.

use crate::grid::{Edges, Grid, PlaneGrid};

/// A layer that flows down the slope of its surface: over each metre of width
/// `factor * thickness^thickness_exponent * slope^slope_exponent` m³ in a unit of time, which is the factor's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spreading {
    /// How readily it flows.
    pub factor: f64,
    /// 3 for what flows as honey does, 5 for ice.
    pub thickness_exponent: f64,
    /// 1 for what flows as honey does, 3 for ice.
    pub slope_exponent: f64,
}

/// What a step has done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Short steps that it took.
    pub steps: u32,
    /// What has left through outlets, in m³.
    pub exported_m3: f64,
    /// What has left with it, in m³.
    pub exported_load_m3: f64,
}

const GRAVITY: f64 = 9.81;
/// Of the longest time step with which differences die out (0.25 along two axes).
const SAFETY: f64 = 0.45;

impl Spreading {
    /// Ice that creeps by Glen's law with the exponent 3, frozen to its bed (shallow ice: Hutter 1983), of this `softness` in
    /// 1/(Pa³ unit of time), and `density` in kg/m³. Cold ice near its melting point has 1e-16 /(Pa³ year).
    pub fn ice(softness: f64, density: f64) -> Self {
        let factor = 2.0 * softness * (density * GRAVITY).powi(3) / 5.0;
        Self { factor, thickness_exponent: 5.0, slope_exponent: 3.0 }
    }

    /// What flows as honey does, such as lava, of this `viscosity` in Pa seconds and `density` in kg/m³ (Huppert 1982, doi
    /// 10.1017/S0022112082001797). Time is in seconds.
    pub fn viscous(viscosity: f64, density: f64) -> Self {
        let factor = density * GRAVITY / (3.0 * viscosity);
        Self { factor, thickness_exponent: 3.0, slope_exponent: 1.0 }
    }

    /// Lets a layer of `thickness_m` on `bed_m` flow for some time, in as many short steps as it needs; outlets take what
    /// comes to them. What there is stays the same but for what leaves, and is nowhere less than nothing. Differences of the
    /// surface are those of Mahaffy (1976); a node gives no more than it has.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn flow(
        &self,
        grid: &PlaneGrid,
        bed_m: &[f64],
        is_outlet: &[bool],
        time: f64,
        thickness_m: &mut [f64],
    ) -> Spread {
        self.carry(grid, bed_m, is_outlet, time, thickness_m, &mut [])
    }

    /// The same of a layer that carries something along: `load_m`, as thick as it would lie. It is empty if nothing is carried.
    ///
    /// # Panics
    /// As [`Spreading::flow`].
    pub fn carry(
        &self,
        grid: &PlaneGrid,
        bed_m: &[f64],
        is_outlet: &[bool],
        time: f64,
        thickness_m: &mut [f64],
        load_m: &mut [f64],
    ) -> Spread {
        assert_eq!([bed_m.len(), is_outlet.len(), thickness_m.len()], [grid.len(); 3]);
        assert!(load_m.is_empty() || load_m.len() == grid.len(), "a number for each node");
        let mut work = Work::new(grid);
        let (mut left, mut spread) = (time, Spread::default());
        while left > 0.0 {
            let fastest = work.measure(self, grid, bed_m, thickness_m);
            // Nothing moves.
            if fastest <= 0.0 {
                break;
            }
            let longest = SAFETY * grid.spacing_m() * grid.spacing_m() / (2.0 * fastest);
            let step = left.min(longest);
            work.move_on(grid, step, thickness_m, load_m);
            for node in (0..grid.len()).filter(|&node| is_outlet[node]) {
                let area_m2 = grid.area_m2(node);
                spread.exported_m3 += std::mem::take(&mut thickness_m[node]) * area_m2;
                if let Some(load) = load_m.get_mut(node) {
                    spread.exported_load_m3 += std::mem::take(load) * area_m2;
                }
            }
            (left, spread.steps) = (left - step, spread.steps + 1);
        }
        spread
    }
}

/// What is measured in a step: all arrays have a number for each node.
struct Work {
    surface_m: Vec<f64>,
    /// Over the face to the next column, and over that to the next row, in m³ a unit of time for each metre of width.
    across_columns: Vec<f64>,
    across_rows: Vec<f64>,
    /// The share that a node can give of what it should.
    share: Vec<f64>,
    /// What each metre of a node's layer carries.
    load: Vec<f64>,
}

impl Work {
    fn new(grid: &PlaneGrid) -> Self {
        let zeros = || vec![0.0; grid.len()];
        Self {
            surface_m: zeros(),
            across_columns: zeros(),
            across_rows: zeros(),
            share: zeros(),
            load: zeros(),
        }
    }

    /// Finds how much flows over each face; gives the greatest diffusivity.
    fn measure(
        &mut self,
        law: &Spreading,
        grid: &PlaneGrid,
        bed_m: &[f64],
        thickness_m: &[f64],
    ) -> f64 {
        for ((surface, bed), thickness) in self.surface_m.iter_mut().zip(bed_m).zip(thickness_m) {
            *surface = bed + thickness;
        }
        let mut fastest: f64 = 0.0;
        for row in 0..grid.rows() {
            let beside = Beside::new(row, grid.rows(), grid.edges().1);
            for column in 0..grid.columns() {
                let node = grid.node(column, row);
                let along = Beside::new(column, grid.columns(), grid.edges().0);
                let at = |column: usize, row: usize| self.surface_m[grid.node(column, row)];
                let mut face = |next: Option<usize>, step: f64, side: f64| {
                    let Some(next) = next else { return 0.0 };
                    let thickness = 0.5 * (thickness_m[node] + thickness_m[next]);
                    if thickness <= 0.0 {
                        return 0.0;
                    }
                    let (slope, side) = (step / grid.spacing_m(), side / (4.0 * grid.spacing_m()));
                    let steepness = (slope * slope + side * side).sqrt();
                    let diffusivity = law.factor
                        * power(thickness, law.thickness_exponent)
                        * power(steepness, law.slope_exponent - 1.0);
                    fastest = fastest.max(diffusivity);
                    diffusivity * slope
                };
                let (here, Beside { before, next }) = (at(column, row), along);
                let next_column = next.map(|next| grid.node(next, row));
                let step = next.map_or(0.0, |next| here - at(next, row));
                let over = next.unwrap_or(column);
                let (above, below) = (beside.before.unwrap_or(row), beside.next.unwrap_or(row));
                let side =
                    at(column, above) + at(over, above) - at(column, below) - at(over, below);
                self.across_columns[node] = face(next_column, step, side);
                let next_row = beside.next.map(|next| grid.node(column, next));
                let step = beside.next.map_or(0.0, |next| here - at(column, next));
                let (left, right) = (before.unwrap_or(column), next.unwrap_or(column));
                let side = at(left, row) + at(left, below) - at(right, row) - at(right, below);
                self.across_rows[node] = face(next_row, step, side);
            }
        }
        fastest
    }

    /// Moves what flows in some time, or less where there is not as much.
    fn move_on(
        &mut self,
        grid: &PlaneGrid,
        time: f64,
        thickness_m: &mut [f64],
        load_m: &mut [f64],
    ) {
        let metres = time / grid.spacing_m();
        let [columns, rows] = [grid.columns(), grid.rows()];
        let next_column = |node: usize| node - node % columns + (node % columns + 1) % columns;
        let next_row = |node: usize| (node + columns) % (columns * rows);
        // What each node should give.
        self.share.fill(0.0);
        for node in 0..grid.len() {
            let flows = [
                (self.across_columns[node], next_column(node)),
                (self.across_rows[node], next_row(node)),
            ];
            for (flow, next) in flows {
                self.share[if flow > 0.0 { node } else { next }] += flow.abs() * metres;
            }
        }
        for ((each, load), thickness) in self.load.iter_mut().zip(&*load_m).zip(&*thickness_m) {
            *each = if *thickness > 0.0 { load / thickness } else { 0.0 };
        }
        for (share, thickness) in self.share.iter_mut().zip(&*thickness_m) {
            *share = if *share > *thickness { *thickness / *share } else { 1.0 };
        }
        for node in 0..grid.len() {
            let flows = [
                (self.across_columns[node], next_column(node)),
                (self.across_rows[node], next_row(node)),
            ];
            for (flow, next) in flows {
                let from = if flow > 0.0 { node } else { next };
                let moved_m = flow * metres * self.share[from];
                thickness_m[node] -= moved_m;
                thickness_m[next] += moved_m;
                if !load_m.is_empty() {
                    load_m[node] -= moved_m * self.load[from];
                    load_m[next] += moved_m * self.load[from];
                }
            }
        }
        // Of what is all given away rounding may leave a little less than nothing.
        for amounts in [thickness_m, load_m] {
            amounts.iter_mut().for_each(|amount| *amount = amount.max(0.0));
        }
    }
}

/// What lies before and behind a place along an axis.
#[derive(Clone, Copy)]
struct Beside {
    before: Option<usize>,
    next: Option<usize>,
}

impl Beside {
    fn new(at: usize, count: usize, edges: Edges) -> Self {
        let around = |at: usize| (edges == Edges::Periodic && count > 2).then_some(at);
        Self {
            before: at.checked_sub(1).or_else(|| around(count - 1)),
            next: if at + 1 < count { Some(at + 1) } else { around(0) },
        }
    }
}

/// A power; those of small whole exponents are faster.
fn power(base: f64, exponent: f64) -> f64 {
    match exponent {
        0.0 => 1.0,
        2.0 => base * base,
        3.0 => base * base * base,
        5.0 => base * base * base * base * base,
        _ => base.powf(exponent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{grid::volume_m3, noise};

    /// Distances from the middle of a square grid.
    fn radii(grid: &PlaneGrid) -> Vec<f64> {
        let middle = (grid.columns() - 1) as f64 / 2.0;
        let offset = |at: usize| (at as f64 - middle) * grid.spacing_m();
        let radius = |node| offset(node % grid.columns()).hypot(offset(node / grid.columns()));
        (0..grid.len()).map(radius).collect()
    }

    #[test]
    fn a_dome_of_ice_flattens_as_halfar_says() {
        let grid = PlaneGrid::new(81, 81, 20_000.0);
        let ice = Spreading::ice(1e-16, 910.0);
        let (height_m, radius_m) = (3600.0, 600_000.0);
        let radii = radii(&grid);
        // Halfar 1983, as in Bueler and others 2005, doi 10.3189/172756505781829449.
        let begun = (1.0 / (18.0 * ice.factor)) * (7.0_f64 / 4.0).powi(3) * f64::powi(radius_m, 4)
            / f64::powi(height_m, 7);
        let exact = |time: f64| -> Vec<f64> {
            let (low, wide) = ((begun / time).powf(1.0 / 9.0), (begun / time).powf(1.0 / 18.0));
            let at = |radius: &f64| {
                let inner = 1.0 - (wide * radius / radius_m).powf(4.0 / 3.0);
                height_m * low * inner.max(0.0).powf(3.0 / 7.0)
            };
            radii.iter().map(at).collect()
        };
        let (bed, none) = (vec![0.0; grid.len()], vec![false; grid.len()]);
        let mut thickness_m = exact(begun);
        let begun_m3 = volume_m3(&grid, &thickness_m);
        let years = 20_000.0;
        let spread = ice.flow(&grid, &bed, &none, years, &mut thickness_m);
        let exact = exact(begun + years);
        let middle = grid.node(40, 40);
        let off = thickness_m[middle] / exact[middle] - 1.0;
        let mean = (thickness_m.iter().zip(&exact))
            .map(|(found, exact)| (found - exact).abs())
            .sum::<f64>()
            / exact.iter().sum::<f64>();
        let mass = volume_m3(&grid, &thickness_m) / begun_m3 - 1.0;
        println!(
            "dome: top off {off:.1e}, mean {mean:.1e}, mass {mass:.1e}, {} steps",
            spread.steps
        );
        assert!(off.abs() < 3e-3 && mean < 1e-2 && mass.abs() < 1e-12);
    }

    #[test]
    fn lava_of_a_given_volume_spreads_as_huppert_says() {
        let grid = PlaneGrid::new(161, 161, 5.0);
        let lava = Spreading::viscous(1e4, 2600.0);
        let mut thickness_m = vec![0.0; grid.len()];
        let middle = grid.node(80, 80);
        let volume = 50_000.0;
        for (thickness, radius) in thickness_m.iter_mut().zip(radii(&grid)) {
            *thickness = if radius < 30.0 { 1.0 } else { 0.0 };
        }
        let scale = volume / volume_m3(&grid, &thickness_m);
        thickness_m.iter_mut().for_each(|thickness| *thickness *= scale);
        let (bed, none) = (vec![0.0; grid.len()], vec![false; grid.len()]);
        let (mut seconds, mut found) = (0.0, Vec::new());
        for until in [20_000.0, 40_000.0, 80_000.0, 160_000.0, 320_000.0] {
            lava.flow(&grid, &bed, &none, until - seconds, &mut thickness_m);
            seconds = until;
            // The front, from the height of the middle: the shape stays the same, and so does the volume.
            let radius = (volume / (0.75 * std::f64::consts::PI * thickness_m[middle])).sqrt();
            let exact =
                0.894 * (9.81 * f64::powi(volume, 3) * 2600.0 / (3.0 * 1e4) * until).powf(0.125);
            found.push((until, radius, radius / exact - 1.0));
        }
        let [first, .., last] = found[..] else { panic!() };
        let exponent = (last.1 / first.1).ln() / (last.0 / first.0).ln();
        println!("lava: exponent {exponent:.5} for 0.125, the front off {:.1e}", last.2);
        assert!((exponent - 0.125).abs() < 2e-3 && last.2.abs() < 1e-2);
        assert!((volume_m3(&grid, &thickness_m) / volume - 1.0).abs() < 1e-12);
    }

    #[test]
    fn over_steps_of_rock_and_round_the_edges_nothing_is_lost_nor_less_than_nothing() {
        for edges in [Edges::Closed, Edges::Periodic] {
            let grid = PlaneGrid::new(24, 17, 2000.0).with_edges(edges, edges);
            // Cliffs of 500 m: Jarosch, Schoof and Anslow 2013, doi 10.5194/tc-7-229-2013, tell of schemes that make ice there.
            let bed: Vec<f64> =
                (0..grid.len()).map(|at| 500.0 * (3.0 * noise(at as u64)).floor()).collect();
            let mut thickness: Vec<f64> = (0..grid.len())
                .map(|at| (200.0 * noise(at as u64 + 999) - 100.0).max(0.0))
                .collect();
            let is_outlet: Vec<bool> = (0..grid.len()).map(|at| at % 101 == 7).collect();
            let begun_m3 = volume_m3(&grid, &thickness);
            let spread =
                Spreading::ice(1e-16, 910.0).flow(&grid, &bed, &is_outlet, 2000.0, &mut thickness);
            let off = (volume_m3(&grid, &thickness) + spread.exported_m3) / begun_m3 - 1.0;
            println!("{edges:?}: mass off {off:.1e} after {} steps", spread.steps);
            assert!(off.abs() < 1e-11 && spread.exported_m3 > 0.0);
            assert!(thickness.iter().all(|thickness| *thickness >= 0.0 && thickness.is_finite()));
        }
    }

    #[test]
    fn a_lake_of_lava_at_rest_stays_at_rest() {
        let grid = PlaneGrid::new(12, 12, 10.0);
        let bed: Vec<f64> = (0..grid.len()).map(|at| 40.0 * noise(at as u64)).collect();
        let full: Vec<f64> = bed.iter().map(|bed| 50.0 - bed).collect();
        let mut thickness = full.clone();
        Spreading::viscous(1e3, 2600.0).flow(&grid, &bed, &[false; 144], 0.1, &mut thickness);
        let worst =
            thickness.iter().zip(&full).map(|(now, then)| (now - then).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-9, "{worst}");
    }
}
