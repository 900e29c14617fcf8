//! [`Editor`]: does what is asked for, one after the other, away from the main thread.
//!
//! Tasks run on the pool for waiting tasks: an edit waits for its log, and must not stand behind chunks
//! that are being built. Batches that have piled up while another one waited become one.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bevy::{ecs::message::MessageId, tasks::IoTaskPool};
use bluemarble_core::{ChunkKey, EditBatch};
use bluemarble_edit::{Brush, EditError, History, HistoryLimits, HistoryStatistics};
use bluemarble_world::{EditReport, HybridWorld, WorldError};
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{BrushVoxels, EditRefusal, EditRequest, EditVoxels, RedoEdit, UndoEdit};
use crate::world::{WorkToken, guarded};

/// What has become of tasks.
pub(super) enum EditEvent {
    Applied {
        requests: Vec<EditRequest>,
        lsn: u64,
        chunks: Vec<ChunkKey>,
    },
    Refused(EditRequest, EditRefusal),
    /// This many tasks are done, successfully or not.
    Done(usize, HistoryStatistics),
}

/// One thing that a worker is to do.
#[derive(Clone, Debug)]
pub(super) enum EditTask {
    Apply(MessageId<EditVoxels>, EditBatch),
    Brush(MessageId<BrushVoxels>, Brush),
    Undo(MessageId<UndoEdit>),
    Redo(MessageId<RedoEdit>),
    /// These have no answer.
    BeginGroup,
    EndGroup,
    /// The limits of the history have changed.
    FollowLimits,
}

impl EditTask {
    /// The message that waits for an answer.
    pub fn request(&self) -> Option<EditRequest> {
        match *self {
            Self::Apply(id, _) => Some(id.into()),
            Self::Brush(id, _) => Some(id.into()),
            Self::Undo(id) => Some(id.into()),
            Self::Redo(id) => Some(id.into()),
            Self::BeginGroup | Self::EndGroup | Self::FollowLimits => None,
        }
    }
}

/// The tasks that wait, and whether a worker is running.
#[derive(Default)]
struct EditQueue {
    waiting: VecDeque<EditTask>,
    worker_running: bool,
    /// What the history may hold; `None` if there is to be none.
    limits: Option<HistoryLimits>,
    /// Here while no worker is running.
    history: Option<History>,
}

/// Applies edits in the order in which they were asked for.
pub(super) struct Editor {
    queue: Arc<Mutex<EditQueue>>,
    /// As many events as there are tasks, which nothing bounds either: an edit is never put off or dropped.
    events: Receiver<EditEvent>,
    sender: Sender<EditEvent>,
}

impl Default for Editor {
    fn default() -> Self {
        let (sender, events) = unbounded();
        Self { queue: Arc::default(), events, sender }
    }
}

fn lock(queue: &Mutex<EditQueue>) -> MutexGuard<'_, EditQueue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Editor {
    /// What has become of tasks since it was last asked.
    pub fn next_event(&self) -> Option<EditEvent> {
        self.events.try_recv().ok()
    }

    /// Whether a worker is running.
    #[cfg(test)]
    pub fn is_busy(&self) -> bool {
        lock(&self.queue).worker_running
    }

    /// Takes tasks for a world whose history has these limits, and holds the token until they are done.
    pub fn take(
        &self,
        tasks: Vec<EditTask>,
        world: &HybridWorld,
        limits: Option<HistoryLimits>,
        token: WorkToken,
    ) {
        let mut queue = lock(&self.queue);
        queue.limits = limits;
        queue.waiting.extend(tasks);
        if std::mem::replace(&mut queue.worker_running, true) {
            return;
        }
        let history = queue.history.take();
        let worker = Worker {
            queue: self.queue.clone(),
            sender: self.sender.clone(),
            world: world.clone(),
            history,
            unanswered: VecDeque::new(),
            _token: token,
        };
        IoTaskPool::get().spawn(worker.work()).detach();
    }
}

struct Worker {
    queue: Arc<Mutex<EditQueue>>,
    sender: Sender<EditEvent>,
    world: HybridWorld,
    history: Option<History>,
    /// The messages behind the tasks in hand that have no answer yet.
    unanswered: VecDeque<EditRequest>,
    _token: WorkToken,
}

