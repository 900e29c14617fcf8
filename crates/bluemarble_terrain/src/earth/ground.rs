//! [`Ground`]: what is known of the ground at a place.

use glam::Vec3;

/// The ground at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground {
    /// Height above sea level.
    pub height_m: f64,
    /// Height of the smooth surface.
    pub base_m: f64,
    /// How much the grid's nodes around differ.
    pub relief_m: f64,
    /// Factor of the amplitudes of erosion.
    pub strength: f64,
    /// The gradient in metres per metre along the axes of the world, calmer than that of columns: short octaves
    /// count half, so that what goes by it has no specks.
    pub slope: Vec3,
}

pub(super) fn smoothstep(edges: [f64; 2], v: f64) -> f64 {
    let t = ((v - edges[0]) / (edges[1] - edges[0])).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
