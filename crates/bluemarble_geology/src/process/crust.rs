//! [`Uplift`], [`PlateBending`]: the crust rises and sinks.

use bluemarble_landscape::grid::Grid;
use bluemarble_landscape::{evolution::Budget, isostasy::Plate};
use serde::{Deserialize, Serialize};

use super::{GeologicalProcess, Halo, Tile};

/// Land rises, all of it or in a dome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uplift {
    /// In the middle, in metres a year.
    pub m_per_year: f64,
    /// Where the middle is, as parts of the width and depth of the area.
    pub middle: [f64; 2],
    /// At this distance from it nothing rises, in metres; without it everything rises alike.
    pub radius_m: Option<f64>,
}

impl Default for Uplift {
    fn default() -> Self {
        Self { m_per_year: 1e-3, middle: [0.5, 0.5], radius_m: None }
    }
}

impl Uplift {
    fn share(&self, offset_m: [f64; 2]) -> f64 {
        let Some(radius_m) = self.radius_m else { return 1.0 };
        let part = (offset_m[0].hypot(offset_m[1]) / radius_m).min(1.0);
        // Falls smoothly to nothing: 1 - 3 t² + 2 t³.
        1.0 - part * part * (3.0 - 2.0 * part)
    }
}

impl GeologicalProcess for Uplift {
    fn number(&self) -> u8 {
        6
    }

    fn name(&self) -> &'static str {
        "uplift"
    }

    fn moves_crust(&self) -> bool {
        true
    }

    fn halo(&self) -> Halo {
        Halo::Nodes(0)
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        let (grid, place) = (tile.land.grid, tile.place);
        let middle = [0, 1].map(|axis| self.middle[axis] * (place.size[axis] - 1) as f64);
        for (node, ground_m) in tile.land.ground_m.iter_mut().enumerate() {
            let at = [node % grid.columns(), node / grid.columns()];
            let offset_m = [0, 1].map(|axis| {
                ((place.first[axis] + at[axis]) as f64 - middle[axis]) * grid.spacing_m()
            });
            if !tile.land.is_outlet[node] {
                let share = self.share(offset_m) * place.share(node);
                *ground_m += self.m_per_year * share * years;
            }
        }
        Budget::default()
    }
}

const GRAVITY: f64 = 9.81;

/// The plate below bends as rock is moved on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateBending {
    /// How stiff it is.
    pub plate: Plate,
}

impl GeologicalProcess for PlateBending {
    fn number(&self) -> u8 {
        7
    }

    fn name(&self) -> &'static str {
        "bending"
    }

    fn moves_crust(&self) -> bool {
        true
    }

    fn halo(&self) -> Halo {
        Halo::Everything
    }

    fn step(&self, tile: &mut Tile<'_>, _: f64) -> Budget {
        let land = &mut *tile.land;
        let weight = self.plate.densities.crust * GRAVITY;
        let load_pa: Vec<f64> = (land.ground_m.iter().zip(&*tile.balanced_m))
            .map(|(now, balanced)| (now - balanced) * weight)
            .collect();
        tile.balanced_m.copy_from_slice(&land.ground_m);
        let mut budget = Budget::default();
        for (node, sinking_m) in self.plate.sinking_m(&land.grid, &load_pa).into_iter().enumerate()
        {
            if !land.is_outlet[node] {
                land.ground_m[node] -= sinking_m;
                budget.raised_m3 -= sinking_m * land.grid.area_m2(node);
            }
        }
        budget
    }
}
