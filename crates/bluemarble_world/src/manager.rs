//! [`RebuildManager`]: keeps the index of a world up to date in the background.
//!
//! The index is derived: without a manager every answer is the same, only some come later. What has changed
//! waits in a queue without duplicates ([`bluemarble_index::RebuildQueue`]), whatever a query had to do without
//! first; what was stored before waits there once somebody has asked for it. Workers look at it chunk by chunk, and
//! at what is above the chunks that have changed, nothing else.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use futures::executor::block_on;
use serde::Serialize;

use crate::{HybridWorld, IndexReport};

/// Chunks at which a worker looks before it gives way and asks again what is most urgent.
const CHUNKS_PER_STEP: usize = 8;
/// How often, at most, what the index knows is kept for the next session while this one goes on.
const SAVE_INTERVAL: Duration = Duration::from_secs(60);

/// How soon the index follows the edits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub enum RebuildPace {
    /// A second later.
    Aggressive,
    /// Ten seconds later.
    #[default]
    Balanced,
    /// A minute later.
    Lazy,
    /// Only when [`RebuildManager::rebuild_now`] is called.
    OnDemand,
}

impl RebuildPace {
    /// How long changes may wait; `None` for as long as it is not asked for.
    pub const fn interval(self) -> Option<Duration> {
        match self {
            Self::Aggressive => Some(Duration::from_secs(1)),
            Self::Balanced => Some(Duration::from_secs(10)),
            Self::Lazy => Some(Duration::from_secs(60)),
            Self::OnDemand => None,
        }
    }
}

/// How a world is kept indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildOptions {
    /// How soon.
    pub pace: RebuildPace,
    /// Threads that look at chunks; at least one.
    pub workers: usize,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self { pace: RebuildPace::default(), workers: 1 }
    }
}

/// How far a manager has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RebuildProgress {
    /// Whether workers are looking at chunks now.
    pub is_running: bool,
    /// Chunks that were looked at since the workers have woken, or the last time they did.
    pub indexed: usize,
    /// Chunks of these that could not be read.
    pub failed: usize,
    /// Chunks that are left, those that rest after a failure included.
    pub left: usize,
    /// How often the workers have come to the end of the queue.
    pub rounds: u64,
}

#[derive(Debug)]
struct Round {
    pace: RebuildPace,
    /// When the next one begins.
    at: Option<Instant>,
    /// Workers that are at work.
    busy: usize,
    progress: RebuildProgress,
    /// When the index was saved, and whether it has changed since then.
    saved: Instant,
    is_unsaved: bool,
    stops: bool,
}

#[derive(Debug)]
struct Shared {
    round: Mutex<Round>,
    changed: Condvar,
}

impl Shared {
    fn round(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Threads that keep the index of a world up to date, until this is dropped.
#[derive(Debug)]
pub struct RebuildManager {
    world: HybridWorld,
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl RebuildManager {
    /// Starts the workers.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn start(world: &HybridWorld, options: RebuildOptions) -> std::io::Result<Self> {
        let round = Round {
            pace: options.pace,
            at: options.pace.interval().map(|interval| Instant::now() + interval),
            busy: 0,
            progress: RebuildProgress::default(),
            saved: Instant::now(),
            is_unsaved: false,
            stops: false,
        };
        let shared = Arc::new(Shared { round: Mutex::new(round), changed: Condvar::new() });
        let mut manager = Self { world: world.clone(), shared, workers: Vec::new() };
        for number in 0..options.workers.max(1) {
            let (world, shared) = (world.clone(), Arc::clone(&manager.shared));
            let thread = std::thread::Builder::new().name(format!("index {number}"));
            manager.workers.push(thread.spawn(move || work(&world, &shared))?);
        }
        Ok(manager)
    }

    /// Lets the workers look at everything that waits, now.
    pub fn rebuild_now(&self) {
        self.shared.round().at = Some(Instant::now());
        self.shared.changed.notify_all();
    }

    /// Changes how soon the index follows.
    pub fn set_pace(&self, pace: RebuildPace) {
        let mut round = self.shared.round();
        if round.pace != pace {
            round.pace = pace;
            round.at = pace.interval().map(|interval| Instant::now() + interval);
            self.shared.changed.notify_all();
        }
    }

    /// How far the workers have come.
    pub fn progress(&self) -> RebuildProgress {
        RebuildProgress { left: self.world.unindexed(), ..self.shared.round().progress.clone() }
    }

    /// Waits until no worker is busy, for so long at most. True if none is.
    pub fn wait(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut round = self.shared.round();
        while round.busy > 0 || round.at.is_some_and(|at| at <= Instant::now()) {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return false };
            let waited = self.shared.changed.wait_timeout(round, left);
            round = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for RebuildManager {
    fn drop(&mut self) {
        self.shared.round().stops = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // A worker that has panicked has said so; the index is behind, and nothing else.
            drop(worker.join());
        }
        if self.shared.round().is_unsaved {
            save(&self.world);
        }
    }
}

/// What a worker does, until the manager stops.
fn work(world: &HybridWorld, shared: &Shared) {
    while wait_for_round(shared) {
        let (report, error) = block_on(world.index_some(CHUNKS_PER_STEP));
        if let Some(error) = error {
            tracing::warn!("the index cannot look at a chunk yet, trying again: {error}");
        }
        if end_of_step(shared, &report) && !save(world) {
            shared.round().is_unsaved = true;
        }
        // Frames come first.
        std::thread::yield_now();
    }
}

/// False if it must be tried again later.
fn save(world: &HybridWorld) -> bool {
    let saved = block_on(world.save_index());
    if let Err(error) = &saved {
        tracing::warn!("what the index knows is not kept: {error}");
    }
    saved.is_ok()
}

/// Waits until there is something to do; false if the manager stops.
fn wait_for_round(shared: &Shared) -> bool {
    let mut round = shared.round();
    loop {
        if round.stops {
            return false;
        }
        let left = round.at.map(|at| at.saturating_duration_since(Instant::now()));
        match left {
            Some(Duration::ZERO) => break,
            Some(left) => {
                let waited = shared.changed.wait_timeout(round, left);
                round = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            None => {
                let waited = shared.changed.wait(round);
                round = waited.unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
    if !round.progress.is_running {
        let rounds = round.progress.rounds;
        round.progress = RebuildProgress { is_running: true, rounds, ..RebuildProgress::default() };
    }
    round.busy += 1;
    true
}

/// True if the index is to be saved.
fn end_of_step(shared: &Shared, report: &IndexReport) -> bool {
    let mut round = shared.round();
    round.busy -= 1;
    round.progress.indexed += report.indexed;
    round.progress.failed += report.failed;
    round.is_unsaved |= report.indexed > 0;
    // A worker that finds nothing more to claim ends the round; others may still be at their last chunks.
    if report.indexed + report.failed == 0 {
        round.at = round.pace.interval().map(|interval| Instant::now() + interval);
    }
    if round.busy == 0 && round.at.is_none_or(|at| at > Instant::now()) {
        round.progress.is_running = false;
        round.progress.rounds += 1;
        shared.changed.notify_all();
        let is_due = round.is_unsaved && round.saved.elapsed() >= SAVE_INTERVAL;
        if is_due {
            (round.saved, round.is_unsaved) = (Instant::now(), false);
        }
        return is_due;
    }
    false
}
