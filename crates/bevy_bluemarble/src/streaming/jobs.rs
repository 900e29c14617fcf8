//! [`JobBoard`]: the jobs of all worlds, and the workers that do them.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bevy::{
    prelude::*,
    tasks::{IoTaskPool, futures_lite::future::yield_now},
};
use bluemarble_core::ChunkKey;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{
    StreamingSettings,
    build::{Builder, BuiltNode},
    queue::{Job, JobQueue},
};
use crate::{
    workers,
    world::{WorkError, guarded},
};

/// Results of a world that may wait for the main thread before workers leave its jobs alone.
const RESULTS_WAITING: usize = 256;
/// Jobs in flight at most: each may end in a result.
const MAX_JOBS: usize = RESULTS_WAITING;

/// How a job has ended.
pub(super) struct JobEnd {
    pub key: ChunkKey,
    pub result: Result<BuiltNode, WorkError>,
}

/// The jobs of one world, shared with the workers, who take what is most wanted at that moment.
pub(super) struct WorldJobs {
    queue: Mutex<JobQueue>,
    builder: Builder,
    end: Sender<JobEnd>,
    urgent_end: Sender<JobEnd>,
}

/// The results of one world's jobs.
pub(super) struct JobResults {
    ended: Receiver<JobEnd>,
    /// What was drawn and out of date overtakes all else on its way back as well.
    urgent_ended: Receiver<JobEnd>,
}

impl JobResults {
    pub fn next(&self) -> Option<JobEnd> {
        self.urgent_ended.try_recv().or_else(|_| self.ended.try_recv()).ok()
    }

    /// Results that wait of what was drawn and out of date.
    #[cfg(test)]
    pub fn urgent_waiting(&self) -> usize {
        self.urgent_ended.len()
    }
}

impl WorldJobs {
    pub fn new(builder: Builder) -> (Arc<Self>, JobResults) {
        // Every worker may have one in hand when the others fill the channel.
        let capacity = RESULTS_WAITING + thread::available_parallelism().map_or(64, usize::from);
        let (end, ended) = bounded(2 * capacity);
        let (urgent_end, urgent_ended) = bounded(2 * capacity);
        let jobs = Self { queue: Mutex::default(), builder, end, urgent_end };
        (Arc::new(jobs), JobResults { ended, urgent_ended })
    }

    /// A lock that a panicking worker left behind is as good as any: the queue has no half states.
    pub fn queue(&self) -> MutexGuard<'_, JobQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self) -> bool {
        self.end.len().max(self.urgent_end.len()) < RESULTS_WAITING
    }
}

/// The jobs of all worlds: workers take the most wanted of any.
#[derive(Resource, Clone, Default)]
pub(super) struct JobBoard(Arc<Board>);

#[derive(Default)]
struct Board {
    worlds: Mutex<Vec<Arc<WorldJobs>>>,
    workers: AtomicUsize,
    /// After a node, workers beyond this number stop.
    max_workers: AtomicUsize,
    /// Those that build what is out of date, on the pool for waiting tasks: an edit is seen even while all
    /// others are busy with long jobs.
    urgent_workers: AtomicUsize,
}

impl Board {
    fn worlds(&self) -> MutexGuard<'_, Vec<Arc<WorldJobs>>> {
        self.worlds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the most wanted job of any world; if `urgent`, only of what is out of date.
    fn take(&self, urgent: bool) -> Option<(Arc<WorldJobs>, Job)> {
        let worlds = self.worlds().clone();
        let (_, jobs) = (worlds.into_iter().filter(|jobs| jobs.has_room()))
            .filter_map(|jobs| {
                let priority = jobs.queue().most_wanted(urgent)?;
                Some((priority, jobs))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        let job = jobs.queue().start(urgent)?;
        Some((jobs, job))
    }

    fn workers(&self, urgent: bool) -> &AtomicUsize {
        if urgent { &self.urgent_workers } else { &self.workers }
    }

    /// Builds node after node, the most wanted first, until none is left or the results pile up; if
    /// `urgent`, only what is out of date.
    async fn work(self: Arc<Self>, urgent: bool) {
        while let Some((jobs, Job { key, is_urgent, cancel })) = self.take(urgent) {
            let result = guarded(jobs.builder.build(key, cancel)).await;
            let end = if is_urgent { &jobs.urgent_end } else { &jobs.end };
            // Results of a world that is gone are not received.
            let _ = end.send(JobEnd { key, result });
            drop(jobs);
            let (workers, max) = (&self.workers, &self.max_workers);
            if !urgent && workers.load(Ordering::Relaxed) > max.load(Ordering::Relaxed) {
                break;
            }
            // Other tasks of the pool have their turn between two nodes.
            yield_now().await;
        }
        self.workers(urgent).fetch_sub(1, Ordering::Relaxed);
    }
}

impl JobBoard {
    pub fn add(&self, jobs: Arc<WorldJobs>) {
        self.0.worlds().push(jobs);
    }

    /// Takes the jobs of a world away; those in flight are cancelled.
    pub fn remove(&self, jobs: &Arc<WorldJobs>) {
        self.0.worlds().retain(|other| !Arc::ptr_eq(other, jobs));
        jobs.queue().replace(Vec::new(), |_| false);
    }

    /// Starts workers for what waits.
    pub fn hand_out(&self, settings: &StreamingSettings, tell_backlog: impl Fn(usize) -> bool) {
        let board = &self.0;
        let steady = settings.jobs_in_flight.clamp(1, MAX_JOBS);
        let (mut waiting, mut is_urgent) = (0, false);
        for jobs in board.worlds().iter() {
            let mut queue = jobs.queue();
            waiting += queue.waiting();
            is_urgent |= queue.most_wanted(true).is_some();
        }
        let catching_up = settings.jobs_catching_up.clamp(steady, MAX_JOBS);
        if steady != settings.jobs_in_flight || catching_up != settings.jobs_catching_up {
            warn_once!(
                "StreamingSettings: {steady} and {catching_up} jobs are in flight at once, not {} and {}: at least 1 and at most \
                 {MAX_JOBS}, and no fewer while catching up",
                settings.jobs_in_flight,
                settings.jobs_catching_up
            );
        }
        let limit = if tell_backlog(waiting / steady) { catching_up } else { steady };
        board.max_workers.store(limit, Ordering::Relaxed);
        // Counted once: workers that find nothing to do end at once.
        for _ in board.workers.load(Ordering::Relaxed)..waiting.min(limit) {
            board.workers.fetch_add(1, Ordering::Relaxed);
            workers::pool().spawn(board.clone().work(false)).detach();
        }
        if is_urgent && board.urgent_workers.load(Ordering::Relaxed) == 0 {
            board.urgent_workers.fetch_add(1, Ordering::Relaxed);
            IoTaskPool::get().spawn(board.clone().work(true)).detach();
        }
    }
}
