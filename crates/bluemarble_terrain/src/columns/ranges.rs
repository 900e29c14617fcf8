//! [`Ranges`]: what a tile's columns have in common, and what layers of cells are wherever that tells.

use std::ops::RangeInclusive;

use bluemarble_core::MaterialId;

use super::{
    column::{STRATA, Strata},
    lists::ColumnLists,
};
use crate::baseline::Survey;

/// Bounds of one number over a tile.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub min: i32,
    pub max: i32,
}

fn range(values: &[i32]) -> Range {
    values.iter().fold(Range { min: i32::MAX, max: i32::MIN }, |range, &v| Range {
        min: range.min.min(v),
        max: range.max.max(v),
    })
}

/// Bounds of each number of a tile's columns.
#[derive(Clone, Copy)]
pub(super) struct Ranges {
    pub filled: Range,
    pub ground: Range,
    pub floors: [Range; STRATA],
}

impl Ranges {
    pub fn of(columns: &ColumnLists) -> Self {
        Self {
            filled: range(&columns.filled),
            ground: range(&columns.ground),
            floors: std::array::from_fn(|i| range(&columns.floors[i])),
        }
    }

    /// The one material of some layers, if the ranges tell.
    pub fn uniform(&self, layers: RangeInclusive<i32>, strata: &Strata) -> Option<MaterialId> {
        let (low, high) = layers.into_inner();
        if low > self.filled.max {
            return Some(MaterialId::AIR);
        }
        if low > self.ground.max {
            return (high <= self.filled.min).then_some(strata.water);
        }
        if high >= self.ground.min || high > self.floors[0].min {
            return None;
        }
        for (i, layer) in strata.layers.iter().enumerate() {
            if low > self.floors[i + 1].max {
                return Some(*layer);
            }
            if high > self.floors[i + 1].min {
                return None;
            }
        }
        Some(strata.bottom)
    }

    /// What some layers are, as far as the ranges tell.
    pub fn survey(&self, layers: RangeInclusive<i32>, strata: &Strata) -> Survey {
        match self.uniform(layers.clone(), strata) {
            Some(material) => Survey::Uniform(material),
            // Rock is opaque; what lies on top of it need not be.
            None if *layers.end() < self.ground.min => Survey::Opaque,
            None => Survey::Mixed,
        }
    }
}
