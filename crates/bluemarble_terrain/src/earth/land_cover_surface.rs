//! [`Cover`]: what lies on top, from the class of the ground, height, slope, coast and snow line.

use bluemarble_core::{MaterialId, MaterialTable};

use super::{
    climate::Weather,
    land_cover_kinds::{Grounds, Kind, Traits, traits},
};
use crate::error::TerrainError;

/// What the choice depends on besides class and weather.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoverSetting {
    /// Height of the ground above the sea.
    pub height_m: f64,
    /// Tangent of the slope, what the lod does not show included.
    pub steepness: f64,
    /// Tangent of the slope that the lod shows.
    pub slope: f64,
    /// How much the grid's nodes around differ.
    pub relief_m: f64,
    /// -1..=1, wide and narrow patches: borders are frayed, not drawn.
    pub wide: f64,
    pub narrow: f64,
    /// How far the slope faces away from the sun: 1 if straight to the pole, -1 to the equator, 0 if unknown.
    pub aspect_to_pole: f64,
    /// Edge of a cell of the lod.
    pub cell_m: f64,
}

/// The tangent of 40°, above which soil does not hold (Selby, "Hillslope materials and processes", 1993,
/// gives 35° to 45°).
const BARE: f64 = 0.84;
/// Loose stones rest up to about this slope: 32°.
const SCREE: f64 = 0.62;
/// From here on soil is thin.
const THIN: f64 = 0.45;
/// Trees and vines of rain forests cling to steeper slopes than others.
const JUNGLE: f64 = 1.6;
/// Beaches reach this high above the sea, and shoals of sand this deep below.
const BEACH_M: f64 = 2.5;
const SHOAL_M: f64 = 12.0;
/// Beaches are at most about this wide: behind them, flat coasts are green.
const BEACH_WIDTH_M: f64 = 120.0;
/// Cells wider than this hold valleys and peaks alike: they show the class, as the picture from above does.
const WHOLE_M: f64 = 2400.0;
/// The tree line is where the warmest month has 10 °C (Köppen).
const TREES_C: f64 = 10.0;
/// Glaciers reach into valleys as warm as this; outlines that reach farther are too coarse.
const GLACIER_C: f64 = 17.0;

/// Decides what lies on top.
#[derive(Debug)]
pub(super) struct Cover {
    grounds: Grounds,
    traits: Vec<Option<Traits>>,
}

impl Cover {
    /// Looks the materials up.
    ///
    /// # Errors
    /// [`TerrainError::Material`] if one is missing that lies on the ground.
    pub fn new(materials: &MaterialTable) -> Result<Self, TerrainError> {
        let grounds = Grounds::new(materials)?;
        Ok(Self { traits: traits(materials, &grounds), grounds })
    }

    fn traits(&self, material: MaterialId) -> Option<&Traits> {
        self.traits.get(usize::from(material.0))?.as_ref()
    }

    /// The surface of a column whose ground is of a class. `weather` is that at the column's height.
    pub fn surface(
        &self,
        cover: MaterialId,
        weather: &Weather,
        setting: &CoverSetting,
    ) -> MaterialId {
        let grounds = &self.grounds;
        let fray = setting.wide + 0.7 * setting.narrow;
        let summer_c = weather.summer_c + 2.0 * fray;
        if setting.height_m < 0.0 {
            let is_shoal = setting.height_m > -SHOAL_M * (1.0 + 0.6 * fray)
                && setting.slope < 0.12
                && weather.summer_c > 8.0;
            return if is_shoal { grounds.beach_sand } else { grounds.sea_floor };
        }
        // A material that is no class stays as it is.
        let Some(traits) = self.traits(cover) else { return cover };
        if setting.cell_m > WHOLE_M {
            return cover;
        }
        let kind = traits.kind;
        // Snow lasts in the shade, and slides off what is steep.
        let shade_k = 2.5 * setting.aspect_to_pole * setting.slope.min(1.0);
        let shed_k = 6.0 * (setting.steepness - 0.6).max(0.0);
        let snow_c = summer_c - shade_k + shed_k;
        let is_steep = |limit: f64| setting.steepness > limit * (1.0 + 0.15 * fray);
        if kind == Kind::GlacierIce && summer_c < GLACIER_C {
            return self.glacier(traits, snow_c, setting);
        }
        if snow_c < traits.snow_below_c {
            if is_steep(1.4 * BARE) {
                return traits.rock;
            }
            return if kind == Kind::ArcticSnow { cover } else { grounds.snow };
        }
        if self.is_beach(kind, summer_c, fray, setting) {
            return if kind == Kind::LavaField { cover } else { grounds.beach_sand };
        }
        if is_steep(if kind == Kind::RainForest { JUNGLE } else { BARE }) {
            return traits.rock;
        }
        let stays = if kind.is_frozen() || summer_c < TREES_C { traits.cool } else { cover };
        // Under cliffs in the cold, stones lie; in the warmth they are grown over.
        let is_cold_slope = summer_c < TREES_C - 2.0 && setting.relief_m > 250.0;
        if is_cold_slope && is_steep(SCREE * (0.7 + 0.03 * summer_c.clamp(-5.0, 10.0))) {
            return grounds.scree;
        }
        // The last few hundred metres below the snow are bare.
        if kind.is_frozen() && snow_c < traits.snow_below_c + 2.0 {
            return grounds.scree;
        }
        if stays == cover && is_steep(THIN) { traits.thin } else { stays }
    }

