//! [`Pace`]: what one frame may cost.
//!
//! A frame gets its share of the time that frames take: a game at 144 Hz gives up less a frame than one
//! at 30 Hz, and both as much a second. A single slow frame changes little, so that a hitch does not
//! bring the next one.

use std::time::{Duration, Instant};

use bevy::prelude::*;

use super::settings::StreamingSettings;

/// A frame counts at most this many times as much as frames before.
const MAX_GROWTH: f64 = 1.5;
/// How much one frame weighs in the mean.
const WEIGHT: f64 = 0.1;
/// Frames are taken to be no shorter and no longer.
const MIN_S: f64 = 1e-3;
const MAX_S: f64 = 0.5;

/// How long frames take of late.
#[derive(Debug)]
pub struct Pace {
    frame_s: f64,
    last: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { frame_s: 1.0 / 60.0, last: None }
    }
}

impl Pace {
    /// Begins a frame: what it may cost.
    pub fn begin(&mut self, settings: &StreamingSettings) -> Budget {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            self.note(now - last);
        }
        Budget {
            started: now,
            time: Duration::from_secs_f64(self.frame_s * settings.frame_share.clamp(0.0, 1.0)),
            bytes: settings.bytes_per_s * self.frame_s,
            entities: settings.entities_per_s * self.frame_s,
        }
    }

    fn note(&mut self, frame: Duration) {
        let frame_s = frame.as_secs_f64().min(self.frame_s * MAX_GROWTH);
        self.frame_s = (self.frame_s * (1.0 - WEIGHT) + frame_s * WEIGHT).clamp(MIN_S, MAX_S);
    }
}

/// What is left of this frame for turning results into entities, for all worlds together.
#[derive(Resource, Debug)]
pub struct FrameBudget {
    pace: Pace,
    left: Budget,
}

impl Default for FrameBudget {
    fn default() -> Self {
        let mut pace = Pace::default();
        let left = pace.begin(&StreamingSettings::default());
        Self { pace, left }
    }
}

impl FrameBudget {
    /// Whether anything more may be done in this frame.
    pub fn is_left(&self) -> bool {
        self.left.is_left()
    }

    /// Notes what a step has cost: bytes of meshes, and entities placed or put away.
    pub fn spend(&mut self, bytes: usize, entities: usize) {
        self.left.spend(bytes, entities);
    }
}

/// A frame begins.
pub(super) fn begin(mut budget: ResMut<FrameBudget>, settings: Res<StreamingSettings>) {
    let FrameBudget { pace, left } = &mut *budget;
    *left = pace.begin(&settings);
}

/// What is left of a frame's share.
#[derive(Debug)]
pub struct Budget {
    started: Instant,
    time: Duration,
    bytes: f64,
    entities: f64,
}

impl Budget {
    /// Whether anything more may be done in this frame.
    pub fn is_left(&self) -> bool {
        self.bytes > 0.0 && self.entities > 0.0 && self.started.elapsed() < self.time
    }

    /// Notes what a step has cost.
    pub fn spend(&mut self, bytes: usize, entities: usize) {
        self.bytes -= bytes as f64;
        self.entities -= entities as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hitch_does_not_widen_the_next_frames_much_and_slow_frames_do() {
        let mut pace = Pace::default();
        let before = pace.frame_s;
        pace.note(Duration::from_secs(2));
        assert!(pace.frame_s < before * 1.1);
        for _ in 0..100 {
            pace.note(Duration::from_millis(100));
        }
        assert!((pace.frame_s - 0.1).abs() < 0.01, "{}", pace.frame_s);
    }

    #[test]
    fn a_budget_ends_with_whatever_is_used_up_first() {
        let settings = StreamingSettings { frame_share: 1.0, ..StreamingSettings::default() };
        let mut budget = Pace::default().begin(&settings);
        assert!(budget.is_left());
        budget.spend(0, 1_000);
        assert!(!budget.is_left());
        let mut budget = Pace::default().begin(&settings);
        budget.spend(100 << 20, 1);
        assert!(!budget.is_left());
        let settings = StreamingSettings { frame_share: 0.0, ..settings };
        assert!(!Pace::default().begin(&settings).is_left());
    }
}
