//! A location to a world: with its baseline where unedited voxels matter, else without.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use bluemarble_core::{MaterialTable, parallel};
use bluemarble_store::{
    ChunkStore, Listing, METADATA_NAME, StoreError, StoreOptions, WorldLocation, WorldLock,
    WorldMetadata, log::LogOptions,
};
use bluemarble_terrain::Baseline;
use bluemarble_world::{HybridWorld, Migration, OCTREE_DIR, WorldDocument};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use futures::executor::block_on;

use crate::{baseline_args::BaselineArgs, durable::Writer, failure::Failure, scan};

/// Which world, and how to make what it is laid over.
#[derive(Args, Clone, Debug)]
pub struct WorldArgs {
    /// The world directory. Commands that only read, and copy, snapshot and restore, take an s3://, gs:// or az:// URL too.
    #[arg(id = "world", value_name = "DIR", value_parser = OsStringValueParser::new().try_map(location))]
    pub location: WorldLocation,
    /// The material table (RON) the world was made with [default: the one in the world directory, else
    /// the standard table].
    #[arg(long, value_name = "FILE")]
    pub materials: Option<PathBuf>,
    #[command(flatten)]
    pub baseline: BaselineArgs,
}

/// A path that is no text is a directory all the same.
pub fn location(text: OsString) -> Result<WorldLocation, StoreError> {
    match text.to_str() {
        Some(text) => text.parse(),
        None => Ok(WorldLocation::Directory(text.into())),
    }
}

/// A baseline and the table that its materials are from.
pub struct Ground {
    /// The baseline.
    pub baseline: Arc<dyn Baseline>,
    /// The materials.
    pub materials: MaterialTable,
}

/// What is stored of a world, for looking at. No other process writes to a directory meanwhile.
pub struct Looked {
    /// The chunks.
    pub store: ChunkStore,
    _lock: Option<WorldLock>,
}

/// A world that works on all cores: nobody draws it meanwhile.
pub fn on_all_cores(world: HybridWorld) -> HybridWorld {
    world.set_threads(parallel::cores());
    world
}

impl WorldArgs {
    /// The directory of the world; refused if it lies elsewhere.
    pub fn dir(&self) -> Result<&Path, Failure> {
        self.known_dir().ok_or_else(|| {
            let location = &self.location;
            Failure::new(format!(
                "{location}: this command needs a world directory; info, verify, get, query, export, copy, \
                 snapshot and restore take worlds in object stores"
            ))
        })
    }

    /// The directory of the world, if it lies in one.
    pub fn known_dir(&self) -> Option<&Path> {
        match &self.location {
            WorldLocation::Directory(dir) => Some(dir),
            _ => None,
        }
    }

    /// Opens the world with its baseline, to change voxels of it. Refused while an octree moves in, which would take
    /// such changes back: it does not know of them.
    pub fn open_to_edit(&self, options: LogOptions) -> Result<HybridWorld, Failure> {
        let dir = self.dir()?;
        if Migration::is_under_way(dir) {
            let octree = dir.join(OCTREE_DIR);
            let octree = octree.display();
            return Err(Failure::new(format!(
                "{octree}: an octree is moving in; finish it with `bluemarble import octree`, whose --both takes \
                 edits, or remove the folder to forget it"
            )));
        }
        self.open(options)
    }

    /// Opens the world with its baseline, for writing.
    pub fn open(&self, options: LogOptions) -> Result<HybridWorld, Failure> {
        let dir = self.dir()?;
        let Ground { baseline, materials } = self.required_ground()?;
        Ok(on_all_cores(HybridWorld::builder(baseline, materials).log(options).open(dir)?))
    }

    /// Opens the world over a baseline for reading, every lod up to date.
    pub fn open_reading(&self, ground: Ground) -> Result<HybridWorld, Failure> {
        let Ground { baseline, materials } = ground;
        let world = match self.known_dir() {
            // Only who may write has what is in the log alone.
            Some(dir) => HybridWorld::open(dir, baseline, materials)?,
            None => {
                let store = open_read_only(&self.location)?;
                block_on(HybridWorld::builder(baseline, materials).with_store(store).open())?
            }
        };
        let world = on_all_cores(world);
        block_on(world.update_parents())?;
        Ok(world)
    }

    /// The baseline of the world, or what to do to have one.
    pub fn required_ground(&self) -> Result<Ground, Failure> {
        if let Some(ground) = self.ground()? {
            return Ok(ground);
        }
        let made = self.metadata()?.baseline;
        Err(Failure::new(format!(
            "{}: nothing says how to make the baseline of this world, `{made}`; give it with --baseline \
             and its flags, or once for all with `bluemarble new`",
            self.location
        )))
    }

