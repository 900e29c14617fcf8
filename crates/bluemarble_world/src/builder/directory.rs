//! [`DirectoryBuilder`] and [`ReopenBuilder`]: worlds in a directory.

use std::path::{Path, PathBuf};

use bluemarble_store::{ChunkStore, StorageOptions, log::LogOptions};

use super::settings::Settings;
use crate::{HybridWorld, WorldError};

/// A world in a directory, with settings that only such a world has.
///
/// ```
/// use std::sync::Arc;
///
/// use bluemarble_core::MaterialTable;
/// use bluemarble_terrain::NoiseBaseline;
/// use bluemarble_world::{Durability, HybridWorld, LogOptions};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path().join("hills");
/// let materials = MaterialTable::standard();
/// let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
/// // Edits are safe from a crash of the program, and from a loss of power after the next checkpoint.
/// let options = LogOptions { durability: Durability::None, ..LogOptions::default() };
/// let world = HybridWorld::builder(hills, materials).log(options).open(&dir)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is opened yet"]
pub struct DirectoryBuilder(pub(super) Settings);

impl DirectoryBuilder {
    /// How durable an acknowledged edit is, and how the log of edits is kept.
    pub fn log(mut self, options: LogOptions) -> Self {
        self.0.log = options;
        self
    }

    /// How chunks are stored, if the world is made now. A world that is there keeps what it was made with.
    pub fn storage(mut self, options: StorageOptions) -> Self {
        self.0.storage = options;
        self
    }

    /// Lays the world over another one, which is only read: perhaps one at a URL, opened by
    /// [`ChunkStore::open_read_only`]. The directory holds what is edited here.
    ///
    /// No recipe is written down in the directory; a note (`over.json`) is, and the world does not open without one
    /// below from then on.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use bluemarble_core::{EditBatch, MaterialId, MaterialTable, VoxelPos};
    /// use bluemarble_terrain::NoiseBaseline;
    /// use bluemarble_world::{ChunkStore, HybridWorld, StoreOptions};
    /// use futures::executor::block_on;
    /// use glam::ivec3;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let (shared, own) = (dir.path().join("shared"), dir.path().join("own"));
    /// let materials = MaterialTable::standard();
    /// let hills = Arc::new(NoiseBaseline::new(0.5, 7, &materials)?);
    /// let world = HybridWorld::open(&shared, hills.clone(), materials.clone())?;
    /// block_on(world.edit(EditBatch::new().set(VoxelPos::new(0, ivec3(1, 500, 1)), MaterialId(13))))?;
    /// block_on(world.checkpoint())?;
    /// drop(world);
    ///
    /// let location = shared.to_str().ok_or("a path that is text")?.parse()?;
    /// let base = ChunkStore::open_read_only(&location, &StoreOptions::default())?;
    /// let world = HybridWorld::builder(hills, materials).over(base).open(&own)?;
    /// assert_eq!(block_on(world.material(VoxelPos::new(0, ivec3(1, 500, 1))))?, MaterialId(13));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn over(mut self, base: ChunkStore) -> Self {
        self.0.base = Some(base);
        self
    }

    /// As [`crate::WorldBuilder::open`].
    ///
    /// # Errors
    /// As [`crate::WorldBuilder::open`]; [`crate::DocumentError::StandsAlone`] if the world has a recipe of its own;
    /// [`WorldError::OtherBase`] if the world below was made with another shape or
    /// baseline, or with materials that this world does not have.
    pub fn open(self, dir: impl AsRef<Path>) -> Result<HybridWorld, WorldError> {
        self.0.open(dir.as_ref())
    }
}

/// A world that is in a directory, with its recipe.
#[derive(Debug)]
#[must_use = "nothing is opened yet"]
pub struct ReopenBuilder {
    pub(super) settings: Settings,
    pub(super) dir: PathBuf,
}

impl ReopenBuilder {
    /// How durable an acknowledged edit is, and how the log of edits is kept.
    pub fn log(mut self, options: LogOptions) -> Self {
        self.settings.log = options;
        self
    }

    /// As [`crate::WorldBuilder::open`], where it is.
    ///
    /// # Errors
    /// [`WorldError::Store`], as [`crate::WorldBuilder::open`].
    pub fn open(self) -> Result<HybridWorld, WorldError> {
        self.settings.open(&self.dir)
    }
}
