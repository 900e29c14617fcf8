//! The index of the world is kept up to date beside the frames.
//!
//! Queries and rays of [`bluemarble_world`] answer the same without it, only later: nothing here is ever
//! waited for.

use bevy::prelude::*;
use bluemarble_world::{RebuildManager, RebuildOptions, RebuildPace, RebuildProgress};

use super::VoxelWorld;

/// How soon the index of a world follows edits. May be changed at any time.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Reflect)]
#[reflect(Component, Default)]
pub struct IndexPace(pub RebuildPace);

/// What keeps the index of a world up to date.
#[derive(Component, Debug, Default, Reflect)]
#[reflect(Component, Default, from_reflect = false)]
pub struct WorldIndex {
    #[reflect(ignore)]
    manager: Option<RebuildManager>,
    /// Whether none is to be started: the app ends, or there is no thread for it.
    is_over: bool,
}

impl WorldIndex {
    /// Lets everything that has changed be looked at now.
    pub fn rebuild_now(&self) {
        if let Some(manager) = &self.manager {
            manager.rebuild_now();
        }
    }

    /// How far it has come; `None` before it has begun.
    pub fn progress(&self) -> Option<RebuildProgress> {
        self.manager.as_ref().map(RebuildManager::progress)
    }

    /// Keeps what is known for the next session, and ends.
    pub(crate) fn end(&mut self) {
        (self.manager, self.is_over) = (None, true);
    }
}

/// Starts the work for worlds that are new, and passes changes of pace on.
pub(super) fn keep_indexed(mut worlds: Query<(&VoxelWorld, Ref<IndexPace>, &mut WorldIndex)>) {
    for (world, pace, mut index) in &mut worlds {
        if let Some(manager) = &index.manager {
            if pace.is_changed() {
                manager.set_pace(pace.0);
            }
            continue;
        }
        if index.is_over {
            continue;
        }
        // One worker: frames need the other cores.
        let options = RebuildOptions { pace: pace.0, workers: 1 };
        match RebuildManager::start(&world.0, options) {
            Ok(manager) => index.manager = Some(manager),
            Err(error) => {
                warn!("queries stay slower than they could be, no thread for the index: {error}");
                index.is_over = true;
            }
        }
    }
}
