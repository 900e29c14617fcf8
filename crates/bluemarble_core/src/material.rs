//! Materials: what a voxel can be made of.

use std::{collections::HashMap, ops::Range, path::Path};

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The material of one voxel, an index into the world's [`MaterialTable`].
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Pod,
    Zeroable,
)]
#[repr(transparent)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct MaterialId(pub u16);

impl MaterialId {
    /// Nothing: never meshed, never hit.
    pub const AIR: Self = Self(0);
    /// On disk only: "not stored, ask the baseline". Never the material of a voxel in memory.
    pub const UNSTORED: Self = Self(u16::MAX);

    /// Whether this is [`MaterialId::AIR`].
    #[inline]
    pub const fn is_air(self) -> bool {
        self.0 == 0
    }
}

/// How light and bodies pass through a material.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing to see or touch.
    Empty,
    /// Solid, hides what is behind it.
    #[default]
    Opaque,
    /// Solid, shows what is behind it.
    Translucent,
    /// Flows, shows what is behind it.
    Liquid,
}

/// What the surface of a material looks like close by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Surface {
    /// Cubes, as exact as the cells.
    #[default]
    Blocky,
    /// Rounded ground.
    Smooth,
}

/// One row of the material table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaterialRow {
    /// Unique name, used by baselines, tools and picks.
    pub name: String,
    /// Colour as seen, sRGB, 0..=1 per channel.
    pub colour: [f32; 3],
    /// 0 is a mirror, 1 is chalk.
    pub roughness: f32,
    /// How light and bodies pass through it.
    #[serde(default)]
    pub phase: Phase,
    /// What its surface looks like; liquids and translucent materials are always blocky.
    #[serde(default)]
    pub surface: Surface,
    /// Made by people: it keeps the faces of its cubes and its own colour however far away it is, while the
    /// ground is lit by its slope and takes on the colour of a planet's picture.
    #[serde(default)]
    pub built: bool,
    /// A class of land cover: what some ground looks like from far away, and nothing that models are made of.
    #[serde(default)]
    pub cover: bool,
    /// Mass per volume in kg/m³.
    pub density_kg_m3: f32,
    /// Resistance to wear, Mohs scale 0..=10.
    pub hardness_mohs: f32,
}

/// Why a material table was refused.
#[derive(Debug, Error)]
pub enum MaterialError {
    /// The file could not be read.
    #[error("{path}: cannot read the material table: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not a RON list of materials.
    #[error("{path}: not a material table: {message}")]
    Parse {
        /// The file.
        path: String,
        /// Where and why.
        message: String,
    },
    /// The first row must be air.
    #[error("{path}: the first material must be `air` with phase Empty, found `{found}`")]
    FirstIsNotAir {
        /// The file.
        path: String,
        /// The name of the first row, empty if there is none.
        found: String,
    },
    /// Two rows share a name.
    #[error("{path}: material `{name}` is listed twice; rename one")]
    Duplicate {
        /// The file.
        path: String,
        /// The name.
        name: String,
    },
    /// More rows than ids.
    #[error("{path}: {count} materials; a table holds at most 65535")]
    TooMany {
        /// The file.
        path: String,
        /// How many rows there are.
        count: usize,
    },
    /// A name was looked up that the table does not have.
    #[error("no material is named `{name}`; add it to the material table")]
    Unknown {
        /// The name.
        name: String,
    },
}

/// All materials of a world, in the order of their ids.
#[derive(Clone, Debug)]
pub struct MaterialTable {
    rows: Vec<MaterialRow>,
    ids: HashMap<String, MaterialId>,
    opaque: Vec<bool>,
    liquid: Vec<bool>,
    smooth: Vec<bool>,
}

impl MaterialTable {
    /// The table shipped with the project (`assets/materials.ron`).
    pub fn standard() -> Self {
        Self::parse(include_str!("../assets/materials.ron"), "assets/materials.ron")
            .expect("the shipped material table is checked by a test")
    }