    /// Where an outline says ice: firn on top, bare ice below, rock where it is too steep for either.
    fn glacier(&self, traits: &Traits, snow_c: f64, setting: &CoverSetting) -> MaterialId {
        if setting.steepness > 1.3 * BARE * (1.0 + 0.15 * setting.narrow) {
            return traits.rock;
        }
        // Where it melts and breaks, the ice itself shows.
        let bare = (snow_c - 2.0) / 6.0 + 0.8 * (setting.slope - 0.25) + 0.8 * setting.narrow;
        if bare > 0.75 { self.grounds.ice } else { traits.firn }
    }

    fn is_beach(&self, kind: Kind, summer_c: f64, fray: f64, setting: &CoverSetting) -> bool {
        !kind.is_frozen()
            && setting.height_m < BEACH_M * (1.0 + 0.5 * fray)
            && setting.slope < 0.2
            && setting.height_m < setting.slope * BEACH_WIDTH_M
            && summer_c > 4.0
    }

    /// What lies under a surface for the first metre or so.
    pub fn subsoil(&self, surface: MaterialId) -> MaterialId {
        let grounds = &self.grounds;
        if surface == grounds.meadow {
            return grounds.soil;
        }
        let Some(traits) = self.traits(surface) else { return surface };
        match traits.kind {
            kind if kind.grows() => grounds.soil,
            Kind::GlacierIce => grounds.ice,
            Kind::ArcticSnow => grounds.snow,
            Kind::LavaField => grounds.basalt,
            _ => surface,
        }
    }

