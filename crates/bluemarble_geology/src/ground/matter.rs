//! [`Matter`]: what materials are to geology.

use bluemarble_core::{MaterialId, MaterialTable, Phase};

/// What a material is to geology.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matter {
    /// Air, and what has no place in the table.
    Nothing,
    /// Water.
    Liquid,
    /// Ground that slides and creeps.
    Loose,
    /// Ground that rivers cut into.
    Rock,
    /// Made by people: it stays, and so does the ground below it.
    Built,
}

/// Heavier ground is rock.
const MIN_ROCK_DENSITY_KG_M3: f32 = 2200.0;
/// As hard as sediment, which is cut as fast as rivers say.
const REFERENCE_MOHS: f64 = 3.0;
const MIN_MOHS: f64 = 1.0;

impl Matter {
    fn of(materials: &MaterialTable, id: MaterialId) -> Self {
        let Some(row) = materials.get(id) else { return Self::Built };
        match row.phase {
            _ if row.built => Self::Built,
            Phase::Empty => Self::Nothing,
            Phase::Liquid => Self::Liquid,
            Phase::Opaque | Phase::Translucent if row.density_kg_m3 < MIN_ROCK_DENSITY_KG_M3 => {
                Self::Loose
            }
            Phase::Opaque | Phase::Translucent => Self::Rock,
        }
    }

    pub fn is_ground(self) -> bool {
        matches!(self, Self::Loose | Self::Rock)
    }
}

/// What each material of a table is.
#[derive(Clone, Debug)]
pub(crate) struct Matters {
    matters: Vec<Matter>,
    erodibilities: Vec<f32>,
}

impl Matters {
    pub fn new(materials: &MaterialTable) -> Self {
        let matters = materials.ids().map(|id| Matter::of(materials, MaterialId(id))).collect();
        let rows = materials.rows().iter();
        let erodibilities = rows.map(|row| erodibility(row.hardness_mohs.into()) as f32).collect();
        Self { matters, erodibilities }
    }

    #[inline]
    pub fn get(&self, id: MaterialId) -> Matter {
        self.matters.get(usize::from(id.0)).copied().unwrap_or(Matter::Built)
    }

    /// How fast rivers cut it, as a multiple of what they cut of sediment; what is built they do not cut.
    pub fn erodibility(&self, id: MaterialId) -> f32 {
        if self.get(id) == Matter::Built {
            return 0.0;
        }
        self.erodibilities.get(usize::from(id.0)).copied().unwrap_or(0.0)
    }
}

/// Wear goes with the square of strength (Sklar and Dietrich 2001, doi 10.1130/0091-7613(2001)029<1087:SARCIB>2.0.CO;2), which
/// goes about with hardness.
fn erodibility(hardness_mohs: f64) -> f64 {
    (REFERENCE_MOHS / hardness_mohs.max(MIN_MOHS)).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soil_is_loose_granite_is_rock_and_a_wall_stays() {
        let table = MaterialTable::standard();
        let matters = Matters::new(&table);
        let of = |name| matters.get(table.id(name).expect("shipped"));
        assert_eq!(of("air"), Matter::Nothing);
        assert_eq!(of("water"), Matter::Liquid);
        assert_eq!([of("soil"), of("scree"), of("sediment"), of("grass")], [Matter::Loose; 4]);
        assert_eq!([of("rock"), of("granite"), of("limestone")], [Matter::Rock; 3]);
        assert_eq!([of("brick"), of("glass")], [Matter::Built; 2]);
        assert_eq!(matters.get(MaterialId(60_000)), Matter::Built, "what nobody knows stays");
        let cut = |name| matters.erodibility(table.id(name).expect("shipped"));
        assert!(cut("soil") > cut("limestone") && cut("limestone") > cut("granite"));
        assert!(cut("granite") > 0.0 && cut("brick") == 0.0);
    }
}
