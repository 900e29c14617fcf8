//! The writer: one thread that turns what was appended into durable groups.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use futures::channel::oneshot;

use super::{
    disk::Disk,
    options::{Durability, LogOptions},
    record::{self, Chain, Kind, Lsn},
    segment::{self, Header, Segment},
    statistics::LogStatistics,
};

/// Why nothing can be appended any more, or the lsn that was reached.
pub(super) type Answer = Result<(), Failure>;

/// What ended a log.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub name: String,
    pub reason: Arc<str>,
}

/// What is to be written next.
#[derive(Debug, Default)]
struct Group {
    records: Vec<u8>,
    /// The first lsn of the group and the crc of the record before it.
    start: Option<(Lsn, u32)>,
    waiters: Vec<oneshot::Sender<Answer>>,
    /// A caller asks for durability whatever the policy.
    must_sync: bool,
    checkpoint: Option<Lsn>,
}

#[derive(Debug)]
pub(super) struct State {
    pub chain: Chain,
    /// Everything up to here is on disk.
    pub durable: Lsn,
    pub failure: Option<Failure>,
    pub statistics: LogStatistics,
    /// The last lsn that needs no seal behind it.
    sealed: Lsn,
    group: Group,
    closing: bool,
}

/// What those who append and the thread share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

impl Shared {
    pub fn new(chain: Chain, statistics: LogStatistics) -> Self {
        let durable = chain.next - 1;
        let group = Group::default();
        let (sealed, closing) = (durable, false);
        let state = State { chain, durable, failure: None, statistics, sealed, group, closing };
        Self { state: Mutex::new(state), wake: Condvar::new() }
    }

    // Nothing that holds the lock panics half-way through a change.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has records appended by `push`, which returns their last lsn. The answer comes once they are as
    /// durable as the policy asks, or once they are on disk if `must_sync`.
    pub fn append(
        &self,
        must_sync: bool,
        push: impl FnOnce(&mut Chain, &mut Vec<u8>, Lsn) -> Lsn,
    ) -> Result<(Lsn, oneshot::Receiver<Answer>), Failure> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        let State { chain, group, durable, .. } = &mut *state;
        group.start.get_or_insert((chain.next, chain.previous));
        let lsn = push(chain, &mut group.records, *durable);
        group.waiters.push(sender);
        group.must_sync |= must_sync;
        drop(state);
        self.wake.notify_all();
        Ok((lsn, receiver))
    }

    /// Asks for everything appended so far to be on disk.
    pub fn sync(&self) -> Result<oneshot::Receiver<Answer>, Failure> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.lock();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        state.group.waiters.push(sender);
        state.group.must_sync = true;
        drop(state);
        self.wake.notify_all();
        Ok(receiver)
    }

    /// Notes that the store holds everything up to `through`.
    pub fn checkpoint(&self, through: Lsn) -> Result<(Lsn, oneshot::Receiver<Answer>), Failure> {
        let mut state = self.lock();
        // Nothing that is yet to be appended can be in the store.
        let through = through.min(state.chain.next - 1);
        state.group.checkpoint = Some(through);
        drop(state);
        self.append(true, |chain, records, durable| {
            chain.push(records, Kind::Checkpoint, durable, &through.to_le_bytes())
        })
    }

    pub fn close(&self) {
        self.lock().closing = true;
        self.wake.notify_all();
    }
}

/// The thread's own.
pub(super) struct Writer {
    pub shared: Arc<Shared>,
    pub disk: Arc<dyn Disk>,
    pub options: LogOptions,
    /// All segments but the active one, oldest first.
    pub older: Vec<Header>,
    pub active: Option<Segment>,
    /// Whether something was written since the last sync.
    pub unsynced: bool,
    /// When what is written must be synced at the latest.
    pub sync_at: Option<Instant>,
    /// When the last sync began.
    pub synced_at: Option<Instant>,
}

impl Writer {
    /// Writes groups until the log is closed or fails.
    pub fn run(mut self) {
        loop {
            let (group, is_last) = self.next_group();
            if let Err((name, error)) = self.write(&group) {
                return self.fail(name, &error, group.waiters);
            }
            self.acknowledge(group);
            if let Err((name, error)) = self.seal(is_last) {
                return self.fail(name, &error, Vec::new());
            }
            if is_last {
                return;
            }
        }
    }

