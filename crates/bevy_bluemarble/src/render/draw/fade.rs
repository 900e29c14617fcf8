//! [`Fades`]: how nodes give way to each other without a pop, a hole or a double picture.
//!
//! While they do, both are drawn, each on the pixels that the other leaves out: a pattern of pixels
//! grows from none to all over [`StreamingSettings::fade`](crate::streaming::StreamingSettings). The clock runs in
//! the shader; here it is only noted when a fade began and when it is over.

use std::{collections::VecDeque, time::Duration};

use bluemarble_core::ChunkKey;
use rustc_hash::{FxHashMap, FxHashSet};

/// When a fade began, in milliseconds of the fade clock.
pub type StartMs = u32;

/// The clock starts again after this many milliseconds, and entities are told its time in such steps; the shader
/// knows.
const CLOCK_MS: u128 = 1 << 14;
pub(super) const CLOCK_STEP_MS: u32 = 4;
/// No fade lasts longer: the clock must not come round during it.
pub const LONGEST: Duration = Duration::from_secs(8);

/// The fade clock.
pub fn clock_ms(elapsed: Duration) -> StartMs {
    (elapsed.as_millis() % CLOCK_MS) as u32
}

fn age_ms(start: StartMs, now: StartMs) -> u32 {
    now.wrapping_sub(start) & (CLOCK_MS as u32 - 1)
}

/// Which way a node fades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its pixels become more.
    Arriving(StartMs),
    /// Its pixels become fewer.
    Leaving(StartMs),
}

impl Phase {
    fn start(self) -> StartMs {
        let (Self::Arriving(start) | Self::Leaving(start)) = self;
        start
    }
}

/// What becomes of a node in this frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is drawn whole.
    Show,
    /// It is no longer drawn.
    Hide,
    /// It begins to fade.
    Fade(Phase),
}

/// The nodes that fade now.
#[derive(Debug, Default)]
pub struct Fades {
    phases: FxHashMap<ChunkKey, Phase>,
    /// In the order in which they began; some have been overtaken by others since.
    order: VecDeque<(ChunkKey, Phase)>,
}

impl Fades {
    /// Whether nothing fades.
    pub fn is_empty(&self) -> bool {
        self.phases.is_empty()
    }

    /// Which way a node fades, if it does.
    pub fn phase(&self, key: ChunkKey) -> Option<Phase> {
        self.phases.get(&key).copied()
    }

    /// A node does not fade any more, whatever it did.
    pub fn forget(&mut self, key: ChunkKey) {
        self.phases.remove(&key);
    }

    /// The nodes whose fade is over, and which way it went.
    pub fn ended(&mut self, now: StartMs, lasts: Duration) -> Vec<(ChunkKey, Phase)> {
        let mut ended = Vec::new();
        while let Some(&(key, phase)) = self.order.front() {
            if u128::from(age_ms(phase.start(), now)) < lasts.as_millis() {
                break;
            }
            self.order.pop_front();
            if self.phases.get(&key) == Some(&phase) {
                self.phases.remove(&key);
                ended.push((key, phase));
            }
        }
        ended
    }

    /// What becomes of nodes that are drawn from now on and of nodes that are not. Both sets cover the
    /// same, so each node of one lies in or around nodes of the other; nodes without such a counterpart
    /// have nothing to fade with.
    pub fn swap(
        &mut self,
        shown: &[ChunkKey],
        hidden: &[ChunkKey],
        now: StartMs,
    ) -> Vec<(ChunkKey, Step)> {
        let shown_set: FxHashSet<ChunkKey> = shown.iter().copied().collect();
        let hidden_set: FxHashSet<ChunkKey> = hidden.iter().copied().collect();
        // The larger node of each exchange, with the smaller ones.
        let mut finer: FxHashMap<ChunkKey, Vec<ChunkKey>> = FxHashMap::default();
        let mut steps = Vec::with_capacity(shown.len() + hidden.len());
        for &key in shown {
            match ancestor_in(key, &hidden_set) {
                Some(around) => finer.entry(around).or_default().push(key),
                None if !hidden_set.is_empty() => _ = finer.entry(key).or_default(),
                None => steps.push((key, Step::Show)),
            }
        }
        for &key in hidden {
            match ancestor_in(key, &shown_set) {
                Some(around) => finer.entry(around).or_default().push(key),
                None => _ = finer.entry(key).or_default(),
            }
        }
        for (around, inside) in finer {
            if hidden_set.contains(&around) {
                self.exchange(&inside, &[around], now, &mut steps);
            } else {
                self.exchange(&[around], &inside, now, &mut steps);
            }
        }
        for &(key, step) in &steps {
            match step {
                Step::Fade(phase) => {
                    self.phases.insert(key, phase);
                    self.order.push_back((key, phase));
                }
                Step::Show | Step::Hide => _ = self.phases.remove(&key),
            }
        }
        steps
    }

