//! `new`: an empty world directory over a baseline.

use std::{path::Path, process::ExitCode};

use bluemarble_core::MaterialTable;
use bluemarble_store::{
    ChunkCodec, ChunkEdge, ChunkStore, METADATA_NAME, StorageOptions, WorldMetadata,
};
use bluemarble_terrain::Recipe;
use bluemarble_world::{DOCUMENT_NAME, WorldDocument};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{
    baseline_args::{BaselineArgs, Kind},
    failure::Failure,
    open::is_world,
    output,
};

/// Make an empty world directory over a baseline.
///
/// The directory must be empty or missing. A world that a game has made is taken over instead: give the
/// baseline it was made with, and the other commands will know it from then on.
#[derive(Args)]
#[command(after_help = "Example: bluemarble new hills --baseline noise --seed 7 --voxel-m 0.5")]
pub struct New {
    /// The world directory.
    #[arg(value_name = "DIR")]
    dir: std::path::PathBuf,
    /// A material table (RON) of your own; it is copied into the world.
    #[arg(long, value_name = "FILE")]
    materials: Option<std::path::PathBuf>,
    #[command(flatten)]
    storage: StorageArgs,
    #[command(flatten)]
    baseline: BaselineArgs,
}

/// How the chunks of a new world are stored, for good.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Storage")]
pub struct StorageArgs {
    /// Cells along an edge of a stored chunk: 32, 64, 128 or 256; small ones suit many edits, large ones
    /// compress better [default: 64].
    #[arg(long, value_name = "CELLS", value_parser = chunk_edge)]
    chunk_edge: Option<ChunkEdge>,
    /// How stored chunks are compressed [default: lz4].
    #[arg(long, value_enum, value_name = "NAME")]
    codec: Option<Codec>,
}

/// The codecs by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Codec {
    /// Small, fast to read.
    ShuffleZstd,
    /// What most readers of Zarr know.
    Zstd,
    /// Fast both ways, several times as large.
    Lz4,
}

fn chunk_edge(text: &str) -> Result<ChunkEdge, &'static str> {
    let edge = text.parse().ok().and_then(ChunkEdge::from_cells);
    edge.ok_or("a chunk edge is 32, 64, 128 or 256")
}

impl StorageArgs {
    fn options(&self) -> StorageOptions {
        StorageOptions {
            chunk_edge: self.chunk_edge.unwrap_or_default(),
            codec: match self.codec {
                None => ChunkCodec::default(),
                Some(Codec::ShuffleZstd) => ChunkCodec::ShuffleZstd,
                Some(Codec::Lz4) => ChunkCodec::Lz4,
                Some(Codec::Zstd) => ChunkCodec::Zstd,
            },
        }
    }

    /// Refuses what a world that is taken over was not made with.
    fn check(&self, dir: &Path, found: StorageOptions) -> Result<(), Failure> {
        let asked = self.options();
        let edge = self.chunk_edge.is_some() && asked.chunk_edge != found.chunk_edge;
        let codec = self.codec.is_some() && asked.codec != found.codec;
        if edge || codec {
            return Err(Failure::new(format!(
                "{}: the world was made with chunk edge {} and {}; leave --chunk-edge and --codec out",
                dir.join(METADATA_NAME).display(),
                found.chunk_edge,
                found.codec
            )));
        }
        Ok(())
    }
}

impl New {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let mut args = self.baseline;
        args.baseline = args.baseline.or(Some(Kind::Earth));
        let Some(recipe) = args.recipe()? else {
            return Err(Failure::new("--baseline is missing; choose one"));
        };
        make(&self.dir, recipe, self.materials.as_deref(), &self.storage, json)
    }
}

/// Makes a world, or takes one over that has no recipe yet, and says so.
pub fn make(
    dir: &Path,
    recipe: Recipe,
    materials: Option<&Path>,
    storage: &StorageArgs,
    json: bool,
) -> Result<ExitCode, Failure> {
    let taken_over = is_world(dir);
    if taken_over && WorldDocument::read(dir)?.is_some() {
        return Err(Failure::new(format!(
            "{}: there is a world here already; choose another directory",
            dir.display()
        )));
    }
    let table = match materials {
        Some(path) => MaterialTable::load(path)?,
        None => MaterialTable::standard(),
    };
    // Everything that can be refused is refused before the directory is touched.
    let baseline = recipe.build(dir, &table)?;
    let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &table)
        .with_storage(storage.options());
    let store = ChunkStore::create_or_open(dir, &metadata)?;
    let stored = store.storage();
    storage.check(dir, stored)?;
    WorldDocument::install(dir, &recipe, materials)?;
    drop(store);
    if json {
        output::print_json(&json!({
            "world": dir, "baseline": metadata.baseline, "taken_over": taken_over,
            "chunk_edge": stored.chunk_edge.cells(), "codec": stored.codec.name(),
        }))?;
    } else {
        let done = if taken_over { "took over" } else { "made" };
        output::print(&format!(
            "{done} {}: {} (recipe in {DOCUMENT_NAME})",
            dir.display(),
            metadata.baseline
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