    /// The baseline of the world; `None` if nothing says what it is. It is known to be the right one.
    pub fn ground(&self) -> Result<Option<Ground>, Failure> {
        let metadata = self.metadata()?;
        let document = self.document()?;
        let recipe = match self.baseline.recipe()? {
            Some(recipe) => Some(recipe),
            None => document.as_ref().map(|document| document.baseline.clone()),
        };
        let Some(recipe) = recipe else { return Ok(None) };
        let materials = self.table(document.as_ref())?;
        let baseline = recipe.build(self.known_dir().unwrap_or(Path::new("")), &materials)?;
        let (found, made) = (metadata.baseline, baseline.fingerprint());
        if found != made {
            return Err(Failure::new(format!(
                "{}/{METADATA_NAME}: the world was made with the baseline `{found}`, not with `{made}`; \
                 give the flags of --baseline that spell it",
                self.location
            )));
        }
        Ok(Some(Ground { baseline, materials }))
    }

    /// The recipe beside the world; there is none in an object store.
    pub fn document(&self) -> Result<Option<WorldDocument>, Failure> {
        Ok(self.known_dir().map_or(Ok(None), WorldDocument::read)?)
    }

    /// The table that names and colours are from, whatever the baseline.
    pub fn table(&self, document: Option<&WorldDocument>) -> Result<MaterialTable, Failure> {
        if let Some(path) = &self.materials {
            return Ok(MaterialTable::load(path)?);
        }
        match (self.known_dir(), document) {
            (Some(dir), Some(document)) => Ok(document.table(dir)?),
            _ => Ok(MaterialTable::standard()),
        }
    }

    /// What the world says of itself.
    pub fn metadata(&self) -> Result<WorldMetadata, Failure> {
        let found = ChunkStore::metadata_at(&self.location, &StoreOptions::default());
        let found = found.map_err(|error| explain(&self.location, error))?;
        let no_world = || StoreError::NoWorld { location: self.location.to_string() };
        found.ok_or_else(|| explain(&self.location, no_world()))
    }

    /// Opens what is stored and nothing else, for reading; changes nothing.
    pub fn look(&self) -> Result<Looked, Failure> {
        let store = open_read_only(&self.location)?;
        let lock = match self.known_dir().map(WorldLock::take).transpose() {
            // Where nothing can be written, there is no other writer.
            Err(StoreError::Unwritable { .. }) => None,
            lock => lock?,
        };
        Ok(Looked { store, _lock: lock })
    }

    /// The shards and arrays that are there; on a web server, which lists nothing, those that should be there.
    pub fn list(&self, store: &ChunkStore) -> Result<Listing, Failure> {
        Ok(match &self.location {
            WorldLocation::Http(_) => block_on(store.list_by_manifest())?,
            _ => block_on(store.list_shards())?,
        })
    }

    /// Opens what is stored and nothing else, for writing.
    pub fn open_stored(&self) -> Result<ChunkStore, Failure> {
        // It says itself what world it is.
        self.metadata()?;
        Ok(self.open_stored_with(&StoreOptions::default())?)
    }

    /// The same with options of the store, in a directory that is known to hold a world.
    pub fn open_stored_with(&self, options: &StoreOptions) -> Result<ChunkStore, StoreError> {
        let no_world = || StoreError::NoWorld { location: self.location.to_string() };
        let metadata = ChunkStore::metadata_at(&self.location, options)?.ok_or_else(no_world)?;
        ChunkStore::open(&self.location, &metadata, options)
    }

    /// Opens what is stored, for reading; another process may be writing.
    pub fn open_to_read(&self) -> Result<ChunkStore, Failure> {
        open_read_only(&self.location)
    }

    /// Folds the edits of the delta log, if there are any, into the shards.
    pub fn fold_log(&self) -> Result<(), Failure> {
        let Some(dir) = self.known_dir() else { return Ok(()) };
        let pending = scan::log(dir)?.0.pending_batches;
        if pending > 0 {
            let Ground { baseline, materials } = self.required_ground()?;
            Writer::new(on_all_cores(HybridWorld::open(dir, baseline, materials)?)).checkpoint()?;
        }
        Ok(())
    }

    /// Opens a copy of the world, for reading.
    pub fn open_copy(location: &WorldLocation) -> Result<ChunkStore, Failure> {
        open_read_only(location)
    }
}

/// Whether there is a world in a directory.
pub fn is_world(dir: &Path) -> bool {
    dir.join(METADATA_NAME).exists()
}

fn open_read_only(location: &WorldLocation) -> Result<ChunkStore, Failure> {
    ChunkStore::open_read_only(location, &StoreOptions::default())
        .map_err(|error| explain(location, error))
}

/// What is wrong with a world that is to be opened, in words of the command line.
fn explain(location: &WorldLocation, error: StoreError) -> Failure {
    match error {
        StoreError::NoWorld { .. } => match location {
            WorldLocation::Directory(dir) if dir.join("region0").is_dir() => {
                let path = dir.join(METADATA_NAME).display().to_string();
                StoreError::MissingMetadata { path }.into()
            }
            _ => Failure::new(format!(
                "{location}: there is no world here (no {METADATA_NAME}); make one with `bluemarble new`"
            )),
        },
        // It was opened as what it says of itself: the document contradicts itself.
        StoreError::Mismatch { .. } => Failure::damaged(format!("{location}: {error}")),
        StoreError::Syntax { .. } => Failure::from(error).at(location),
        error => error.into(),
    }
}
