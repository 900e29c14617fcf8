//! Bytes written for each byte of an edit.

use std::{fs, os::linux::fs::MetadataExt, path::Path, process::Command, time::Instant};

use bluemarble_store::log::Durability;
use futures::executor::block_on;

use bluemarble_benches::table;

use crate::{
    Scale,
    input::{self, REGION, Voxel},
    peers::Kind,
    scattered::disk_bytes,
    schemas::{Edits, Schema},
};

/// An edit: three coordinates of four bytes, a material of two.
const EDIT_BYTES: usize = 14;

pub fn run(scale: &Scale) {
    let edits = input::scattered(REGION, scale.amplified_edits);
    for batch in [1, 100, 10_000] {
        let mut rows = ours(&edits, batch);
        for schema in Schema::ALL {
            let enough = match schema {
                Schema::Chunks => 10_000,
                Schema::Lists => 100,
                Schema::Voxels => 1,
            };
            // Smaller batches of these take minutes, or are the same as another schema.
            if batch >= enough {
                rows.extend(Kind::ALL.map(|kind| peer(&edits, batch, kind, schema)));
            }
        }
        table::print(
            &format!("Write amplification, {} edits in batches of {batch}", edits.len()),
            &format!(
                "Compared: bytes for each of the {EDIT_BYTES} bytes of an edit, every batch durable before the next. \
                 *written* is what the device says was written to it, by the file system too, *files* what is there \
                 when all is closed. Ours with `Durability::Sync`, whose bytes are those of `Group` with one editor."
            ),
            &["contestant", "records", "segments", "shards", "written", "files", "s"],
            &rows,
        );
    }
}

/// Bytes that were ever written to the device that a folder lies on, by anybody and with the file system's
/// own; `None` where the system does not tell. What `/proc/self/io` counts instead are whole folios of the
/// page cache, which may be far larger than what of them is written.
fn device_bytes(dir: &Path) -> Option<u64> {
    // Only the whole disk has what is still in memory.
    Command::new("sync").status().ok()?;
    let device = fs::metadata(dir).ok()?.st_dev();
    let (major, minor) = (device >> 8 & 0xfff, device & 0xff | device >> 12 & 0xfff00);
    let text = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat")).ok()?;
    let sectors: u64 = text.split_whitespace().nth(6)?.parse().ok()?;
    Some(sectors * 512)
}

/// Counts from its making on.
struct Meter {
    written: Option<u64>,
    start: Instant,
    edit_bytes: f64,
}

impl Meter {
    fn new(edits: &[Voxel], dir: &Path) -> Self {
        let edit_bytes = (edits.len() * EDIT_BYTES) as f64;
        Self { written: device_bytes(dir), start: Instant::now(), edit_bytes }
    }

    fn row(&self, name: String, parts: [Option<u64>; 3], dir: &Path) -> Vec<String> {
        let elapsed_s = self.start.elapsed().as_secs_f64();
        let written = device_bytes(dir).zip(self.written).map(|(now, before)| now - before);
        let mut row = vec![name];
        for bytes in parts.into_iter().chain([written, Some(disk_bytes(dir))]) {
            row.push(
                bytes.map_or("-".to_owned(), |bytes| {
                    format!("{:.2}", bytes as f64 / self.edit_bytes)
                }),
            );
        }
        row.push(format!("{elapsed_s:.2}"));
        row
    }
}

fn ours(edits: &[Voxel], batch: usize) -> Vec<Vec<String>> {
    let folder = input::folder();
    let world = input::open_ours(folder.path(), Durability::Sync);
    let meter = Meter::new(edits, folder.path());
    for edits in edits.chunks(batch) {
        block_on(world.edit(&input::batch(edits))).expect("our edits are made");
    }
    let log = world.statistics().log.expect("our world has a log");
    let (records, segments) = (Some(log.bytes_written), Some(log.bytes_allocated));
    let durable =
        meter.row("ours, durable".to_owned(), [records, segments, Some(0)], folder.path());
    block_on(world.checkpoint()).expect("our checkpoint is made");
    let statistics = world.statistics();
    let log = statistics.log.expect("our world has a log");
    let shards = Some(statistics.store.bytes_written);
    drop(world);
    let parts = [Some(log.bytes_written), segments, shards];
    let folded = meter.row("ours, and checkpoint".to_owned(), parts, folder.path());
    vec![durable, folded]
}

fn peer(edits: &[Voxel], batch: usize, kind: Kind, schema: Schema) -> Vec<String> {
    let folder = input::folder();
    let mut database = Edits::new(kind.open(folder.path()), schema, 0);
    let meter = Meter::new(edits, folder.path());
    edits.chunks(batch).for_each(|edits| database.edit(edits));
    drop(database);
    meter.row(format!("{}, {}", kind.name(), schema.name()), [None; 3], folder.path())
}
