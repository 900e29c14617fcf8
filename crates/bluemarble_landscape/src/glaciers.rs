//! [`Glaciers`]: snow becomes ice, which flows down, grinds its bed and leaves what it has ground where it melts.

use crate::{
    grid::{Grid, PlaneGrid},
    spreading::Spreading,
};

/// How glaciers grow, flow and grind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glaciers {
    /// How ice flows; its time is in years.
    pub ice: Spreading,
    /// So much more snow falls than melts for each metre above the snow line, in metres of ice a year; below it the other way round.
    pub balance_per_year: f64,
    /// No more snow stays than this, in metres of ice a year.
    pub max_snow_m_per_year: f64,
    /// How fast ice slides over its bed, as a multiple of the cube of its pull on it: m/(Pa³ year).
    pub sliding: f64,
    /// How much rock it grinds off, in metres for each metre that it slides (Humphrey and Raymond 1994).
    pub abrasion: f64,
}

const ICE_DENSITY: f64 = 910.0;
const GRAVITY: f64 = 9.81;
/// What sliding ice grinds off in a year at most, in metres.
const MAX_ABRASION_M: f64 = 0.05;

impl Default for Glaciers {
    /// Temperate ice of mountains: a pull of 1 bar slides 20 m a year, which grinds off 2 mm.
    fn default() -> Self {
        Self {
            ice: Spreading::ice(1e-16, ICE_DENSITY),
            balance_per_year: 0.007,
            max_snow_m_per_year: 1.5,
            sliding: 2e-14,
            abrasion: 1e-4,
        }
    }
}

/// The ice of a height field, and the rock in it, as thick as it would lie; both in metres.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ice {
    /// How thick the ice is.
    pub thickness_m: Vec<f64>,
    /// Rock that it carries.
    pub load_m: Vec<f64>,
}

/// What a step has done, in m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GlacierStep {
    /// Ice from snow.
    pub snow_m3: f64,
    /// Ice that has melted.
    pub melt_m3: f64,
    /// Ice that has left through outlets.
    pub exported_ice_m3: f64,
    /// Rock ground off the bed.
    pub abraded_m3: f64,
    /// Rock laid down where ice has melted: moraines.
    pub laid_m3: f64,
    /// Rock that has left through outlets.
    pub exported_rock_m3: f64,
}

impl Ice {
    /// No ice.
    pub fn none(grid: &impl Grid) -> Self {
        Self { thickness_m: vec![0.0; grid.len()], load_m: vec![0.0; grid.len()] }
    }
}

