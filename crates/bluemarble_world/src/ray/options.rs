//! [`RayOptions`]: how a ray is cast.

use crate::RayTarget;

/// How a ray is cast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RayOptions {
    /// How far, in metres.
    pub max_m: f64,
    /// What stops it.
    pub target: RayTarget,
    /// How much wider the ray is for each metre that it has gone, in metres: a pixel's share of the view. It
    /// meets cells of the coarsest lod whose cells are not wider than it. 0 is a line, which meets voxels.
    pub spread: f64,
}

impl Default for RayOptions {
    fn default() -> Self {
        Self { max_m: 1e8, target: RayTarget::Visible, spread: 0.0 }
    }
}
