//! [`Runoff`]: water that runs over ground within minutes, and what it washes along.
//!
//! | module | what it holds |
//! |---|---|
//! | `pipes` | what flows between neighbours |

mod pipes;

use serde::{Deserialize, Serialize};

use crate::grid::{Edges, Grid, PlaneGrid};
use pipes::{FILM_M, GRAVITY, Pipes};

/// Water on ground, and how fast it flows.
///
/// Between neighbours lie pipes (O'Brien and Hodgins 1995; Mei, Decaudin and Hu 2007, doi 10.1109/PG.2007.15) that are as wide as
/// a node and as high as the water, with friction (Bates, Horritt and Fewtrell 2010, doi 10.1016/j.jhydrol.2010.03.027). So waves
/// run as fast as in nature and water comes to rest level, but it has no swing of its own round bends: the front of a broken
/// dam is faster than that of the shallow water equations at first.
#[derive(Clone, Debug)]
pub struct Runoff {
    grid: PlaneGrid,
    settings: RunoffSettings,
    water_m: Vec<f64>,
    /// Washed along with the water: as thick as it would lie, in metres.
    suspended_m: Vec<f64>,
    pipes: Pipes,
}

/// How water runs and what it washes along.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunoffSettings {
    /// Friction on the ground, without a unit (Darcy and Weisbach): 0.05 for earth, 0.5 for scrub, 0 for none.
    pub friction: f64,
    /// How much water carries, as metres of ground, that runs at 1 m/s down a slope of 1.
    pub capacity_m: f64,
    /// The part of what it still could carry that it takes up in a second.
    pub pick_up: f64,
    /// The part of what it carries too much that it drops in a second.
    pub drop: f64,
}

impl Default for RunoffSettings {
    fn default() -> Self {
        Self { friction: 0.08, capacity_m: 0.02, pick_up: 0.05, drop: 0.1 }
    }
}

/// What has left through outlets, in m³.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drained {
    /// Water.
    pub water_m3: f64,
    /// Ground that it has washed along.
    pub ground_m3: f64,
}

/// Of the time in which a wave runs from node to node.
const SAFETY: f64 = 0.5;
/// The longest step on dry ground, in seconds.
const MAX_STEP_S: f64 = 1.0;

impl Runoff {
    /// No water yet.
    ///
    /// # Panics
    /// If the grid is periodic.
    pub fn new(grid: PlaneGrid, settings: RunoffSettings) -> Self {
        assert_eq!(grid.edges(), (Edges::Closed, Edges::Closed), "water needs closed edges");
        let zeros = || vec![0.0; grid.len()];
        Self { grid, settings, water_m: zeros(), suspended_m: zeros(), pipes: Pipes::new(&grid) }
    }

    /// How deep water stands at each node, in metres.
    pub fn water_m(&self) -> &[f64] {
        &self.water_m
    }

    /// The same, to be changed: rain, springs, what seeps away.
    pub fn water_mut(&mut self) -> &mut [f64] {
        &mut self.water_m
    }

    /// What the water washes along at each node, as thick as it would lie, in metres.
    pub fn suspended_m(&self) -> &[f64] {
        &self.suspended_m
    }

