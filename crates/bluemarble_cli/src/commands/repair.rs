//! `repair`: documents and coarser lods are made again from the chunks of lod 0.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::ExitCode,
};

use bluemarble_core::{Chunk, ChunkKey, MAX_LOD, Shape};
use bluemarble_store::ChunkStore;
use bluemarble_terrain::Baseline;
use bluemarble_world::downsampled::{Child, carry_up};
use bytes::Bytes;
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{
    atomic,
    failure::{DAMAGED, Failure},
    open::WorldArgs,
    output, progress,
    scan::{self, Damage, Part},
    stored::{self, Listing},
};

/// Where damaged files are kept, in the world directory.
const ASIDE: &str = "damaged";
/// Chunks are written when so many have been made.
const MAX_PENDING: usize = 256;

/// Make documents and coarser lods again from the chunks of lod 0.
///
/// Every stored chunk of lod 0 is carried up again, and what does not follow from them is put back to the
/// baseline. What cannot be read and cannot be made again, a damaged shard or a damaged chunk of lod 0, is
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
    documents: u64,
    chunks_checked: u64,
    chunks_made: u64,
    set_aside: Vec<String>,
}

impl Repair {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let dir = &self.world.dir;
        let ground = self.world.ground()?.ok_or_else(|| self.world.no_baseline())?;
        let stored = self.world.open_stored()?;
        let shape = stored.metadata.shape;
        let listing = stored::list(dir, &shape)?;
        let mut keys = BTreeMap::new();
        let damages = scan::chunks(dir, &shape, &listing, "reading", |found| {
            keys.entry(found.key.lod).or_insert_with(Vec::new).push(found.key);
            Ok(())
        })?;
        // Chunks of coarser lods are made again anyway.
        let lost: Vec<&Damage> = damages
            .iter()
            .filter(|damage| damage.part != Part::Chunk || damage.lod == Some(0))
            .collect();
        if !lost.is_empty() && !self.set_aside {
            return refuse(&lost, json);
        }
        let mut done = Done::default();
        let documents = scan::documents(dir, &shape, &listing);
        if !documents.iter().all(|damage| damage.reason == "missing") && !self.set_aside {
            return refuse(&documents.iter().collect::<Vec<_>>(), json);
        }
        self.set_documents(&shape, &listing, &documents, &mut done)?;
        let torn: BTreeSet<&str> = damages.iter().map(|damage| damage.path.as_str()).collect();
        self.set_shards_aside(&shape, &listing, &torn, &mut done)?;

