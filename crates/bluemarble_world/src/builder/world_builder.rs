//! [`WorldBuilder`]: what a world is made of, and where it is opened.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::MaterialTable;
use bluemarble_store::{ChunkStore, StorageOptions, log::LogOptions};
use bluemarble_terrain::{Baseline, Recipe};

use super::{
    directory::{DirectoryBuilder, ReopenBuilder},
    settings::{Settings, check_base},
    store::StoreBuilder,
};
use crate::{DocumentError, HybridWorld, WorldDocument, WorldError, document::DOCUMENT_NAME};

/// What a world is made of. The next call says where it is kept.
///
/// Settings that only a world in a directory has lead to a [`DirectoryBuilder`], so that nothing can be set that would
/// not count:
///
/// ```compile_fail
/// # use std::sync::Arc;
/// # use bluemarble_core::MaterialTable;
/// # use bluemarble_terrain::NoiseBaseline;
/// # use bluemarble_world::{HybridWorld, LogOptions};
/// # let materials = MaterialTable::standard();
/// # let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
/// // A world in memory has no log.
/// HybridWorld::builder(hills, materials).log(LogOptions::default()).in_memory();
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is opened yet"]
pub struct WorldBuilder(Settings);

impl WorldBuilder {
    /// A world over a baseline. Its directory can be opened with the same baseline again; from a recipe
    /// ([`WorldBuilder::from_recipe`]) it can be opened without knowing it.
    pub fn new(baseline: Arc<dyn Baseline>, materials: MaterialTable) -> Self {
        Self(Settings::new(baseline, materials))
    }

    /// A world over a baseline that is written down, with the standard materials. Paths in the recipe are as the
    /// program sees them.
    ///
    /// In a new directory, or one that has none, `bluemarble.json` is written with the recipe, and the files that it is
    /// made from are copied: [`WorldBuilder::from_directory`] and the command line `bluemarble` open the world by it. The
    /// world must be of the same ground if there is one already.
    ///
    /// ```
    /// use bluemarble_terrain::Recipe;
    /// use bluemarble_world::WorldBuilder;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path().join("hills");
    /// let recipe = Recipe::Noise { voxel_m: 0.5, seed: 7 };
    /// let world = WorldBuilder::from_recipe(&recipe)?.open(&dir)?;
    /// assert!(dir.join("bluemarble.json").exists());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WorldError::Document`] if the recipe makes no baseline.
    pub fn from_recipe(recipe: &Recipe) -> Result<Self, WorldError> {
        Self::of_recipe(recipe, MaterialTable::standard(), None)
    }

    /// The same with a material table of one's own, a RON file, which is copied, too.
    ///
    /// # Errors
    /// [`WorldError::Document`] if the table cannot be read, or the recipe makes no baseline.
    pub fn from_recipe_with_materials(
        recipe: &Recipe,
        materials: impl AsRef<Path>,
    ) -> Result<Self, WorldError> {
        let path = materials.as_ref();
        let table = MaterialTable::load(path).map_err(DocumentError::from)?;
        Self::of_recipe(recipe, table, Some(path.to_owned()))
    }

    fn of_recipe(
        recipe: &Recipe,
        materials: MaterialTable,
        file: Option<PathBuf>,
    ) -> Result<Self, WorldError> {
        let baseline = recipe.build(Path::new(""), &materials).map_err(DocumentError::from)?;
        let recipe = Some((recipe.clone(), file));
        Ok(Self(Settings { recipe, ..Settings::new(baseline, materials) }))
    }

    /// The world in a directory, over the baseline that its `bluemarble.json` tells of. A world that was made from a
    /// recipe, by a game or by `bluemarble new`, has one. Nothing is locked or changed yet.
    ///
    /// ```
    /// use bluemarble_terrain::Recipe;
    /// use bluemarble_world::{LogOptions, WorldBuilder};
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path().join("hills");
    /// # let recipe = Recipe::Noise { voxel_m: 0.5, seed: 7 };
    /// # drop(WorldBuilder::from_recipe(&recipe)?.open(&dir)?);
    /// let world = WorldBuilder::from_directory(&dir)?.log(LogOptions::default()).open()?;
    /// assert!(world.baseline().fingerprint().starts_with("noise-1 seed=7"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WorldError::Document`]: there is no world ([`DocumentError::NoWorld`]), nothing says how to make its baseline
    /// ([`DocumentError::Missing`]), what says so cannot be read, or makes another baseline than the world's
    /// ([`DocumentError::OtherBaseline`]), or it lies over another one
    /// ([`DocumentError::NeedsBase`]). [`WorldError::Store`] if the world's own metadata cannot be read.
    pub fn from_directory(dir: impl AsRef<Path>) -> Result<ReopenBuilder, WorldError> {
        let dir = dir.as_ref().to_owned();
        let Some(found) = HybridWorld::fingerprint_at(&dir)? else {
            return Err(DocumentError::NoWorld { dir }.into());
        };
        check_base(&dir, false)?;
        let path = dir.join(DOCUMENT_NAME);
        let Some(document) = WorldDocument::read(&dir)? else {
            return Err(DocumentError::Missing { path, baseline: found }.into());
        };
        let materials = document.table(&dir)?;
        let baseline = document.baseline.build(&dir, &materials).map_err(DocumentError::from)?;
        let made = baseline.fingerprint();
        if made != found {
            return Err(DocumentError::OtherBaseline { path, made, found }.into());
        }
        Ok(ReopenBuilder { settings: Settings::new(baseline, materials), dir })
    }

