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

/// What waits, and who works.
#[derive(Default)]
struct Desk {
    waiting: VecDeque<Order>,
    is_manned: bool,
    /// Lies here while nobody works.
    history: Option<History>,
}

/// Does what is asked for in the order in which it was.
pub(super) struct Editor {
    desk: Arc<Mutex<Desk>>,
    sender: Sender<EditEvent>,
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Editor {
    pub fn new(sender: Sender<EditEvent>) -> Self {
        Self { desk: Arc::default(), sender }
    }

    /// Whether somebody works.
    #[cfg(test)]
    pub fn is_busy(&self) -> bool {
        lock(&self.desk).is_manned
    }

    /// Takes orders; `limits` of a history are what the first ones say.
    pub fn take(&self, orders: Vec<Order>, world: &HybridWorld, limits: Option<HistoryLimits>) {
        let mut desk = lock(&self.desk);
        desk.waiting.extend(orders);
        if std::mem::replace(&mut desk.is_manned, true) {
            return;
        }
        let history = desk.history.take().or_else(|| limits.map(History::new));
        let worker = Worker {
            desk: self.desk.clone(),
            sender: self.sender.clone(),
            world: world.clone(),
            history,
        };
        IoTaskPool::get().spawn(worker.work()).detach();
    }
}

struct Worker {
    desk: Arc<Mutex<Desk>>,
    sender: Sender<EditEvent>,
    world: HybridWorld,
    history: Option<History>,
}

impl Worker {
    async fn work(mut self) {
        loop {
            let order = {
                let mut desk = lock(&self.desk);
                let Some(order) = desk.waiting.pop_front() else {
                    desk.is_manned = false;
                    desk.history = self.history.take();
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
            let mut desk = lock(&self.desk);
            while let Some(Order::Apply(next)) = desk.waiting.front()
                && next.cause() == batches[0].cause()
            {
                batches.push(next.clone());
                desk.waiting.pop_front();
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
