//! [`GeologyRun`]: processes on an area of a world, as a component.

use std::time::{Duration, Instant};

use bevy::prelude::*;
use bluemarble_core::CancelToken;
use bluemarble_geology::{
    Run,
    run::{RunOptions, WriteReport},
};
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{
    GeologyClock, GeologyProgress,
    task::{Event, Job, Task},
};
use crate::{
    gate::FrameGate,
    world::{VoxelWorld, VoxelsChanged, WorkToken, WorldUpkeep},
};

/// The clock is at most so many steps ahead of what has been worked off.
const MAX_OWED_STEPS: f64 = 2.0;

/// Geological processes that shape an area of a world. Spawn one, or several whose areas lie apart; despawn it to end it. A
/// [`GeologyClock`] of the same entity says how fast time goes, a [`GeologyProgress`] how far it has come.
///
/// Steps are made by a worker, and written into the world as edits that name their process and year. What is built stays.
/// With a directory ([`RunOptions::dir`]) a run goes on where it was when the game is started again.
#[derive(Component, Reflect)]
#[reflect(Component, from_reflect = false)]
#[require(GeologyClock, GeologyProgress)]
pub struct GeologyRun {
    world: Entity,
    #[reflect(ignore)]
    state: State,
    #[reflect(ignore)]
    events: Receiver<Event>,
    #[reflect(ignore)]
    sender: Sender<Event>,
    #[reflect(ignore)]
    cancel: CancelToken,
    /// Held while there is a clone of the world in here.
    #[reflect(ignore)]
    user: Option<WorkToken>,
    /// Years that have gone by on the clock and not on the land.
    owed_years: f64,
    asked_years: f64,
    #[reflect(ignore)]
    rests_until: Option<Instant>,
}

enum State {
    /// Waits for its world.
    New(Box<RunOptions>),
    Working,
    Resting(Box<Run>),
    /// It could not begin, or its world is gone.
    Over,
}

/// Asks a run for one step now, whether its clock is paused or not.
#[derive(Message, Clone, Copy, Debug, Reflect)]
#[reflect(Message)]
pub struct StepGeology {
    /// The run's entity.
    pub run: Entity,
    /// Its length in years.
    pub years: f64,
}

/// A step has been made and is in the world.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(from_reflect = false)]
pub struct GeologyStepped {
    /// The run's entity.
    pub run: Entity,
    /// The world's entity.
    pub world: Entity,
    /// Years that have gone by since the run began.
    pub years: f64,
    /// What was written.
    #[reflect(ignore)]
    pub written: WriteReport,
}

/// A step could not be made or written, or a run could not begin. The clock is paused: writing is tried again with the next
/// step.
#[derive(Message, Clone, Debug, Reflect)]
#[reflect(Message)]
pub struct GeologyFailed {
    /// The run's entity.
    pub run: Entity,
    /// Why, and what to do.
    pub reason: String,
}

impl GeologyRun {
    /// Processes on an area of the world of an entity, which may get its [`VoxelWorld`] later.
    pub fn new(world: Entity, options: RunOptions) -> Self {
        let (sender, events) = unbounded();
        Self {
            world,
            // Threads of a run's own would take cores from frames.
            state: State::New(Box::new(RunOptions { threads: 1, ..options })),
            events,
            sender,
            cancel: CancelToken::new(),
            user: None,
            owed_years: 0.0,
            asked_years: 0.0,
            rests_until: None,
        }
    }

    /// The entity of its world.
    pub fn world(&self) -> Entity {
        self.world
    }

    /// The run itself, with its land; `None` while a step is being made.
    pub fn get(&self) -> Option<&Run> {
        match &self.state {
            State::Resting(run) => Some(run),
            _ => None,
        }
    }

    fn stop(&mut self) {
        self.cancel.cancel();
        self.state = State::Over;
        self.user = None;
    }