    /// Waits for something to do. True with the last group.
    fn next_group(&mut self) -> (Group, bool) {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        loop {
            let now = Instant::now();
            let deadline = match (&self.options.durability, state.group.start) {
                _ if state.closing || state.group.must_sync => Some(now),
                (Durability::Group { window }, Some(_)) => {
                    Some(self.synced_at.map_or(now, |synced_at| synced_at + *window))
                }
                (_, Some(_)) => Some(now),
                (_, None) => self.sync_at,
            };
            match deadline {
                Some(deadline) if deadline <= now => break,
                Some(deadline) => {
                    let waited = shared.wake.wait_timeout(state, deadline - now);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => {
                    let waited = shared.wake.wait(state);
                    state = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
        (std::mem::take(&mut state.group), state.closing)
    }

    fn write(&mut self, group: &Group) -> Result<(), (String, std::io::Error)> {
        if let Some((base, previous)) = group.start {
            self.append(&group.records, base, previous, group.checkpoint.is_some())?;
        }
        let is_due = self.sync_at.is_some_and(|at| at <= Instant::now());
        let by_policy = match self.options.durability {
            Durability::Sync | Durability::Group { .. } => true,
            Durability::Interval { .. } | Durability::None => is_due,
        };
        if by_policy || group.must_sync || self.shared.lock().closing {
            self.sync()?;
        } else if let Durability::Interval { every } = self.options.durability
            && self.unsynced
        {
            self.sync_at.get_or_insert_with(|| Instant::now() + every);
        }
        if let Some(through) = group.checkpoint {
            self.drop_segments(through);
        }
        Ok(())
    }

    fn append(
        &mut self,
        records: &[u8],
        base: Lsn,
        previous: u32,
        is_checkpoint: bool,
    ) -> Result<(), (String, std::io::Error)> {
        // Room for a seal stays in every segment.
        let room = records.len() + record::HEADER_BYTES;
        // After a checkpoint a segment that is half full is no longer needed soon.
        let fits = |active: &Segment| {
            active.fits(room) && !(is_checkpoint && active.end * 2 > active.header.length)
        };
        if let Some(active) = &mut self.active
            && fits(active)
        {
            self.unsynced = true;
            return active.append(records).map_err(|error| (active.header.name(), error));
        }
        // The next segment says where this one ends: that must be true for good.
        self.sync()?;
        let salt = self.shared.lock().chain.salt;
        let least = (segment::HEADER_BYTES + room) as u64;
        let length = self.options.segment_bytes.max(least).next_multiple_of(4096);
        let header = Header { salt, base, previous, length };
        let created = Segment::create(&*self.disk, header, records)
            .map_err(|error| (header.name(), error))?;
        self.older.extend(self.active.replace(created).map(|old| old.header));
        let mut state = self.shared.lock();
        state.statistics.bytes_allocated += length;
        state.statistics.segments += 1;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), (String, std::io::Error)> {
        self.sync_at = None;
        if !std::mem::take(&mut self.unsynced) {
            return Ok(());
        }
        self.synced_at = Some(Instant::now());
        if let Some(active) = &mut self.active {
            active.sync().map_err(|error| (active.header.name(), error))?;
            self.shared.lock().statistics.syncs += 1;
        }
        Ok(())
    }

    fn acknowledge(&self, group: Group) {
        {
            let mut state = self.shared.lock();
            state.statistics.groups += u64::from(group.start.is_some());
            state.statistics.bytes_written += group.records.len() as u64;
            if !self.unsynced {
                // Of what was appended since the group was taken nothing is written yet.
                state.durable = match state.group.start {
                    Some((next, _)) => next - 1,
                    None => state.chain.next - 1,
                };
            }
        }
        for waiter in group.waiters {
            // Who does not wait any more needs no answer.
            let _ = waiter.send(Ok(()));
        }
    }

    /// Writes, when there is nothing else to do, that everything so far is on disk. The record itself
    /// need not be: with it, damage to the last batch can be told from a write that was torn.
    fn seal(&mut self, is_last: bool) -> Result<(), (String, std::io::Error)> {
        let Some(active) = &mut self.active else { return Ok(()) };
        let mut records = Vec::new();
        {
            let mut state = self.shared.lock();
            let State { chain, durable, sealed, .. } = &mut *state;
            if *durable + 1 < chain.next || *sealed == *durable {
                return Ok(());
            }
            // The seal itself is not durable yet, and nothing after it may say so.
            *sealed = chain.push(&mut records, Kind::Seal, *durable, &[]);
            state.statistics.bytes_written += records.len() as u64;
        }
        active.append(&records).map_err(|error| (active.header.name(), error))?;
        self.unsynced = true;
        if is_last { self.sync() } else { Ok(()) }
    }

    /// Removes the segments that hold nothing after `through`, oldest first.
    fn drop_segments(&mut self, through: Lsn) {
        let Some(active) = &self.active else { return };
        let mut dropped = 0;
        for index in 0..self.older.len() {
            let next_base = self.older.get(index + 1).map_or(active.header.base, |next| next.base);
            if next_base > through + 1 {
                break;
            }
            let header = self.older[index];
            let removed = self.disk.remove(&header.name()).and_then(|()| self.disk.sync_dir());
            if let Err(error) = removed {
                // It is tried again after the next checkpoint.
                let path = self.disk.path(&header.name());
                tracing::warn!("cannot remove the folded log segment {}: {error}", path.display());
                break;
            }
            let mut state = self.shared.lock();
            state.statistics.bytes_allocated -= header.length;
            state.statistics.segments -= 1;
            dropped += 1;
        }
        self.older.drain(..dropped);
    }

    /// Ends the log: what is durable is not known any more, and is found out when it is opened again.
    fn fail(&self, name: String, error: &std::io::Error, waiters: Vec<oneshot::Sender<Answer>>) {
        let failure = Failure { name, reason: error.to_string().into() };
        tracing::error!(
            "{}: writing the delta log failed: {}; no more edits are taken",
            self.disk.path(&failure.name).display(),
            failure.reason
        );
        let mut state = self.shared.lock();
        let later = std::mem::take(&mut state.group.waiters);
        state.failure = Some(failure.clone());
        drop(state);
        for waiter in waiters.into_iter().chain(later) {
            let _ = waiter.send(Err(failure.clone()));
        }
    }
}
