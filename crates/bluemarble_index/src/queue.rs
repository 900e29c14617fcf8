//! [`RebuildQueue`]: the chunks at which the index has to look, the most urgent first.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use bluemarble_core::{ChunkKey, code};
use rustc_hash::FxHashMap;

/// How long a chunk that could not be looked at rests the first time; twice as long each time after.
const FIRST_REST: Duration = Duration::from_secs(1);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(64);

/// Why a chunk waits; what is urgent comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A query would have been faster.
    Wanted,
    /// It was edited.
    Edited,
    /// It was edited before the world was opened.
    Listed,
}

/// Urgency, region, lod, place: neighbours come together, since they share the nodes above them.
type Rank = (Urgency, u8, u8, u64);

fn rank(urgency: Urgency, key: ChunkKey) -> Rank {
    (urgency, key.region, key.lod, code::morton_of(key))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ready,
    /// A worker looks at it.
    Claimed,
    /// It could not be looked at; it is ready again at this time.
    Resting(Instant),
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// The last change.
    change: u64,
    urgency: Urgency,
    stage: Stage,
    failures: u32,
}

/// How many chunks wait, and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueLength {
    /// No worker has looked at them yet.
    pub ready: usize,
    /// A worker is looking.
    pub claimed: usize,
    /// They could not be read and rest before they are tried again.
    pub resting: usize,
}

impl QueueLength {
    /// All of them.
    pub const fn total(self) -> usize {
        self.ready + self.claimed + self.resting
    }
}

/// Chunks to look at. Each is in it once, however often it changes, and one at most looks at it at a time, so that
/// the last look is the newest.
#[derive(Clone, Debug, Default)]
pub struct RebuildQueue {
    waiting: FxHashMap<ChunkKey, Waiting>,
    ready: BTreeMap<Rank, ChunkKey>,
    resting: BTreeSet<(Instant, Rank)>,
}

impl RebuildQueue {
    /// Notes the last change of a chunk.
    pub fn put(&mut self, key: ChunkKey, change: u64, urgency: Urgency) {
        let new = Waiting { change, urgency, stage: Stage::Ready, failures: 0 };
        let waiting = self.waiting.entry(key).or_insert(new);
        waiting.change = waiting.change.max(change);
        self.raise_urgency(key, urgency);
    }

    /// Brings a chunk forward, if it waits; what rests is tried at once.
    pub fn raise_urgency(&mut self, key: ChunkKey, urgency: Urgency) {
        let Some(waiting) = self.waiting.get_mut(&key) else { return };
        let before = rank(waiting.urgency, key);
        waiting.urgency = waiting.urgency.min(urgency);
        match waiting.stage {
            Stage::Claimed => return,
            Stage::Ready => drop(self.ready.remove(&before)),
            Stage::Resting(until) => {
                self.resting.remove(&(until, before));
                waiting.stage = Stage::Ready;
            }
        }
        self.ready.insert(rank(waiting.urgency, key), key);
    }

    /// Claims at most `max` chunks and tells their last changes, the most urgent first. What rests is left alone until its
    /// time has come.
    pub fn claim(&mut self, max: usize, now: Instant) -> Vec<(ChunkKey, u64)> {
        while let Some(&(until, rank)) = self.resting.first()
            && until <= now
        {
            self.resting.pop_first();
            self.end_rest(rank);
        }
        let claimed = std::iter::from_fn(|| self.ready.pop_first()).take(max);
        let claimed = claimed.filter_map(|(_, key)| {
            let waiting = self.waiting.get_mut(&key)?;
            waiting.stage = Stage::Claimed;
            Some((key, waiting.change))
        });
        claimed.collect()
    }

    /// Takes a claimed chunk out. False if it has changed once more since it was claimed: then it stays.
    pub fn finish(&mut self, key: ChunkKey, change: u64) -> bool {
        let is_newest = self.waiting.get(&key).is_some_and(|waiting| waiting.change == change);
        if is_newest {
            self.waiting.remove(&key);
        }
        is_newest
    }

