//! `import heights`: elevations become a planet.

use std::{path::PathBuf, process::ExitCode};

use bluemarble_terrain::{ElevationGrid, Recipe};
use clap::Args;

use crate::{
    baseline_args::{BaselineArgs, Kind},
    commands::new,
    failure::Failure,
};

/// Make a planet from a GeoTIFF of elevations.
///
/// The file holds one band of metres over degrees (EPSG:4326) and may cover a part of the globe: beyond it
/// lies the sea. It is copied into the world, which must not exist yet.
#[derive(Args)]
#[command(after_help = "Example: bluemarble import heights alps alps.tif --seed 3")]
pub struct Heights {
    /// The world directory to be made.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The elevations.
    #[arg(value_name = "FILE.tif")]
    file: PathBuf,
    /// Any number: another one is other detail below the scale of the elevations.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    storage: new::StorageArgs,
}

impl Heights {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        // Read once alone, so that what is wrong with it is said before anything else.
        ElevationGrid::load(&self.file)?;
        let args = BaselineArgs {
            baseline: Some(Kind::Earth),
            seed: Some(self.seed),
            elevation: Some(self.file),
            ..BaselineArgs::default()
        };
        let Some(recipe @ Recipe::Earth { .. }) = args.recipe()? else {
            return Err(Failure::new("elevations make no planet"));
        };
        new::make(&self.dir, recipe, None, &self.storage, json)
    }
}