        Rebuild { store: &stored.store, shape, baseline: &*ground.baseline, done: &mut done }
            .run(keys)?;
        if json {
            output::print_json(&json!({
                "documents_written": done.documents,
                "chunks_checked": done.chunks_checked,
                "chunks_made": done.chunks_made,
                "set_aside": done.set_aside,
            }))?;
        } else {
            for name in &done.set_aside {
                output::print(&format!("set aside {name}"))?;
            }
            output::print(&format!(
                "{} documents written, {} coarser chunks checked, {} made again",
                done.documents, done.chunks_checked, done.chunks_made
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn set_documents(
        &self,
        shape: &Shape,
        listing: &Listing,
        damages: &[Damage],
        done: &mut Done,
    ) -> Result<(), Failure> {
        let dir = &self.world.dir;
        for document in stored::documents(shape, &listing.arrays) {
            if damages.iter().any(|damage| damage.path == document.name) {
                if dir.join(&document.name).exists() {
                    self.move_aside(&document.name, done)?;
                }
                document.write(dir)?;
                done.documents += 1;
            }
        }
        Ok(())
    }

    /// Moves files away that are damaged, and writes shards of what was whole in them.
    fn set_shards_aside(
        &self,
        shape: &Shape,
        listing: &Listing,
        torn: &BTreeSet<&str>,
        done: &mut Done,
    ) -> Result<(), Failure> {
        let dir = &self.world.dir;
        for stray in &listing.strays {
            self.move_aside(stray, done)?;
        }
        for shard in listing.shards.iter().filter(|shard| torn.contains(shard.name.as_str())) {
            let whole: Vec<Option<Bytes>> = shard
                .read(dir, shape)
                .unwrap_or_default()
                .into_iter()
                .map(|bytes| bytes.filter(|bytes| stored::decode(bytes).is_ok()))
                .collect();
            self.move_aside(&shard.name, done)?;
            if whole.iter().any(Option::is_some) {
                shard.replace(dir, &whole)?;
            }
        }
        Ok(())
    }

    fn move_aside(&self, name: &str, done: &mut Done) -> Result<(), Failure> {
        let dir = &self.world.dir;
        let from = dir.join(name);
        let refuse = |error| Failure::file(&from, "cannot move", &error);
        let free = |to: &PathBuf| !to.exists();
        let to = (0..)
            .map(|number| match number {
                0 => dir.join(ASIDE).join(name),
                _ => dir.join(ASIDE).join(format!("{name}.{number}")),
            })
            .find(free)
            .unwrap_or_else(|| dir.join(ASIDE).join(name));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(refuse)?;
        }
        // Copied first, then removed: at no moment is the only copy under way.
        fs::copy(&from, &to).map_err(refuse)?;
        fs::File::open(&to).and_then(|file| file.sync_all()).map_err(refuse)?;
        atomic::sync_dir(&to).map_err(refuse)?;
        fs::remove_file(&from).and_then(|()| atomic::sync_dir(&from)).map_err(refuse)?;
        done.set_aside.push(name.to_owned());
        Ok(())
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
struct Rebuild<'a> {
    store: &'a ChunkStore,
    shape: Shape,
    baseline: &'a dyn Baseline,
    done: &'a mut Done,
}

/// A key in the order in which chunks are made.
type Place = (u8, [i32; 3]);

fn place(key: ChunkKey) -> Place {
    (key.region, key.pos.to_array())
}

impl Rebuild<'_> {
    /// `keys` are the chunks that are stored and whole, by lod.
    fn run(&mut self, keys: BTreeMap<u8, Vec<ChunkKey>>) -> Result<(), Failure> {
        let none = Vec::new();
        let mut edited: Vec<ChunkKey> = keys.get(&0).unwrap_or(&none).clone();
        for lod in 0..MAX_LOD {
            // Every parent that has an edited child, and every one that is stored, with cause or without.
            let mut parents: BTreeMap<Place, (ChunkKey, Vec<ChunkKey>)> = BTreeMap::new();
            for &key in keys.get(&(lod + 1)).unwrap_or(&none) {
                parents.entry(place(key)).or_insert((key, Vec::new()));
            }
            for child in edited {
                if let Some(parent) = child.parent() {
                    parents.entry(place(parent)).or_insert((parent, Vec::new())).1.push(child);
                }
            }
            edited = self.lod(parents)?;
        }
        Ok(())
    }

    /// Makes the chunks of one lod; gives those that are not the baseline's.
    fn lod(
        &mut self,
        parents: BTreeMap<Place, (ChunkKey, Vec<ChunkKey>)>,
    ) -> Result<Vec<ChunkKey>, Failure> {
        let bar = progress::bar(parents.len() as u64, "repairing");
        let mut edited = Vec::new();
        let mut pending = Vec::new();
        for (parent, children) in parents.into_values() {
            let baseline = self.unedited(parent);
            let mut made = baseline.clone();
            for child in children {
                let (now, unedited) = (self.now(child)?, self.unedited(child));
                let child = Child { octant: child.octant(), now: &now, baseline: &unedited };
                carry_up(&mut made, &baseline, child);
            }
            // What cannot be read is not there.
            let before = block_on(self.store.read(parent)).unwrap_or_default();
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

    fn unedited(&self, key: ChunkKey) -> Chunk {
        let mut chunk = Chunk::default();
        self.baseline.fill(key, &mut chunk);
        chunk
    }

    fn now(&self, key: ChunkKey) -> Result<Chunk, Failure> {
        debug_assert!(key.region < self.shape.regions(), "keys come from the store");
        Ok(block_on(self.store.read(key))?.unwrap_or_else(|| self.unedited(key)))
    }

    fn write(&mut self, pending: &mut Vec<(ChunkKey, Chunk)>) -> Result<(), Failure> {
        let chunks: Vec<_> = pending.iter().map(|(key, chunk)| (*key, chunk)).collect();
        block_on(self.store.write(&chunks))?;
        self.done.chunks_made += pending.len() as u64;
        pending.clear();
        Ok(())
    }
}
