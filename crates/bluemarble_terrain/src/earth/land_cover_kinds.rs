//! What the classes of a land cover are like: their kind by name, and what stands in for them where the
//! ground is steep, cold or thawed.

use bluemarble_core::{MaterialId, MaterialRow, MaterialTable};

use crate::error::TerrainError;

/// What kind of ground a class is: its name without the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    GlacierIce,
    SnowField,
    ArcticSnow,
    SnowyTundra,
    SaltFlat,
    LavaField,
    StoneDesert,
    SandDesert,
    RedDesert,
    HighPlateau,
    Tundra,
    BorealForest,
    TemperateForest,
    RainForest,
    Savanna,
    DrySavanna,
    Steppe,
    DrySteppe,
    Farmland,
}

impl Kind {
    const NAMES: [(&'static str, Self); 19] = [
        ("glacier ice", Self::GlacierIce),
        ("snow field", Self::SnowField),
        ("arctic snow", Self::ArcticSnow),
        ("snowy tundra", Self::SnowyTundra),
        ("salt flat", Self::SaltFlat),
        ("lava field", Self::LavaField),
        ("stone desert", Self::StoneDesert),
        ("sand desert", Self::SandDesert),
        ("red desert", Self::RedDesert),
        ("high plateau", Self::HighPlateau),
        ("tundra", Self::Tundra),
        ("boreal forest", Self::BorealForest),
        ("temperate forest", Self::TemperateForest),
        ("rain forest", Self::RainForest),
        ("savanna", Self::Savanna),
        ("dry savanna", Self::DrySavanna),
        ("steppe", Self::Steppe),
        ("dry steppe", Self::DrySteppe),
        ("farmland", Self::Farmland),
    ];

    /// The kind of a material called like "rain forest 2".
    pub fn of_name(name: &str) -> Option<Self> {
        let (kind, number) = name.rsplit_once(' ')?;
        number.parse::<u32>().ok()?;
        Self::NAMES.iter().find(|(known, _)| *known == kind).map(|&(_, kind)| kind)
    }

    /// Whether the ground lies under snow or ice in the picture that the classes come from.
    pub fn is_frozen(self) -> bool {
        matches!(self, Self::GlacierIce | Self::SnowField | Self::ArcticSnow)
    }

    /// Whether patches of the two lie side by side in one landscape.
    pub fn mingles(self, other: Self) -> bool {
        const PAIRS: [(Kind, Kind); 9] = [
            (Kind::RainForest, Kind::Savanna),
            (Kind::Savanna, Kind::DrySavanna),
            (Kind::TemperateForest, Kind::Farmland),
            (Kind::BorealForest, Kind::Tundra),
            (Kind::Steppe, Kind::DrySteppe),
            (Kind::Steppe, Kind::Farmland),
            (Kind::DrySteppe, Kind::StoneDesert),
            (Kind::DrySavanna, Kind::StoneDesert),
            (Kind::SandDesert, Kind::StoneDesert),
        ];
        PAIRS.iter().any(|&(a, b)| (a, b) == (self, other) || (b, a) == (self, other))
    }

    /// Whether plants hold soil here.
    pub fn grows(self) -> bool {
        use Kind::{
            BorealForest, DrySavanna, DrySteppe, Farmland, RainForest, Savanna, SnowyTundra,
            Steppe, TemperateForest, Tundra,
        };
        match self {
            SnowyTundra | Tundra | BorealForest | TemperateForest | RainForest | Savanna
            | DrySavanna | Steppe | DrySteppe | Farmland => true,
            Self::GlacierIce
            | Self::SnowField
            | Self::ArcticSnow
            | Self::SaltFlat
            | Self::LavaField
            | Self::StoneDesert
            | Self::SandDesert
            | Self::RedDesert
            | Self::HighPlateau => false,
        }
    }
}

/// What a class turns into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    pub kind: Kind,
    /// Bare rock of the region.
    pub rock: MaterialId,
    /// Where slopes are steep, but not yet bare.
    pub thin: MaterialId,
    /// Where it is too cold for trees.
    pub cool: MaterialId,
    /// Old snow on ice: white, where the class's colour is a mixture of ice and rock.
    pub firn: MaterialId,
    /// Snow lies where the warmest weeks are colder than this.
    pub snow_below_c: f64,
}

/// Materials that are no classes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grounds {
    pub beach_sand: MaterialId,
    pub sea_floor: MaterialId,
    pub soil: MaterialId,
    pub snow: MaterialId,
    pub ice: MaterialId,
    pub rock: MaterialId,
    pub granite: MaterialId,
    pub basalt: MaterialId,
    pub sandstone: MaterialId,
    pub limestone: MaterialId,
    pub red_sandstone: MaterialId,
    pub scree: MaterialId,
    pub meadow: MaterialId,
}

