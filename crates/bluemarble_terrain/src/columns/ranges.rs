//! [`Ranges`]: what a tile's columns have in common, and what layers of cells are wherever that tells.

use std::ops::RangeInclusive;

use bluemarble_core::MaterialId;

use super::{
    floors::{Floors, Layers},
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
pub(super) struct Ranges<F: Floors> {
    pub filled: Range,
    pub ground: Range,
    pub floors: F::Each<Range>,
}

impl<F: Floors> Ranges<F> {
    pub fn of(columns: &ColumnLists) -> Self {
        Self {
            filled: range(&columns.filled),
            ground: range(&columns.ground),
            floors: F::each(|i| range(&columns.floors[i])),
        }
    }

    /// The one material of some layers of cells, if the ranges tell.
    pub fn uniform(&self, cells: RangeInclusive<i32>, layers: &Layers<F>) -> Option<MaterialId> {
        let (low, high) = cells.into_inner();
        if low > self.filled.max {
            return Some(MaterialId::AIR);
        }
        if low > self.ground.max {
            return (high <= self.filled.min).then_some(layers.water);
        }
        if high >= self.ground.min {
            return None;
        }
        // The subsoil differs from column to column.
        let mut material = None;
        for (floor, &below) in self.floors.as_ref().iter().zip(layers.below.as_ref()) {
            if material.is_some() && low > floor.max {
                return material;
            }
            if high > floor.min {
                return None;
            }
            material = Some(below);
        }
        material
    }

    /// What some layers of cells are, as far as the ranges tell.
    pub fn survey(&self, cells: RangeInclusive<i32>, layers: &Layers<F>) -> Survey {
        match self.uniform(cells.clone(), layers) {
            Some(material) => Survey::Uniform(material),
            // Rock is opaque; what lies on top of it need not be.
            None if *cells.end() < self.ground.min => Survey::Opaque,
            None => Survey::Mixed,
        }
    }
}
