//! A volume on its way into a world, with a progress bar.

use std::path::Path;

use bluemarble_core::CancelToken;
use bluemarble_world::{HybridWorld, ImportReport, VoxelVolume, WorldError};

use crate::{failure::Failure, progress};

/// Imports what came from a file.
pub fn import(
    world: &HybridWorld,
    volume: &dyn VoxelVolume,
    file: &Path,
) -> Result<ImportReport, Failure> {
    let bar = progress::voxels_bar(volume.voxels().voxels.volume(), "importing");
    let report = world.import(volume, &CancelToken::never(), &|progress| {
        bar.set_position(progress.done_voxels);
        if progress.lod > 0 {
            let (lod, done, shards) = (progress.lod, progress.done_shards, progress.shards);
            bar.set_message(format!("lod {lod}: {done} of {shards} shards"));
        }
    });
    bar.finish_and_clear();
    report.map_err(|error| match error {
        // The rest of it would only say in which part of the file.
        WorldError::Volume { source, .. } => Failure::new(source.to_string()).at(file.display()),
        error => Failure::from(error),
    })
}