    /// The years of the next step, if one is due.
    fn due_years(&mut self, clock: &GeologyClock, seconds: f64) -> Option<f64> {
        let step_years = clock.step_years.max(f64::MIN_POSITIVE);
        if !clock.is_paused {
            self.owed_years += clock.years_per_second.max(0.0) * seconds;
            self.owed_years = self.owed_years.min(step_years * MAX_OWED_STEPS);
        }
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        if self.asked_years > 0.0 {
            return Some(std::mem::take(&mut self.asked_years));
        }
        let is_due = !clock.is_paused && self.owed_years >= step_years;
        is_due.then(|| {
            self.owed_years -= step_years;
            step_years
        })
    }
}

impl Drop for GeologyRun {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// A world that is taken away ends its runs.
pub(super) fn stop_with_world(taken: On<Discard, VoxelWorld>, mut runs: Query<&mut GeologyRun>) {
    for mut run in &mut runs {
        if run.world == taken.entity && !matches!(run.state, State::New(_)) {
            run.stop();
        }
    }
}

/// Takes what has ended, and starts what is due.
pub(super) fn go_on(
    time: Res<Time>,
    gate: Option<Res<FrameGate>>,
    mut runs: Query<(Entity, &mut GeologyRun, &mut GeologyClock, &mut GeologyProgress)>,
    mut worlds: Query<(&VoxelWorld, &mut WorldUpkeep)>,
    mut asked: MessageReader<StepGeology>,
    mut changed: MessageWriter<VoxelsChanged>,
    mut stepped: MessageWriter<GeologyStepped>,
    mut failed: MessageWriter<GeologyFailed>,
) {
    for StepGeology { run, years } in asked.read() {
        match runs.get_mut(*run) {
            Ok((_, mut run, ..)) => run.asked_years += years.max(0.0),
            Err(_) => warn!("no geological step: {run} has no GeologyRun"),
        }
    }
    for (entity, mut run, mut clock, mut progress) in &mut runs {
        let run = run.bypass_change_detection();
        let Ok((world, mut upkeep)) = worlds.get_mut(run.world) else { continue };
        while let Ok(event) = run.events.try_recv() {
            match event {
                Event::Changed(chunks) => {
                    upkeep.bypass_change_detection().note_edit();
                    changed.write(VoxelsChanged { world: run.world, chunks, is_edit: true });
                }
                Event::Ended { .. } if !matches!(run.state, State::Working) => {}
                Event::Ended { run: made, result, worked } => {
                    let rest = worked.as_secs_f64() * (1.0 / clock.share.clamp(0.01, 1.0) - 1.0);
                    run.rests_until = Some(Instant::now() + Duration::from_secs_f64(rest));
                    progress.is_working = false;
                    let years = made.as_ref().map(|run| run.years());
                    run.state = made.map_or(State::Over, State::Resting);
                    match result {
                        Ok(written) => {
                            let years = years.unwrap_or_default();
                            let is_first = !std::mem::replace(&mut progress.is_begun, true);
                            progress.years = years;
                            progress.changed_voxels += written.voxels;
                            if !is_first {
                                let world = run.world;
                                stepped.write(GeologyStepped {
                                    run: entity,
                                    world,
                                    years,
                                    written,
                                });
                            }
                        }
                        Err(reason) => {
                            error!("a geological run has stopped: {reason}");
                            clock.is_paused = true;
                            failed.write(GeologyFailed { run: entity, reason });
                        }
                    }
                }
            }
        }
        let is_resting = matches!(run.state, State::Resting(_));
        let years = if is_resting { run.due_years(&clock, time.delta_secs_f64()) } else { None };
        let job = match std::mem::replace(&mut run.state, State::Over) {
            State::New(options) => {
                run.user = Some(upkeep.user_token());
                Job::Begin(world.0.clone(), options)
            }
            State::Resting(made) => match years {
                Some(years) => Job::Step(made, years),
                None => {
                    run.state = State::Resting(made);
                    continue;
                }
            },
            other => {
                run.state = other;
                continue;
            }
        };
        run.state = State::Working;
        progress.is_working = true;
        let (clock, cancel, events) = (clock.clone(), run.cancel.clone(), run.sender.clone());
        let task = Task { job, clock, cancel, events, token: upkeep.work_token() };
        task.spawn(gate.as_deref().cloned());
    }
}