impl Grounds {
    pub fn new(materials: &MaterialTable) -> Result<Self, TerrainError> {
        let id = |name| materials.id(name);
        Ok(Self {
            beach_sand: id("beach sand")?,
            sea_floor: id("sea floor")?,
            soil: id("soil")?,
            snow: id("snow")?,
            ice: id("ice")?,
            rock: id("rock")?,
            granite: id("granite")?,
            basalt: id("basalt")?,
            sandstone: id("sandstone")?,
            limestone: id("limestone")?,
            red_sandstone: id("red sandstone")?,
            scree: id("scree")?,
            meadow: id("alpine meadow")?,
        })
    }
}

/// Permanent snow lies where the warmest weeks stay below this (about the firn line of the Alps and the
/// Himalaya; A. Ohmura et al., "Climate at the equilibrium line of glaciers", 1992, dry places aside).
const FIRN_C: f64 = -1.0;

/// A class is as white as snow from this mean of its colours on.
const WHITE: f32 = 0.8;

/// The traits of each material that is a class, by its id.
pub(super) fn traits(materials: &MaterialTable, grounds: &Grounds) -> Vec<Option<Traits>> {
    let rows = materials.rows();
    rows.iter()
        .enumerate()
        .map(|(index, row)| {
            let kind = Kind::of_name(&row.name)?;
            let own = MaterialId(index as u16);
            let like = |wanted: Kind| nearest(rows, wanted, row).unwrap_or(own);
            let rock = match kind {
                Kind::LavaField => grounds.basalt,
                Kind::RedDesert => grounds.red_sandstone,
                Kind::SandDesert | Kind::StoneDesert | Kind::DrySteppe | Kind::SaltFlat => {
                    grounds.sandstone
                }
                Kind::Farmland | Kind::TemperateForest | Kind::Steppe => grounds.limestone,
                Kind::BorealForest
                | Kind::Tundra
                | Kind::ArcticSnow
                | Kind::SnowyTundra
                | Kind::RainForest
                | Kind::Savanna
                | Kind::DrySavanna => grounds.granite,
                Kind::GlacierIce | Kind::SnowField | Kind::HighPlateau => grounds.rock,
            };
            let thin = match kind {
                Kind::Farmland => like(Kind::TemperateForest),
                Kind::BorealForest => like(Kind::Tundra),
                Kind::Savanna => like(Kind::DrySavanna),
                Kind::Steppe => like(Kind::DrySteppe),
                Kind::DrySavanna | Kind::DrySteppe | Kind::SandDesert => like(Kind::StoneDesert),
                Kind::Tundra | Kind::HighPlateau | Kind::SnowyTundra => grounds.scree,
                Kind::LavaField | Kind::StoneDesert | Kind::RedDesert => rock,
                Kind::GlacierIce
                | Kind::SnowField
                | Kind::ArcticSnow
                | Kind::SaltFlat
                | Kind::TemperateForest
                | Kind::RainForest => own,
            };
            let cool = match kind {
                Kind::BorealForest | Kind::ArcticSnow | Kind::SnowyTundra => like(Kind::Tundra),
                Kind::Farmland
                | Kind::TemperateForest
                | Kind::RainForest
                | Kind::Savanna
                | Kind::SnowField
                | Kind::GlacierIce => grounds.meadow,
                Kind::SaltFlat
                | Kind::LavaField
                | Kind::StoneDesert
                | Kind::SandDesert
                | Kind::RedDesert
                | Kind::HighPlateau
                | Kind::Tundra
                | Kind::DrySavanna
                | Kind::Steppe
                | Kind::DrySteppe => own,
            };
            let snow_below_c = match kind {
                // The whiter a pixel of mountains, the lower its snow reaches: 4 to 10 degrees.
                Kind::SnowField => 4.0 + 20.0 * (f64::from(grey(row)) - 0.56).clamp(0.0, 0.3),
                Kind::ArcticSnow => 16.0,
                _ => FIRN_C,
            };
            let firn = if grey(row) > WHITE { own } else { grounds.snow };
            Some(Traits { kind, rock, thin, cool, firn, snow_below_c })
        })
        .collect()
}

fn grey(row: &MaterialRow) -> f32 {
    row.colour.iter().sum::<f32>() / 3.0
}

/// The class of a kind whose colour is nearest to a material's.
fn nearest(rows: &[MaterialRow], kind: Kind, to: &MaterialRow) -> Option<MaterialId> {
    let distance = |row: &MaterialRow| -> f32 {
        row.colour.iter().zip(&to.colour).map(|(a, b)| (a - b) * (a - b)).sum()
    };
    rows.iter()
        .enumerate()
        .filter(|(_, row)| Kind::of_name(&row.name) == Some(kind))
        .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)))
        .map(|(index, _)| MaterialId(index as u16))
}
