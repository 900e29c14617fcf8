//! [`Palette`]: the materials of surfaces, where no land cover tells them.

use bluemarble_core::{MaterialId, MaterialTable};

use crate::error::TerrainError;

/// The materials that a surface may show, and the soil under them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub beach_sand: MaterialId,
    pub desert_sand: MaterialId,
    pub dry_grass: MaterialId,
    pub grass: MaterialId,
    pub forest_floor: MaterialId,
    pub tundra: MaterialId,
    pub rock: MaterialId,
    pub sandstone: MaterialId,
    pub snow: MaterialId,
    pub ice: MaterialId,
    pub soil: MaterialId,
    pub sea_floor: MaterialId,
}

impl Palette {
    pub fn new(materials: &MaterialTable) -> Result<Self, TerrainError> {
        let id = |name| materials.id(name);
        Ok(Self {
            beach_sand: id("beach sand")?,
            desert_sand: id("desert sand")?,
            dry_grass: id("dry grass")?,
            grass: id("grass")?,
            forest_floor: id("forest floor")?,
            tundra: id("tundra")?,
            rock: id("rock")?,
            sandstone: id("sandstone")?,
            snow: id("snow")?,
            ice: id("ice")?,
            soil: id("soil")?,
            sea_floor: id("sea floor")?,
        })
    }

    /// What lies under a surface for the first metre or so.
    pub fn subsoil(&self, surface: MaterialId) -> MaterialId {
        let grows = [self.grass, self.forest_floor, self.dry_grass, self.tundra].contains(&surface);
        if grows { self.soil } else { surface }
    }
}
