//! `repair`: the delta log is made one that opens, documents and coarser lods are made again.

use std::{collections::BTreeMap, process::ExitCode};

use bluemarble_core::{Chunk, ChunkKey, MAX_LOD};
use bluemarble_store::{
    ChunkStore, Damage, DamagedPart, Listing,
    log::{LOG_DIR, LogRepair, repair_log},
};
use bluemarble_terrain::Baseline;
use bluemarble_world::{
    HybridWorld,
    downsampled::{CarryUp, Child},
};
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{
    failure::{DAMAGED, Failure},
    open::{Ground, WorldArgs},
    output, progress, scan,
};

/// Chunks are written in batches of this many.
const MAX_PENDING: usize = 256;

/// Make the delta log, documents and coarser lods whole again.
///
/// Of a damaged delta log everything before the damage is kept and folded into the shards; its segments from
/// there on are set aside as `log/*.damaged` and named, with the number of the last batch that is kept. Coarser lods are
/// computed again from every stored chunk of lod 0; elsewhere they are the baseline again. What cannot be read and cannot be made again, a damaged shard or a damaged chunk of lod 0, is
/// named, and nothing is changed, exit code 1. With --set-aside such a file is moved into `damaged/` in the
/// world directory, the whole chunks of its shard are kept, and the repair goes on without the rest.
#[derive(Args)]
#[command(after_help = "Example: bluemarble repair hills")]
pub struct Repair {
    #[command(flatten)]
    world: WorldArgs,
    /// Move what cannot be read into `damaged/` and go on without it.
    #[arg(long)]
    set_aside: bool,
}

#[derive(Default)]
struct Done {
    log: Option<LogRepair>,
    documents: u64,
    chunks_checked: u64,
    chunks_made: u64,
    set_aside: Vec<String>,
}

impl Repair {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let dir = self.world.dir()?;
        let ground = self.world.required_ground()?;
        let mut done = Done::default();
        {
            let store = self.world.open_stored()?;
            let listing = block_on(store.list_shards())?;
            let damages = scan::arrays(&store, &listing, "reading", |_, _| {})?;
            // What is missing is made again, and so are chunks of coarser lods.
            let is_lost = |damage: &&Damage| match damage.part {
                DamagedPart::MissingDocument => false,
                DamagedPart::Chunk => damage.lod == Some(0),
                _ => true,
            };
            let lost: Vec<&Damage> = damages.iter().filter(is_lost).collect();
            if !lost.is_empty() && !self.set_aside {
                return refuse(&lost, json);
            }
            done.log = repair_log(&dir.join(LOG_DIR))?;
            mend_documents(&store, &listing, &damages, &mut done)?;
            set_shards_aside(&store, &listing, &damages, &mut done)?;
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
        done.print(json)
    }
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
        for &(region, lod) in &listing.arrays {
            block_on(store.make_documents(region, lod))?;
        }
    }
    Ok(())
}

/// Takes damaged files out of the way; of shards, the whole chunks stay.
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
    for shard in &listing.shards {
        let ours: Vec<_> = damages.iter().filter(|damage| damage.path == shard.path).collect();
        if ours.is_empty() {
            continue;
        }
        if ours.iter().any(|damage| damage.part == DamagedPart::Shard) {
            block_on(store.set_aside(&shard.path))?;
        } else {
            let chunks: Vec<_> = ours.iter().flat_map(|damage| damage.chunks.clone()).collect();
            block_on(store.set_chunks_aside(shard, &chunks))?;
        }
        done.set_aside.push(shard.path.clone());
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
        for name in &self.set_aside {
            output::print(&format!("set aside {name}"))?;
        }
        output::print(&format!(
            "{} documents written, {} coarser chunks checked, {} made again",
            self.documents, self.chunks_checked, self.chunks_made
        ))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn refuse(lost: &[&Damage], json: bool) -> Result<ExitCode, Failure> {
    if json {
        output::print_json(&json!({ "damaged": lost }))?;
    } else {
        for damage in lost {
            output::print(&damage.to_string())?;
        }
        output::note(
            "nothing was changed; restore these from a backup, or repair with --set-aside to go on \
             without them",
        );
    }
    Ok(ExitCode::from(DAMAGED))
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
        let mut carry_up = CarryUp::default();
        for (parent, children) in parents.into_values() {
            let baseline = scan::unedited(self.baseline, parent);
            let mut chunks = Vec::with_capacity(children.len());
            for &child in &children {
                chunks.push((child, self.now(child)?, scan::unedited(self.baseline, child)));
            }
            let children: Vec<_> = (chunks.iter())
                .map(|(key, now, baseline)| Child { octant: key.octant(), now, baseline })
                .collect();
            let made = carry_up.carry(&baseline, &baseline, &children);
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
