//! What a viewer sees of a node.

use bluemarble_core::{ChunkKey, Shape, shape::NodeBounds};
use glam::DVec3;

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
const LEAST_DISTANCE_M: f64 = 0.01;

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

/// What of a view is the same for all nodes.
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
}

/// What of a node is the same for all views.
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

    /// The error of the node's cells as a multiple of what the viewer allows: 0 behind the horizon and out of reach, less
    /// outside of the view cone.
    pub fn error(&self, sight: &Sight) -> f64 {
        let distance_m = self.bounds.distance_m(sight.view.position).max(LEAST_DISTANCE_M);
        if distance_m > sight.view.radius_m || distance_m > sight.tangent_m + self.tangent_m {
            return 0.0;
        }
        let error = self.cell_m * sight.error_at_1_m / distance_m;
        if self.is_in_cone(sight) { error } else { error * OUTSIDE_VIEW_WEIGHT }
    }

    fn is_in_cone(&self, sight: &Sight) -> bool {
        let towards = self.bounds.centre - sight.view.position;
        let centre_m = towards.length();
        if centre_m <= self.radius_m {
            return true;
        }
        // The node's own half angle is added to the view's; cosines of sums need no angles.
        let own_sin = self.radius_m / centre_m;
        let own_cos = (1.0 - own_sin * own_sin).sqrt();
        let (sin, cos) = sight.half_angle_sin_cos;
        towards.dot(sight.view.forward) >= centre_m * (cos * own_cos - sin * own_sin)
    }

    /// How much sooner than others the node is wanted: most in the middle of the view.
    pub fn focus(&self, sight: &Sight) -> f64 {
        let towards = (self.bounds.centre - sight.view.position).normalize_or_zero();
        let along = towards.dot(sight.view.forward).max(0.0);
        PERIPHERAL_PRIORITY + (1.0 - PERIPHERAL_PRIORITY) * along * along
    }
}
