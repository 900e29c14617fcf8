//! [`ContentClass`]: what a chunk is about, to tell how much which part of a world takes.

use serde::{Deserialize, Serialize};

use crate::{
    key::CHUNK_VOLUME,
    material::{MaterialId, MaterialTable, Phase},
};

/// A chunk is built if one of so many of its cells is: a wall is thin, and most of a town is air and ground.
const BUILT_SHARE: u32 = 64;

/// What a chunk is about, by what its cells are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentClass {
    /// Nothing but air.
    Air,
    /// More than half of what is no air is liquid: seas and lakes.
    Liquid,
    /// Everything else: plains, mountains, what lies below them.
    Ground,
    /// At least a 64th of its cells is made by people ([`crate::MaterialRow::built`]): towns.
    Built,
}

impl ContentClass {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Air, Self::Liquid, Self::Ground, Self::Built];

    /// The class of a chunk with these materials in so many cells. Cells that are not stored count for nothing.
    pub fn of(
        materials: &MaterialTable,
        counts: impl IntoIterator<Item = (MaterialId, u32)>,
    ) -> Self {
        let (mut solid, mut liquid, mut built) = (0, 0, 0);
        for (material, count) in counts {
            let Some(row) = materials.get(material) else { continue };
            match row.phase {
                Phase::Empty => continue,
                Phase::Liquid => liquid += count,
                Phase::Opaque | Phase::Translucent => solid += count,
            }
            built += if row.built { count } else { 0 };
        }
        match () {
            () if built * BUILT_SHARE >= CHUNK_VOLUME as u32 => Self::Built,
            () if liquid > solid => Self::Liquid,
            () if solid > 0 => Self::Ground,
            () => Self::Air,
        }
    }

    /// Its name: a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Air => "air",
            Self::Liquid => "liquid",
            Self::Ground => "ground",
            Self::Built => "built",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_walls_make_a_town_and_half_a_chunk_of_water_a_sea() {
        let table = MaterialTable::standard();
        let all = CHUNK_VOLUME as u32;
        let class = |counts: &[(&str, u32)]| {
            let id = |name: &str| table.id(name).expect("shipped");
            ContentClass::of(&table, counts.iter().map(|&(name, count)| (id(name), count)))
        };
        assert_eq!(class(&[("air", all)]), ContentClass::Air);
        assert_eq!(class(&[("air", all - 5), ("rock", 5)]), ContentClass::Ground);
        assert_eq!(class(&[("water", 9), ("sea floor", 8), ("air", 1)]), ContentClass::Liquid);
        assert_eq!(class(&[("water", 8), ("sea floor", 8)]), ContentClass::Ground);
        assert_eq!(class(&[("rock", all - 5), ("brick", all / 64)]), ContentClass::Built);
        assert_eq!(class(&[("rock", 5), ("brick", all / 64 - 1)]), ContentClass::Ground);
        assert_eq!(class(&[("glass", all)]), ContentClass::Built);
    }
}
