//! `repair`: files are taken from a copy, the delta log is made one that opens, documents and coarser lods are made again.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::ExitCode,
};

use bluemarble_core::{Chunk, ChunkKey, MAX_LOD};
use bluemarble_store::{
    ChunkStore, Damage, DamagedPart, Listing, METADATA_NAME, Restored, WorldLocation,
    log::{LOG_DIR, LogRepair, repair_log},
};
use bluemarble_terrain::Baseline;
use bluemarble_world::{
    HybridWorld,
    downsampled::{Child, carry_up},
};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use futures::executor::block_on;
use serde_json::json;

use crate::{
    failure::{DAMAGED, Failure},
    open::{Ground, WorldArgs, location},
    output, progress, scan,
};

/// Chunks are written in batches of this many.
const MAX_PENDING: usize = 256;

/// Make a world whole again: from a copy, from what is stored, or without what is lost.
///
/// With --from every damaged, missing or foreign file of an array is first taken from a copy of the world, in the version
/// that the manifest names; with --forget as well, from an older copy, whose later edits are lost. Of a damaged delta log
/// everything before the damage is kept and folded into the shards; its segments from there on are set aside as
/// `log/*.damaged` and named, with the number of the last batch that is kept. Documents are made again, and coarser lods are computed again from
/// every stored chunk of lod 0; elsewhere they are the baseline again. What cannot be made again, a shard or a chunk of lod
/// 0, is named, and nothing more is changed, exit code 1. With --forget it is lost: what is there of it is moved into
/// `damaged/` in the world directory, the whole chunks of its shard are kept, and the repair goes on without the rest.
#[derive(Args)]
#[command(after_help = "Example: bluemarble repair hills --from /backups/hills")]
pub struct Repair {
    #[command(flatten)]
    world: WorldArgs,
    /// A copy of the world, as a directory or a URL, to take damaged and missing files from.
    #[arg(long, value_name = "COPY", value_parser = OsStringValueParser::new().try_map(location))]
    from: Option<WorldLocation>,
    /// Go on without what cannot be made again.
    #[arg(long)]
    forget: bool,
}

#[derive(Default)]
struct Done {
    log: Option<LogRepair>,
    restored: Vec<String>,
    /// With the last batch of each.
    restored_older: Vec<(String, u64)>,
    forgotten: Vec<String>,
    documents: u64,
    chunks_checked: u64,
    chunks_made: u64,
    set_aside: Vec<String>,
}

impl Repair {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let mut done = Done::default();
        if self.from.is_some() && self.world.known_dir().is_none() {
            return self.restore_only(done, json);
        }
        let dir = self.world.dir()?;
        let ground = self.world.required_ground()?;
        {
            let store = self.world.open_stored()?;
            let mut listing = block_on(store.list_shards())?;
            let mut damages = scan::arrays(&store, &listing, "reading", |_| {})?;
            if let Some(copy) = &self.from {
                restore(&store, &WorldArgs::open_copy(copy)?, self.forget, &damages, &mut done)?;
                // A document that is right again tells what its shards are.
                listing = block_on(store.list_shards())?;
                damages = scan::arrays(&store, &listing, "reading", |_| {})?;
            }
            let lost: Vec<&Damage> = damages.iter().filter(is_lost).collect();
            if !lost.is_empty() && !self.forget {
                return done.refuse(&lost, json);
            }
            done.log = repair_log(&dir.join(LOG_DIR))?;
            mend_documents(&store, &listing, &damages, &mut done)?;
            set_shards_aside(&store, &listing, &damages, &mut done)?;
            block_on(store.commit())?;
        }
        let Ground { baseline, materials } = ground;
        let world = HybridWorld::open(dir, baseline.clone(), materials)?;
        done.chunks_made += block_on(world.checkpoint())?.chunks as u64;
        drop(world);
        let store = self.world.open_stored()?;
        let mut keys = BTreeMap::new();
        for key in block_on(store.keys())? {
            keys.entry(key.lod).or_insert_with(Vec::new).push(key);
        }
        LodWriter { store: &store, baseline: &*baseline, done: &mut done }.run(keys)?;
        block_on(store.commit())?;
        done.print(json)
    }
}

impl Repair {
    /// Takes files from a copy into a world in an object store, where nothing else can be made again.
    fn restore_only(&self, mut done: Done, json: bool) -> Result<ExitCode, Failure> {
        let store = self.world.open_stored()?;
        let listing = block_on(store.list_shards())?;
        let mut damages = scan::arrays(&store, &listing, "reading", |_| {})?;
        if let Some(copy) = &self.from {
            restore(&store, &WorldArgs::open_copy(copy)?, self.forget, &damages, &mut done)?;
            let listing = block_on(store.list_shards())?;
            damages = scan::arrays(&store, &listing, "reading", |_| {})?;
        }
        block_on(store.commit())?;
        match damages.is_empty() {
            true => done.print(json),
            false => done.refuse(&damages.iter().collect::<Vec<_>>(), json),
        }
    }
}

