//! What is wanted, most wanted first, and what is being made.

use std::{cmp::Ordering, collections::BinaryHeap};

use bluemarble_core::{CancelToken, ChunkKey};
use rustc_hash::FxHashMap;

use super::cut::Request;

#[derive(Clone, Copy, Debug)]
struct Queued(Request);

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        let pos = |request: &Request| request.key.pos.to_array();
        (self.0.priority.total_cmp(&other.0.priority))
            // Among equals the order is fixed, so that runs can be compared.
            .then_with(|| self.0.key.lod.cmp(&other.0.key.lod))
            .then_with(|| {
                (other.0.key.region, pos(&other.0)).cmp(&(self.0.key.region, pos(&self.0)))
            })
    }
}

/// A job that has been handed out.
#[derive(Debug)]
struct InFlight {
    cancel: CancelToken,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests wait for these"))]
    is_urgent: bool,
    /// The chunk or one beside it was edited after the job began.
    outdated: bool,
}

/// A job that a worker takes.
#[derive(Clone, Debug)]
pub struct Job {
    /// The node.
    pub key: ChunkKey,
    /// Whether what is drawn is out of date.
    pub is_urgent: bool,
    /// Tells the worker to stop.
    pub cancel: CancelToken,
}

/// Requests by priority and jobs in flight.
#[derive(Debug, Default)]
pub struct JobQueue {
    /// What waits, and with which priority.
    waiting: FxHashMap<ChunkKey, f64>,
    /// The same by priority, and what has been withdrawn since all of it was replaced.
    order: BinaryHeap<Queued>,
    in_flight: FxHashMap<ChunkKey, InFlight>,
}

impl JobQueue {
    /// Replaces everything that waits; jobs in flight that are no longer wanted are cancelled.
    pub fn replace(&mut self, requests: Vec<Request>, wanted: impl Fn(ChunkKey) -> bool) {
        self.waiting.clear();
        self.order.clear();
        self.add(requests);
        for (&key, job) in &self.in_flight {
            if !wanted(key) {
                job.cancel.cancel();
            }
        }
    }

    /// Adds requests to those that wait.
    pub fn add(&mut self, requests: Vec<Request>) {
        let (waiting, in_flight) = (&mut self.waiting, &self.in_flight);
        let new = requests.into_iter().filter(|request| !in_flight.contains_key(&request.key));
        self.order.extend(new.map(|request| {
            waiting.insert(request.key, request.priority);
            Queued(request)
        }));
    }

    /// Takes requests back; those in flight are cancelled.
    pub fn withdraw(&mut self, keys: &[ChunkKey]) {
        for key in keys {
            self.waiting.remove(key);
            if let Some(job) = self.in_flight.get(key) {
                job.cancel.cancel();
            }
        }
    }

    /// The most wanted request.
    fn first(&mut self) -> Option<Request> {
        while let Some(&Queued(request)) = self.order.peek() {
            if self.waiting.get(&request.key) == Some(&request.priority) {
                return Some(request);
            }
            self.order.pop();
        }
        None
    }

    /// How much the most wanted request is wanted; if `urgent`, only one that is out of date counts.
    pub fn most_wanted(&mut self, urgent: bool) -> Option<f64> {
        self.first().filter(|request| request.is_urgent() || !urgent).map(|first| first.priority)
    }

    /// Takes the most wanted request; if `urgent`, only one that is.
    pub fn start(&mut self, urgent: bool) -> Option<Job> {
        let request = self.first().filter(|request| request.is_urgent() || !urgent)?;
        self.order.pop();
        self.waiting.remove(&request.key);
        let (key, is_urgent) = (request.key, request.is_urgent());
        let cancel = CancelToken::new();
        let job = InFlight { cancel: cancel.clone(), is_urgent, outdated: false };
        self.in_flight.insert(key, job);
        Some(Job { key, is_urgent, cancel })
    }

    /// Whether something waits that is drawn and out of date.
    #[cfg(test)]
    pub fn is_urgent(&mut self) -> bool {
        self.first().is_some_and(|request| request.is_urgent())
    }

    /// Jobs in flight of what is drawn and out of date.
    #[cfg(test)]
    pub fn urgent_in_flight(&self) -> usize {
        self.in_flight.values().filter(|job| job.is_urgent).count()
    }

    /// Notes that a chunk was edited while a job that reads it may be in flight.
    pub fn outdate(&mut self, key: ChunkKey) {
        if let Some(job) = self.in_flight.get_mut(&key) {
            job.outdated = true;
        }
    }

    /// Notes that a job has ended; true if what it made was overtaken by an edit.
    pub fn finish(&mut self, key: ChunkKey) -> bool {
        self.in_flight.remove(&key).is_some_and(|job| job.outdated)
    }

    /// Requests that wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Jobs being worked on.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }
}

#[cfg(test)]
mod tests {
    use glam::IVec3;

    use super::*;

    fn request(x: i32, priority: f64) -> Request {
        Request { key: ChunkKey::new(0, 3, IVec3::new(x, 0, 0)), priority }
    }

    #[test]
    fn the_most_wanted_comes_first() {
        let mut queue = JobQueue::default();
        queue.replace(vec![request(1, 1.0), request(2, 5.0), request(3, 3.0)], |_| true);
        let order: Vec<i32> =
            std::iter::from_fn(|| queue.start(false)).map(|job| job.key.pos.x).collect();
        assert_eq!(order, [2, 3, 1]);
    }

    #[test]
    fn whoever_takes_urgent_requests_only_leaves_the_others() {
        let mut queue = JobQueue::default();
        queue.replace(vec![request(1, 1.0)], |_| true);
        assert!(!queue.is_urgent() && queue.start(true).is_none());
        queue.add(vec![request(2, 1e13)]);
        assert_eq!(queue.start(true).map(|job| (job.key.pos.x, job.is_urgent)), Some((2, true)));
        assert!(queue.start(true).is_none() && queue.waiting() == 1);
    }

    #[test]
    fn what_is_withdrawn_is_not_started_until_it_is_requested_again() {
        let mut queue = JobQueue::default();
        queue.add(vec![request(1, 3.0), request(2, 2.0), request(3, 1.0)]);
        let Job { cancel, .. } = queue.start(false).expect("three wait");
        queue.withdraw(&[request(1, 0.0).key, request(2, 0.0).key]);
        assert!(cancel.is_cancelled() && queue.waiting() == 1);
        queue.add(vec![request(2, 0.5)]);
        let order: Vec<i32> =
            std::iter::from_fn(|| queue.start(false)).map(|job| job.key.pos.x).collect();
        assert_eq!(order, [3, 2]);
    }

    #[test]
    fn a_job_nobody_wants_is_cancelled_and_one_in_flight_is_not_queued_twice() {
        let mut queue = JobQueue::default();
        queue.replace(vec![request(1, 1.0)], |_| true);
        let Job { key, cancel, .. } = queue.start(false).expect("one waits");
        queue.replace(vec![request(1, 1.0)], |_| true);
        assert_eq!((queue.waiting(), queue.in_flight()), (0, 1));
        assert!(!cancel.is_cancelled());
        queue.replace(Vec::new(), |_| false);
        assert!(cancel.is_cancelled());
        queue.outdate(key);
        assert!(queue.finish(key), "the edit in between was noticed");
    }
}