impl Glaciers {
    /// Lets snow fall, ice flow, grind and melt for some years: some ten a step, since snow and melt are those of its
    /// beginning. `snow_line_m` is the height of each node's snow line. `sediment_m`, how thick loose ground lies, follows: what is
    /// ground off is taken from it first. Rock is neither made nor lost, and ice is what has snowed less what has melted or left.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn step(
        &self,
        grid: &PlaneGrid,
        snow_line_m: &[f64],
        is_outlet: &[bool],
        years: f64,
        ice: &mut Ice,
        ground_m: &mut [f64],
        sediment_m: &mut [f64],
    ) -> GlacierStep {
        let lengths = [snow_line_m.len(), ice.thickness_m.len(), ice.load_m.len()];
        assert_eq!(lengths, [grid.len(); 3], "a number for each node");
        assert_eq!([ground_m.len(), sediment_m.len()], [grid.len(); 2], "a number for each node");
        let mut step = GlacierStep::default();
        self.snow_and_melt(grid, snow_line_m, years, ice, ground_m, sediment_m, &mut step);
        let Ice { thickness_m, load_m } = ice;
        let spread = self.ice.carry(grid, ground_m, is_outlet, years, thickness_m, load_m);
        step.exported_ice_m3 = spread.exported_m3;
        step.exported_rock_m3 = spread.exported_load_m3;
        self.grind(grid, years, ice, ground_m, sediment_m, &mut step);
        step
    }

    fn snow_and_melt(
        &self,
        grid: &PlaneGrid,
        snow_line_m: &[f64],
        years: f64,
        ice: &mut Ice,
        ground_m: &mut [f64],
        sediment_m: &mut [f64],
        step: &mut GlacierStep,
    ) {
        for node in 0..grid.len() {
            let (thickness, area_m2) = (ice.thickness_m[node], grid.area_m2(node));
            let above_m = ground_m[node] + thickness - snow_line_m[node];
            let balance_m = (self.balance_per_year * above_m).min(self.max_snow_m_per_year) * years;
            let change_m = balance_m.max(-thickness);
            ice.thickness_m[node] += change_m;
            if change_m >= 0.0 {
                step.snow_m3 += change_m * area_m2;
                continue;
            }
            step.melt_m3 -= change_m * area_m2;
            // As much of its load as of the ice.
            let laid_m = ice.load_m[node] * (-change_m / thickness).min(1.0);
            ice.load_m[node] -= laid_m;
            ground_m[node] += laid_m;
            sediment_m[node] += laid_m;
            step.laid_m3 += laid_m * area_m2;
        }
    }

    fn grind(
        &self,
        grid: &PlaneGrid,
        years: f64,
        ice: &mut Ice,
        ground_m: &mut [f64],
        sediment_m: &mut [f64],
        step: &mut GlacierStep,
    ) {
        let surface = |node: usize| ground_m[node] + ice.thickness_m[node];
        let ground_off: Vec<f64> = (0..grid.len())
            .map(|node| {
                let thickness = ice.thickness_m[node];
                if thickness <= 0.0 {
                    return 0.0;
                }
                // The steepest way down: ice slides that way.
                let mut slope: f64 = 0.0;
                grid.for_each_neighbour(node, |beside, distance| {
                    slope = slope.max((surface(node) - surface(beside)) / distance);
                });
                let pull = ICE_DENSITY * GRAVITY * thickness * slope;
                (self.abrasion * self.sliding * pull.powi(3)).min(MAX_ABRASION_M) * years
            })
            .collect();
        for (node, abraded_m) in ground_off.into_iter().enumerate() {
            ground_m[node] -= abraded_m;
            sediment_m[node] = (sediment_m[node] - abraded_m).max(0.0);
            ice.load_m[node] += abraded_m;
            step.abraded_m3 += abraded_m * grid.area_m2(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::volume_m3;

    /// A valley that falls to higher columns, 20 km long, with walls on both sides.
    fn valley(grid: &PlaneGrid) -> Vec<f64> {
        let height = |node: usize| {
            let (column, row) = ((node % grid.columns()) as f64, (node / grid.columns()) as f64);
            let across = (row - (grid.rows() - 1) as f64 / 2.0) * 200.0;
            3000.0 - 0.1 * column * 200.0 + (across * across / 4000.0).min(800.0)
        };
        (0..grid.len()).map(height).collect()
    }

    #[test]
    fn a_glacier_grows_to_where_it_melts_grinds_its_valley_and_leaves_a_moraine() {
        let grid = PlaneGrid::new(100, 15, 200.0);
        let mut ground = valley(&grid);
        let (begun, mut sediment) = (ground.clone(), vec![0.0; grid.len()]);
        let is_outlet: Vec<bool> = (0..grid.len()).map(|at| at % 100 == 99).collect();
        let snow_line = vec![2650.0; grid.len()];
        let (glaciers, mut ice) = (Glaciers::default(), Ice::none(&grid));
        let mut sum = GlacierStep::default();
        let mut last = GlacierStep::default();
        for _ in 0..150 {
            last = glaciers.step(
                &grid,
                &snow_line,
                &is_outlet,
                10.0,
                &mut ice,
                &mut ground,
                &mut sediment,
            );
            sum.snow_m3 += last.snow_m3;
            sum.melt_m3 += last.melt_m3;
            sum.exported_ice_m3 += last.exported_ice_m3;
            sum.abraded_m3 += last.abraded_m3;
            sum.laid_m3 += last.laid_m3;
            sum.exported_rock_m3 += last.exported_rock_m3;
        }
        let ice_m3 = volume_m3(&grid, &ice.thickness_m);
        let ice_off = (sum.snow_m3 - sum.melt_m3 - sum.exported_ice_m3) / ice_m3 - 1.0;
        let rock_m3 =
            volume_m3(&grid, &ground) + volume_m3(&grid, &ice.load_m) + sum.exported_rock_m3;
        let rock_off = rock_m3 / volume_m3(&grid, &begun) - 1.0;
        let balance = last.snow_m3 / last.melt_m3 - 1.0;
        let middle = |field: &[f64]| field[7 * 100..8 * 100].to_vec();
        let front = middle(&ice.thickness_m).iter().rposition(|ice| *ice > 1.0).expect("ice");
        println!(
            "ice off {ice_off:.1e}, rock off {rock_off:.1e}; at the end snow is {balance:.3} more than melt; the front at {} m",
            begun[7 * 100 + front]
        );
        assert!(ice_off.abs() < 1e-9 && rock_off.abs() < 1e-9 && balance.abs() < 0.05);
        assert!((1500.0..2600.0).contains(&begun[7 * 100 + front]), "it ends below the snow line");
        // Ground off above, laid down near the front.
        let change: Vec<f64> =
            middle(&ground).iter().zip(middle(&begun)).map(|(now, then)| now - then).collect();
        let deepest =
            (0..100).min_by(|&one, &other| change[one].total_cmp(&change[other])).expect("nodes");
        let highest =
            (0..100).max_by(|&one, &other| change[one].total_cmp(&change[other])).expect("nodes");
        println!(
            "deepest {:.1} m at {deepest}, moraine {:.1} m at {highest}, front at {front}",
            change[deepest], change[highest]
        );
        assert!(change[deepest] < -1.0 && change[highest] > 1.0 && highest > deepest);
        assert!(highest.abs_diff(front) <= 5, "the moraine lies where the ice ends");
    }

    #[test]
    fn without_snow_ice_goes_and_leaves_all_of_its_rock() {
        let grid = PlaneGrid::new(10, 10, 100.0);
        let (mut ground, mut sediment) = (vec![0.0; 100], vec![0.0; 100]);
        let mut ice = Ice { thickness_m: vec![20.0; 100], load_m: vec![0.5; 100] };
        let mut laid_m3 = 0.0;
        for _ in 0..50 {
            let step = Glaciers::default().step(
                &grid,
                &[1000.0; 100],
                &[false; 100],
                1.0,
                &mut ice,
                &mut ground,
                &mut sediment,
            );
            laid_m3 += step.laid_m3 - step.abraded_m3;
        }
        assert_eq!(ice, Ice::none(&grid));
        assert!(
            (laid_m3 / 500_000.0 - 1.0).abs() < 1e-12
                && sediment.iter().all(|sediment| *sediment > 0.4)
        );
    }
}
