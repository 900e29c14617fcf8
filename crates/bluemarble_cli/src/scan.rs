//! Every stored byte of a world, checked: what is there, and what is damaged.

use std::path::Path;

use bluemarble_core::{Chunk, ChunkKey, MaterialId};
use bluemarble_store::{
    ChunkStore, Damage, DamagedPart, Listing, WholeChunk,
    log::{LOG_DIR, LogCheck, verify_log},
};
use bluemarble_terrain::Baseline;
use futures::executor::block_on;

use crate::{failure::Failure, progress};

/// Checks everything in the arrays of a world, and passes on every chunk that is whole.
pub fn arrays(
    store: &ChunkStore,
    listing: &Listing,
    job: &'static str,
    mut each: impl FnMut(WholeChunk),
) -> Result<Vec<Damage>, Failure> {
    let mut damages = block_on(store.check_documents(&listing.arrays))?;
    for damage in block_on(store.check_manifest(listing))? {
        // What is wrong with a document tells more than that it was changed.
        if damages.iter().all(|known| known.path != damage.path) {
            damages.push(damage);
        }
    }
    damages.extend(listing.strays.iter().map(|path| {
        Damage::of_file(DamagedPart::Stray, path, "not the name of a shard of this world")
    }));
    let bar = progress::bar(listing.shards.len() as u64, job);
    for shard in &listing.shards {
        damages.extend(block_on(store.check_shard(shard, &mut each))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(damages)
}

/// Checks the delta log of the world in a directory.
pub fn log(dir: &Path) -> Result<(LogCheck, Option<Damage>), Failure> {
    let check = verify_log(&dir.join(LOG_DIR))?;
    let damage = check.damage.as_ref().map(|damage| {
        let path = damage.path.strip_prefix(dir).unwrap_or(&damage.path);
        let reason = format!("byte {}, record {}: {}", damage.offset, damage.lsn, damage.reason);
        Damage::of_file(DamagedPart::Log, path.display().to_string(), reason)
    });
    Ok((check, damage))
}

/// A chunk as the baseline makes it.
pub fn unedited(baseline: &dyn Baseline, key: ChunkKey) -> Chunk {
    let mut chunk = Chunk::default();
    baseline.fill(key, &mut chunk);
    chunk
}

/// A stored chunk with the cells that are not stored filled from the baseline.
pub fn lay_over(unedited: &Chunk, stored: Chunk) -> Chunk {
    if !stored.any_material(|material| material == MaterialId::UNSTORED) {
        return stored;
    }
    let mut cells = stored.to_cells();
    for (cell, below) in cells.iter_mut().zip(unedited.to_cells()) {
        if *cell == MaterialId::UNSTORED {
            *cell = below;
        }
    }
    Chunk::from_cells(&cells)
}
