//! Voxel worlds as entities: opened, replaced, saved, indexed and closed.
//!
//! Everything else looks a world up here, by its entity; nothing here knows about cameras, meshes or materials.
//!
//! | file | what it holds |
//! |---|---|
//! | `voxel_world` | [`VoxelWorld`]: a world is a component |
//! | `work` | what works on a world in the background |
//! | `upkeep` | [`WorldUpkeep`]: what follows from an edit, which is coarser lods and a save |
//! | `saving` | [`SaveDelay`]: when edits are folded into the store |
//! | `snapshots` | [`KeepSnapshots`]: which earlier moments stay |
//! | `closing` | worlds that were replaced or despawned are saved and closed in the background |
//! | `indexing` | [`IndexPace`]: how soon the index follows edits |
//! | `reading` | [`VoxelReader`]: voxels for systems |
//! | `diagnostics` | [`WorldDiagnosticsPlugin`]: a world's numbers among Bevy's diagnostics |

mod closing;
mod diagnostics;
mod indexing;
mod reading;
mod saving;
mod snapshots;
mod upkeep;
mod voxel_world;
mod work;

use bevy::prelude::*;

pub use self::{
    closing::{ClosingWorlds, VoxelWorldClosed},
    diagnostics::WorldDiagnosticsPlugin,
    indexing::{IndexPace, WorldIndex},
    reading::VoxelReader,
    saving::{SaveDelay, SaveError, SaveVoxelWorld, VoxelWorldSaveFailed, VoxelWorldSaved},
    snapshots::KeepSnapshots,
    upkeep::WorldUpkeep,
    voxel_world::{VoxelWorld, VoxelsChanged},
};
pub(crate) use self::{
    upkeep::keep_up,
    work::{RETRY_AFTER, WorkError, WorkToken, guarded},
};
use crate::{
    gate::{self, FrameGate},
    systems::{self, BluemarbleSystems, require},
};

/// Keeps [`VoxelWorld`]s: saves and indexes them and closes those that are taken away. Every other plugin of this
/// crate needs it.
pub struct VoxelWorldPlugin;

impl Plugin for VoxelWorldPlugin {
    fn build(&self, app: &mut App) {
        systems::configure(app);
        require::<VoxelWorld, WorldUpkeep>(app);
        require::<VoxelWorld, SaveDelay>(app);
        require::<VoxelWorld, IndexPace>(app);
        require::<VoxelWorld, WorldIndex>(app);
        require::<VoxelWorld, reading::ChunkReads>(app);
        app.init_resource::<ClosingWorlds>()
            .add_message::<VoxelsChanged>()
            .add_message::<SaveVoxelWorld>()
            .add_message::<VoxelWorldSaved>()
            .add_message::<VoxelWorldSaveFailed>()
            .add_message::<VoxelWorldClosed>()
            .add_observer(closing::begin)
            .add_systems(First, gate::close.in_set(BluemarbleSystems::BeginFrame))
            .add_systems(PreUpdate, indexing::keep_indexed.in_set(BluemarbleSystems::Prepare))
            .add_systems(PostUpdate, keep_up.in_set(BluemarbleSystems::Edit))
            .add_systems(
                Last,
                (closing::advance, closing::close_all_on_exit, gate::open)
                    .chain()
                    .in_set(BluemarbleSystems::EndFrame),
            );
    }

    fn finish(&self, app: &mut App) {
        app.insert_resource(FrameGate::for_this_machine());
    }
}