    /// Gives a claimed chunk back, if it is still to be looked at.
    pub fn give_back(&mut self, key: ChunkKey) {
        self.release(key, |_| Stage::Ready);
    }

    /// Gives a chunk back that could not be looked at.
    pub fn fail(&mut self, key: ChunkKey, now: Instant) {
        self.release(key, |waiting| {
            let rest = FIRST_REST.saturating_mul(1 << waiting.failures.min(16));
            waiting.failures += 1;
            Stage::Resting(now + rest.min(MAX_RETRY_DELAY))
        });
    }

    fn release(&mut self, key: ChunkKey, stage: impl FnOnce(&mut Waiting) -> Stage) {
        let Some(waiting) = self.waiting.get_mut(&key) else { return };
        if waiting.stage != Stage::Claimed {
            return;
        }
        waiting.stage = stage(waiting);
        let rank = rank(waiting.urgency, key);
        match waiting.stage {
            Stage::Resting(until) => drop(self.resting.insert((until, rank))),
            Stage::Ready | Stage::Claimed => drop(self.ready.insert(rank, key)),
        }
    }

    /// Makes all that rest ready.
    pub fn wake(&mut self) {
        for (_, rank) in std::mem::take(&mut self.resting) {
            self.end_rest(rank);
        }
    }

    /// Makes a chunk ready that rests no more.
    fn end_rest(&mut self, rank: Rank) {
        let (_, region, lod, place) = rank;
        let key = code::key_of_morton(region, lod, place);
        if let Some(waiting) = self.waiting.get_mut(&key) {
            waiting.stage = Stage::Ready;
            self.ready.insert(rank, key);
        }
    }

    /// Whether the index has to look at a chunk.
    pub fn contains(&self, key: ChunkKey) -> bool {
        self.waiting.contains_key(&key)
    }

    /// How many there are.
    pub fn len(&self) -> QueueLength {
        let (ready, resting) = (self.ready.len(), self.resting.len());
        QueueLength { ready, claimed: self.waiting.len() - ready - resting, resting }
    }

    /// Whether the index knows everything as it is.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a chunk waits whose last change is not after this one.
    pub fn waits_since(&self, change: u64) -> bool {
        self.waiting.values().any(|waiting| waiting.change <= change)
    }
}

#[cfg(test)]
mod tests {
    use glam::ivec3;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Put(i32, Urgency),
        RaiseUrgency(i32),
        Claim(usize),
        Finish(usize, bool),
        GiveBack(usize),
        Fail(usize),
        Sleep(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        use Urgency::{Edited, Listed, Wanted};
        let urgency = prop_oneof![Just(Wanted), Just(Edited), Just(Listed)];
        prop_oneof![
            4 => (0..12, urgency).prop_map(|(key, urgency)| Step::Put(key, urgency)),
            1 => (0..12).prop_map(Step::RaiseUrgency),
            3 => (1usize..4).prop_map(Step::Claim),
            2 => (0usize..4, any::<bool>()).prop_map(|(which, old)| Step::Finish(which, old)),
            1 => (0usize..4).prop_map(Step::GiveBack),
            1 => (0usize..4).prop_map(Step::Fail),
            1 => (1u64..5).prop_map(Step::Sleep),
        ]
    }

    fn key(number: i32) -> ChunkKey {
        ChunkKey::new(number as u8 % 2, number as u8 % 3, ivec3(number - 6, -number, number))
    }

