//! [`FrameGate`]: workers stand back while the main thread works on a frame.
//!
//! Where the engine's threads and the workers are more than the cores, a frame that shares a core with a worker
//! waits for it again and again, whatever the priorities: systems let a running thread finish its slice. So
//! workers wait between two steps while the gate is closed, which is from the first to the last stage of
//! the main world. They never wait for longer than they have worked since they last waited: with frames
//! that follow each other without a pause they still have half of the time. While they are far behind what the
//! views want they do not wait at all: after an arrival the ground comes first.

use std::{
    cell::Cell,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bevy::{prelude::*, tasks::ComputeTaskPool};

use crate::workers;

/// The longest single wait.
const MAX_WAIT: Duration = Duration::from_millis(8);

/// Workers with more jobs than this are far behind: some tenths of a second.
#[cfg(feature = "render")]
const FAR_BEHIND_JOBS: usize = 96;

/// The gate between the frame and the workers, shared by all.
#[derive(Resource, Clone)]
pub struct FrameGate(Arc<Gate>);

struct Gate {
    /// Whether it is ever closed.
    is_needed: bool,
    is_far_behind: AtomicBool,
    is_closed: AtomicBool,
    waiting: Mutex<()>,
    opened: Condvar,
}

/// The frame begins.
pub(crate) fn close(gate: Res<FrameGate>) {
    let is_far_behind = gate.0.is_far_behind.load(Ordering::Relaxed);
    gate.0.is_closed.store(gate.0.is_needed && !is_far_behind, Ordering::Relaxed);
}

/// The main world has done its part of the frame.
pub(crate) fn open(gate: Res<FrameGate>) {
    gate.0.is_closed.store(false, Ordering::Relaxed);
    // A thread that has seen the gate closed and holds the lock must wait before the others are woken.
    drop(gate.0.waiting.lock().unwrap_or_else(PoisonError::into_inner));
    gate.0.opened.notify_all();
}

impl FrameGate {
    /// A gate that is open, and is ever closed if the threads of the engine and the workers are more than the
    /// cores of this machine. The engine's pools must have been made.
    pub fn for_this_machine() -> Self {
        let engine = 1 + ComputeTaskPool::try_get().map_or(1, |pool| pool.thread_num());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self::new(engine + workers::count() > cores)
    }

    fn new(is_needed: bool) -> Self {
        let (is_far_behind, is_closed) = (AtomicBool::new(false), AtomicBool::new(false));
        let (waiting, opened) = (Mutex::default(), Condvar::default());
        Self(Arc::new(Gate { is_needed, is_far_behind, is_closed, waiting, opened }))
    }

    /// Says how many jobs wait for each worker; whether that is far behind.
    #[cfg(feature = "render")]
    pub(crate) fn tell_backlog(&self, jobs: usize) -> bool {
        let is_far_behind = jobs > FAR_BEHIND_JOBS;
        self.0.is_far_behind.store(is_far_behind, Ordering::Relaxed);
        is_far_behind
    }

    /// Whether streaming is far behind what the views want.
    pub(crate) fn is_far_behind(&self) -> bool {
        self.0.is_far_behind.load(Ordering::Relaxed)
    }

    /// Lets the frame go first, and other threads that wait for the core. Workers call it between two
    /// steps, of a millisecond at most.
    pub fn pass(&self) {
        thread_local! {
            static WAITED_AT: Cell<Option<Instant>> = const { Cell::new(None) };
        }
        let Gate { is_closed, waiting, opened, .. } = &*self.0;
        if is_closed.load(Ordering::Relaxed) {
            let worked = WAITED_AT.get().map_or(MAX_WAIT, |at| at.elapsed());
            let lock = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let still_closed = |_: &mut ()| is_closed.load(Ordering::Relaxed);
            // Whether it was opened or took too long, work goes on.
            drop(opened.wait_timeout_while(lock, worked.min(MAX_WAIT), still_closed));
            WAITED_AT.set(Some(Instant::now()));
        }
        // The system lets a thread that does not ask go on for milliseconds when another one wakes.
        thread::yield_now();
    }
}

#[cfg(all(test, feature = "render"))]
mod tests {
    use bevy::ecs::system::RunSystemOnce;

    use super::*;

    fn world(gate: &FrameGate) -> World {
        let mut world = World::new();
        world.insert_resource(gate.clone());
        world
    }

    #[test]
    fn a_worker_waits_at_a_closed_gate_and_gets_through_though_nobody_opens_it() {
        let gate = FrameGate::new(true);
        world(&gate).run_system_once(close).expect("a gate is there");
        let start = Instant::now();
        let mut worked = Duration::ZERO;
        for _ in 0..40 {
            let step = Instant::now();
            while step.elapsed() < Duration::from_millis(1) {}
            worked += step.elapsed();
            gate.pass();
        }
        // It waited, and it worked.
        assert!(start.elapsed() > worked + Duration::from_millis(20));
    }

    #[test]
    fn the_gate_stays_open_while_workers_are_far_behind() {
        let gate = FrameGate::new(true);
        let is_closed = || {
            world(&gate).run_system_once(close).expect("a gate is there");
            gate.0.is_closed.load(Ordering::Relaxed)
        };
        assert!(is_closed());
        gate.tell_backlog(FAR_BEHIND_JOBS + 1);
        assert!(!is_closed());
        gate.tell_backlog(FAR_BEHIND_JOBS);
        assert!(is_closed());
    }

    #[test]
    fn a_worker_goes_on_as_soon_as_the_gate_opens() {
        let gate = FrameGate::new(true);
        let mut world = world(&gate);
        world.run_system_once(close).expect("a gate is there");
        let worker = thread::spawn({
            let gate = gate.clone();
            move || {
                gate.pass();
                gate.0.is_closed.load(Ordering::Relaxed)
            }
        });
        world.run_system_once(open).expect("a gate is there");
        assert!(!worker.join().expect("it does not panic"), "it passed a closed gate");
    }
}
