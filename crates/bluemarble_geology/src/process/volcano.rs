//! [`Eruption`], [`Ash`]: volcanoes.

use bluemarble_landscape::{
    evolution::Budget,
    grid::Grid,
    volcano::{AshFall, Lava},
};
use serde::{Deserialize, Serialize};

use super::{GeologicalProcess, Halo, Tile};

/// Lava comes up at a vent, flows and becomes rock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Eruption {
    /// Where the vent is, as parts of the width and depth of the area.
    pub vent: [f64; 2],
    /// How much lava an eruption brings, in m³.
    pub volume_m3: f64,
    /// How long an eruption takes, in days.
    pub days: f64,
    /// Years from one eruption to the next.
    pub every_years: f64,
}

impl Default for Eruption {
    fn default() -> Self {
        Self { vent: [0.5, 0.5], volume_m3: 1e7, days: 30.0, every_years: 100.0 }
    }
}

const STEP_S: f64 = 3600.0;
const DAY_S: f64 = 86_400.0;
/// What stays liquid after so many days becomes rock where it lies.
const COOLING_DAYS: f64 = 30.0;

/// How many times something happens in some years that happens every so many, from the beginning on.
fn times(from_years: f64, years: f64, every_years: f64) -> u32 {
    let until = |at: f64| (at / every_years).ceil();
    (until(from_years + years) - until(from_years)) as u32
}

/// The node at parts of the width and depth of an area.
fn node_at(tile: &Tile<'_>, at: [f64; 2]) -> usize {
    let size = tile.place.size;
    let [column, row] =
        [0, 1].map(|axis| (at[axis].clamp(0.0, 1.0) * (size[axis] - 1) as f64).round() as usize);
    tile.land.grid.node(column, row)
}

impl GeologicalProcess for Eruption {
    fn number(&self) -> u8 {
        8
    }

    fn name(&self) -> &'static str {
        "eruption"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("basalt")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let mut budget = Budget::default();
        let vent = node_at(tile, self.vent);
        let land = &mut *tile.land;
        let lava = Lava::default();
        for _ in 0..times(land.years, years, self.every_years) {
            let mut lava_m = vec![0.0; land.grid.len()];
            let erupting_s = self.days * DAY_S;
            let mut time_s = 0.0;
            while time_s < erupting_s + COOLING_DAYS * DAY_S {
                let is_erupting = time_s < erupting_s;
                let rate = if is_erupting { self.volume_m3 / erupting_s } else { 0.0 };
                let step_s = if is_erupting { STEP_S.min(erupting_s - time_s) } else { DAY_S };
                let step = lava.erupt(
                    &land.grid,
                    &land.is_outlet,
                    (vent, rate),
                    step_s,
                    &mut lava_m,
                    &mut land.ground_m,
                );
                budget.raised_m3 += step.erupted_m3;
                budget.exported_m3 += step.exported_m3;
                time_s += step_s;
            }
            // What is left of it becomes rock where it lies.
            land.ground_m.iter_mut().zip(&lava_m).for_each(|(ground, lava)| *ground += lava);
        }
        budget
    }
}

/// Ash falls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ash {
    /// Where the vent is, as parts of the width and depth of the area.
    pub vent: [f64; 2],
    /// How much falls and where.
    pub fall: AshFall,
    /// Years from one fall to the next.
    pub every_years: f64,
}

impl GeologicalProcess for Ash {
    fn number(&self) -> u8 {
        9
    }

    fn name(&self) -> &'static str {
        "ash"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("ash")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let mut budget = Budget::default();
        let vent = node_at(tile, self.vent);
        let land = &mut *tile.land;
        for _ in 0..times(land.years, years, self.every_years) {
            let before_m3 = land.rock_m3();
            self.fall.fall(&land.grid, vent, &mut land.ground_m, &mut land.sediment_m);
            budget.raised_m3 += land.rock_m3() - before_m3;
        }
        budget
    }
}
