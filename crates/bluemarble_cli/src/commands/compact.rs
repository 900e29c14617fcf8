//! `compact`: shards without gaps, and without what the baseline makes anyway.

use std::{process::ExitCode, sync::Arc};

use bluemarble_core::Chunk;
use bluemarble_world::HybridWorld;
use bytes::Bytes;
use clap::Args;
use serde_json::json;

use crate::{
    durable::Writer,
    failure::{DAMAGED, Failure},
    open::{Ground, WorldArgs},
    output, progress,
    stored::{self, ShardFile},
};

/// Rewrite shards without gaps, and without what the baseline makes anyway.
///
/// Every edit stays. If the baseline is known, chunks that equal it are no longer stored. A shard with a
/// damaged chunk is left as it is and named; the exit code is then 1.
#[derive(Args)]
#[command(after_help = "Example: bluemarble compact hills")]
pub struct Compact {
    #[command(flatten)]
    world: WorldArgs,
}

#[derive(Default)]
struct Done {
    shards: u64,
    rewritten: u64,
    dropped_chunks: u64,
    bytes_before: u64,
    bytes_after: u64,
    left_alone: Vec<String>,
}

impl Compact {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let dir = &self.world.dir;
        let ground = self.world.ground()?;
        if let Some(Ground { baseline, materials }) = &ground {
            // Whatever is on its way into the store comes first.
            let world = HybridWorld::open(dir, Arc::clone(baseline), materials.clone())?;
            Writer::new(world).checkpoint()?;
        }
        let stored = self.world.open_stored()?;
        let shape = stored.metadata.shape;
        let listing = stored::list(dir, &shape)?;
        let bar = progress::bar(listing.shards.len() as u64, "compacting");
        let mut done = Done { shards: listing.shards.len() as u64, ..Done::default() };
        for shard in &listing.shards {
            done.bytes_before += shard.bytes;
            done.bytes_after += match self.compact(shard, &shape, ground.as_ref(), &mut done)? {
                Ok(bytes) => bytes,
                Err(reason) => {
                    done.left_alone.push(format!("{}: {reason}", shard.name));
                    shard.bytes
                }
            };
            bar.inc(1);
        }
        bar.finish_and_clear();
        drop(stored);
        if ground.is_none() {
            output::note("the baseline is not known, so no chunk was compared with it");
        }
        done.print(json)
    }

    /// Rewrites one shard if that makes it smaller, and gives its bytes; or what is wrong with it.
    fn compact(
        &self,
        shard: &ShardFile,
        shape: &bluemarble_core::Shape,
        ground: Option<&Ground>,
        done: &mut Done,
    ) -> Result<Result<u64, String>, Failure> {
        let dir = &self.world.dir;
        let slots = match shard.read(dir, shape) {
            Ok(slots) => slots,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut kept: Vec<Option<Bytes>> = vec![None; slots.len()];
        let mut dropped = 0;
        for (slot, bytes) in slots.into_iter().enumerate() {
            let Some(bytes) = bytes else { continue };
            let key = shard.key.chunk(shape, slot);
            let chunk = match stored::decode(&bytes) {
                Ok(chunk) => chunk,
                Err(reason) => return Ok(Err(format!("chunk {key}: {reason}"))),
            };
            if let Some(ground) = ground {
                let mut unedited = Chunk::default();
                ground.baseline.fill(key, &mut unedited);
                if unedited == chunk {
                    dropped += 1;
                    continue;
                }
            }
            let again = stored::encode(&chunk)?;
            kept[slot] = Some(if again.len() < bytes.len() { again } else { bytes });
        }
        let kept_bytes: u64 = kept.iter().flatten().map(|bytes| bytes.len() as u64).sum();
        let index_bytes = bluemarble_store::shard::index_bytes(kept.len()) as u64;
        if dropped == 0 && kept_bytes + index_bytes >= shard.bytes {
            return Ok(Ok(shard.bytes));
        }
        let bytes = shard.replace(dir, &kept)?;
        done.dropped_chunks += dropped;
        done.rewritten += 1;
        Ok(Ok(bytes))
    }
}

impl Done {
    fn print(self, json: bool) -> Result<ExitCode, Failure> {
        if json {
            output::print_json(&json!({
                "shards": self.shards,
                "rewritten": self.rewritten,
                "dropped_chunks": self.dropped_chunks,
                "bytes_before": self.bytes_before,
                "bytes_after": self.bytes_after,
                "left_alone": self.left_alone,
            }))?;
        } else {
            for line in &self.left_alone {
                output::print(&format!("{line}; left as it is"))?;
            }
            output::print(&format!(
                "{} of {} shards rewritten, {} chunks dropped, {} to {}",
                self.rewritten,
                self.shards,
                self.dropped_chunks,
                output::human_bytes(self.bytes_before),
                output::human_bytes(self.bytes_after)
            ))?;
        }
        Ok(if self.left_alone.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DAMAGED) })
    }
}