    fn exchange(
        &self,
        shown: &[ChunkKey],
        hidden: &[ChunkKey],
        now: StartMs,
        steps: &mut Vec<(ChunkKey, Step)>,
    ) {
        let is_calm = |keys: &[ChunkKey]| keys.iter().all(|key| !self.phases.contains_key(key));
        let first = hidden.first().and_then(|&key| self.phase(key));
        let same = hidden.iter().all(|&key| self.phase(key) == first);
        match first {
            None if same && is_calm(shown) && !shown.is_empty() && !hidden.is_empty() => {
                let step = |phase| move |&key: &ChunkKey| (key, Step::Fade(phase));
                steps.extend(shown.iter().map(step(Phase::Arriving(now))));
                steps.extend(hidden.iter().map(step(Phase::Leaving(now))));
            }
            // What has not arrived yet gives its place in the exchange to its successors.
            Some(Phase::Arriving(start)) if same && is_calm(shown) => {
                let arriving = Step::Fade(Phase::Arriving(start));
                steps.extend(shown.iter().map(|&key| (key, arriving)));
                steps.extend(hidden.iter().map(|&key| (key, Step::Hide)));
            }
            _ => {
                steps.extend(shown.iter().map(|&key| (key, Step::Show)));
                steps.extend(hidden.iter().map(|&key| (key, Step::Hide)));
            }
        }
    }
}

/// The nearest node above `key` that is in a set.
fn ancestor_in(key: ChunkKey, set: &FxHashSet<ChunkKey>) -> Option<ChunkKey> {
    if set.is_empty() {
        return None;
    }
    std::iter::successors(key.parent(), |key| key.parent()).find(|key| set.contains(key))
}

#[cfg(test)]
mod tests {
    use glam::IVec3;

    use super::*;

    const LASTS: Duration = Duration::from_millis(250);

    fn node() -> ChunkKey {
        ChunkKey::new(0, 4, IVec3::ONE)
    }

    fn children(key: ChunkKey) -> Vec<ChunkKey> {
        key.children().expect("it has some").to_vec()
    }

    fn step_of(steps: &[(ChunkKey, Step)], key: ChunkKey) -> Step {
        steps.iter().find(|step| step.0 == key).expect("every node has a step").1
    }

    #[test]
    fn a_node_and_its_children_fade_at_the_same_time_and_end_together() {
        let mut fades = Fades::default();
        let steps = fades.swap(&children(node()), &[node()], 100);
        assert_eq!(step_of(&steps, node()), Step::Fade(Phase::Leaving(100)));
        for child in children(node()) {
            assert_eq!(step_of(&steps, child), Step::Fade(Phase::Arriving(100)));
        }
        assert!(fades.ended(300, LASTS).is_empty());
        assert_eq!(fades.ended(350, LASTS).len(), 9);
        assert!(fades.is_empty());
    }

    #[test]
    fn what_is_first_drawn_at_a_place_is_drawn_whole() {
        let mut fades = Fades::default();
        let steps = fades.swap(&[node()], &[], 100);
        assert_eq!(steps, [(node(), Step::Show)]);
    }

    #[test]
    fn a_child_that_is_split_while_it_arrives_hands_its_place_on() {
        let mut fades = Fades::default();
        let child = children(node())[3];
        fades.swap(&children(node()), &[node()], 100);
        let steps = fades.swap(&children(child), &[child], 200);
        assert_eq!(step_of(&steps, child), Step::Hide);
        assert_eq!(step_of(&steps, children(child)[0]), Step::Fade(Phase::Arriving(100)));
        assert_eq!(fades.phase(node()), Some(Phase::Leaving(100)));
        assert_eq!(fades.ended(350, LASTS).len(), 1 + 7 + 8);
    }

    #[test]
    fn a_node_that_comes_back_while_it_leaves_is_whole_at_once() {
        let mut fades = Fades::default();
        fades.swap(&children(node()), &[node()], 100);
        let steps = fades.swap(&[node()], &children(node()), 200);
        assert_eq!(step_of(&steps, node()), Step::Show);
        assert!(steps.iter().all(|&(key, step)| key == node() || step == Step::Hide));
        assert!(fades.is_empty() && fades.ended(900, LASTS).is_empty());
    }

    #[test]
    fn nodes_that_fade_differently_are_swapped_at_once() {
        let mut fades = Fades::default();
        let all = children(node());
        // One of the eight has just arrived in place of its own children.
        fades.swap(&[all[0]], &children(all[0]), 100);
        let steps = fades.swap(&[node()], &all, 200);
        assert_eq!(step_of(&steps, node()), Step::Show);
        assert_eq!(step_of(&steps, all[0]), Step::Hide);
        assert_eq!(step_of(&steps, all[5]), Step::Hide);
    }

    #[test]
    fn the_clock_may_start_again_during_a_fade() {
        let mut fades = Fades::default();
        let late = CLOCK_MS as u32 - 100;
        fades.swap(&children(node()), &[node()], late);
        assert!(fades.ended(50, LASTS).is_empty());
        assert_eq!(fades.ended(150, LASTS).len(), 9);
        assert_eq!(clock_ms(Duration::from_millis(CLOCK_MS as u64 + 5)), 5);
    }
}
