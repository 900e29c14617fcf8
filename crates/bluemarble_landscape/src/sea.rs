//! The sea: which land lies under it, as it rises and falls.

use std::collections::VecDeque;

use crate::grid::Grid;

/// Which nodes the sea covers that stands at `level_m`: those not above it to which it can come from where it always is. Basins
/// below its level stay dry until it comes over the lowest way in.
///
/// # Panics
/// If a slice has not one number for each node.
pub fn flooded(grid: &impl Grid, ground_m: &[f64], is_source: &[bool], level_m: f64) -> Vec<bool> {
    assert_eq!([ground_m.len(), is_source.len()], [grid.len(); 2], "a number for each node");
    let below = |node: usize| ground_m[node] <= level_m;
    let mut is_flooded = vec![false; grid.len()];
    let mut next: VecDeque<usize> =
        (0..grid.len()).filter(|&node| is_source[node] && below(node)).collect();
    next.iter().for_each(|&node| is_flooded[node] = true);
    while let Some(node) = next.pop_front() {
        grid.for_each_neighbour(node, |beside, _| {
            if below(beside) && !std::mem::replace(&mut is_flooded[beside], true) {
                next.push_back(beside);
            }
        });
    }
    is_flooded
}

/// How much ground lies at which height: its curve is a planet's hypsometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypsometry {
    /// Heights in metres, from the lowest, and the area of all ground up to each.
    steps: Vec<(f64, f64)>,
}

impl Hypsometry {
    /// That of a height field.
    ///
    /// # Panics
    /// If `ground_m` has not one number for each node.
    pub fn new(grid: &impl Grid, ground_m: &[f64]) -> Self {
        assert_eq!(ground_m.len(), grid.len(), "a number for each node");
        let mut steps: Vec<(f64, f64)> = ground_m
            .iter()
            .enumerate()
            .map(|(node, &height)| (height, grid.area_m2(node)))
            .collect();
        steps.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let mut sum = 0.0;
        for (_, area) in &mut steps {
            sum += *area;
            *area = sum;
        }
        Self { steps }
    }

    /// All ground that is no higher than this, in m².
    pub fn area_below_m2(&self, level_m: f64) -> f64 {
        let count = self.steps.partition_point(|(height, _)| *height <= level_m);
        count.checked_sub(1).map_or(0.0, |last| self.steps[last].1)
    }

    /// The level up to which this much water fills the ground, if it can come everywhere, in metres; that of the lowest
    /// ground for none.
    pub fn level_of_m(&self, water_m3: f64) -> f64 {
        let mut left = water_m3;
        for pair in self.steps.windows(2) {
            let [(height, area), (next, _)] = [pair[0], pair[1]];
            let room = (next - height) * area;
            if room >= left {
                return height + left / area;
            }
            left -= room;
        }
        self.steps.last().map_or(0.0, |(height, area)| height + left / area)
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::CubeSphere;
    use proptest::prelude::*;

    use super::*;
    use crate::grid::{GlobeGrid, PlaneGrid};

    /// Grown by one node after the other until nothing changes.
    fn flooded_slowly(
        grid: &impl Grid,
        ground: &[f64],
        is_source: &[bool],
        level: f64,
    ) -> Vec<bool> {
        let mut wet: Vec<bool> =
            (0..grid.len()).map(|at| is_source[at] && ground[at] <= level).collect();
        loop {
            let before = wet.clone();
            for node in 0..grid.len() {
                grid.for_each_neighbour(node, |beside, _| {
                    wet[node] |= before[beside] && ground[node] <= level
                });
            }
            if wet == before {
                return wet;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn the_sea_comes_where_slow_growing_says_and_takes_back_nothing_as_it_rises(
            ground in prop::collection::vec((0i32..12).prop_map(f64::from), 6 * 64),
            source in 0usize..384,
        ) {
            let grid = GlobeGrid::new(CubeSphere { radius_m: 100.0 }, 8);
            let is_source: Vec<bool> = (0..grid.len()).map(|at| at == source).collect();
            let mut before = vec![false; grid.len()];
            for level in 0..12 {
                let level = f64::from(level) + 0.5;
                let now = flooded(&grid, &ground, &is_source, level);
                prop_assert_eq!(&now, &flooded_slowly(&grid, &ground, &is_source, level));
                prop_assert!(before.iter().zip(&now).all(|(before, now)| *now || !before));
                before = now;
            }
        }

        #[test]
        fn water_stands_as_high_as_its_volume_says(
            ground in prop::collection::vec(-4000.0..4000.0f64, 60),
            part in 0.0..1.0f64,
        ) {
            let grid = PlaneGrid::new(10, 6, 100.0);
            let hypsometry = Hypsometry::new(&grid, &ground);
            let volume = part * 5000.0 * 60.0 * 10_000.0;
            let level = hypsometry.level_of_m(volume);
            let found: f64 = ground.iter().map(|ground| (level - ground).max(0.0) * 10_000.0).sum();
            prop_assert!((found - volume).abs() <= 1e-9 * volume.max(1.0), "{found} for {volume}");
            // The curve of areas is the sum over all nodes, and it shifts with the ground.
            let area = ground.iter().filter(|ground| **ground <= level).count() as f64 * 10_000.0;
            prop_assert_eq!(hypsometry.area_below_m2(level), area);
            let raised: Vec<f64> = ground.iter().map(|ground| ground + 64.0).collect();
            prop_assert_eq!(Hypsometry::new(&grid, &raised).area_below_m2(level + 64.0), area);
        }
    }

    #[test]
    fn a_basin_below_the_sea_stays_dry_until_the_sea_comes_over_its_rim() {
        let grid = PlaneGrid::new(7, 1, 1.0);
        let ground = [-10.0, -2.0, 5.0, -400.0, -300.0, 8.0, 9.0];
        let is_source = [true, false, false, false, false, false, false];
        let wet =
            |level| flooded(&grid, &ground, &is_source, level).iter().filter(|wet| **wet).count();
        assert_eq!([wet(-11.0), wet(0.0), wet(4.9), wet(5.0)], [0, 2, 2, 5]);
    }
}
