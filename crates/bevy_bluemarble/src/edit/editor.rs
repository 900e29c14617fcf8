//! [`Editor`]: does what is asked for, one after the other, away from the main thread.
//!
//! Orders run on the pool for waiting tasks: an edit waits for its log, and must not stand behind chunks
//! that are being built. Batches that have piled up while another one waited become one.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bevy::tasks::IoTaskPool;
use bluemarble_core::EditBatch;
use bluemarble_edit::{Brush, EditError, History, HistoryLimits};
use bluemarble_world::{EditReport, HybridWorld};
use crossbeam_channel::Sender;

use super::{EditApplied, EditEvent, EditRefused};

/// What is asked of the editor.
#[derive(Clone, Debug)]
pub(crate) enum Order {
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
    /// Here while no worker is running.
    history: Option<History>,
}

/// Applies edits in the order in which they were asked for.
pub(super) struct Editor {
    queue: Arc<Mutex<EditQueue>>,
    sender: Sender<EditEvent>,
}

fn lock(queue: &Mutex<EditQueue>) -> MutexGuard<'_, EditQueue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Editor {
    pub fn new(sender: Sender<EditEvent>) -> Self {
        Self { queue: Arc::default(), sender }
    }

    /// Whether a worker is running.
    #[cfg(test)]
    pub fn is_busy(&self) -> bool {
        lock(&self.queue).worker_running
    }

    /// Takes orders; `limits` of a history are what the first ones say.
    pub fn take(&self, orders: Vec<Order>, world: &HybridWorld, limits: Option<HistoryLimits>) {
        let mut queue = lock(&self.queue);
        queue.waiting.extend(orders);
        if std::mem::replace(&mut queue.worker_running, true) {
            return;
        }
        let history = queue.history.take().or_else(|| limits.map(History::new));
        let worker = Worker {
            queue: self.queue.clone(),
            sender: self.sender.clone(),
            world: world.clone(),
            history,
        };
        IoTaskPool::get().spawn(worker.work()).detach();
    }
}

struct Worker {
    queue: Arc<Mutex<EditQueue>>,
    sender: Sender<EditEvent>,
    world: HybridWorld,
    history: Option<History>,
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
                order
            };
            match order {
                Order::Apply(batch) => self.apply_all(batch).await,
                Order::Brush(brush) => {
                    let result = match brush.batch(&self.world).await {
                        Ok(batch) => self.apply(&batch).await,
                        Err(error) => Err(error),
                    };
                    self.tell(result);
                }
                Order::Begin => self.history.iter_mut().for_each(History::begin_group),
                Order::End => self.history.iter_mut().for_each(History::end_group),
                Order::Undo => {
                    if let Some(history) = &mut self.history {
                        let result = history.undo(&self.world).await;
                        self.tell(result.map(Option::unwrap_or_default));
                    }
                }
                Order::Redo => {
                    if let Some(history) = &mut self.history {
                        let result = history.redo(&self.world).await;
                        self.tell(result.map(Option::unwrap_or_default));
                    }
                }
            }
            self.done();
        }
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

    async fn apply(&mut self, batch: &EditBatch) -> Result<EditReport, EditError> {
        match &mut self.history {
            Some(history) => history.apply(&self.world, batch).await,
            None => Ok(self.world.edit(batch).await?),
        }
    }

    fn tell(&self, result: Result<EditReport, EditError>) {
        let event = match result {
            Ok(EditReport { lsn, chunks }) => EditEvent::Applied(EditApplied { lsn, chunks }),
            Err(error) => EditEvent::Refused(EditRefused { reason: error.to_string() }),
        };
        let _ = self.sender.send(event);
    }

    fn done(&self) {
        let statistics = self.history.as_ref().map(History::statistics);
        let _ = self.sender.send(EditEvent::Done(statistics.unwrap_or_default()));
    }
}