    /// Reads a table from a RON file.
    ///
    /// # Errors
    /// [`MaterialError`], naming the file and the row at fault.
    pub fn load(path: &Path) -> Result<Self, MaterialError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| MaterialError::Read { path: name.clone(), source })?;
        Self::parse(&text, &name)
    }

    /// Reads a table from RON text; `path` is what errors call it.
    ///
    /// # Errors
    /// [`MaterialError`], naming `path` and the row at fault.
    pub fn parse(text: &str, path: &str) -> Result<Self, MaterialError> {
        let rows: Vec<MaterialRow> = ron::from_str(text).map_err(|error| MaterialError::Parse {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        Self::new(rows, path)
    }

    fn new(rows: Vec<MaterialRow>, path: &str) -> Result<Self, MaterialError> {
        let path = path.to_owned();
        match rows.first() {
            Some(first) if first.name == "air" && first.phase == Phase::Empty => {}
            first => {
                let found = first.map(|row| row.name.clone()).unwrap_or_default();
                return Err(MaterialError::FirstIsNotAir { path, found });
            }
        }
        if rows.len() >= usize::from(MaterialId::UNSTORED.0) {
            return Err(MaterialError::TooMany { path, count: rows.len() });
        }
        let mut ids = HashMap::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            if ids.insert(row.name.clone(), MaterialId(index as u16)).is_some() {
                return Err(MaterialError::Duplicate { path, name: row.name.clone() });
            }
        }
        let opaque = rows.iter().map(|row| row.phase == Phase::Opaque).collect();
        let liquid = rows
            .iter()
            .map(|row| matches!(row.phase, Phase::Liquid | Phase::Translucent))
            .collect();
        let smooth = (rows.iter())
            .map(|row| row.phase == Phase::Opaque && row.surface == Surface::Smooth)
            .collect();
        Ok(Self { rows, ids, opaque, liquid, smooth })
    }

    /// The same table with another surface for each opaque material: what a world looks like is not part
    /// of it.
    pub fn with_surface(mut self, surface: impl Fn(&MaterialRow) -> Surface) -> Self {
        for (row, smooth) in self.rows.iter_mut().zip(&mut self.smooth) {
            row.surface = surface(row);
            *smooth = row.phase == Phase::Opaque && row.surface == Surface::Smooth;
        }
        self
    }

    /// The id of a name.
    ///
    /// # Errors
    /// [`MaterialError::Unknown`].
    pub fn id(&self, name: &str) -> Result<MaterialId, MaterialError> {
        self.ids.get(name).copied().ok_or_else(|| MaterialError::Unknown { name: name.to_owned() })
    }

    /// The row of an id, if the table has it.
    pub fn get(&self, id: MaterialId) -> Option<&MaterialRow> {
        self.rows.get(usize::from(id.0))
    }

    /// The name of an id; ids that the table does not have are called `unknown`.
    pub fn name(&self, id: MaterialId) -> &str {
        self.get(id).map_or("unknown", |row| row.name.as_str())
    }

    /// Whether a material hides what is behind it. Ids that the table does not have count as opaque,
    /// so that a world written with a larger table shows no holes.
    #[inline]
    pub fn is_opaque(&self, id: MaterialId) -> bool {
        self.opaque.get(usize::from(id.0)).copied().unwrap_or(true)
    }

    /// Whether a material is drawn in the see-through pass (liquid or translucent).
    #[inline]
    pub fn is_see_through(&self, id: MaterialId) -> bool {
        self.liquid.get(usize::from(id.0)).copied().unwrap_or(false)
    }

    /// Whether a material is drawn with a rounded surface.
    #[inline]
    pub fn is_smooth(&self, id: MaterialId) -> bool {
        self.smooth.get(usize::from(id.0)).copied().unwrap_or(false)
    }

    /// All rows in the order of their ids.
    pub fn rows(&self) -> &[MaterialRow] {
        &self.rows
    }

    /// The ids of the table.
    pub fn ids(&self) -> Range<u16> {
        0..self.rows.len() as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_is_valid_and_starts_with_air() {
        let table = MaterialTable::standard();
        assert_eq!(table.id("air").ok(), Some(MaterialId::AIR));
        assert!(table.is_see_through(table.id("water").expect("water is shipped")));
        assert!(table.is_opaque(table.id("granite").expect("granite is shipped")));
    }

    #[test]
    fn a_table_without_air_or_with_a_twin_is_refused_by_name() {
        let row = |name: &str, phase: &str| {
            format!(
                "(name:\"{name}\",colour:(0,0,0),roughness:1,phase:{phase},density_kg_m3:0,hardness_mohs:0)"
            )
        };
        let parse =
            |rows: &[String]| MaterialTable::parse(&format!("[{}]", rows.join(",")), "t.ron");
        let error = parse(&[row("rock", "Opaque")]).expect_err("no air");
        assert!(error.to_string().contains("t.ron") && error.to_string().contains("rock"));
        let error = parse(&[row("air", "Empty"), row("rock", "Opaque"), row("rock", "Opaque")])
            .expect_err("twins");
        assert!(error.to_string().contains("`rock` is listed twice"), "{error}");
        assert!(MaterialTable::parse("[", "t.ron").is_err());
    }
}
