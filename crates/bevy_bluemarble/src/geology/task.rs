//! [`Task`]: one step of a run, on a worker.

use std::{
    thread,
    time::{Duration, Instant},
};

use bevy::prelude::*;
use bluemarble_core::{CancelToken, ChunkKey};
use bluemarble_geology::{
    GeologyError, Run,
    run::{RunOptions, WriteReport},
};
use bluemarble_world::{HybridWorld, WorldError};
use crossbeam_channel::Sender;

use super::GeologyClock;
use crate::{
    gate::FrameGate,
    workers,
    world::{WorkToken, guarded},
};

/// What a task tells.
pub(super) enum Event {
    /// Chunks have changed.
    Changed(Vec<ChunkKey>),
    /// It has ended. The run is there unless it could not begin or has panicked.
    Ended { run: Option<Box<Run>>, result: Result<WriteReport, String>, worked: Duration },
}

/// What a task has to do.
pub(super) enum Job {
    /// Look at the area.
    Begin(HybridWorld, Box<RunOptions>),
    /// Let so many years go by.
    Step(Box<Run>, f64),
}

/// What a task needs.
pub(super) struct Task {
    pub job: Job,
    pub clock: GeologyClock,
    pub cancel: CancelToken,
    pub events: Sender<Event>,
    /// The world is not closed before it is done.
    pub token: WorkToken,
}

/// Streaming that is far behind is let go first, but not for ever.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
const WAIT: Duration = Duration::from_millis(5);

impl Task {
    /// Does it on the pool for work that frames do not wait for.
    pub fn spawn(self, gate: Option<FrameGate>) {
        let cancel = match gate {
            Some(gate) => self.cancel.clone().with_pause(move || make_way(&gate)),
            None => self.cancel.clone(),
        };
        workers::pool().spawn(self.work(cancel)).detach();
    }

    async fn work(self, cancel: CancelToken) {
        let Self { job, clock, events, token, .. } = self;
        let begun = Instant::now();
        let sender = events.clone();
        let work = async move {
            Ok::<_, WorldError>(match job {
                Job::Begin(world, options) => match Run::begin(world, *options) {
                    Ok(mut run) => {
                        run.set_listener(move |chunks| _ = sender.send(Event::Changed(chunks)));
                        (Some(Box::new(run)), Ok(WriteReport::default()))
                    }
                    Err(error) => (None, Err(error)),
                },
                Job::Step(mut run, years) => {
                    let result = step(&mut run, &clock, years, &cancel);
                    (Some(run), result)
                }
            })
        };
        let (run, result) = match guarded(work).await {
            Ok((run, result)) => (run, result.map_err(|error| error.to_string())),
            Err(panic) => (None, Err(panic.to_string())),
        };
        let worked = begun.elapsed();
        let _ = events.send(Event::Ended { run, result, worked });
        drop(token);
    }
}

fn step(
    run: &mut Run,
    clock: &GeologyClock,
    years: f64,
    cancel: &CancelToken,
) -> Result<WriteReport, GeologyError> {
    for (process, rate) in &clock.rates {
        if !run.set_rate(process, *rate) {
            warn!("a geological clock has a rate for `{process}`, which the run does not have");
        }
    }
    if let Some(level_m) = clock.sea_level_m {
        run.set_sea_level_m(level_m);
    }
    run.step(years, cancel)?;
    run.write(cancel)
}

/// Lets frames go first, and streaming that is far behind.
fn make_way(gate: &FrameGate) {
    gate.pass();
    let begun = Instant::now();
    while gate.is_far_behind() && begun.elapsed() < LONGEST_WAIT {
        thread::sleep(WAIT);
    }
}
