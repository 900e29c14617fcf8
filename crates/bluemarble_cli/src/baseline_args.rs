//! A recipe from the flags of the command line.

use std::path::PathBuf;

use bluemarble_core::{CubeSphere, Flat, Shape};
use bluemarble_terrain::{EarthEdition, Elevation, Layer, Recipe};
use clap::{Args, ValueEnum};

use crate::failure::Failure;

/// The baselines by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Air everywhere: a plane, or with --radius-m a planet.
    Empty,
    /// Flat layers, the surface at y = 0.
    Superflat,
    /// Hills and lakes on a plane.
    Noise,
    /// The Earth, from a grid of elevations.
    Earth,
}

/// What a world is made of where it is not edited.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Baseline")]
pub struct BaselineArgs {
    /// What the world is made of where it is not edited.
    #[arg(long, value_enum, value_name = "KIND")]
    pub baseline: Option<Kind>,
    /// For noise and earth: any number, another one is another ground [default: 1].
    #[arg(long, value_name = "N", requires = "baseline")]
    pub seed: Option<u64>,
    /// For empty, superflat and noise: edge of a voxel in metres [default: 1].
    #[arg(long, value_name = "METRES", requires = "baseline")]
    pub voxel_m: Option<f64>,
    /// For empty: a planet with this radius instead of a plane.
    #[arg(long, value_name = "METRES", requires = "baseline", conflicts_with = "voxel_m")]
    pub radius_m: Option<f64>,
    /// For superflat: layers from the top down as MATERIAL:VOXELS, the last goes on for ever
    /// [default: grass:1,soil:3,rock:1].
    #[arg(long, value_name = "LIST", requires = "baseline")]
    pub layers: Option<String>,
    /// For earth: a GeoTIFF of elevations in metres over degrees [default: the shipped grid].
    #[arg(long, value_name = "FILE", requires = "baseline")]
    pub elevation: Option<PathBuf>,
    /// For earth: the edition of the ground; worlds of games from before there was another are on the first
    /// [default: third].
    #[arg(long, value_enum, value_name = "NAME", requires = "baseline")]
    pub edition: Option<Edition>,
}

/// The editions of the Earth's ground by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Edition {
    /// Ridged noise on a grid of 5 minutes.
    First,
    /// Erosion, summits and land cover on a grid of 2.5 minutes.
    Second,
    /// The same with dunes.
    Third,
}

impl From<Edition> for EarthEdition {
    fn from(edition: Edition) -> Self {
        match edition {
            Edition::First => Self::First,
            Edition::Second => Self::Second,
            Edition::Third => Self::Third,
        }
    }
}

impl BaselineArgs {
    /// The recipe that the flags spell; `None` without `--baseline`. Paths in it are absolute.
    pub fn recipe(&self) -> Result<Option<Recipe>, Failure> {
        let Some(kind) = self.baseline else { return Ok(None) };
        let unused = [
            ("--seed", self.seed.is_some(), matches!(kind, Kind::Noise | Kind::Earth)),
            ("--voxel-m", self.voxel_m.is_some(), kind != Kind::Earth),
            ("--radius-m", self.radius_m.is_some(), kind == Kind::Empty),
            ("--layers", self.layers.is_some(), kind == Kind::Superflat),
            ("--elevation", self.elevation.is_some(), kind == Kind::Earth),
            ("--edition", self.edition.is_some(), kind == Kind::Earth),
        ];
        if let Some((flag, ..)) = unused.iter().find(|(_, given, used)| *given && !used) {
            let kind = format!("{kind:?}").to_lowercase();
            return Err(Failure::new(format!(
                "{flag} means nothing to --baseline {kind}; leave it out"
            )));
        }
        let (seed, voxel_m) = (self.seed.unwrap_or(1), self.voxel_m.unwrap_or(1.0));
        Ok(Some(match kind {
            Kind::Empty => Recipe::Empty {
                shape: match self.radius_m {
                    Some(radius_m) => Shape::CubeSphere(CubeSphere { radius_m }),
                    None => Shape::Flat(Flat { voxel_m }),
                },
            },
            Kind::Superflat => {
                let layers = self.layers.as_deref().unwrap_or("grass:1,soil:3,rock:1");
                Recipe::Superflat { voxel_m, layers: parse_layers(layers)? }
            }
            Kind::Noise => Recipe::Noise { voxel_m, seed },
            Kind::Earth => Recipe::Earth {
                elevation: self.elevation()?,
                seed,
                edition: self.edition.unwrap_or(Edition::Third).into(),
            },
        }))
    }

    fn elevation(&self) -> Result<Elevation, Failure> {
        let Some(path) = &self.elevation else { return Ok(Elevation::BuiltIn) };
        let absolute = std::path::absolute(path)
            .map_err(|error| Failure::file(path, "cannot read", &error))?;
        Ok(Elevation::File(absolute))
    }
}

fn parse_layers(text: &str) -> Result<Vec<Layer>, Failure> {
    let layer = |layer: &str| {
        let (material, thickness) = layer.rsplit_once(':').unwrap_or((layer, "1"));
        match thickness.trim().parse() {
            Ok(0) | Err(_) => Err(Failure::new(format!(
                "--layers: `{layer}` is no layer; write MATERIAL:VOXELS with at least one voxel"
            ))),
            Ok(thickness_voxels) => {
                Ok(Layer { material: material.trim().to_owned(), thickness_voxels })
            }
        }
    };
    text.split(',').map(layer).collect()
}