    /// Lets water run for some seconds, in as many short steps as it needs, and wash ground along. What comes to outlets
    /// leaves. Water, and ground with what is washed along, stay as much as they are but for that.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn run(&mut self, seconds: f64, is_outlet: &[bool], ground_m: &mut [f64]) -> Drained {
        assert_eq!([is_outlet.len(), ground_m.len()], [self.grid.len(); 2]);
        let outlets: Vec<usize> = (0..self.grid.len()).filter(|&node| is_outlet[node]).collect();
        let (mut left, mut drained) = (seconds, Drained::default());
        while left > 0.0 {
            let deepest = highest(&self.water_m);
            let step = left
                .min(SAFETY * self.grid.spacing_m() / (GRAVITY * deepest).sqrt())
                .min(MAX_STEP_S);
            self.pipes.push(&self.grid, self.settings.friction, step, ground_m, &self.water_m);
            self.pipes.limit(&self.grid, step, &self.water_m);
            if self.settings.capacity_m > 0.0 || self.suspended_m.iter().any(|part| *part > 0.0) {
                self.pipes.carry(&self.grid, step, &self.water_m, &mut self.suspended_m);
                self.pipes.run(&self.grid, step, &mut self.water_m);
                self.exchange(step, ground_m);
            } else {
                self.pipes.run(&self.grid, step, &mut self.water_m);
            }
            let area_m2 = self.grid.area_m2(0);
            for &node in &outlets {
                drained.water_m3 += std::mem::take(&mut self.water_m[node]) * area_m2;
                drained.ground_m3 += std::mem::take(&mut self.suspended_m[node]) * area_m2;
            }
            left -= step;
        }
        drained
    }

    /// Water takes up ground where it could carry more, and drops what is too much.
    fn exchange(&mut self, step: f64, ground_m: &mut [f64]) {
        let RunoffSettings { capacity_m, pick_up, drop, .. } = self.settings;
        let columns = self.grid.columns();
        for node in 0..self.grid.len() {
            let (water, suspended) = (self.water_m[node], self.suspended_m[node]);
            let mut capacity = 0.0;
            if water > FILM_M {
                // Out of it on the whole: what runs through counts once.
                let [across, down] = self.pipes.outflow(columns, node);
                let flow = across.hypot(down);
                let lowest = self.lowest_beside(node, ground_m);
                let slope = (ground_m[node] - lowest).max(0.0) / self.grid.spacing_m();
                let sine = slope / (1.0 + slope * slope).sqrt();
                capacity = capacity_m * sine * (flow / water).min(20.0);
            }
            let change = match capacity > suspended {
                // Never below the lowest neighbour: no pits are dug.
                true => {
                    let room = (ground_m[node] - self.lowest_beside(node, ground_m)).max(0.0);
                    ((capacity - suspended) * (pick_up * step).min(1.0)).min(room)
                }
                false => (capacity - suspended) * (drop * step).min(1.0),
            };
            self.suspended_m[node] += change;
            ground_m[node] -= change;
        }
    }

    fn lowest_beside(&self, node: usize, ground_m: &[f64]) -> f64 {
        let columns = self.grid.columns();
        let column = node % columns;
        let beside = [
            (column > 0).then(|| node - 1),
            (column + 1 < columns).then_some(node + 1),
            node.checked_sub(columns),
            (node + columns < ground_m.len()).then_some(node + columns),
        ];
        beside.into_iter().flatten().map(|beside| ground_m[beside]).fold(f64::INFINITY, f64::min)
    }
}

/// The highest of some numbers, none of which is negative: eight at once.
fn highest(numbers: &[f64]) -> f64 {
    let (eights, rest) = numbers.as_chunks::<8>();
    let mut highest = [0.0_f64; 8];
    for eight in eights {
        for (highest, number) in highest.iter_mut().zip(eight) {
            *highest = highest.max(*number);
        }
    }
    highest.iter().chain(rest).copied().fold(0.0, f64::max)
}

#[cfg(test)]
mod plain;

#[cfg(test)]
mod tests {
    use super::{
        plain::{Cell, PlainPipes},
        *,
    };
    use crate::{grid::volume_m3, noise};

    pub(super) const SMOOTH: RunoffSettings =
        RunoffSettings { friction: 0.0, capacity_m: 0.0, pick_up: 0.0, drop: 0.0 };

    fn rough_ground(grid: &PlaneGrid, height_m: f64) -> Vec<f64> {
        (0..grid.len()).map(|node| height_m * noise(node as u64)).collect()
    }

    #[test]
    fn a_lake_at_rest_stays_at_rest() {
        let grid = PlaneGrid::new(20, 14, 2.0);
        let mut ground = rough_ground(&grid, 5.0);
        let mut runoff = Runoff::new(grid, RunoffSettings::default());
        let full: Vec<f64> = ground.iter().map(|ground| 6.0 - ground).collect();
        runoff.water_mut().copy_from_slice(&full);
        runoff.run(60.0, &[false; 280], &mut ground);
        let off = runoff.water_m().iter().zip(&full).map(|(now, then)| (now - then).abs());
        let worst = off.fold(0.0, f64::max);
        println!("the lake moves by {worst:.1e} m");
        assert!(worst < 1e-12);
    }

