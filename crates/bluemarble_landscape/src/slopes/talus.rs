//! [`Talus`]: nothing lies steeper than its angle of repose.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use crate::grid::Grid;

/// Loose ground slides until no slope is steeper than the angle of repose.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Talus {
    /// The steepest slope that stays, metres of fall a metre.
    pub repose: f64,
}

impl Default for Talus {
    /// 34 degrees: dry gravel and sand.
    fn default() -> Self {
        Self { repose: 0.6745 }
    }
}

/// Slides end a little below the limit, as a part of it: so they end at all, and rounding takes no slope above it.
const SLACK: f64 = 1e-6;

impl Talus {
    /// Lets ground slide to neighbours that lie too far below it, until none does: of each pair as much as brings it to
    /// the angle of repose. Gives what has moved, in m³, each move counted. What there is stays the same, but for rounding.
    ///
    /// `loose_m` is how thick what may slide lies on each node: slopes of rock stay. `None` if all of it may.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn slide(
        &self,
        grid: &impl Grid,
        ground_m: &mut [f64],
        mut loose_m: Option<&mut [f64]>,
    ) -> f64 {
        assert_eq!(ground_m.len(), grid.len(), "a number for each node");
        let mut waiting: VecDeque<usize> = (0..grid.len()).collect();
        let mut is_waiting = vec![true; grid.len()];
        let mut moved_m3 = 0.0;
        let mut beside = Vec::with_capacity(8);
        while let Some(node) = waiting.pop_front() {
            is_waiting[node] = false;
            beside.clear();
            grid.for_each_neighbour(node, |next, distance| beside.push((next, distance)));
            let area_m2 = grid.area_m2(node);
            loop {
                let excess = |&(next, distance): &(usize, f64)| {
                    ground_m[node] - ground_m[next] - self.repose * distance
                };
                let worst =
                    beside.iter().max_by(|one, other| excess(one).total_cmp(&excess(other)));
                let Some(&(next, distance)) = worst else { break };
                let excess_m = excess(&(next, distance));
                let there = loose_m.as_ref().map_or(f64::INFINITY, |loose| loose[node]);
                if excess_m <= 0.0 || there <= 0.0 {
                    break;
                }
                // Both change: by so much of this node the slope is as it may be, and a little less.
                let share = grid.area_m2(next) / (area_m2 + grid.area_m2(next));
                let wanted_m = (excess_m + SLACK * self.repose * distance) * share;
                let lost_m = wanted_m.min(there);
                let gained_m = lost_m * area_m2 / grid.area_m2(next);
                ground_m[node] -= lost_m;
                ground_m[next] += gained_m;
                if let Some(loose) = &mut loose_m {
                    loose[node] -= lost_m;
                    loose[next] += gained_m;
                }
                moved_m3 += lost_m * area_m2;
                if !std::mem::replace(&mut is_waiting[next], true) {
                    waiting.push_back(next);
                }
            }
            // What lies above it may slide now.
            if !is_waiting[node] {
                for &(above, distance) in &beside {
                    let is_steep = ground_m[above] - ground_m[node] > self.repose * distance;
                    if is_steep && !std::mem::replace(&mut is_waiting[above], true) {
                        waiting.push_back(above);
                    }
                }
            }
        }
        moved_m3
    }

    /// The steepest slope that there is, in metres of fall a metre.
    pub fn steepest(grid: &impl Grid, ground_m: &[f64]) -> f64 {
        let mut steepest: f64 = 0.0;
        for node in 0..grid.len() {
            grid.for_each_neighbour(node, |beside, distance| {
                steepest = steepest.max((ground_m[node] - ground_m[beside]) / distance);
            });
        }
        steepest
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::CubeSphere;
    use proptest::prelude::*;

    use super::*;
    use crate::grid::{GlobeGrid, PlaneGrid, volume_m3};

    fn check(grid: &impl Grid, mut ground_m: Vec<f64>) -> Result<(), TestCaseError> {
        let talus = Talus::default();
        let begun_m3 = volume_m3(grid, &ground_m);
        talus.slide(grid, &mut ground_m, None);
        let steepest = Talus::steepest(grid, &ground_m);
        prop_assert!(steepest <= talus.repose, "{steepest}");
        let off = volume_m3(grid, &ground_m) / begun_m3 - 1.0;
        prop_assert!(off.abs() < 1e-12, "mass off {off:.1e}");
        let once = ground_m.clone();
        prop_assert_eq!(talus.slide(grid, &mut ground_m, None), 0.0, "nothing slides twice");
        prop_assert_eq!(ground_m, once);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn nothing_is_left_steeper_than_its_repose_nothing_is_lost_and_nothing_slides_twice(
            (columns, ground) in (1usize..12).prop_flat_map(|columns| {
                (Just(columns), prop::collection::vec(1.0..200.0f64, columns * 9))
            }),
        ) {
            check(&PlaneGrid::new(columns, 9, 4.0), ground)?;
        }

        #[test]
        fn so_it_is_on_a_globe(ground in prop::collection::vec(1.0..900.0f64, 6 * 16)) {
            check(&GlobeGrid::new(CubeSphere { radius_m: 500.0 }, 4), ground)?;
        }

        #[test]
        fn rock_stays_where_it_is(
            rock in prop::collection::vec(0.0..300.0f64, 81),
            loose in prop::collection::vec(0.0..30.0f64, 81),
        ) {
            let grid = PlaneGrid::new(9, 9, 5.0);
            let talus = Talus::default();
            let mut ground: Vec<f64> = rock.iter().zip(&loose).map(|(rock, loose)| rock + loose).collect();
            let mut left = loose.clone();
            talus.slide(&grid, &mut ground, Some(&mut left));
            for node in 0..81 {
                prop_assert!((ground[node] - left[node] - rock[node]).abs() < 1e-9);
                prop_assert!(left[node] >= 0.0);
                grid.for_each_neighbour(node, |beside, distance| {
                    let is_steep = ground[node] - ground[beside] > talus.repose * distance * (1.0 + 1e-9);
                    assert!(!is_steep || left[node] < 1e-9, "only rock is steeper");
                });
            }
        }
    }

    #[test]
    fn a_tower_becomes_a_cone_of_its_angle() {
        let grid = PlaneGrid::new(61, 61, 1.0);
        let mut ground_m = vec![0.0; grid.len()];
        let middle = grid.node(30, 30);
        ground_m[middle] = 3000.0;
        let talus = Talus::default();
        talus.slide(&grid, &mut ground_m, None);
        // Along the axis it falls as steeply as it may, down to the foot.
        let profile: Vec<f64> = (30..61).map(|column| ground_m[grid.node(column, 30)]).collect();
        let foot = profile.iter().position(|height| *height == 0.0).expect("a foot");
        println!("the cone is {:.2} m high and {foot} m wide", profile[0]);
        assert!(foot > 10 && foot < 30);
        let mean = (profile[0] - profile[foot - 2]) / (foot - 2) as f64;
        assert!(mean > 0.8 * talus.repose && mean <= talus.repose, "{mean}");
    }
}
