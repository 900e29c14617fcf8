//! What a viewer sees of a node.

use bluemarble_core::{ChunkKey, NodeBounds, Shape};
use glam::DVec3;

use super::travel::Travel;

/// Nodes outside of the view cone may be this much coarser.
const OUTSIDE_VIEW_WEIGHT: f64 = 0.25;
/// What is requested at the edge of the view cone counts this much of what is in its middle.
const PERIPHERAL_PRIORITY: f64 = 0.5;
/// Ground this far below sea level hides nothing behind the horizon (the deepest dry land is at
/// -430 m).
const OCCLUDER_DEPTH_M: f64 = 500.0;
/// No ground rises above this.
const HIGHEST_GROUND_M: f64 = 9_000.0;
/// Nothing is nearer.
const MIN_DISTANCE_M: f64 = 0.01;

/// One camera, as cut selection sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// World position in metres.
    pub position: DVec3,
    /// Unit direction of sight.
    pub forward: DVec3,
    /// Half of the angle of the cone around everything on screen, in radians; below a right angle.
    pub half_angle_rad: f64,
    /// Angle of one pixel, in radians.
    pub pixel_rad: f64,
    /// A cell may be this many pixels wide before its node is split.
    pub max_error_px: f64,
    /// Nodes further away than this, in metres, are not split.
    pub radius_m: f64,
    /// How much the view counts: 1 for what is on screen, less for where a viewer will soon be.
    pub weight: f64,
}

/// Two points see each other across a sphere if their tangents to it are long enough.
fn tangent_m(shape: &Shape, from_centre_m: f64) -> f64 {
    let Shape::CubeSphere(planet) = shape else { return f64::INFINITY };
    let occluder_m = planet.radius_m - OCCLUDER_DEPTH_M;
    (from_centre_m * from_centre_m - occluder_m * occluder_m).max(0.0).sqrt()
}

/// The part of a view's error that is the same for all nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    view: View,
    /// Error of a cell of 1 m at a distance of 1 m.
    error_at_1_m: f64,
    half_angle_sin_cos: (f64, f64),
    tangent_m: f64,
}

impl Sight {
    pub fn new(shape: &Shape, view: View) -> Self {
        Self {
            view,
            error_at_1_m: view.weight / (view.pixel_rad * view.max_error_px),
            half_angle_sin_cos: view.half_angle_rad.sin_cos(),
            tangent_m: tangent_m(shape, view.position.length()),
        }
    }

    /// How far the view has come since it was `before`; `None` if more has changed than its place.
    pub fn travel_since(&self, before: &Self) -> Option<Travel> {
        let (now, then) = (self.view, before.view);
        if now != (View { position: now.position, forward: now.forward, ..then }) {
            return None;
        }
        let moved_m = now.position.distance(then.position);
        // Half the chord is the sine of half the angle.
        let turned_rad = 2.0 * (now.forward.distance(then.forward) * 0.5).min(1.0).asin();
        let horizon_m = if self.tangent_m == before.tangent_m {
            moved_m
        } else {
            moved_m + (self.tangent_m - before.tangent_m).abs()
        };
        Some(Travel { moved_m, turned_rad, horizon_m })
    }
}

/// Whether a view wants a node finer, and how far it may go until that can change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub is_split: bool,
    pub holds_for: Travel,
}

/// The part of a node's error that is the same for all views.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    bounds: NodeBounds,
    cell_m: f64,
    radius_m: f64,
    /// Of its highest point.
    tangent_m: f64,
}

impl Extent {
    pub fn new(shape: &Shape, key: ChunkKey) -> Self {
        let bounds = shape.node_bounds(key);
        let radius_m = bounds.half_extent_m.length();
        let mut top_m = bounds.centre.length() + radius_m;
        if let Shape::CubeSphere(planet) = shape {
            top_m = top_m.min(planet.radius_m + HIGHEST_GROUND_M);
        }
        Self {
            bounds,
            cell_m: shape.voxel_m() * f64::from(key.cell_voxels()),
            radius_m,
            tangent_m: tangent_m(shape, top_m),
        }
    }

