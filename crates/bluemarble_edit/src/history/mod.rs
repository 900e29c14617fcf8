//! [`History`]: undo and redo.
//!
//! A step is what one batch changed, or all batches of a group: for each chunk the cells that are another
//! material since, with what they were and what they became. Boxes of cells that changed alike are kept as
//! one, and a chunk that changed in a complicated way as two packed chunks, whichever is smaller: a box in
//! one material costs a few bytes, however large it is.
//!
//! Undoing is an edit like any other, with a number of its own in the delta log, and lasts as long. The log
//! holds the changes, but the steps are forgotten with the [`History`].
//!
//! # When others edit, too
//!
//! A cell is undone only if it still holds what the step made of it, and redone only if it holds what the
//! step found: what another edit has changed since is left alone. It stays in the step, so that it can be
//! undone once it holds that again.

mod record;
mod way;

use std::collections::VecDeque;

use bluemarble_core::{Cause, ChunkKey, EditBatch};
use bluemarble_world::{
    EditReport, HybridWorld, plan,
    uniform_box::{self, UniformBox, WHOLE},
};
use rustc_hash::FxHashMap;

use crate::{
    EditError,
    batch::{MAX_STEPS, Steps},
};
use record::Record;
use way::Way;

/// How much a history keeps. Whatever comes first counts, undone steps included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct HistoryLimits {
    /// Steps.
    pub steps: usize,
    /// Bytes of memory.
    pub bytes: usize,
}

impl Default for HistoryLimits {
    /// 1000 steps, 64 MiB.
    fn default() -> Self {
        Self { steps: 1000, bytes: 64 << 20 }
    }
}

/// What a history holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub struct HistoryStatistics {
    /// Steps that can be undone.
    pub undo_steps: usize,
    /// Steps that can be redone.
    pub redo_steps: usize,
    /// Bytes of memory that they take.
    pub bytes: usize,
    /// Steps that were dropped to stay within the limits, since the history was made.
    pub forgotten_steps: u64,
}

/// Steps that can be undone and redone, in one world.
#[derive(Debug, Default)]
pub struct History {
    limits: HistoryLimits,
    /// The oldest first.
    undo: VecDeque<Step>,
    /// The one that was undone last is last.
    redo: Vec<Step>,
    bytes: usize,
    forgotten_steps: u64,
    group: Group,
}

/// Where the next batch goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Group {
    /// Into a step of its own.
    #[default]
    Closed,
    /// Into a new step, and those after it as well.
    Opened,
    /// Into the last step.
    Running,
    /// Into none: the group is larger than a history may be.
    Forgotten,
}

/// What was changed, in the order in which it was.
#[derive(Debug)]
struct Step {
    records: Vec<(ChunkKey, Record)>,
    cause: Cause,
}

impl Step {
    fn size_bytes(&self) -> usize {
        let records = self.records.iter().map(|(_, record)| record.heap_bytes());
        size_of::<Self>()
            + self.records.len() * size_of::<(ChunkKey, Record)>()
            + records.sum::<usize>()
    }
}

