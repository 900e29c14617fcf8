//! [`Settings`]: what builders pass on.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::MaterialTable;
use bluemarble_store::{ChunkStore, StorageOptions, log::LogOptions};
use bluemarble_terrain::{Baseline, Recipe};

use crate::{
    DocumentError, HybridWorld, WorldDocument, WorldError,
    document::{BASE_NOTE_NAME, DOCUMENT_NAME, has_base_note, write_base_note},
};

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
        // Before anything is made or replayed: edits belong on the ground that they were made on.
        check_base(dir, base.is_some())?;
        let location = base.as_ref().map(ChunkStore::location);
        // A document would not say which world lies below.
        let mut recipe = recipe.filter(|_| base.is_none());
        // A document that cannot be read is not written over.
        if let Some((_, file)) = &recipe
            && let Some(document) = WorldDocument::read(dir)?
        {
            if let Some(file) = file {
                // Before the list of materials in the store grows: the world must stay one that can be reopened.
                document.grow(dir, file, &materials)?;
            }
            recipe = None;
        }
        let world = HybridWorld::in_directory(dir, baseline, materials, storage, base, log)?;
        if let Some(location) = location {
            write_base_note(dir, &location)?;
        }
        if let Some((recipe, materials)) = recipe {
            WorldDocument::install(dir, &recipe, materials.as_deref())?;
        }
        world.note_recipe()?;
        Ok(world)
    }
}

/// Refuses to open a world over another one that was made to stand alone, and the other way round.
pub(super) fn check_base(dir: &Path, has_base: bool) -> Result<(), DocumentError> {
    let document = dir.join(DOCUMENT_NAME);
    if has_base && document.exists() {
        return Err(DocumentError::StandsAlone { path: document });
    }
    if !has_base && has_base_note(dir) {
        return Err(DocumentError::NeedsBase { path: dir.join(BASE_NOTE_NAME) });
    }
    Ok(())
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