    #[test]
    fn water_comes_to_rest_level_and_none_is_made_or_lost() {
        let grid = PlaneGrid::new(16, 16, 1.0);
        let mut ground = rough_ground(&grid, 0.5);
        let mut runoff =
            Runoff::new(grid, RunoffSettings { capacity_m: 0.0, ..Default::default() });
        runoff.water_mut()[grid.node(3, 4)] = 400.0;
        runoff.run(4000.0, &[false; 256], &mut ground);
        let off = volume_m3(&grid, runoff.water_m()) / 400.0 - 1.0;
        let levels: Vec<f64> =
            ground.iter().zip(runoff.water_m()).map(|(ground, water)| ground + water).collect();
        let (low, high) = levels
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), &level| (low.min(level), high.max(level)));
        println!("water off {off:.1e}, levels differ by {:.1e} m", high - low);
        assert!(off.abs() < 1e-9 && high - low < 1e-3);
    }

    #[test]
    fn water_and_ground_add_up_while_rain_washes_a_hill_away() {
        let grid = PlaneGrid::new(32, 32, 1.0);
        let mut ground = rough_ground(&grid, 0.3);
        for (node, height) in ground.iter_mut().enumerate() {
            let (x, z) = ((node % 32) as f64 - 15.5, (node / 32) as f64 - 15.5);
            *height += 8.0 * (-(x * x + z * z) / 80.0).exp();
        }
        let is_outlet = grid.border();
        let (begun, begun_m3) = (ground.clone(), volume_m3(&grid, &ground));
        let mut runoff = Runoff::new(grid, RunoffSettings::default());
        let (mut rain_m3, mut drained) = (0.0, Drained::default());
        for _ in 0..1000 {
            runoff.water_mut().iter_mut().for_each(|water| *water += 5e-4);
            rain_m3 += 5e-4 * grid.len() as f64;
            let now = runoff.run(0.2, &is_outlet, &mut ground);
            drained.water_m3 += now.water_m3;
            drained.ground_m3 += now.ground_m3;
        }
        let water = (volume_m3(&grid, runoff.water_m()) + drained.water_m3) / rain_m3 - 1.0;
        let left_m3 = volume_m3(&grid, &ground) + volume_m3(&grid, runoff.suspended_m());
        let rock = (left_m3 + drained.ground_m3) / begun_m3 - 1.0;
        println!(
            "water off {water:.1e}, ground off {rock:.1e}; {:.2} m³ washed away",
            drained.ground_m3
        );
        assert!(water.abs() < 1e-9 && rock.abs() < 1e-9);
        assert!(drained.ground_m3 > 0.1 && ground != begun, "something is washed away");
    }

    #[test]
    fn a_broken_dam_is_as_near_to_ritters_as_it_is_said() {
        // A canal of 2 km whose dam stands in the middle, with water 10 m deep behind it.
        let grid = PlaneGrid::new(2000, 1, 1.0);
        let mut ground = vec![0.0; 2000];
        let mut runoff = Runoff::new(grid, SMOOTH);
        runoff.water_mut()[..1000].fill(10.0);
        let seconds = 30.0;
        runoff.run(seconds, &[false; 2000], &mut ground);
        // Ritter 1892: the water falls along a parabola between the two fronts.
        let wave = (GRAVITY * 10.0).sqrt();
        let exact = |x: f64| match x / seconds {
            at if at < -wave => 10.0,
            at if at > 2.0 * wave => 0.0,
            at => (2.0 * wave - at).powi(2) / (9.0 * GRAVITY),
        };
        let sum: f64 =
            (0..2000).map(|at| (runoff.water_m()[at] - exact(at as f64 - 999.5)).abs()).sum();
        let mean = sum / (3.0 * wave * seconds * 10.0);
        let at_dam = runoff.water_m()[1000];
        println!(
            "dam: {mean:.3} of the depth off on average, {at_dam:.2} m for 4.44 m where it was"
        );
        assert!(mean < 0.14);
        assert!((volume_m3(&grid, runoff.water_m()) / 10_000.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn waves_run_as_fast_as_their_depth_says() {
        let grid = PlaneGrid::new(1000, 1, 1.0);
        let mut ground = vec![0.0; 1000];
        let mut runoff = Runoff::new(grid, SMOOTH);
        for (at, water) in runoff.water_mut().iter_mut().enumerate() {
            *water = 5.0 + 0.01 * (-(at as f64).powi(2) / 400.0).exp();
        }
        runoff.run(100.0, &[false; 1000], &mut ground);
        let crest = (300..1000)
            .max_by(|one, other| runoff.water_m()[*one].total_cmp(&runoff.water_m()[*other]))
            .expect("a crest");
        let off = crest as f64 / (100.0 * (GRAVITY * 5.0).sqrt()) - 1.0;
        println!("the crest's way is off {off:.1e}");
        assert!(off.abs() < 1e-2);
    }

    #[test]
    fn rows_at_once_do_what_node_by_node_does() {
        for (columns, rows) in [(1, 1), (1, 9), (9, 1), (2, 2), (13, 17), (40, 5)] {
            let grid = PlaneGrid::new(columns, rows, 3.0);
            let mut ground = rough_ground(&grid, 4.0);
            let mut runoff =
                Runoff::new(grid, RunoffSettings { capacity_m: 0.0, ..Default::default() });
            for (node, water) in runoff.water_mut().iter_mut().enumerate() {
                *water = (3.0 * noise(node as u64 + 77) - 1.0).max(0.0);
            }
            let cell = |node: usize| Cell {
                ground_m: ground[node],
                water_m: runoff.water_m()[node],
                ..Default::default()
            };
            let cells = (0..grid.len()).map(cell).collect();
            let mut plain = PlainPipes { columns, rows, spacing_m: 3.0, friction: 0.08, cells };
            for _ in 0..200 {
                runoff.run(0.05, &vec![false; grid.len()], &mut ground);
                plain.step(0.05);
            }
            let off = |node: usize| (runoff.water_m()[node] - plain.cells[node].water_m).abs();
            let worst = (0..grid.len()).map(off).fold(0.0, f64::max);
            assert!(worst < 1e-9, "{columns} x {rows}: {worst}");
        }
    }
}
