//! [`Row`]: what the land was like at a time.

use std::collections::BTreeMap;

use bluemarble_landscape::{
    evolution::{Budget, Land},
    grid::volume_m3,
};
use serde_json::Value;

use super::report::WriteReport;

/// What the land was like at a time; sums are since the run began.
#[derive(Clone, Debug, Default)]
pub struct Row {
    numbers: [f64; Row::NAMES.len()],
    /// Voxels of each material of ground that have come, less those that have gone, by the number of the material.
    pub balance: BTreeMap<u16, i64>,
}

/// Bit for bit: what is not a number is like itself.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.numbers.map(f64::to_bits) == other.numbers.map(f64::to_bits)
            && self.balance == other.balance
    }
}

impl Row {
    /// What [`Row::numbers`] are, with their units.
    pub const NAMES: [&str; 18] = [
        "years",
        "sea_level_m",
        "mean_height_m",
        "lowest_m",
        "highest_m",
        "mean_slope",
        "steepest_slope",
        "mean_loose_m",
        "ice_m3",
        "raised_m3",
        "cut_m3",
        "settled_m3",
        "abraded_m3",
        "laid_m3",
        "slid_m3",
        "exported_m3",
        "changed_columns",
        "changed_voxels",
    ];

    /// As [`Row::NAMES`] says. The sea's level is not a number where there is none.
    pub fn numbers(&self) -> [f64; Self::NAMES.len()] {
        self.numbers
    }

    /// One of the numbers, by its name.
    pub fn get(&self, name: &str) -> Option<f64> {
        Self::NAMES.iter().position(|known| *known == name).map(|at| self.numbers[at])
    }

    pub(super) fn balance(&self) -> Vec<(u16, i64)> {
        self.balance.iter().map(|(&material, &voxels)| (material, voxels)).collect()
    }

    /// Rows from their numbers and balances.
    pub(super) fn all(numbers: &[f64], balances: &Value) -> Option<Vec<Self>> {
        let (rows, rest) = numbers.as_chunks::<{ Self::NAMES.len() }>();
        let balances: Vec<Vec<(u16, i64)>> = serde_json::from_value(balances.clone()).ok()?;
        let fits = rest.is_empty() && rows.len() == balances.len();
        fits.then(|| {
            let rows = rows.iter().zip(balances);
            let row = |(&numbers, balance): (_, Vec<_>)| Self {
                numbers,
                balance: balance.into_iter().collect(),
            };
            rows.map(row).collect()
        })
    }

    /// What land is like now.
    pub(super) fn of(
        land: &Land,
        sea_level_m: Option<f64>,
        budget: &Budget,
        written: &WriteReport,
    ) -> Self {
        let [lowest, highest] = extremes(&land.ground_m);
        let nodes = land.ground_m.len() as f64;
        let [mean_slope, steepest] = slopes(land);
        let numbers = [
            land.years,
            sea_level_m.unwrap_or(f64::NAN),
            land.ground_m.iter().sum::<f64>() / nodes,
            lowest,
            highest,
            mean_slope,
            steepest,
            land.sediment_m.iter().sum::<f64>() / nodes,
            volume_m3(&land.grid, &land.ice.thickness_m),
            budget.raised_m3,
            budget.cut_m3,
            budget.settled_m3,
            budget.abraded_m3,
            budget.laid_m3,
            budget.slid_m3,
            budget.exported_m3,
            written.columns as f64,
            written.voxels as f64,
        ];
        Self { numbers, balance: written.balance.clone() }
    }
}

fn extremes(numbers: &[f64]) -> [f64; 2] {
    numbers.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &number| {
        [low.min(number), high.max(number)]
    })
}

/// The mean and the steepest slope, metres of rise a metre, between neighbours along rows and columns.
fn slopes(land: &Land) -> [f64; 2] {
    let (ground_m, grid) = (&land.ground_m, &land.grid);
    let columns = grid.columns();
    let (mut sum, mut steepest, mut count) = (0.0, 0.0_f64, 0_u64);
    for (node, height) in ground_m.iter().enumerate() {
        let at = node % columns;
        let (Some(below), true) = (ground_m.get(node + columns), at + 1 < columns) else {
            continue;
        };
        let slope = (ground_m[node + 1] - height).hypot(below - height) / grid.spacing_m();
        sum += slope;
        steepest = steepest.max(slope);
        count += 1;
    }
    [sum / count.max(1) as f64, steepest]
}
