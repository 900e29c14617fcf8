//! How far an area has come.

use glam::DVec3;

use super::{
    Cut,
    tree::{Index, State},
};

/// How far the nodes of an area have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreaProgress {
    /// Nodes that are drawn as fine as their viewers want them.
    pub done: usize,
    /// Nodes that are not here yet, or out of date.
    pub waiting: usize,
    /// Lod of the coarsest node drawn that shows something, if any does.
    pub coarsest_lod: Option<u8>,
}

impl AreaProgress {
    /// Whether nothing is missing.
    pub fn is_ready(&self) -> bool {
        self.waiting == 0
    }

    /// Two areas together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            done: self.done + other.done,
            waiting: self.waiting + other.waiting,
            coarsest_lod: self.coarsest_lod.max(other.coarsest_lod),
        }
    }

    /// What is done of all there is to do, 0..=1.
    pub fn share(&self) -> f64 {
        self.done as f64 / (self.done + self.waiting).max(1) as f64
    }
}

impl Cut {
    /// How far the nodes within a sphere of local space, in metres, have come.
    pub fn progress(&self, centre: DVec3, radius_m: f64) -> AreaProgress {
        let mut progress = AreaProgress::default();
        // Nothing was asked for yet.
        progress.waiting += usize::from(self.roots.is_empty());
        for &root in &self.roots {
            self.add_progress(root, centre, radius_m, &mut progress);
        }
        progress
    }

    fn add_progress(&self, at: Index, centre: DVec3, radius_m: f64, progress: &mut AreaProgress) {
        let node = &self.tree[at];
        if node.extent.distance_m(centre) > radius_m {
            return;
        }
        match node.state {
            State::Skipped => progress.done += 1,
            State::Pending => progress.waiting += 1,
            State::Drawable => {
                progress.waiting += usize::from(node.stale);
                if node.is_drawn {
                    progress.coarsest_lod = progress.coarsest_lod.max(Some(node.key.lod));
                }
                match node.children {
                    Some(children) => {
                        // It is drawn until all of them are here, those elsewhere too.
                        progress.waiting += usize::from(node.is_drawn);
                        for child in children {
                            self.add_progress(child, centre, radius_m, progress);
                        }
                    }
                    None => progress.done += usize::from(!node.stale),
                }
            }
        }
    }

    /// Leaves of the known tree that lie under no drawn node, and nodes drawn under others. Before the
    /// first roots are here nothing can be drawn, and nothing is counted.
    pub fn holes_and_overlaps(&self) -> usize {
        let is_here = |&&root: &&Index| self.tree[root].state != State::Pending;
        self.roots.iter().filter(is_here).map(|&root| self.wrong_below(root, false)).sum()
    }

    fn wrong_below(&self, at: Index, covered: bool) -> usize {
        let node = &self.tree[at];
        let is_twice = usize::from(node.is_drawn && covered);
        let covered = covered || node.is_drawn;
        is_twice
            + match node.children {
                Some(children) => {
                    children.into_iter().map(|child| self.wrong_below(child, covered)).sum()
                }
                None => usize::from(!covered),
            }
    }
}