    proptest! {
        #[test]
        fn every_chunk_waits_once_and_the_most_urgent_comes_first(
            steps in prop::collection::vec(step(), 1..200)
        ) {
            let mut queue = RebuildQueue::default();
            // Of every waiting chunk: its change, its urgency, whether it is claimed and until when it rests.
            let mut oracle: BTreeMap<i32, (u64, Urgency, bool, Option<Instant>)> = BTreeMap::new();
            let (mut now, mut change) = (Instant::now(), 0);
            let mut held: Vec<(i32, u64)> = Vec::new();
            for step in steps {
                change += 1;
                match step {
                    Step::Put(number, urgency) => {
                        queue.put(key(number), change, urgency);
                        let known = oracle.entry(number).or_insert((change, urgency, false, None));
                        *known = (change, known.1.min(urgency), known.2, None);
                    }
                    Step::RaiseUrgency(number) => {
                        queue.raise_urgency(key(number), Urgency::Wanted);
                        if let Some(known) = oracle.get_mut(&number) {
                            (known.1, known.3) = (Urgency::Wanted, None);
                        }
                    }
                    Step::Claim(max) => {
                        let free = oracle.iter().filter(|(_, (.., claimed, rests))| {
                            !claimed && rests.is_none_or(|until| until <= now)
                        });
                        let mut expected: Vec<_> =
                            free.map(|(&number, known)| (rank(known.1, key(number)), number)).collect();
                        expected.sort_unstable();
                        expected.truncate(max);
                        let claimed = queue.claim(max, now);
                        prop_assert_eq!(claimed.len(), expected.len());
                        for ((found, change), (_, number)) in claimed.into_iter().zip(expected) {
                            let known = oracle.get_mut(&number).expect("it waits");
                            prop_assert_eq!((found, change), (key(number), known.0));
                            (known.2, known.3) = (true, None);
                            held.push((number, change));
                        }
                    }
                    Step::Finish(which, old) if !held.is_empty() => {
                        let (number, at) = held.remove(which % held.len());
                        let at = if old { at - 1 } else { at };
                        let newest = oracle[&number].0 == at;
                        prop_assert_eq!(queue.finish(key(number), at), newest);
                        if newest {
                            oracle.remove(&number);
                        }
                        queue.give_back(key(number));
                        if let Some(known) = oracle.get_mut(&number) {
                            known.2 = false;
                        }
                    }
                    Step::GiveBack(which) if !held.is_empty() => {
                        let (number, _) = held.remove(which % held.len());
                        queue.give_back(key(number));
                        oracle.get_mut(&number).expect("it waits").2 = false;
                    }
                    Step::Fail(which) if !held.is_empty() => {
                        let (number, _) = held.remove(which % held.len());
                        queue.fail(key(number), now);
                        let Some(Waiting { stage: Stage::Resting(until), .. }) =
                            queue.waiting.get(&key(number))
                        else {
                            return Err(TestCaseError::fail("it rests"));
                        };
                        prop_assert!(*until >= now + FIRST_REST && *until <= now + MAX_RETRY_DELAY);
                        let known = oracle.get_mut(&number).expect("it waits");
                        (known.2, known.3) = (false, Some(*until));
                    }
                    Step::Sleep(seconds) => now += Duration::from_secs(seconds),
                    _ => {}
                }
                prop_assert_eq!(queue.len().total(), oracle.len());
                let claimed = oracle.values().filter(|known| known.2).count();
                prop_assert_eq!(queue.len().claimed, claimed);
                let is_old = oracle.values().any(|known| known.0 <= change / 2);
                prop_assert_eq!(queue.waits_since(change / 2), is_old);
            }
            queue.wake();
            prop_assert_eq!(queue.len().resting, 0);
            prop_assert_eq!(queue.claim(usize::MAX, now).len(), oracle.len() - held.len());
        }
    }

    #[test]
    fn a_chunk_that_fails_again_and_again_rests_longer_each_time() {
        let (mut queue, mut now) = (RebuildQueue::default(), Instant::now());
        queue.put(key(3), 0, Urgency::Listed);
        for seconds in [1, 2, 4, 8, 16, 32, 64, 64] {
            assert_eq!(queue.claim(9, now).len(), 1);
            queue.fail(key(3), now);
            now += Duration::from_secs(seconds) - Duration::from_millis(1);
            assert_eq!(queue.claim(9, now), [], "{seconds}");
            now += Duration::from_millis(1);
        }
    }
}