/// What cannot be made again: all but documents that are missing or were changed, and chunks of coarser lods.
fn is_lost(damage: &&Damage) -> bool {
    match damage.part {
        DamagedPart::MissingDocument | DamagedPart::ChangedDocument => false,
        DamagedPart::Chunk | DamagedPart::MissingShard | DamagedPart::OtherShard => {
            damage.lod == Some(0)
        }
        _ => true,
    }
}

/// Takes what is damaged or missing from a copy; leaves what the copy does not have, and what it has in a version with edits lost.
fn restore(
    store: &ChunkStore,
    copy: &ChunkStore,
    older: bool,
    damages: &[Damage],
    done: &mut Done,
) -> Result<(), Failure> {
    // Documents first: they say how shards are to be read.
    let place = |damage: &Damage| (!damage.path.ends_with(METADATA_NAME), damage.path.clone());
    let paths: BTreeSet<(bool, String)> = damages.iter().map(place).collect();
    let bar = progress::bar(paths.len() as u64, "restoring");
    for (_, path) in paths {
        match block_on(store.restore_file(&path, copy, older))? {
            Restored::Nothing => continue,
            Restored::Same => done.restored.push(path.clone()),
            Restored::Older { lsn } => done.restored_older.push((path.clone(), lsn)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Makes documents again, those that are damaged after they are set aside.
fn mend_documents(
    store: &ChunkStore,
    listing: &Listing,
    damages: &[Damage],
    done: &mut Done,
) -> Result<(), Failure> {
    for damage in damages {
        match damage.part {
            DamagedPart::Document => {
                block_on(store.set_aside(&damage.path))?;
                done.set_aside.push(damage.path.clone());
                done.documents += 1;
            }
            DamagedPart::MissingDocument => done.documents += 1,
            _ => {}
        }
    }
    if done.documents > 0 {
        let missing = damages.iter().filter_map(|damage| store.array_of_document(&damage.path));
        for (region, lod) in missing.chain(listing.arrays.iter().copied()) {
            block_on(store.make_documents(region, lod))?;
        }
    }
    Ok(())
}

/// Takes damaged files out of the way, and forgets those that are missing; of damaged shards, the whole chunks stay.
fn set_shards_aside(
    store: &ChunkStore,
    listing: &Listing,
    damages: &[Damage],
    done: &mut Done,
) -> Result<(), Failure> {
    for stray in &listing.strays {
        block_on(store.set_aside(stray))?;
        done.set_aside.push(stray.clone());
    }
    for damage in damages.iter().filter(|damage| damage.part == DamagedPart::MissingShard) {
        block_on(store.forget_shard(&damage.path))?;
        done.forgotten.push(damage.path.clone());
    }
    for shard in &listing.shards {
        let ours: Vec<_> = damages.iter().filter(|damage| damage.path == shard.path).collect();
        if ours.is_empty() {
            continue;
        }
        if ours.iter().all(|damage| damage.part == DamagedPart::Chunk) {
            let chunks: Vec<_> = ours.iter().flat_map(|damage| damage.chunks.clone()).collect();
            block_on(store.set_chunks_aside(shard, &chunks))?;
        } else {
            block_on(store.set_aside(&shard.path))?;
        }
        done.set_aside.push(shard.path.clone());
    }
    // Only documents are left that other programs have changed: they were read and found right.
    if damages.iter().any(|damage| damage.part == DamagedPart::ChangedDocument) {
        block_on(store.adopt())?;
    }
    Ok(())
}

impl Done {
    fn print(&self, json: bool) -> Result<ExitCode, Failure> {
        if json {
            let log = self.log.as_ref().map(|log| {
                json!({
                    "kept_through": log.kept_through,
                    "set_aside": log.set_aside,
                    "reason": log.reason,
                })
            });
            output::print_json(&json!({
                "log": log,
                "restored": self.restored,
                "restored_older": self.older_as_json(),
                "forgotten": self.forgotten,
                "documents_written": self.documents,
                "chunks_checked": self.chunks_checked,
                "chunks_made": self.chunks_made,
                "set_aside": self.set_aside,
            }))?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(log) = &self.log {
            output::print(&log.reason)?;
            let kept = log.kept_through;
            output::print(&format!("kept every batch of the delta log up to {kept}"))?;
            for path in &log.set_aside {
                output::print(&format!("set aside {}", path.display()))?;
            }
        }
        self.print_restored()?;
        for name in &self.set_aside {
            output::print(&format!("set aside {name}"))?;
        }
        for name in &self.forgotten {
            output::print(&format!("forgot {name}"))?;
        }
        output::print(&format!(
            "{} documents written, {} coarser chunks checked, {} made again",
            self.documents, self.chunks_checked, self.chunks_made
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn older_as_json(&self) -> Vec<serde_json::Value> {
        let older = |(path, lsn): &(String, u64)| json!({ "path": path, "lsn": lsn });
        self.restored_older.iter().map(older).collect()
    }

    fn print_restored(&self) -> Result<(), Failure> {
        for path in &self.restored {
            output::print(&format!("restored {path}"))?;
        }
        for (path, lsn) in &self.restored_older {
            output::print(&format!(
                "restored {path} with the edits up to batch {lsn}; later ones are lost"
            ))?;
        }
        Ok(())
    }

    /// Says what cannot be made again.
    fn refuse(&self, lost: &[&Damage], json: bool) -> Result<ExitCode, Failure> {
        if json {
            output::print_json(&json!({ "damaged": lost, "restored": self.restored }))?;
        } else {
            self.print_restored()?;
            for damage in lost {
                output::print(&damage.to_string())?;
            }
            output::note(
                "nothing else was changed; give a copy that has these with --from COPY, or go on without them with \
                 --forget",
            );
        }
        Ok(ExitCode::from(DAMAGED))
    }
}

/// All lods above 0, from the bottom to the top.
struct LodWriter<'a> {
    store: &'a ChunkStore,
    baseline: &'a dyn Baseline,
    done: &'a mut Done,
}

/// A key in the order in which chunks are made.
type Order = (u8, [i32; 3]);

fn order(key: ChunkKey) -> Order {
    (key.region, key.pos.to_array())
}

impl LodWriter<'_> {
    /// `keys` are the chunks that are stored and whole, by lod.
    fn run(&mut self, keys: BTreeMap<u8, Vec<ChunkKey>>) -> Result<(), Failure> {
        let none = Vec::new();
        let mut edited: Vec<ChunkKey> = keys.get(&0).unwrap_or(&none).clone();
        for lod in 0..MAX_LOD {
            // Every parent that has an edited child, and every one that is stored, with cause or without.
            let mut parents: BTreeMap<Order, (ChunkKey, Vec<ChunkKey>)> = BTreeMap::new();
            for &key in keys.get(&(lod + 1)).unwrap_or(&none) {
                parents.entry(order(key)).or_insert((key, Vec::new()));
            }
            for child in edited {
                if let Some(parent) = child.parent() {
                    parents.entry(order(parent)).or_insert((parent, Vec::new())).1.push(child);
                }
            }
            edited = self.lod(parents)?;
        }
        Ok(())
    }

    /// Makes the chunks of one lod; gives those that are not the baseline's.
    fn lod(
        &mut self,
        parents: BTreeMap<Order, (ChunkKey, Vec<ChunkKey>)>,
    ) -> Result<Vec<ChunkKey>, Failure> {
        let bar = progress::bar(parents.len() as u64, "repairing");
        let mut edited = Vec::new();
        let mut pending = Vec::new();
        for (parent, children) in parents.into_values() {
            let baseline = scan::unedited(self.baseline, parent);
            let mut chunks = Vec::with_capacity(children.len());
            for &child in &children {
                chunks.push((child, self.now(child)?, scan::unedited(self.baseline, child)));
            }
            let children: Vec<_> = (chunks.iter())
                .map(|(key, now, baseline)| Child { octant: key.octant(), now, baseline })
                .collect();
            let made = carry_up(&baseline, &baseline, &children);
            let made = made.unwrap_or_else(|| baseline.clone());
            let before = block_on(self.store.read(parent))?;
            let is_edited = made != baseline;
            if is_edited {
                edited.push(parent);
            }
            if before.as_ref().map_or(is_edited, |before| *before != made) {
                pending.push((parent, made));
            }
            if pending.len() >= MAX_PENDING {
                self.write(&mut pending)?;
            }
            self.done.chunks_checked += 1;
            bar.inc(1);
        }
        self.write(&mut pending)?;
        bar.finish_and_clear();
        Ok(edited)
    }

    fn now(&self, key: ChunkKey) -> Result<Chunk, Failure> {
        let unedited = scan::unedited(self.baseline, key);
        Ok(match block_on(self.store.read(key))? {
            Some(stored) => scan::lay_over(&unedited, stored),
            None => unedited,
        })
    }

    fn write(&mut self, pending: &mut Vec<(ChunkKey, Chunk)>) -> Result<(), Failure> {
        let chunks: Vec<_> = pending.iter().map(|(key, chunk)| (*key, chunk)).collect();
        block_on(self.store.write(&chunks))?;
        self.done.chunks_made += pending.len() as u64;
        pending.clear();
        Ok(())
    }
}
