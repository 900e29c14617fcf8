//! [`Recipe`]: a baseline written down, so that a world can be opened later.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::{MaterialTable, Shape};
use serde::{Deserialize, Serialize};

use crate::{
    Baseline, EarthBaseline, EarthEdition, EarthSources, FirstEarth, NoiseBaseline, Superflat,
    empty::Empty, error::TerrainError,
};

/// The environment variable that names the folder with `earth/relief2m5.tif` and the other shipped files.
pub const ASSETS_VARIABLE: &str = "BLUEMARBLE_ASSETS";

/// Every baseline with all its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Recipe {
    /// Air everywhere.
    Empty {
        /// How the lattice lies in local space.
        shape: Shape,
    },
    /// The same layers everywhere, with the surface at y = 0.
    Superflat {
        /// Edge of a voxel in metres.
        voxel_m: f64,
        /// From the top down; the last goes on for ever.
        layers: Vec<Layer>,
    },
    /// Hills and lakes on a plane.
    Noise {
        /// Edge of a voxel in metres.
        voxel_m: f64,
        /// Any number: another number is another ground.
        seed: u64,
    },
    /// The Earth, or any planet of its size.
    Earth {
        /// Where the heights come from.
        elevation: Elevation,
        /// Any number: another number is other detail below the scale of the heights.
        seed: u64,
        /// Which ground: the first if nothing is written, as in worlds from before there was another.
        #[serde(default)]
        edition: EarthEdition,
    },
}

/// One layer of [`Recipe::Superflat`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// The name of its material.
    pub material: String,
    /// Its height in voxels.
    pub thickness_voxels: u32,
}

/// The elevation grid of [`Recipe::Earth`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Elevation {
    /// What the project ships: for the first edition the grid in `assets/earth/etopo5.tif`, for later
    /// ones that in `assets/earth/relief2m5.tif`, the summits and the land cover.
    BuiltIn,
    /// A `GeoTIFF` of elevations in metres over degrees; relative to the world directory.
    File(PathBuf),
}

impl Elevation {
    /// The files that a world in `dir` is made from.
    pub fn sources(&self, dir: &Path, edition: EarthEdition) -> EarthSources {
        match (self, edition) {
            (Self::BuiltIn, EarthEdition::First) => {
                EarthSources::elevation_only(&EarthSources::light(&assets_dir()).elevation)
            }
            (Self::BuiltIn, EarthEdition::Second | EarthEdition::Third) => {
                EarthSources::shipped(&assets_dir())
            }
            (Self::File(path), _) => EarthSources::elevation_only(&dir.join(path)),
        }
    }
}

impl Recipe {
    /// Makes the baseline of a world in `dir`.
    ///
    /// # Errors
    /// [`TerrainError`], naming the file, material or parameter at fault.
    pub fn build(
        &self,
        dir: &Path,
        materials: &MaterialTable,
    ) -> Result<Arc<dyn Baseline>, TerrainError> {
        Ok(match self {
            Self::Empty { shape } => Arc::new(Empty::new(*shape)?),
            Self::Superflat { voxel_m, layers } => {
                let layers = layers
                    .iter()
                    .map(|layer| Ok((materials.id(&layer.material)?, layer.thickness_voxels)))
                    .collect::<Result<_, TerrainError>>()?;
                Arc::new(Superflat::new(*voxel_m, layers)?)
            }
            Self::Noise { voxel_m, seed } => {
                Arc::new(NoiseBaseline::new(*voxel_m, *seed, materials)?)
            }
            Self::Earth { elevation, seed, edition } => {
                let sources = elevation.sources(dir, *edition);
                match edition {
                    EarthEdition::First => {
                        Arc::new(FirstEarth::load(&sources.elevation, materials, *seed)?)
                    }
                    EarthEdition::Second => Arc::new(
                        EarthBaseline::load(&sources, materials, *seed)?.of_second_edition(),
                    ),
                    EarthEdition::Third => {
                        Arc::new(EarthBaseline::load(&sources, materials, *seed)?)
                    }
                }
            }
        })
    }
}

