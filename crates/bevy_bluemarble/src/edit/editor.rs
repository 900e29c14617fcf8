//! [`Editor`]: does what is asked for, one after the other, away from the main thread.
//!
//! Orders run on the pool for waiting tasks: an edit waits for its log, and must not stand behind chunks
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

/// What the editor says of its orders.
pub(super) enum EditEvent {
    Applied {
        requests: Vec<EditRequest>,
        lsn: u64,
        chunks: Vec<ChunkKey>,
    },
    Refused(EditRequest, EditRefusal),
    /// So many orders are done, whatever came of them.
    Done(usize, HistoryStatistics),
}

/// What is asked of the editor.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Apply(MessageId<EditVoxels>, EditBatch),
    Brush(MessageId<BrushVoxels>, Brush),
    Undo(MessageId<UndoEdit>),
    Redo(MessageId<RedoEdit>),
    /// Those of a group have no answer.
    BeginGroup,
    EndGroup,
}

impl Order {
    /// What waits for an answer.
    pub fn request(&self) -> Option<EditRequest> {
        match *self {
            Self::Apply(id, _) => Some(id.into()),
            Self::Brush(id, _) => Some(id.into()),
            Self::Undo(id) => Some(id.into()),
            Self::Redo(id) => Some(id.into()),
            Self::BeginGroup | Self::EndGroup => None,
        }
    }
}

/// The orders that wait, and whether a worker is running.
#[derive(Default)]
struct EditQueue {
    waiting: VecDeque<Order>,
    worker_running: bool,
    /// What the history may hold; `None` if there is to be none.
    limits: Option<HistoryLimits>,
    /// Here while no worker is running.
    history: Option<(HistoryLimits, History)>,
}

/// Applies edits in the order in which they were asked for.
pub(super) struct Editor {
    queue: Arc<Mutex<EditQueue>>,
    /// As many events as there are orders, which nothing bounds either: an edit is never put off or dropped.
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
    /// What has become of orders since it was last asked.
    pub fn next_event(&self) -> Option<EditEvent> {
        self.events.try_recv().ok()
    }

    /// Whether a worker is running.
    #[cfg(test)]
    pub fn is_busy(&self) -> bool {
        lock(&self.queue).worker_running
    }

    /// Takes orders for a world whose history has these limits, and holds the token until they are done.
    pub fn take(
        &self,
        orders: Vec<Order>,
        world: &HybridWorld,
        limits: Option<HistoryLimits>,
        token: WorkToken,
    ) {
        let mut queue = lock(&self.queue);
        queue.limits = limits;
        queue.waiting.extend(orders);
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
    history: Option<(HistoryLimits, History)>,
    /// What is being worked on.
    unanswered: VecDeque<EditRequest>,
    _token: WorkToken,
}

impl Worker {
    async fn work(mut self) {
        while let Some(orders) = self.next_orders() {
            let count = orders.len();
            self.unanswered = orders.iter().filter_map(Order::request).collect();
            let work = async {
                self.follow(orders).await;
                Ok::<_, WorldError>(())
            };
            if let Err(panic) = guarded(work).await {
                for request in std::mem::take(&mut self.unanswered) {
                    self.refuse(request, EditRefusal::Panicked(panic.to_string()));
                }
            }
            let statistics = self.history.as_ref().map(|(_, history)| history.statistics());
            let _ = self.sender.send(EditEvent::Done(count, statistics.unwrap_or_default()));
        }
    }

    /// What is done next: one order, or batches that can be applied as one.
    fn next_orders(&mut self) -> Option<Vec<Order>> {
        let mut queue = lock(&self.queue);
        let Some(first) = queue.waiting.pop_front() else {
            queue.worker_running = false;
            queue.history = self.history.take();
            return None;
        };
        follow_limits(&mut self.history, queue.limits);
        let mut orders = vec![first];
        // Steps of a history stay apart.
        if self.history.is_none()
            && let Order::Apply(_, first) = &orders[0]
        {
            let cause = first.cause();
            while let Some(Order::Apply(_, next)) = queue.waiting.front()
                && next.cause() == cause
            {
                orders.extend(queue.waiting.pop_front());
            }
        }
        Some(orders)
    }

    async fn follow(&mut self, orders: Vec<Order>) {
        if orders.len() > 1 && self.apply_as_one(&orders).await {
            return;
        }
        for order in orders {
            let result = match order {
                Order::Apply(_, batch) => self.apply(&batch).await,
                Order::Brush(_, brush) => match brush.batch(&self.world).await {
                    Ok(batch) => self.apply(&batch).await,
                    Err(error) => Err(error.into()),
                },
                Order::Undo(_) | Order::Redo(_) => self.step(matches!(order, Order::Redo(_))).await,
                Order::BeginGroup => {
                    self.history.iter_mut().for_each(|(_, history)| history.begin_group());
                    continue;
                }
                Order::EndGroup => {
                    self.history.iter_mut().for_each(|(_, history)| history.end_group());
                    continue;
                }
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
        let (_, history) = self.history.as_mut().ok_or(EditRefusal::NoHistory)?;
        let report = match again {
            false => history.undo(&self.world).await?,
            true => history.redo(&self.world).await?,
        };
        Ok(report.unwrap_or_default())
    }

    /// Applies batches of one cause as one; false, and nothing is done, if any of them is refused.
    async fn apply_as_one(&mut self, orders: &[Order]) -> bool {
        let batches = || {
            orders.iter().filter_map(|order| match order {
                Order::Apply(_, batch) => Some(batch),
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
            Some((_, history)) => Ok(history.apply(&self.world, batch).await?),
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

/// Begins a history, ends it, or begins a new one with other limits.
fn follow_limits(history: &mut Option<(HistoryLimits, History)>, limits: Option<HistoryLimits>) {
    if history.as_ref().map(|(limits, _)| *limits) != limits {
        *history = limits.map(|limits| (limits, History::new(limits)));
    }
}