    /// Distance from a point to the node in metres, 0 inside.
    pub fn distance_m(&self, point: DVec3) -> f64 {
        self.bounds.distance_m(point)
    }

    /// Whether the error of the node's cells is above a threshold, as a multiple of what the viewer
    /// allows: never behind the horizon or out of reach, less readily outside of the view cone.
    pub fn judge(&self, sight: &Sight, threshold: f64) -> Verdict {
        let distance_m = self.distance_m(sight.view.position);
        let seen_m = self.seen_m(sight);
        // The error falls to the threshold at this distance, and outside of the cone at the lesser one.
        let fine_m = self.cell_m * sight.error_at_1_m / threshold;
        let always_m = fine_m * OUTSIDE_VIEW_WEIGHT;
        let mut holds_for = Travel::ENDLESS;
        if distance_m > seen_m {
            // Out of sight and too far are two reasons; one of them is enough.
            if distance_m > fine_m {
                holds_for.moved_m = distance_m - fine_m;
            } else {
                holds_for.horizon_m = distance_m - seen_m;
            }
            return Verdict { is_split: false, holds_for };
        }
        if distance_m > fine_m {
            holds_for.moved_m = distance_m - fine_m;
            return Verdict { is_split: false, holds_for };
        }
        if distance_m < always_m {
            holds_for.moved_m = always_m - distance_m;
            holds_for.horizon_m = seen_m - distance_m;
            return Verdict { is_split: true, holds_for };
        }
        let (centre_m, beyond_cone_m) = self.beyond_cone_m(sight);
        let is_split = beyond_cone_m <= 0.0;
        // Half of the way to the cone may be moved; the other half is left for turning.
        let half_m = beyond_cone_m.abs() * 0.5;
        let way_m = if is_split { fine_m - distance_m } else { distance_m - always_m };
        holds_for.moved_m = half_m.min(way_m);
        holds_for.turned_rad = half_m / (centre_m + half_m);
        if is_split {
            holds_for.horizon_m = seen_m - distance_m;
        }
        Verdict { is_split, holds_for }
    }

    /// The error of the node's cells as a multiple of what the viewer allows: 0 behind the horizon and
    /// out of reach, less outside of the view cone.
    pub fn error(&self, sight: &Sight) -> f64 {
        let distance_m = self.distance_m(sight.view.position).max(MIN_DISTANCE_M);
        if distance_m > self.seen_m(sight) {
            return 0.0;
        }
        let error = self.cell_m * sight.error_at_1_m / distance_m;
        let is_in_cone = self.beyond_cone_m(sight).1 <= 0.0;
        if is_in_cone { error } else { error * OUTSIDE_VIEW_WEIGHT }
    }

    /// As far as a view sees the node, if nothing but the globe is in between.
    fn seen_m(&self, sight: &Sight) -> f64 {
        sight.view.radius_m.min(sight.tangent_m + self.tangent_m)
    }

    /// Distance from a view to the node's centre, and from the ball around the node to the view's cone;
    /// less than 0 as far as the ball reaches into it.
    fn beyond_cone_m(&self, sight: &Sight) -> (f64, f64) {
        let towards = self.bounds.centre - sight.view.position;
        let centre_m = towards.length();
        let along_m = towards.dot(sight.view.forward);
        let across_m = (centre_m * centre_m - along_m * along_m).max(0.0).sqrt();
        let (sin, cos) = sight.half_angle_sin_cos;
        // Of the cone, the flank is nearest or, from behind, the tip.
        let is_behind = along_m * cos + across_m * sin < 0.0;
        let from_cone_m = if is_behind { centre_m } else { across_m * cos - along_m * sin };
        (centre_m, from_cone_m - self.radius_m)
    }

    /// How much sooner than others the node is wanted: most in the middle of the view.
    pub fn focus(&self, sight: &Sight) -> f64 {
        let towards = (self.bounds.centre - sight.view.position).normalize_or_zero();
        let along = towards.dot(sight.view.forward).max(0.0);
        PERIPHERAL_PRIORITY + (1.0 - PERIPHERAL_PRIORITY) * along * along
    }
}
