//! [`SoilCreep`], [`Slides`], [`RockWeathering`]: what happens on slopes.

use bluemarble_landscape::{
    evolution::{Budget, Evolution},
    flow::Flow,
    slopes::{Creep, Talus, Weathering},
};
use serde::{Deserialize, Serialize};

use super::{GeologicalProcess, Halo, Tile};

/// Soil creeps down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoilCreep {
    /// How fast.
    pub creep: Creep,
}

impl GeologicalProcess for SoilCreep {
    fn number(&self) -> u8 {
        2
    }

    fn name(&self) -> &'static str {
        "creep"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let evolution = Evolution { creep: Some(self.creep), ..Evolution::default() };
        evolution.step(tile.land, &tile.place, &mut Flow::default(), years)
    }
}

/// Loose ground that lies too steep slides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slides {
    /// When.
    pub talus: Talus,
}

impl GeologicalProcess for Slides {
    fn number(&self) -> u8 {
        3
    }

    fn name(&self) -> &'static str {
        "slides"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("scree")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let evolution = Evolution { talus: Some(self.talus), ..Evolution::default() };
        evolution.step(tile.land, &tile.place, &mut Flow::default(), years)
    }
}

/// Rock becomes soil; the ground keeps its height.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RockWeathering {
    /// How fast.
    pub weathering: Weathering,
}

impl GeologicalProcess for RockWeathering {
    fn number(&self) -> u8 {
        4
    }

    fn name(&self) -> &'static str {
        "weathering"
    }

    fn halo(&self) -> Halo {
        Halo::Nodes(0)
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let evolution = Evolution { weathering: Some(self.weathering), ..Evolution::default() };
        evolution.step(tile.land, &tile.place, &mut Flow::default(), years)
    }
}
