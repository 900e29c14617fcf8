//! [`Storms`].

use bluemarble_landscape::{
    evolution::Budget,
    water::{Runoff, RunoffSettings},
};
use serde::{Deserialize, Serialize};

use super::{GeologicalProcess, Halo, Tile};

/// Rain falls for minutes, runs down and washes ground along: for small areas, where rivers are too coarse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storms {
    /// How water runs and washes.
    pub runoff: RunoffSettings,
    /// How much rain a storm brings, in metres.
    pub rain_m: f64,
    /// How long it rains, in seconds.
    pub rain_s: f64,
    /// How long what has fallen runs down, in seconds.
    pub drain_s: f64,
    /// Storms a year.
    pub per_year: f64,
}

impl Default for Storms {
    fn default() -> Self {
        let runoff = RunoffSettings::default();
        Self { runoff, rain_m: 0.05, rain_s: 600.0, drain_s: 600.0, per_year: 1.0 }
    }
}

/// So often rain is added while it falls, in seconds.
const RAIN_STEP_S: f64 = 5.0;

impl GeologicalProcess for Storms {
    fn number(&self) -> u8 {
        10
    }

    fn name(&self) -> &'static str {
        "storms"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("sediment")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let mut budget = Budget::default();
        let land = &mut *tile.land;
        let begun = (land.years * self.per_year).floor();
        let storms = ((land.years + years) * self.per_year).floor() - begun;
        for _ in 0..storms as u32 {
            let before_m = land.ground_m.clone();
            let mut runoff = Runoff::new(land.grid, self.runoff);
            let steps = (self.rain_s / RAIN_STEP_S).ceil().max(1.0);
            let mut run = |seconds: f64, rain_m: f64, ground_m: &mut [f64]| {
                runoff.water_mut().iter_mut().for_each(|water| *water += rain_m);
                let drained = runoff.run(seconds, &land.is_outlet, ground_m);
                budget.exported_m3 += drained.ground_m3;
            };
            for _ in 0..steps as u32 {
                run(self.rain_s / steps, self.rain_m / steps, &mut land.ground_m);
            }
            run(self.drain_s, 0.0, &mut land.ground_m);
            // What is still washed along comes to rest where it is.
            for (node, washed_m) in runoff.suspended_m().iter().enumerate() {
                land.ground_m[node] += washed_m;
            }
            let cell_m2 = land.grid.spacing_m().powi(2);
            for (node, before_m) in before_m.iter().enumerate() {
                let change_m = land.ground_m[node] - before_m;
                land.sediment_m[node] = (land.sediment_m[node] + change_m).max(0.0);
                budget.cut_m3 += (-change_m).max(0.0) * cell_m2;
                budget.settled_m3 += change_m.max(0.0) * cell_m2;
            }
        }
        budget
    }
}
