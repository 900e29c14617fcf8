//! [`MountainIce`].

use bluemarble_landscape::{
    climate::Temperatures,
    evolution::{Budget, Evolution},
    flow::Flow,
    glaciers::Glaciers,
};
use serde::{Deserialize, Serialize};

use super::{GeologicalProcess, Halo, Tile};

/// Glaciers grind valleys and leave moraines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MountainIce {
    /// How warm it is, by latitude and height.
    pub temperatures: Temperatures,
    /// So much more snow falls than melts for each metre above the snow line, in metres of ice a year.
    pub balance_per_year: f64,
    /// No more snow stays than this, in metres of ice a year.
    pub max_snow_m_per_year: f64,
    /// How much rock ice grinds off, in metres for each metre that it slides.
    pub abrasion: f64,
}

impl Default for MountainIce {
    fn default() -> Self {
        let Glaciers { balance_per_year, max_snow_m_per_year, abrasion, .. } = Glaciers::default();
        let temperatures = Temperatures::default();
        Self { temperatures, balance_per_year, max_snow_m_per_year, abrasion }
    }
}

/// Snow and melt are those of the beginning of a step.
const STEP_YEARS: f64 = 20.0;

impl GeologicalProcess for MountainIce {
    fn number(&self) -> u8 {
        5
    }

    fn name(&self) -> &'static str {
        "ice"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn longest_step_years(&self) -> f64 {
        STEP_YEARS
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("scree")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let glaciers = Glaciers {
            balance_per_year: self.balance_per_year,
            max_snow_m_per_year: self.max_snow_m_per_year,
            abrasion: self.abrasion,
            ..Glaciers::default()
        };
        let evolution = Evolution {
            glaciers: Some((glaciers, self.temperatures, tile.place.lat_deg)),
            sea_level_m: tile.place.sea_level_m,
            ..Evolution::default()
        };
        evolution.step(tile.land, &tile.place, &mut Flow::default(), years)
    }
}