/// The folder of the data that come with this crate's sources, the Earth's in `earth` of it: what [`ASSETS_VARIABLE`] says; else
/// `assets` beside the program or in its working directory, if `earth` is in there; else where the program was built. To ship
/// a game, copy `assets/earth` of the sources into the `assets` folder beside the program.
pub fn assets_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os(ASSETS_VARIABLE) {
        return dir.into();
    }
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join("assets")));
    let mut shipped = [beside, Some(PathBuf::from("assets"))].into_iter().flatten();
    let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    shipped.find(|dir| dir.join("earth").is_dir()).unwrap_or_else(built)
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{CubeSphere, Flat};

    use super::*;

    fn recipes() -> Vec<(Recipe, &'static str)> {
        let layer = |material: &str, thickness_voxels| Layer {
            material: material.to_owned(),
            thickness_voxels,
        };
        vec![
            (Recipe::Empty { shape: Shape::Flat(Flat { voxel_m: 0.5 }) }, "empty-1 voxel_m=0.5"),
            (
                Recipe::Empty { shape: Shape::CubeSphere(CubeSphere { radius_m: 1000.0 }) },
                "empty-1 radius_m=1000",
            ),
            (
                Recipe::Superflat {
                    voxel_m: 1.0,
                    layers: vec![layer("grass", 1), layer("soil", 3)],
                },
                "superflat-1 voxel_m=1 layers=[(MaterialId(5), 1), (MaterialId(11), 3)]",
            ),
            (Recipe::Noise { voxel_m: 0.25, seed: u64::MAX }, "noise-1 seed=18446744073709551615"),
            (
                Recipe::Earth {
                    elevation: Elevation::BuiltIn,
                    seed: 3,
                    edition: EarthEdition::First,
                },
                "earth-1 seed=3 grid=4320x2161:",
            ),
            (
                Recipe::Earth {
                    elevation: Elevation::BuiltIn,
                    seed: 3,
                    edition: EarthEdition::Second,
                },
                "earth-2 seed=3 grid=8640x4321:",
            ),
            (
                Recipe::Earth {
                    elevation: Elevation::BuiltIn,
                    seed: 3,
                    edition: EarthEdition::Third,
                },
                "earth-3 seed=3 grid=8640x4321:",
            ),
        ]
    }

    #[test]
    fn a_recipe_that_was_written_down_makes_the_same_baseline() {
        let materials = MaterialTable::standard();
        for (recipe, name) in recipes() {
            let text = serde_json::to_string(&recipe).expect("json");
            let read: Recipe = serde_json::from_str(&text).expect(&text);
            assert_eq!(read, recipe);
            let baseline = read.build(Path::new("."), &materials).expect(name);
            assert!(baseline.fingerprint().starts_with(name), "{}", baseline.fingerprint());
        }
    }

    #[test]
    fn an_earth_without_an_edition_is_the_first_one() {
        let text = r#"{"kind":"earth","elevation":"built_in","seed":7}"#;
        let recipe: Recipe = serde_json::from_str(text).expect(text);
        let first = EarthEdition::First;
        assert_eq!(
            recipe,
            Recipe::Earth { elevation: Elevation::BuiltIn, seed: 7, edition: first }
        );
        let baseline = recipe.build(Path::new("."), &MaterialTable::standard()).expect("it builds");
        assert_eq!(EarthEdition::of_fingerprint(&baseline.fingerprint()), Some(first));
    }

    #[test]
    fn what_makes_no_baseline_is_named() {
        let materials = MaterialTable::standard();
        let error = |text: &str| {
            let recipe: Recipe = serde_json::from_str(text).expect(text);
            let Err(error) = recipe.build(Path::new("/nowhere"), &materials) else {
                panic!("{text} makes a baseline")
            };
            error.to_string()
        };
        let said = error(r#"{"kind":"earth","elevation":{"file":"a.tif"},"seed":1}"#);
        assert!(said.starts_with("/nowhere/a.tif: "), "{said}");
        let layers = r#"[{"material":"cheese","thickness_voxels":1}]"#;
        let said = error(&format!(r#"{{"kind":"superflat","voxel_m":1,"layers":{layers}}}"#));
        assert!(said.contains("`cheese`"), "{said}");
        let said = error(r#"{"kind":"noise","voxel_m":0,"seed":1}"#);
        assert!(said.starts_with("voxel_m is 0"), "{said}");
        let said = error(r#"{"kind":"empty","shape":{"CubeSphere":{"radius_m":-1}}}"#);
        assert!(said.starts_with("radius_m is -1"), "{said}");
        assert!(
            serde_json::from_str::<Recipe>(r#"{"kind":"noise","voxel_m":1,"seed":1,"x":2}"#)
                .is_err()
        );
    }

    #[test]
    fn an_empty_world_is_air_wherever_it_is_asked() {
        use crate::Classification;
        use bluemarble_core::{Chunk, ChunkKey, MaterialId};
        let empty = Empty::new(Shape::earth()).expect("the Earth");
        let key = ChunkKey::new(3, 2, glam::IVec3::ONE);
        let mut chunk = Chunk::uniform(MaterialId(8));
        empty.fill(key, &mut chunk);
        assert_eq!(chunk.as_uniform(), Some(MaterialId::AIR));
        let answer = empty.classify(key.voxel_box(), 2);
        assert_eq!(answer, Classification::Uniform(MaterialId::AIR));
    }
}
