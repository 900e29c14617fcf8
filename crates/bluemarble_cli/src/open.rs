//! A directory to a world: with its baseline where voxels nobody has edited matter, else without.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::{MaterialTable, Shape};
use bluemarble_store::{ChunkStore, StoreError, WorldMetadata, layout::METADATA_NAME};
use bluemarble_terrain::{Baseline, Recipe};
use bluemarble_world::HybridWorld;
use clap::Args;
use serde::Deserialize;

use crate::{
    baseline_args::BaselineArgs,
    document::{WorldDocument, read_small},
    failure::Failure,
};

/// Which world, and how to make what it is laid over.
#[derive(Args, Clone, Debug)]
pub struct WorldArgs {
    /// The world directory.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The material table (RON) the world was made with [default: the one in the world directory, else
    /// the standard table].
    #[arg(long, value_name = "FILE")]
    pub materials: Option<PathBuf>,
    #[command(flatten)]
    pub baseline: BaselineArgs,
}

/// A baseline and the table that its materials are from.
pub struct Ground {
    /// The baseline.
    pub baseline: Arc<dyn Baseline>,
    /// The materials.
    pub materials: MaterialTable,
}

impl WorldArgs {
    /// Opens the world with its baseline.
    pub fn open(&self) -> Result<HybridWorld, Failure> {
        let Some(ground) = self.ground()? else { return Err(self.no_baseline()) };
        Ok(HybridWorld::open(&self.dir, ground.baseline, ground.materials)?)
    }

    /// The baseline of the world; `None` if nothing says what it is. It is known to be the right one.
    pub fn ground(&self) -> Result<Option<Ground>, Failure> {
        let metadata = read_metadata(&self.dir)?;
        let document = WorldDocument::read(&self.dir)?;
        let recipe = match self.baseline.recipe()? {
            Some(recipe) => Some(recipe),
            None => document.as_ref().map(|document| document.baseline.clone()),
        };
        let Some(recipe) = recipe else { return Ok(None) };
        let materials = self.table(document.as_ref())?;
        let baseline = build(&recipe, &self.dir, &materials)?;
        let (found, made) = (metadata.baseline, baseline.fingerprint());
        if found != made {
            let path = self.dir.join(METADATA_NAME);
            return Err(Failure::new(format!(
                "{}: the world was made with the baseline `{found}`, not with `{made}`; give the flags \
                 of --baseline that spell it",
                path.display()
            )));
        }
        Ok(Some(Ground { baseline, materials }))
    }

    /// The error of a command that cannot do without the baseline.
    pub fn no_baseline(&self) -> Failure {
        let made = read_metadata(&self.dir).map(|metadata| metadata.baseline).unwrap_or_default();
        Failure::new(format!(
            "{}: nothing says how to make the baseline of this world, `{made}`; give it with --baseline \
             and its flags, or once for all with `bluemarble new`",
            self.dir.display()
        ))
    }

    /// The table that names and colours are from, whatever the baseline.
    pub fn table(&self, document: Option<&WorldDocument>) -> Result<MaterialTable, Failure> {
        if let Some(path) = &self.materials {
            return Ok(MaterialTable::load(path)?);
        }
        match document.and_then(|document| document.materials.as_ref()) {
            Some(path) => Ok(MaterialTable::load(&self.dir.join(path))?),
            None => Ok(MaterialTable::standard()),
        }
    }

    /// Opens what is stored and nothing else.
    pub fn open_stored(&self) -> Result<Stored, Failure> {
        let metadata = read_metadata(&self.dir)?;
        let store =
            ChunkStore::create_or_open(&self.dir, &metadata).map_err(|error| match &error {
                // It was opened as what it says of itself: the document contradicts itself.
                StoreError::Mismatch { field, .. } if !field.ends_with("format_version") => {
                    Failure::damaged(error.to_string())
                }
                _ => error.into(),
            })?;
        Ok(Stored { store, metadata })
    }
}

/// The stored chunks of a world and what it says of itself. Holds the world's lock.
pub struct Stored {
    /// The chunks.
    pub store: ChunkStore,
    /// The shape, the baseline and the names of the materials.
    pub metadata: WorldMetadata,
}

/// Makes a baseline.
pub fn build(
    recipe: &Recipe,
    dir: &Path,
    materials: &MaterialTable,
) -> Result<Arc<dyn Baseline>, Failure> {
    Ok(recipe.build(dir, materials)?)
}

/// Whether there is a world in a directory.
pub fn is_world(dir: &Path) -> bool {
    dir.join(METADATA_NAME).exists()
}

/// What the world in a directory says of itself, without opening it.
pub fn read_metadata(dir: &Path) -> Result<WorldMetadata, Failure> {
    let path = dir.join(METADATA_NAME);
    let Some(text) = read_small(&path)? else {
        return Err(if dir.join("region0").is_dir() {
            StoreError::MissingMetadata { path: path.display().to_string() }.into()
        } else {
            Failure::new(format!(
                "{}: there is no world here (no {METADATA_NAME}); make one with `bluemarble new`",
                dir.display()
            ))
        });
    };
    #[derive(Deserialize)]
    struct Document {
        attributes: Attributes,
    }
    #[derive(Deserialize)]
    struct Attributes {
        bluemarble: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        shape: Shape,
        baseline: String,
        materials: Vec<String>,
    }
    let document: Document = serde_json::from_slice(&text).map_err(|error| {
        Failure::from(StoreError::Syntax {
            path: path.display().to_string(),
            message: error.to_string(),
        })
    })?;
    let Fields { shape, baseline, materials } = document.attributes.bluemarble;
    Ok(WorldMetadata { shape, baseline, materials })
}
