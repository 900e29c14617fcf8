//! The threads that nodes are built on.
//!
//! The engine gives its pool for long tasks a quarter of the cores, so that frames keep the rest. Workers here
//! make way for frames by themselves (see [`crate::gate`]), so they may be nearly as many as there are cores.

use std::{sync::OnceLock, thread};

use bevy::tasks::{TaskPool, TaskPoolBuilder};

static POOL: OnceLock<TaskPool> = OnceLock::new();

/// The pool for work that frames do not wait for, made when it is first asked for.
pub(crate) fn pool() -> &'static TaskPool {
    POOL.get_or_init(|| {
        TaskPoolBuilder::new().num_threads(count()).thread_name("bluemarble worker".into()).build()
    })
}

/// How many of them work while a game is played: as many as the engine's pool for long tasks has by default. More
/// would take the cores from frames.
#[cfg(feature = "render")]
pub(crate) fn steady() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores / 4).max(1)
}

/// How many workers there are: all cores but one, which is the frame's, yet two where there are two cores.
pub(crate) fn count() -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores - 1).max(cores.min(2))
}
