//! `verify`: every document, shard and chunk is read and checked.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::{
    document::{DOCUMENT_NAME, WorldDocument},
    failure::{DAMAGED, Failure},
    open::{WorldArgs, read_metadata},
    output,
    scan::{self, Damage, Part},
    stored,
};

/// Check every document, shard and chunk, and name what is damaged.
///
/// Reads all that is stored and changes nothing. Prints one line for each damaged thing: its path in the world
/// directory, the chunk if it is one, and what is wrong. Exit code 1 if there is any.
#[derive(Args)]
#[command(after_help = "Example: bluemarble verify hills && echo whole")]
pub struct Verify {
    #[command(flatten)]
    world: WorldArgs,
}

impl Verify {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let dir = &self.world.dir;
        // Held until the end: nobody may write meanwhile.
        let stored = self.world.open_stored()?;
        let shape = read_metadata(dir)?.shape;
        let listing = stored::list(dir, &shape)?;
        let mut damages = self.world_document()?;
        damages.extend(scan::documents(dir, &shape, &listing));
        let mut chunks = 0u64;
        damages.extend(scan::chunks(dir, &shape, &listing, "verifying", |_| {
            chunks += 1;
            Ok(())
        })?);
        drop(stored);

        let shards = listing.shards.len();
        if json {
            output::print_json(&json!({
                "shards": shards,
                "chunks": chunks,
                "damaged": damages,
                "unfinished": listing.unfinished,
            }))?;
        } else {
            for damage in &damages {
                output::print(&damage.to_string())?;
            }
            for name in &listing.unfinished {
                output::note(&format!("{name}: left by a write that was interrupted; harmless"));
            }
            let found = match damages.len() {
                0 => "nothing damaged".to_owned(),
                count => format!("{count} damaged"),
            };
            output::print(&format!("{shards} shards, {chunks} whole chunks, {found}"))?;
        }
        Ok(if damages.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DAMAGED) })
    }

    /// The recipe must be readable; what it makes is checked by whoever needs the baseline.
    fn world_document(&self) -> Result<Vec<Damage>, Failure> {
        let Err(failure) = WorldDocument::read(&self.world.dir) else { return Ok(Vec::new()) };
        let reason = failure.into_message();
        Ok(vec![Damage {
            part: Part::Document,
            path: DOCUMENT_NAME.to_owned(),
            chunk: None,
            lod: None,
            reason,
        }])
    }
}
