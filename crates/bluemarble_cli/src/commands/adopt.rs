//! `adopt`: what other programs have written belongs to the world from now on.

use std::process::ExitCode;

use bluemarble_store::{Adopted, StoreError, StoreOptions};
use clap::Args;
use futures::executor::block_on;
use serde_json::json;

use crate::{
    failure::{DAMAGED, Failure},
    open::WorldArgs,
    output,
};

/// Take shards and documents that other programs have written for a part of the world.
///
/// A world notices files that it has not written itself: a shard that zarr-python has changed is an error until it
/// is adopted. Adopts every shard and document that is there, but for shards that belong to another place or are damaged; run
/// `bluemarble repair` afterwards to make coarser lods show what is new. Missing files stay missing: `bluemarble repair`
/// brings them back or forgets them. If the manifest itself is damaged or missing, a new one is made of what is there, and what
/// is missing cannot be told any more; snapshots are lost.
#[derive(Args)]
#[command(after_help = "Example: bluemarble adopt hills && bluemarble repair hills")]
pub struct Adopt {
    #[command(flatten)]
    world: WorldArgs,
}

impl Adopt {
    pub fn run(self, json: bool) -> Result<ExitCode, Failure> {
        let dir = self.world.dir()?;
        let adopted = match self.world.open_stored_with(&StoreOptions::default()) {
            Ok(store) => block_on(store.adopt()),
            Err(error) => Err(error),
        };
        let (adopted, is_rebuilt) = match adopted {
            Ok(adopted) => (adopted, false),
            Err(StoreError::DamagedManifest { .. }) => {
                let mut options = StoreOptions::default();
                options.rebuild_manifest = true;
                drop(self.world.open_stored_with(&options)?);
                (Adopted::default(), true)
            }
            Err(error) => return Err(error.into()),
        };
        let code = match adopted.damaged.is_empty() {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(DAMAGED),
        };
        if json {
            output::print_json(&json!({
                "new": adopted.new, "changed": adopted.changed, "damaged": adopted.damaged,
                "manifest_rebuilt": is_rebuilt,
            }))?;
            return Ok(code);
        }
        let Adopted { new, changed, damaged } = &adopted;
        for (what, paths) in [("new", new), ("changed", changed), ("damaged, not adopted", damaged)]
        {
            for path in paths {
                output::print(&format!("{what}: {path}"))?;
            }
        }
        if is_rebuilt {
            output::print(
                "made a new manifest of everything that is there; snapshots that there were are lost",
            )?;
        } else {
            let (new, changed) = (new.len(), changed.len());
            output::print(&format!("{new} new and {changed} changed files adopted"))?;
        }
        if is_rebuilt || !new.is_empty() || !changed.is_empty() {
            let dir = dir.display();
            output::note(&format!("`bluemarble repair {dir}` makes coarser lods show what is new"));
        }
        Ok(code)
    }
}
