//! [`Solid`]: which materials are solid.

use bluemarble_core::{MaterialId, MaterialTable, Phase};

/// Which materials are solid.
pub(super) struct Solid(Vec<bool>);

impl Solid {
    pub fn new(materials: &MaterialTable) -> Self {
        let is_solid = |phase| matches!(phase, Phase::Opaque | Phase::Translucent);
        Self(materials.rows().iter().map(|row| is_solid(row.phase)).collect())
    }

    pub fn contains(&self, material: MaterialId) -> bool {
        self.0.get(usize::from(material.0)).copied().unwrap_or(false)
    }
}
