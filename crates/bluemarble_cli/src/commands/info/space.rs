//! What a world takes, beside what plain arrays of the same cells would.

use bluemarble_core::CHUNK_VOLUME;
use bluemarble_store::{ChunkStore, WorldLocation};
use bluemarble_world::kept_index_bytes;
use futures::executor::block_on;
use serde::Serialize;

use crate::{failure::Failure, output};

/// Bytes of a world, by what they are for.
#[derive(Serialize)]
pub struct Space {
    /// The cells of all stored chunks as plain arrays of u16.
    plain: u64,
    shards: u64,
    /// Share of the plain bytes that is not needed.
    saved_share: f64,
    manifest: u64,
    /// The folder `index`.
    index: u64,
    log: u64,
    snapshots: usize,
    /// Versions of files that only snapshots need; 0 where nothing can be listed.
    snapshot_versions: u64,
    /// What an interrupted import has made: the same import goes on, another one or `compact` removes it.
    interrupted_import: Option<u64>,
}

impl Space {
    /// Adds up what is known; `shards`, `chunks` and `log` are bytes, chunks and bytes.
    pub fn new(
        store: &ChunkStore,
        location: &WorldLocation,
        shards: u64,
        chunks: u64,
        log: u64,
    ) -> Result<Self, Failure> {
        let plain = chunks * (CHUNK_VOLUME * size_of::<u16>()) as u64;
        let index = match location {
            WorldLocation::Directory(dir) => kept_index_bytes(dir),
            _ => 0,
        };
        let kept = match location {
            WorldLocation::Http(_) => 0,
            _ => block_on(store.kept_files())?.bytes,
        };
        let import = match location {
            WorldLocation::Http(_) => None,
            // Worlds of older versions have none.
            _ => block_on(store.unfinished_import()).ok().flatten(),
        };
        Ok(Self {
            plain,
            shards,
            saved_share: if plain == 0 { 0.0 } else { 1.0 - shards as f64 / plain as f64 },
            manifest: store.manifest_bytes(),
            index,
            log,
            // Worlds of older versions have none.
            snapshots: store.snapshots().map_or(0, |snapshots| snapshots.len()),
            snapshot_versions: kept,
            interrupted_import: import.map(|import| import.bytes),
        })
    }

    /// A line for each kind of bytes.
    pub fn text(&self) -> String {
        let share = |bytes: u64| match self.shards {
            0 => String::new(),
            shards => format!("{:.1} % of the shards", 100.0 * bytes as f64 / shards as f64),
        };
        let row = |name: &str, bytes: u64, note: String| {
            vec![name.to_owned(), output::human_bytes(bytes), note]
        };
        let saved = format!("{:.2} % less than plain arrays", 100.0 * self.saved_share);
        let mut rows = vec![
            row("plain arrays", self.plain, String::new()),
            row("shards", self.shards, saved),
            row("manifest", self.manifest, share(self.manifest)),
            row("index", self.index, share(self.index)),
            row("log", self.log, share(self.log)),
            row("snapshots", self.snapshot_versions, format!("{} are kept", self.snapshots)),
        ];
        rows.extend(
            self.interrupted_import.map(|bytes| {
                row("import", bytes, "interrupted: import again, or compact".to_owned())
            }),
        );
        output::table(&["space", "bytes", ""], &rows)
    }
}