impl Worker {
    async fn work(mut self) {
        while let Some(tasks) = self.next_tasks() {
            let count = tasks.len();
            self.unanswered = tasks.iter().filter_map(EditTask::request).collect();
            let work = async {
                self.follow(tasks).await;
                Ok::<_, WorldError>(())
            };
            if let Err(panic) = guarded(work).await {
                for request in std::mem::take(&mut self.unanswered) {
                    self.refuse(request, EditRefusal::Panicked(panic.to_string()));
                }
            }
            let statistics = self.history.as_ref().map(History::statistics);
            let _ = self.sender.send(EditEvent::Done(count, statistics.unwrap_or_default()));
        }
    }

    /// The next task, or batches that can be applied as one.
    fn next_tasks(&mut self) -> Option<Vec<EditTask>> {
        let mut queue = lock(&self.queue);
        let Some(first) = queue.waiting.pop_front() else {
            queue.worker_running = false;
            queue.history = self.history.take();
            return None;
        };
        follow_limits(&mut self.history, queue.limits);
        let mut tasks = vec![first];
        // Steps of a history stay apart.
        if self.history.is_none()
            && let EditTask::Apply(_, first) = &tasks[0]
        {
            let cause = first.cause();
            while let Some(EditTask::Apply(_, next)) = queue.waiting.front()
                && next.cause() == cause
            {
                tasks.extend(queue.waiting.pop_front());
            }
        }
        Some(tasks)
    }

    async fn follow(&mut self, tasks: Vec<EditTask>) {
        if tasks.len() > 1 && self.apply_as_one(&tasks).await {
            return;
        }
        for task in tasks {
            let result = match task {
                EditTask::Apply(_, batch) => self.apply(&batch).await,
                EditTask::Brush(_, brush) => match brush.batch(&self.world).await {
                    Ok(batch) => self.apply(&batch).await,
                    Err(error) => Err(error.into()),
                },
                EditTask::Undo(_) | EditTask::Redo(_) => {
                    self.step(matches!(task, EditTask::Redo(_))).await
                }
                EditTask::BeginGroup => {
                    self.history.iter_mut().for_each(History::begin_group);
                    continue;
                }
                EditTask::EndGroup => {
                    self.history.iter_mut().for_each(History::end_group);
                    continue;
                }
                // Done before every task.
                EditTask::FollowLimits => continue,
            };
            if let Some(request) = self.unanswered.pop_front() {
                match result {
                    Ok(report) => self.confirm(vec![request], report),
                    Err(reason) => self.refuse(request, reason),
                }
            }
        }
    }

    /// Takes the last step back, or takes it again.
    async fn step(&mut self, again: bool) -> Result<EditReport, EditRefusal> {
        let history = self.history.as_mut().ok_or(EditRefusal::NoHistory)?;
        let report = match again {
            false => history.undo(&self.world).await?,
            true => history.redo(&self.world).await?,
        };
        Ok(report.unwrap_or_default())
    }

    /// Applies batches of one cause as one; false, and nothing is done, if any of them is refused.
    async fn apply_as_one(&mut self, tasks: &[EditTask]) -> bool {
        let batches = || {
            tasks.iter().filter_map(|task| match task {
                EditTask::Apply(_, batch) => Some(batch),
                _ => None,
            })
        };
        let cause = batches().next().map(EditBatch::cause).unwrap_or_default();
        let mut whole = EditBatch::new().caused_by(cause);
        for op in batches().flat_map(EditBatch::ops) {
            whole.push(*op);
        }
        let Ok(report) = self.apply(&whole).await else { return false };
        let requests = self.unanswered.drain(..).collect();
        self.confirm(requests, report);
        true
    }

    async fn apply(&mut self, batch: &EditBatch) -> Result<EditReport, EditRefusal> {
        match &mut self.history {
            Some(history) => Ok(history.apply(&self.world, batch).await?),
            None => Ok(self.world.edit(batch).await.map_err(EditError::from)?),
        }
    }

    fn confirm(&self, requests: Vec<EditRequest>, report: EditReport) {
        let EditReport { lsn, chunks } = report;
        let _ = self.sender.send(EditEvent::Applied { requests, lsn, chunks });
    }

    fn refuse(&self, request: EditRequest, reason: EditRefusal) {
        let _ = self.sender.send(EditEvent::Refused(request, reason));
    }
}

/// Begins a history, ends it, or gives it other limits.
fn follow_limits(history: &mut Option<History>, limits: Option<HistoryLimits>) {
    match limits {
        Some(limits) => {
            history.get_or_insert_with(|| History::new(limits)).set_limits(limits);
        }
        None => *history = None,
    }
}