    /// Whether a surface is snow or ice, which lies metres deep.
    pub fn is_frozen(&self, surface: MaterialId) -> bool {
        let is_class = self.traits(surface).is_some_and(|traits| traits.kind.is_frozen());
        is_class || surface == self.grounds.snow || surface == self.grounds.ice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: CoverSetting = CoverSetting {
        height_m: 200.0,
        steepness: 0.05,
        slope: 0.05,
        relief_m: 50.0,
        wide: 0.0,
        narrow: 0.0,
        aspect_to_pole: 0.0,
        cell_m: 1.0,
    };

    fn weather(summer_c: f64) -> Weather {
        Weather { mean_c: summer_c - 8.0, summer_c, moisture: 0.6 }
    }

    struct World {
        cover: Cover,
        table: MaterialTable,
    }

    impl World {
        fn new() -> Self {
            let table = MaterialTable::standard();
            Self { cover: Cover::new(&table).expect("all materials"), table }
        }

        fn surface(&self, class: &str, summer_c: f64, setting: CoverSetting) -> String {
            let class = self.table.id(class).expect("a class");
            let id = self.cover.surface(class, &weather(summer_c), &setting);
            self.table.name(id).to_owned()
        }
    }

    #[test]
    fn level_ground_in_the_warmth_is_what_the_class_says() {
        let world = World::new();
        for row in world.table.rows() {
            let Some(kind) = Kind::of_name(&row.name) else { continue };
            if !kind.is_frozen() {
                assert_eq!(world.surface(&row.name, 20.0, LEVEL), row.name);
            }
            // Cells as wide as valleys show the class, snow or not.
            let wide = CoverSetting { cell_m: 5000.0, steepness: 2.0, ..LEVEL };
            assert_eq!(world.surface(&row.name, 2.0, wide), row.name);
        }
    }

    #[test]
    fn the_sea_has_a_floor_and_flat_warm_coasts_have_beaches() {
        let world = World::new();
        let at = |height_m: f64, slope: f64| CoverSetting { height_m, slope, ..LEVEL };
        assert_eq!(world.surface("rain forest 1", 27.0, at(-300.0, 0.02)), "sea floor");
        assert_eq!(world.surface("rain forest 1", 27.0, at(-4.0, 0.02)), "beach sand");
        assert_eq!(world.surface("boreal forest 1", 5.0, at(-4.0, 0.02)), "sea floor");
        assert_eq!(world.surface("rain forest 1", 27.0, at(1.0, 0.05)), "beach sand");
        assert_eq!(world.surface("lava field 1", 15.0, at(1.0, 0.05)), "lava field 1");
        assert_eq!(world.surface("rain forest 1", 27.0, at(1.0, 0.0)), "rain forest 1");
    }

    #[test]
    fn steep_ground_shows_the_rock_of_its_region() {
        let world = World::new();
        let steep = CoverSetting { steepness: 1.5, slope: 1.4, ..LEVEL };
        let rocks = [
            ("red desert 1", "red sandstone"),
            ("sand desert 1", "sandstone"),
            ("lava field 1", "basalt"),
            ("tundra 1", "granite"),
            ("farmland 1", "limestone"),
        ];
        for (class, rock) in rocks {
            assert_eq!(world.surface(class, 20.0, steep), rock);
        }
        let slope = CoverSetting { steepness: 0.55, slope: 0.5, ..LEVEL };
        assert!(world.surface("farmland 1", 20.0, slope).starts_with("temperate forest"));
        assert_eq!(world.surface("rain forest 1", 27.0, slope), "rain forest 1");
    }

    #[test]
    fn snow_lies_in_the_cold_and_longest_where_the_sun_does_not_reach() {
        let world = World::new();
        assert_eq!(world.surface("tundra 1", -4.0, LEVEL), "snow");
        assert_eq!(world.surface("tundra 1", 4.0, LEVEL), "tundra 1");
        // The picture's snow lies lower, and not in the valleys between.
        assert_eq!(world.surface("snow field 3", 3.0, LEVEL), "snow");
        assert_eq!(world.surface("snow field 3", 18.0, LEVEL), "alpine meadow");
        let slope = CoverSetting { steepness: 0.5, slope: 0.5, ..LEVEL };
        let shade = CoverSetting { aspect_to_pole: 1.0, ..slope };
        let sun = CoverSetting { aspect_to_pole: -1.0, ..slope };
        assert_eq!(world.surface("high plateau 1", -0.5, shade), "snow");
        assert_ne!(world.surface("high plateau 1", -0.5, sun), "snow");
        let cliff = CoverSetting { steepness: 1.6, slope: 1.6, ..LEVEL };
        assert_eq!(world.surface("snow field 3", -8.0, cliff), "rock");
    }

    #[test]
    fn trees_end_where_summers_are_cold_and_glaciers_where_they_are_hot() {
        let world = World::new();
        assert_eq!(world.surface("temperate forest 1", 8.0, LEVEL), "alpine meadow");
        assert!(world.surface("boreal forest 1", 8.0, LEVEL).starts_with("tundra"));
        assert_eq!(world.surface("glacier ice 2", -10.0, LEVEL), "snow");
        assert_eq!(world.surface("glacier ice 3", -10.0, LEVEL), "glacier ice 3");
        let icefall = CoverSetting { slope: 0.5, steepness: 0.5, narrow: 0.3, ..LEVEL };
        assert_eq!(world.surface("glacier ice 2", 6.0, icefall), "ice");
        assert_eq!(world.surface("glacier ice 2", 24.0, LEVEL), "alpine meadow");
    }

    #[test]
    fn what_grows_stands_on_soil() {
        let world = World::new();
        let under = |name: &str| {
            let id = world.cover.subsoil(world.table.id(name).expect("a material"));
            world.table.name(id).to_owned()
        };
        for name in ["rain forest 1", "farmland 1", "alpine meadow", "tundra 1"] {
            assert_eq!(under(name), "soil");
        }
        assert_eq!(under("glacier ice 1"), "ice");
        assert_eq!(under("sand desert 1"), "sand desert 1");
        assert_eq!(under("limestone"), "limestone");
    }
}