impl History {
    /// A history that keeps at most so much.
    pub fn new(limits: HistoryLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Gives the history other limits. What is beyond them is forgotten: the oldest steps, then those that could be redone.
    pub fn set_limits(&mut self, limits: HistoryLimits) {
        self.limits = limits;
        self.forget_oldest();
        while !self.redo.is_empty() && (self.bytes > limits.bytes || self.redo.len() > limits.steps)
        {
            // The one that would be redone last.
            let step = self.redo.remove(0);
            self.bytes -= step.size_bytes();
            self.forgotten_steps += 1;
        }
    }

    fn forget_oldest(&mut self) {
        while self.bytes > self.limits.bytes || self.undo.len() > self.limits.steps {
            let Some(step) = self.undo.pop_front() else { break };
            self.bytes -= step.size_bytes();
            self.forgotten_steps += 1;
        }
        if self.undo.is_empty() && self.group == Group::Running {
            self.group = Group::Forgotten;
        }
    }

    /// Edits the world and remembers how to undo it. What could be redone is forgotten, if the batch changes
    /// anything; else there is no step.
    ///
    /// Every chunk that the batch touches is read, on the calling thread. The oldest steps are forgotten if
    /// the history is too large with this one. A step that is too large by itself, in bytes or by more than
    /// four million boxes of cells that changed alike, is made and cannot be undone, nor can what was before
    /// it.
    ///
    /// What others edit while this runs may count as the step's: it is restored to what it was when
    /// it was read.
    ///
    /// # Errors
    /// As [`HybridWorld::edit`] and [`HybridWorld::read`]: nothing is edited or remembered then.
    pub async fn apply(
        &mut self,
        world: &HybridWorld,
        batch: &EditBatch,
    ) -> Result<EditReport, EditError> {
        let records = match self.group {
            Group::Forgotten => None,
            _ => self.record(world, batch).await?,
        };
        let report = world.edit(batch).await?;
        match records {
            Some(records) if records.is_empty() => {}
            Some(records) => self.remember(records, batch.cause()),
            None => self.forget_all(),
        }
        Ok(report)
    }

    /// Makes one step of all batches until [`History::end_group`], as of the strokes of one drag. A group
    /// that runs already is ended; one without changes is no step.
    pub fn begin_group(&mut self) {
        self.group = Group::Opened;
    }

    /// Ends a group. Undoing and redoing end it, too.
    pub fn end_group(&mut self) {
        self.group = Group::Closed;
    }

    /// Undoes the last step; `None` if there is none. The report is empty if nothing is left to undo of it.
    ///
    /// # Errors
    /// As [`History::apply`]; the step can be undone again then.
    pub async fn undo(&mut self, world: &HybridWorld) -> Result<Option<EditReport>, EditError> {
        self.end_group();
        let Some(step) = self.undo.back() else { return Ok(None) };
        let report = go(world, step, Way::Undo).await?;
        self.redo.extend(self.undo.pop_back());
        Ok(Some(report))
    }

    /// Redoes the step that was undone last; `None` if there is none.
    ///
    /// # Errors
    /// As [`History::apply`]; the step can be redone again then.
    pub async fn redo(&mut self, world: &HybridWorld) -> Result<Option<EditReport>, EditError> {
        self.end_group();
        let Some(step) = self.redo.last() else { return Ok(None) };
        let report = go(world, step, Way::Redo).await?;
        self.undo.extend(self.redo.pop());
        Ok(Some(report))
    }

    /// Forgets all steps.
    pub fn clear(&mut self) {
        *self = Self { forgotten_steps: self.forgotten_steps, ..Self::new(self.limits) };
    }

    /// What the history holds.
    pub fn statistics(&self) -> HistoryStatistics {
        HistoryStatistics {
            undo_steps: self.undo.len(),
            redo_steps: self.redo.len(),
            bytes: self.bytes,
            forgotten_steps: self.forgotten_steps,
        }
    }

    /// What a batch is about to change; `None` if that is more than the history may hold.
    async fn record(
        &self,
        world: &HybridWorld,
        batch: &EditBatch,
    ) -> Result<Option<Vec<(ChunkKey, Record)>>, EditError> {
        let plan = plan::plan(&world.shape(), world.materials(), batch)?;
        let (mut records, mut bytes, mut boxes) = (Vec::new(), 0, 0);
        for (key, strokes) in plan {
            let before = world.read(key).await?;
            let after = plan::apply(before.clone(), &strokes);
            if let Some((record, count)) = Record::new(&before, &after) {
                boxes += count;
                bytes += size_of::<(ChunkKey, Record)>() + record.heap_bytes();
                records.push((key, record));
            }
            if bytes > self.limits.bytes || boxes > MAX_STEPS {
                return Ok(None);
            }
        }
        Ok(Some(records))
    }

    fn remember(&mut self, records: Vec<(ChunkKey, Record)>, cause: Cause) {
        self.bytes -= self.redo.drain(..).map(|step| step.size_bytes()).sum::<usize>();
        let mut step = match self.group {
            Group::Running => self.undo.pop_back(),
            _ => None,
        }
        .unwrap_or(Step { records: Vec::new(), cause });
        if !step.records.is_empty() {
            self.bytes -= step.size_bytes();
        }
        step.records.extend(records);
        step.records.shrink_to_fit();
        self.bytes += step.size_bytes();
        self.undo.push_back(step);
        if self.group == Group::Opened {
            self.group = Group::Running;
        }
        self.forget_oldest();
    }

    /// A step is made that is not remembered: what was before it cannot be undone either.
    fn forget_all(&mut self) {
        let steps = self.undo.len() + self.redo.len();
        let is_counted = matches!(self.group, Group::Forgotten | Group::Running);
        self.forgotten_steps += steps as u64 + u64::from(!is_counted);
        (self.undo, self.redo, self.bytes) = (VecDeque::new(), Vec::new(), 0);
        if self.group != Group::Closed {
            self.group = Group::Forgotten;
        }
    }
}

/// Edits the world so that a step is undone or redone.
async fn go(world: &HybridWorld, step: &Step, way: Way) -> Result<EditReport, EditError> {
    let mut chunks: FxHashMap<ChunkKey, Vec<&Record>> = FxHashMap::default();
    for (key, record) in &step.records {
        chunks.entry(*key).or_default().push(record);
    }
    let mut steps = Steps::default();
    for (key, mut records) in chunks {
        if way == Way::Undo {
            records.reverse();
        }
        let chunk = world.read(key).await?;
        let uniform = chunk.as_uniform().and_then(|before| {
            records.iter().try_fold(before, |now, record| record.go_uniform(now, way))
        });
        if let Some(after) = uniform {
            let change = Some(UniformBox::new(WHOLE, after));
            steps.add(key, change.filter(|_| chunk.as_uniform() != Some(after)))?;
            continue;
        }
        let before = chunk.to_cells();
        let mut after = before.clone();
        records.iter().for_each(|record| record.go(&mut after, way));
        let changes = uniform_box::diff_cells(&before, &after);
        steps.add(key, changes.into_iter().map(|change| change.map(|(_, after)| after)))?;
    }
    let batch = steps.batch(step.cause)?;
    if batch.is_empty() {
        return Ok(EditReport::default());
    }
    Ok(world.edit(&batch).await?)
}

#[cfg(test)]
mod tests;
