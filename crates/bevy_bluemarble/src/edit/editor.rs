//! [`Editor`]: does what is asked for, one after the other, away from the main thread.
//!
//! Orders run on the pool for waiting tasks: an edit waits for its log, and must not stand behind chunks
//! that are being built. Batches that have piled up while another one waited become one.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bevy::tasks::IoTaskPool;
use bluemarble_core::{ChunkKey, EditBatch};
use bluemarble_edit::{Brush, EditError, History, HistoryLimits, HistoryStatistics};
use bluemarble_world::{EditReport, HybridWorld, WorldError};
use crossbeam_channel::{Receiver, Sender, unbounded};

use super::EditRefusal;
use crate::world::{WorkToken, guarded};

/// What the editor says of its orders.
pub(super) enum EditEvent {
    Applied {
        lsn: u64,
        chunks: Vec<ChunkKey>,
    },
    Refused(EditRefusal),
    /// What an order was: done, whatever came of it.
    Done(HistoryStatistics),
}

/// What is asked of the editor.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Apply(EditBatch),
    Brush(Brush),
    Begin,
    End,
    Undo,
    Redo,
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
    _token: WorkToken,
}

impl Worker {
    async fn work(mut self) {
        loop {
            let order = {
                let mut queue = lock(&self.queue);
                let Some(order) = queue.waiting.pop_front() else {
                    queue.worker_running = false;
                    queue.history = self.history.take();
                    return;
                };
                follow_limits(&mut self.history, queue.limits);
                order
            };
            let work = async {
                self.follow(order).await;
                Ok::<_, WorldError>(())
            };
            if let Err(panic) = guarded(work).await {
                self.tell(Err(EditRefusal::Panicked(panic.to_string())));
            }
            self.done();
        }
    }

    async fn follow(&mut self, order: Order) {
        match order {
            Order::Apply(batch) => self.apply_all(batch).await,
            Order::Brush(brush) => {
                let result = match brush.batch(&self.world).await {
                    Ok(batch) => self.apply(&batch).await,
                    Err(error) => Err(error.into()),
                };
                self.tell(result);
            }
            Order::Begin => self.history.iter_mut().for_each(|(_, history)| history.begin_group()),
            Order::End => self.history.iter_mut().for_each(|(_, history)| history.end_group()),
            Order::Undo | Order::Redo => {
                let result = self.step(matches!(order, Order::Redo)).await;
                self.tell(result);
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

    /// Applies a batch and those that wait behind it: as one, or one by one if any is refused.
    async fn apply_all(&mut self, first: EditBatch) {
        let mut batches = vec![first];
        // Steps of a history stay apart.
        if self.history.is_none() {
            let mut queue = lock(&self.queue);
            while let Some(Order::Apply(next)) = queue.waiting.front()
                && next.cause() == batches[0].cause()
            {
                batches.push(next.clone());
                queue.waiting.pop_front();
            }
        }
        if batches.len() > 1 {
            let mut whole = EditBatch::new().caused_by(batches[0].cause());
            for op in batches.iter().flat_map(EditBatch::ops) {
                whole.push(*op);
            }
            if let Ok(report) = self.apply(&whole).await {
                self.tell(Ok(report));
                // The last one is counted as every order is.
                (1..batches.len()).for_each(|_| self.done());
                return;
            }
        }
        let count = batches.len();
        for (index, batch) in batches.iter().enumerate() {
            let result = self.apply(batch).await;
            self.tell(result);
            if index + 1 < count {
                self.done();
            }
        }
    }

    async fn apply(&mut self, batch: &EditBatch) -> Result<EditReport, EditRefusal> {
        match &mut self.history {
            Some((_, history)) => Ok(history.apply(&self.world, batch).await?),
            None => Ok(self.world.edit(batch).await.map_err(EditError::from)?),
        }
    }

    fn tell(&self, result: Result<EditReport, EditRefusal>) {
        let event = match result {
            Ok(EditReport { lsn, chunks }) => EditEvent::Applied { lsn, chunks },
            Err(reason) => EditEvent::Refused(reason),
        };
        let _ = self.sender.send(event);
    }

    fn done(&self) {
        let statistics = self.history.as_ref().map(|(_, history)| history.statistics());
        let _ = self.sender.send(EditEvent::Done(statistics.unwrap_or_default()));
    }
}

/// Begins a history, ends it, or begins a new one with other limits.
fn follow_limits(history: &mut Option<(HistoryLimits, History)>, limits: Option<HistoryLimits>) {
    if history.as_ref().map(|(limits, _)| *limits) != limits {
        *history = limits.map(|limits| (limits, History::new(limits)));
    }
}
