//! Cut selection: which nodes are drawn, which are wanted.
//!
//! Pure bookkeeping without engine, disk or clock: views and arrivals go in, requests and swaps come
//! out. A node is split while the error of its cells on screen exceeds what the viewer allows; split
//! and merge thresholds differ so that a viewer on the edge does not make nodes flip. A node gives way
//! only when all eight children are drawable, and children are drawn until their parent is: the drawn
//! set covers everything at every moment and never covers anything twice.

use bluemarble_core::{ChunkKey, Face, MAX_LOD, Shape, shape::NodeBounds};
use bluemarble_terrain::Classification;
use glam::DVec3;
use rustc_hash::{FxHashMap, FxHashSet};

/// Merge below this share of the split threshold.
const MERGE_SHARE: f64 = 0.8;
/// Nodes outside of the view cone may be this much coarser.
const OUTSIDE_VIEW_WEIGHT: f64 = 0.25;
/// Ground this far below sea level hides nothing behind the horizon (the deepest dry land is at
/// -430 m).
const OCCLUDER_DEPTH_M: f64 = 500.0;
/// No ground rises above this.
const HIGHEST_GROUND_M: f64 = 9_000.0;

/// One camera, as cut selection sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// World position in metres.
    pub position: DVec3,
    /// Unit direction of sight.
    pub forward: DVec3,
    /// Half of the angle of the cone around everything on screen, in radians.
    pub half_angle_rad: f64,
    /// Angle of one pixel, in radians.
    pub pixel_rad: f64,
    /// A cell may be this many pixels wide before its node is split.
    pub max_error_px: f64,
}

/// What a node of the tree has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Known to show nothing, all descendants included: never read, never split.
    Skipped,
    /// Not here yet.
    Pending,
    /// Ready to be drawn, perhaps as nothing.
    Drawable,
}

#[derive(Clone, Debug)]
struct Node {
    bounds: NodeBounds,
    state: State,
    split: bool,
    /// Must be built again: what is drawn is out of date.
    stale: bool,
}

/// A node that is wanted and not here, or here and out of date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// The node.
    pub key: ChunkKey,
    /// Larger is sooner.
    pub priority: f64,
}

/// What an update asks for.
#[derive(Debug, Default)]
pub struct CutChange {
    /// Everything wanted and not here, in no fixed order: replaces all earlier requests.
    pub requests_unsorted: Vec<Request>,
    /// Nodes that are drawn from now on.
    pub shown: Vec<ChunkKey>,
    /// Nodes that are no longer drawn.
    pub hidden: Vec<ChunkKey>,
    /// Nodes that are forgotten.
    pub dropped: Vec<ChunkKey>,
}

/// Counts of nodes by lod.
pub type PerLod = [u64; MAX_LOD as usize + 1];

/// The drawn part of the octree and what hangs above it.
#[derive(Debug)]
pub struct Cut {
    shape: Shape,
    nodes: FxHashMap<ChunkKey, Node>,
    drawn: FxHashSet<ChunkKey>,
    /// Nodes ever asked about, by lod.
    pub asked: PerLod,
    /// Of these, the ones skipped because their baseline is uniform or solid.
    pub skipped: PerLod,
}

