//! The state of a world behind its lock.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
    },
};

use super::state::State;

/// The state behind its lock, and how often the lock was taken to change it.
pub(super) struct Shared {
    state: RwLock<State>,
    published: AtomicU64,
}

impl Shared {
    pub fn new(state: State) -> Self {
        Self { state: RwLock::new(state), published: AtomicU64::new(0) }
    }

    // Nothing that holds the lock panics half-way through a change, so a poisoned lock is a whole one.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self) -> WriteGuard<'_> {
        let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        WriteGuard { state, published: &self.published }
    }

    /// For what no reader sees: which chunks wait for the index.
    pub fn write_quietly(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that is another one after anything was changed: a reader that has looked at the state after asking
    /// for it knows that nothing is newer as long as it stays.
    #[inline]
    pub fn published(&self) -> u64 {
        self.published.load(Acquire)
    }
}

/// The state while it is changed.
pub(super) struct WriteGuard<'a> {
    state: RwLockWriteGuard<'a, State>,
    published: &'a AtomicU64,
}

impl Deref for WriteGuard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for WriteGuard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for WriteGuard<'_> {
    fn drop(&mut self) {
        // The lock is let go after this.
        self.published.fetch_add(1, Release);
    }
}
