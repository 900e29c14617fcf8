//! [`Activity`]: how often something happens and how long it takes.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Of queries that take nanoseconds, one in this many is timed.
const TIMED_ONE_IN: u64 = 64;
/// After this many queries a reader adds its counts to those of the world.
const TOLD_AFTER: u64 = 1024;
/// Rates are over at least this long.
const RATE_OVER: Duration = Duration::from_secs(1);

/// Whatever takes longer than an hour counts as taking one.
const MAX_NS: u64 = 3_600_000_000_000;

/// How often something happens and how long it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Activity {
    /// Since the world was opened.
    pub count: u64,
    /// Between the last report that was at least a second ago and the one before it.
    pub per_second: f64,
    /// Half of all took no longer, in microseconds.
    pub median_us: f64,
    /// 95 % of all took no longer.
    pub p95_us: f64,
    /// 99 % of all took no longer.
    pub p99_us: f64,
    /// The longest.
    pub longest_us: f64,
}

#[derive(Debug)]
struct Counted {
    count: u64,
    nanoseconds: Histogram<u64>,
    rate: f64,
    /// When the rate was worked out, and the count then.
    rated: (Instant, u64),
}

/// Counts something for all threads.
#[derive(Debug)]
pub(crate) struct Meter(Mutex<Counted>);

fn histogram() -> Histogram<u64> {
    // Two digits: 1 % is more than clocks keep.
    Histogram::new_with_max(MAX_NS, 2).unwrap_or_else(|_| unreachable!("both are in bounds"))
}

fn nanoseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

impl Default for Meter {
    fn default() -> Self {
        let (nanoseconds, rated) = (histogram(), (Instant::now(), 0));
        Self(Mutex::new(Counted { count: 0, nanoseconds, rate: 0.0, rated }))
    }
}

impl Meter {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn took(&self, elapsed: Duration) {
        self.took_each(1, elapsed);
    }

    /// Notes that each of several has taken a share of the time.
    pub fn took_each(&self, count: u64, elapsed: Duration) {
        if count > 0 {
            let mut counted = self.counted();
            counted.count += count;
            counted.nanoseconds.saturating_record_n(nanoseconds(elapsed) / count, count);
        }
    }

    fn tell(&self, count: u64, timed: &Histogram<u64>) {
        let mut counted = self.counted();
        counted.count += count;
        let added = counted.nanoseconds.add(timed);
        debug_assert!(added.is_ok(), "all histograms are alike");
    }

    pub fn report(&self) -> Activity {
        let counted = &mut *self.counted();
        let elapsed = counted.rated.0.elapsed();
        if elapsed >= RATE_OVER {
            counted.rate = (counted.count - counted.rated.1) as f64 / elapsed.as_secs_f64();
            counted.rated = (Instant::now(), counted.count);
        }
        let at = |share| counted.nanoseconds.value_at_quantile(share) as f64 / 1e3;
        Activity {
            count: counted.count,
            per_second: counted.rate,
            median_us: at(0.5),
            p95_us: at(0.95),
            p99_us: at(0.99),
            longest_us: counted.nanoseconds.max() as f64 / 1e3,
        }
    }
}

/// Counts the queries of one reader, and times some, without a lock.
#[derive(Debug)]
pub(crate) struct ReaderMeter {
    queries: u64,
    /// Those of them that were answered without looking into a chunk.
    without_chunk: u64,
    timed: Histogram<u64>,
}

impl Default for ReaderMeter {
    fn default() -> Self {
        Self { queries: 0, without_chunk: 0, timed: histogram() }
    }
}

impl ReaderMeter {
    /// The time at the start of a query, if it is one to be timed.
    #[inline]
    pub fn start(&self) -> Option<Instant> {
        self.queries.is_multiple_of(TIMED_ONE_IN).then(Instant::now)
    }

    /// Notes that a query has ended. True if it is time to tell the world.
    #[inline]
    pub fn end(&mut self, start: Option<Instant>, without_chunk: bool) -> bool {
        self.queries += 1;
        self.without_chunk += u64::from(without_chunk);
        if let Some(start) = start {
            self.timed.saturating_record(nanoseconds(start.elapsed()));
        }
        self.queries >= TOLD_AFTER
    }

    /// Tells what was counted, and begins anew. Returns how many queries did without chunks.
    pub fn tell(&mut self, meter: &Meter) -> u64 {
        if self.queries > 0 {
            meter.tell(self.queries, &self.timed);
            self.timed.reset();
        }
        self.queries = 0;
        std::mem::take(&mut self.without_chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_noted() {
        let meter = Meter::default();
        for us in 1..=1000 {
            meter.took(Duration::from_micros(us));
        }
        let report = meter.report();
        let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.02;
        assert_eq!(report.count, 1000);
        assert!(near(report.median_us, 500.0) && near(report.p95_us, 950.0), "{report:?}");
        assert!(near(report.p99_us, 990.0) && near(report.longest_us, 1000.0), "{report:?}");
    }

    #[test]
    fn a_reader_counts_all_queries_and_times_some() {
        let (meter, mut reader) = (Meter::default(), ReaderMeter::default());
        let mut timed = 0;
        for query in 0..640 {
            let start = reader.start();
            timed += usize::from(start.is_some());
            assert!(!reader.end(start, query % 4 == 0));
        }
        assert_eq!((timed, reader.tell(&meter), meter.report().count), (10, 160, 640));
        assert_eq!((reader.tell(&meter), meter.report().count), (0, 640), "told once");
    }

    #[test]
    fn the_rate_is_that_of_the_time_since_the_last_report() {
        let meter = Meter::default();
        meter.counted().rated.0 = Instant::now() - Duration::from_secs(10);
        meter.took_each(50, Duration::from_millis(1));
        let rate = meter.report().per_second;
        assert!((4.0..=5.0).contains(&rate), "{rate}");
        assert_eq!(meter.report().per_second, rate, "too soon for another one");
    }
}