impl Cut {
    /// An empty cut of a world.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            nodes: FxHashMap::default(),
            drawn: FxHashSet::default(),
            asked: PerLod::default(),
            skipped: PerLod::default(),
        }
    }

    /// Nodes drawn now, those that show nothing included.
    pub fn drawn(&self) -> &FxHashSet<ChunkKey> {
        &self.drawn
    }

    /// Nodes known, drawn or not.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no node is known.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether a node is still wanted.
    pub fn wants(&self, key: ChunkKey) -> bool {
        self.nodes.get(&key).is_some_and(|node| node.state == State::Pending || node.stale)
    }

    /// Whether a node is known at all.
    pub fn knows(&self, key: ChunkKey) -> bool {
        self.nodes.contains_key(&key)
    }

    /// Notes that a node can be drawn now; false if nobody wants it any more.
    pub fn arrived(&mut self, key: ChunkKey) -> bool {
        let Some(node) = self.nodes.get_mut(&key) else { return false };
        node.state = State::Drawable;
        node.stale = false;
        true
    }

    /// Marks what shows an edited chunk as out of date: the node itself, the six beside it, and the
    /// claim of every node above them that there is nothing to show. What is drawn stays until its
    /// successor is here.
    pub fn edited(&mut self, key: ChunkKey) {
        let beside = Face::ALL.into_iter().filter_map(|face| self.shape.neighbour(key, face));
        for touched in beside.chain([key]).collect::<Vec<_>>() {
            if let Some(node) = self.nodes.get_mut(&touched) {
                node.stale |= node.state != State::Pending;
            }
            let mut above = Some(touched);
            while let Some(key) = above {
                if let Some(node) = self.nodes.get_mut(&key)
                    && node.state == State::Skipped
                {
                    // It showed nothing, so it can go on being drawn as nothing until its turn.
                    node.state = State::Drawable;
                }
                above = key.parent();
            }
        }
    }

    /// Selects the cut for these views. Without a view nothing changes.
    pub fn update(
        &mut self,
        views: &[View],
        classify: impl Fn(ChunkKey) -> Classification,
    ) -> CutChange {
        let mut change = CutChange::default();
        if views.is_empty() {
            return change;
        }
        let mut drawn = FxHashSet::default();
        for root in self.shape.roots() {
            self.ensure(root, &classify);
            if self.nodes[&root].state == State::Pending {
                self.request(root, views, &mut change);
            } else {
                self.visit(root, views, &classify, &mut drawn, &mut change);
            }
        }
        change.shown = drawn.difference(&self.drawn).copied().collect();
        change.hidden = self.drawn.difference(&drawn).copied().collect();
        self.drawn = drawn;
        change
    }

    fn ensure(&mut self, key: ChunkKey, classify: &impl Fn(ChunkKey) -> Classification) {
        if self.nodes.contains_key(&key) {
            return;
        }
        let skip = classify(key) != Classification::Mixed;
        let lod = usize::from(key.lod);
        self.asked[lod] += 1;
        self.skipped[lod] += u64::from(skip);
        let state = if skip { State::Skipped } else { State::Pending };
        let bounds = self.shape.node_bounds(key);
        self.nodes.insert(key, Node { bounds, state, split: false, stale: false });
    }

    fn request(&self, key: ChunkKey, views: &[View], change: &mut CutChange) {
        let node = &self.nodes[&key];
        // What is drawn and wrong comes before what is only too coarse.
        let urgency = if node.stale { 1e12 } else { 0.0 };
        let priority = self.error(key, &node.bounds, views) + urgency;
        change.requests_unsorted.push(Request { key, priority });
    }

    /// Draws a drawable node, or what of its descendants is complete.
    fn visit(
        &mut self,
        key: ChunkKey,
        views: &[View],
        classify: &impl Fn(ChunkKey) -> Classification,
        drawn: &mut FxHashSet<ChunkKey>,
        change: &mut CutChange,
    ) {
        let node = &self.nodes[&key];
        if node.state == State::Skipped {
            drawn.insert(key);
            return;
        }
        if node.stale {
            self.request(key, views, change);
        }
        let threshold = if node.split { MERGE_SHARE } else { 1.0 };
        let split = self.error(key, &node.bounds, views) > threshold;
        if let Some(node) = self.nodes.get_mut(&key) {
            node.split = split;
        }
        match key.children() {
            Some(children) if split => {
                let mut complete = true;
                for child in children {
                    self.ensure(child, classify);
                    if self.nodes[&child].state == State::Pending {
                        complete = false;
                        self.request(child, views, change);
                    }
                }
                if complete {
                    for child in children {
                        self.visit(child, views, classify, drawn, change);
                    }
                } else {
                    drawn.insert(key);
                }
            }
            Some(children) => {
                drawn.insert(key);
                for child in children {
                    self.forget(child, change);
                }
            }
            None => {
                drawn.insert(key);
            }
        }
    }

    fn forget(&mut self, key: ChunkKey, change: &mut CutChange) {
        if self.nodes.remove(&key).is_none() {
            return;
        }
        change.dropped.push(key);
        for child in key.children().into_iter().flatten() {
            self.forget(child, change);
        }
    }

    /// The largest error of a node on any screen, as a multiple of what that viewer allows.
    fn error(&self, key: ChunkKey, bounds: &NodeBounds, views: &[View]) -> f64 {
        let cell_m = self.shape.voxel_m() * f64::from(key.cell_voxels());
        let error = |view: &View| {
            let distance_m = bounds.distance_m(view.position).max(0.01);
            let error_px = cell_m / (distance_m * view.pixel_rad);
            error_px / view.max_error_px * self.weight(bounds, distance_m, view)
        };
        views.iter().map(error).fold(0.0, f64::max)
    }

    /// How much a node matters to a view: 0 behind the horizon, less than 1 outside of the view cone.
    fn weight(&self, bounds: &NodeBounds, distance_m: f64, view: &View) -> f64 {
        let radius_m = bounds.half_extent_m.length();
        if let Shape::CubeSphere(planet) = self.shape {
            // Two points see each other across a sphere if their tangents to it are long enough.
            let occluder_m = planet.radius_m - OCCLUDER_DEPTH_M;
            let top_m = (bounds.centre.length() + radius_m).min(planet.radius_m + HIGHEST_GROUND_M);
            let tangent_m = |from_centre_m: f64| {
                (from_centre_m * from_centre_m - occluder_m * occluder_m).max(0.0).sqrt()
            };
            if distance_m > tangent_m(view.position.length()) + tangent_m(top_m) {
                return 0.0;
            }
        }
        let towards = bounds.centre - view.position;
        let centre_m = towards.length();
        if centre_m <= radius_m {
            return 1.0;
        }
        let angle = (towards.dot(view.forward) / centre_m).clamp(-1.0, 1.0).acos();
        let reach = view.half_angle_rad + (radius_m / centre_m).asin();
        if angle <= reach { 1.0 } else { OUTSIDE_VIEW_WEIGHT }
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{GeoPosition, LatticeBox, MaterialId};

    use super::*;

    /// A smooth planet: ground at sea level.
    fn classify(key: ChunkKey) -> Classification {
        let LatticeBox { min, max } = key.lattice_box();
        let sea = Shape::earth().sea_level_y();
        if min.y >= sea {
            Classification::Uniform(MaterialId::AIR)
        } else if max.y < sea {
            Classification::Solid
        } else {
            Classification::Mixed
        }
    }

    fn view(lat_deg: f64, lon_deg: f64, altitude_m: f64) -> View {
        let shape = Shape::earth();
        let position = shape.world_of(GeoPosition::new(lat_deg, lon_deg, altitude_m));
        View {
            position,
            forward: -shape.up(position),
            half_angle_rad: 0.6,
            pixel_rad: 0.002,
            max_error_px: 2.0,
        }
    }

    /// Every known leaf lies under exactly one drawn node.
    fn check_partition(cut: &Cut) {
        fn walk(cut: &Cut, key: ChunkKey, covered: bool) {
            let here = cut.drawn.contains(&key);
            assert!(!(covered && here), "{key} is drawn under a drawn node");
            let children = key.children().unwrap_or([key; 8]);
            let has_children = key.lod > 0 && cut.nodes.contains_key(&children[0]);
            if has_children {
                children.iter().for_each(|&child| walk(cut, child, covered || here));
            } else {
                assert!(covered || here, "{key} is not covered");
            }
        }
        for root in Shape::earth().roots() {
            walk(cut, root, false);
        }
    }

    /// Serves requests in an order of its own until nothing is wanted.
    fn settle(cut: &mut Cut, view: View, seed: u64) -> usize {
        let mut state = seed | 1;
        for served in 0..1_000_000 {
            let change = cut.update(&[view], classify);
            if served > 6 {
                check_partition(cut);
            }
            if change.requests_unsorted.is_empty() {
                return served;
            }
            for _ in 0..=state % 40 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let pick = (state >> 33) as usize % change.requests_unsorted.len();
                cut.arrived(change.requests_unsorted[pick].key);
            }
        }
        panic!("the cut never settles");
    }

    #[test]
    fn a_descent_never_leaves_a_hole_nor_draws_twice() {
        let mut cut = Cut::new(Shape::earth());
        for (step, altitude_m) in
            [1.2e7, 1e6, 1e5, 1e4, 300.0, 2.0, 5e4, 1.2e7].into_iter().enumerate()
        {
            settle(&mut cut, view(27.0, 86.0, altitude_m), step as u64 * 77 + 5);
            check_partition(&cut);
        }
    }

    #[test]
    fn near_the_ground_the_finest_lod_is_drawn_below_the_viewer() {
        let mut cut = Cut::new(Shape::earth());
        settle(&mut cut, view(10.0, 20.0, 2.0), 3);
        assert!(cut.drawn().iter().any(|key| key.lod == 0));
        let (asked, skipped): (u64, u64) = (cut.asked.iter().sum(), cut.skipped.iter().sum());
        assert!(skipped * 9 > asked * 4, "{skipped} of {asked} nodes skipped");
    }

    #[test]
    fn a_viewer_on_a_threshold_does_not_make_nodes_flip() {
        let mut cut = Cut::new(Shape::earth());
        settle(&mut cut, view(10.0, 20.0, 10_000.0), 3);
        let before = cut.drawn().clone();
        for step in 0..50 {
            let wobble = f64::from(step % 2) * 20.0;
            settle(&mut cut, view(10.0, 20.0, 10_000.0 + wobble), 9);
            if step > 1 {
                let change = cut.update(&[view(10.0, 20.0, 10_000.0 + wobble)], classify);
                assert!(change.shown.is_empty() && change.hidden.is_empty());
            }
        }
        let same = before.intersection(cut.drawn()).count();
        assert!(same * 100 > before.len() * 95);
    }

    #[test]
    fn a_standing_viewer_asks_for_nothing_more() {
        let mut cut = Cut::new(Shape::earth());
        let here = view(-30.0, 140.0, 500.0);
        settle(&mut cut, here, 1);
        let (asked, nodes) = (cut.asked, cut.len());
        for _ in 0..600 {
            let change = cut.update(&[here], classify);
            assert!(change.requests_unsorted.is_empty() && change.shown.is_empty());
            assert!(change.hidden.is_empty() && change.dropped.is_empty());
        }
        assert_eq!((cut.asked, cut.len()), (asked, nodes));
    }

    #[test]
    fn an_edit_under_skipped_ground_is_asked_for() {
        let mut cut = Cut::new(Shape::earth());
        let here = view(10.0, 20.0, 2.0);
        settle(&mut cut, here, 1);
        let shape = Shape::earth();
        let (region, lattice) =
            shape.from_world(shape.world_of(GeoPosition::new(10.0, 20.0, -12.0)));
        let key = ChunkKey::of_voxel(region, 0, lattice.as_ivec3());
        cut.edited(key);
        let mut wanted = FxHashSet::default();
        for _ in 0..40 {
            let change = cut.update(&[here], |key_asked| {
                if key_asked == key || key_asked.covers(key) {
                    Classification::Mixed
                } else {
                    classify(key_asked)
                }
            });
            check_partition(&cut);
            for request in change.requests_unsorted {
                wanted.insert(request.key);
                cut.arrived(request.key);
            }
        }
        assert!(wanted.contains(&key), "the edited chunk is never built");
    }
}
