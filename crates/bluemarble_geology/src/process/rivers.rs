//! [`Rivers`].

use bluemarble_landscape::{
    climate::MountainRain,
    evolution::{Budget, Evolution},
    flow::Flow,
    rivers::{Deposition, Incision},
};
use serde::{Deserialize, Serialize};

use super::{GeologicalProcess, Halo, Tile};

/// Rivers cut into rock, carry it, and leave it in lakes and on plains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rivers {
    /// How they cut.
    pub incision: Incision,
    /// How what they carry comes to rest.
    pub deposition: Deposition,
    /// Rain on mountains; else it rains the same everywhere.
    pub rain: Option<MountainRain>,
}

impl GeologicalProcess for Rivers {
    fn number(&self) -> u8 {
        1
    }

    fn name(&self) -> &'static str {
        "rivers"
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("sediment")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let evolution = Evolution {
            rivers: Some((self.incision, self.deposition)),
            rain: self.rain,
            sea_level_m: tile.place.sea_level_m,
            ..Evolution::default()
        };
        evolution.step(tile.land, &tile.place, &mut Flow::default(), years)
    }
}
