//! `verify`: every document, shard and chunk and the delta log are read and checked.

use std::process::ExitCode;

use bluemarble_store::{Damage, DamagedPart};
use bluemarble_world::DOCUMENT_NAME;
use clap::Args;
use serde_json::json;

use crate::{
    failure::{DAMAGED, Failure},
    open::WorldArgs,
    output, scan,
};

/// Check every document, shard and chunk and the delta log, and name what is damaged.
///
/// Reads all that is stored and changes nothing. Prints one line for each damaged thing: its path in the world,
/// the chunks if it is a stored chunk, and what is wrong. Exit code 1 if there is any.
#[derive(Args)]
#[command(after_help = "Example: bluemarble verify hills && echo whole")]
pub struct Verify {
    #[command(flatten)]
    world: WorldArgs,
}

impl Verify {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        // Held until the end: there must be no writer meanwhile.
        let looked = self.world.look()?;
        let mut damages = Vec::new();
        // The recipe must be readable, and make the world's baseline.
        let recipe = match self.world.document() {
            Ok(None) => Ok(()),
            Ok(Some(_)) => self.world.ground().map(drop),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = recipe {
            let reason = failure.into_message();
            damages.push(Damage::of_file(DamagedPart::Document, DOCUMENT_NAME, reason));
        }
        let log = self.world.known_dir().map(scan::log).transpose()?;
        let log = log.map(|(log, damage)| {
            damages.extend(damage);
            log
        });
        let listing = self.world.list(&looked.store)?;
        let mut chunks = 0u64;
        damages.extend(scan::arrays(&looked.store, &listing, "verifying", |_| chunks += 1)?);
        drop(looked);

        let shards = listing.shards.len();
        if json {
            let log = log.map(|log| {
                json!({
                    "segments": log.segments, "bytes": log.bytes, "batches": log.batches,
                    "pending_batches": log.pending_batches, "last_lsn": log.last_lsn,
                    "checkpoint_lsn": log.checkpoint_lsn, "torn": log.is_torn,
                })
            });
            output::print_json(&json!({
                "shards": shards, "chunks": chunks, "log": log, "damaged": damages,
            }))?;
        } else {
            for damage in &damages {
                output::print(&damage.to_string())?;
            }
            let found = match damages.len() {
                0 => "nothing damaged".to_owned(),
                count => format!("{count} damaged"),
            };
            let mut said = format!("{shards} shards, {chunks} whole chunks, ");
            if let Some(log) = log {
                if log.is_torn {
                    output::note(
                        "the delta log ends in a write that was interrupted before it was \
                         acknowledged; harmless",
                    );
                }
                said.push_str(&format!(
                    "{} batches in the delta log up to {}, {} not in the shards yet, ",
                    log.batches, log.last_lsn, log.pending_batches
                ));
            }
            output::print(&format!("{said}{found}"))?;
        }
        Ok(if damages.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DAMAGED) })
    }
}
