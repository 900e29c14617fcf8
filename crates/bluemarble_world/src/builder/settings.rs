//! [`Settings`]: what builders pass on.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::MaterialTable;
use bluemarble_store::{ChunkStore, LogOptions, StorageOptions};
use bluemarble_terrain::{Baseline, Recipe};

use crate::{HybridWorld, WorldDocument, WorldError};

/// What a world is made of, and how it is kept in a directory.
pub(super) struct Settings {
    pub baseline: Arc<dyn Baseline>,
    pub materials: MaterialTable,
    /// What is to be written down in a directory that has no recipe: the recipe, and the file of its own materials.
    pub recipe: Option<(Recipe, Option<PathBuf>)>,
    pub log: LogOptions,
    pub storage: StorageOptions,
    /// The world that it is laid over.
    pub base: Option<ChunkStore>,
}

impl Settings {
    pub fn new(baseline: Arc<dyn Baseline>, materials: MaterialTable) -> Self {
        Self {
            baseline,
            materials,
            recipe: None,
            log: LogOptions::default(),
            storage: StorageOptions::default(),
            base: None,
        }
    }

    /// Opens the world in a directory, or makes one there.
    pub fn open(self, dir: &Path) -> Result<HybridWorld, WorldError> {
        let Self { baseline, materials, recipe, log, storage, base } = self;
        // A document would not say which world lies below.
        let recipe = recipe.filter(|_| base.is_none());
        // Before anything is made: a document that cannot be read is not written over.
        let recipe = match recipe {
            Some(recipe) if WorldDocument::read(dir)?.is_none() => Some(recipe),
            _ => None,
        };
        let world = HybridWorld::in_directory(dir, baseline, materials, storage, base, log)?;
        if let Some((recipe, materials)) = recipe {
            WorldDocument::install(dir, &recipe, materials.as_deref())?;
        }
        Ok(world)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("baseline", &self.baseline.fingerprint())
            .field("recipe", &self.recipe)
            .field("log", &self.log)
            .field("storage", &self.storage)
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}
