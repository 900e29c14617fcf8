//! [`KeepSnapshots`]: a world can be taken back to earlier moments.

use std::time::{Duration, SystemTime};

use bevy::prelude::*;
use bluemarble_world::{CheckpointReport, HybridWorld, SnapshotPolicy, WorldError};

/// Beside a [`VoxelWorld`](super::VoxelWorld): snapshots are taken of it when it is saved, so that a world that was broken or
/// griefed can be taken back in time with `bluemarble restore`, and can be copied while it is played.
///
/// A snapshot costs nothing until what it holds is edited; `bluemarble compact` gives the space of dropped ones back.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq, Reflect)]
#[reflect(Component, Default)]
pub struct KeepSnapshots {
    /// At least so long after the one before.
    pub every: Duration,
    /// The newest ones that are kept.
    pub last: usize,
    /// The newest of each of so many hours is kept.
    pub hourly: usize,
    /// The newest of each of so many days is kept.
    pub daily: usize,
}

impl Default for KeepSnapshots {
    /// Every ten minutes; the last 8, and one for each of 24 hours and 30 days.
    fn default() -> Self {
        let SnapshotPolicy { last, hourly, daily } = SnapshotPolicy::default();
        Self { every: Duration::from_secs(600), last, hourly, daily }
    }
}

/// Saves a world, and takes a snapshot of it if one is due.
pub(super) async fn save(
    world: &HybridWorld,
    keep: Option<KeepSnapshots>,
) -> Result<CheckpointReport, WorldError> {
    let Some(KeepSnapshots { every, last, hourly, daily }) = keep else {
        return world.checkpoint().await;
    };
    let now = SystemTime::now();
    // A clock that was set back makes one due.
    let is_recent = match world.snapshots()?.last() {
        Some(newest) => now.duration_since(newest.taken).is_ok_and(|age| age < every),
        None => false,
    };
    if is_recent {
        return world.checkpoint().await;
    }
    let policy = SnapshotPolicy { last, hourly, daily };
    world.take_snapshot(now, &policy).await.map(|(_, report)| report)
}