    /// How durable an acknowledged edit is, and how the log of edits is kept.
    pub fn log(self, options: LogOptions) -> DirectoryBuilder {
        DirectoryBuilder(self.0).log(options)
    }

    /// How chunks are stored, if the world is made now. A world that is there keeps what it was made with.
    pub fn storage(self, options: StorageOptions) -> DirectoryBuilder {
        DirectoryBuilder(self.0).storage(options)
    }

    /// Lays the world over another one, which is only read: [`DirectoryBuilder::over`].
    pub fn over(self, base: ChunkStore) -> DirectoryBuilder {
        DirectoryBuilder(self.0).over(base)
    }

    /// Opens the world in a directory, or makes one if the directory is empty or missing.
    ///
    /// Lists the shards, reads the delta log and the index of every shard that has changed since
    /// [`HybridWorld::save_index`], and blocks for it. The directory stays locked against other processes until
    /// the last clone is dropped.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use bluemarble_core::MaterialTable;
    /// use bluemarble_terrain::NoiseBaseline;
    /// use bluemarble_world::HybridWorld;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = dir.path().join("hills");
    /// let materials = MaterialTable::standard();
    /// let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
    /// let world = HybridWorld::builder(hills, materials).open(&dir)?;
    /// assert!(world.is_durable());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`WorldError::Store`]: the directory cannot be written, holds something else, is open elsewhere,
    /// was made with another baseline, shape or material table, or is damaged. [`WorldError::Replay`]: its log holds
    /// what this world does not understand. [`WorldError::Document`], from a recipe: the directory's `bluemarble.json`
    /// cannot be read, which is found before anything is made, or not be written.
    pub fn open(self, dir: impl AsRef<Path>) -> Result<HybridWorld, WorldError> {
        self.0.open(dir.as_ref())
    }

    /// A world that forgets its edits when it is dropped.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use bluemarble_core::MaterialTable;
    /// use bluemarble_terrain::NoiseBaseline;
    /// use bluemarble_world::HybridWorld;
    ///
    /// let materials = MaterialTable::standard();
    /// let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
    /// let world = HybridWorld::builder(hills, materials).in_memory();
    /// assert!(!world.is_durable());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_memory(self) -> HybridWorld {
        HybridWorld::without_store(self.0.baseline, self.0.materials)
    }

    /// A world in a store that is open already: await it, or give it a log first. No recipe is written down.
    pub fn with_store(self, store: ChunkStore) -> StoreBuilder {
        let Settings { baseline, materials, .. } = self.0;
        StoreBuilder { baseline, materials, store, log: None }
    }
}

impl HybridWorld {
    /// Begins to say how a world is opened: [`WorldBuilder::new`].
    pub fn builder(baseline: Arc<dyn Baseline>, materials: MaterialTable) -> WorldBuilder {
        WorldBuilder::new(baseline, materials)
    }

    /// A world that forgets its edits when it is dropped: [`WorldBuilder::in_memory`].
    pub fn in_memory(baseline: Arc<dyn Baseline>, materials: MaterialTable) -> Self {
        Self::builder(baseline, materials).in_memory()
    }

    /// The world in a directory, or a new one: [`WorldBuilder::open`].
    ///
    /// # Errors
    /// As [`WorldBuilder::open`].
    pub fn open(
        dir: impl AsRef<Path>,
        baseline: Arc<dyn Baseline>,
        materials: MaterialTable,
    ) -> Result<Self, WorldError> {
        Self::builder(baseline, materials).open(dir)
    }

    /// The world in a directory, by the recipe that is written down there: [`WorldBuilder::from_directory`].
    ///
    /// # Errors
    /// As [`WorldBuilder::from_directory`] and [`ReopenBuilder::open`].
    pub fn reopen(dir: impl AsRef<Path>) -> Result<Self, WorldError> {
        WorldBuilder::from_directory(dir)?.open()
    }
}
