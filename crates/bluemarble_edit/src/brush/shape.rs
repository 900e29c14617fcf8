//! [`BrushShape`]: the voxels of a brush, and which points and boxes it holds.

use std::f64::consts::PI;

use bluemarble_core::LatticeBox;
use glam::{DVec3, IVec3};

use crate::EditError;

/// The voxels of a brush: those whose centre lies in the shape. Voxel v has its centre at v + 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "reflect", derive(bevy_reflect::Reflect))]
pub enum BrushShape {
    /// At most a radius away from a point.
    Sphere {
        /// A lattice position.
        centre: DVec3,
        /// In voxels.
        radius: f64,
    },
    /// A box.
    Box {
        /// The voxels.
        voxels: LatticeBox,
    },
    /// At most a radius away from a line between two points: a sphere that was drawn along it.
    Line {
        /// A lattice position.
        from: DVec3,
        /// A lattice position.
        to: DVec3,
        /// In voxels.
        radius: f64,
    },
}

impl BrushShape {
    /// A box around a lattice position: the voxels whose centre is at most `half_extent` voxels away from it
    /// along each axis.
    pub fn cuboid(centre: DVec3, half_extent: DVec3) -> Self {
        Self::Box { voxels: voxels_between(centre - half_extent, centre + half_extent) }
    }

    /// A box around all voxels of the shape.
    pub fn bounds(&self) -> LatticeBox {
        match *self {
            Self::Box { voxels } => voxels,
            Self::Sphere { centre, radius } => voxels_between(centre - radius, centre + radius),
            Self::Line { from, to, radius } => {
                voxels_between(from.min(to) - radius, from.max(to) + radius)
            }
        }
    }

    /// Whether the centre of a voxel lies in the shape. The shape is moved by `-corner` first, so that the
    /// numbers stay small.
    pub(super) fn contains(&self, corner: IVec3, cell: IVec3) -> bool {
        let corner_at = corner.as_dvec3();
        let point = cell.as_dvec3() + 0.5;
        match *self {
            Self::Box { voxels } => voxels.contains(corner + cell),
            Self::Sphere { centre, radius } => {
                point.distance_squared(centre - corner_at) <= radius * radius
            }
            Self::Line { from, to, radius } => {
                let near = nearest(from - corner_at, to - corner_at, point);
                point.distance_squared(near) <= radius * radius
            }
        }
    }

    /// Whether a box certainly holds no voxel of the shape; not exact.
    pub(super) fn misses(&self, voxels: LatticeBox) -> bool {
        let (low, high) = (voxels.min.as_dvec3(), voxels.max.as_dvec3());
        match *self {
            Self::Box { voxels: own } => !own.intersects(&voxels),
            Self::Sphere { centre, radius } => {
                centre.clamp(low, high).distance_squared(centre) > radius * radius
            }
            Self::Line { from, to, radius } => {
                let (middle, reach) = ((low + high) * 0.5, (high - low).length() * 0.5);
                nearest(from, to, middle).distance(middle) > radius + reach
            }
        }
    }

    /// In voxels.
    pub(super) fn volume(&self) -> f64 {
        let ball = |radius: f64| 4.0 / 3.0 * PI * radius.powi(3);
        match *self {
            // As numbers of 64 bits: the size of a box may be more than an i32 holds.
            Self::Box { voxels } => {
                (voxels.max.as_dvec3() - voxels.min.as_dvec3()).element_product()
            }
            Self::Sphere { radius, .. } => ball(radius),
            Self::Line { from, to, radius } => {
                ball(radius) + PI * radius * radius * from.distance(to)
            }
        }
    }

    /// Refuses what can hold no voxel.
    pub(super) fn check(&self) -> Result<(), EditError> {
        let is_ball = |radius: f64, at: DVec3| radius > 0.0 && radius.is_finite() && at.is_finite();
        let reason = match *self {
            Self::Box { voxels } if voxels.is_empty() => format!("the box {voxels:?} is empty"),
            Self::Sphere { centre, radius } if !is_ball(radius, centre) => {
                format!("radius {radius} around {centre}")
            }
            Self::Line { from, to, radius } if !is_ball(radius, from + to) => {
                format!("radius {radius} along {from} to {to}")
            }
            _ => return Ok(()),
        };
        Err(EditError::Empty { what: "brush", reason })
    }
}

/// The voxels whose centre lies between two positions, or one more where there is none, so that the box of
/// a small shape is not empty.
fn voxels_between(low: DVec3, high: DVec3) -> LatticeBox {
    // Casts saturate; what lies that far out is refused for its place or its size.
    let (min, max) = ((low - 0.5).ceil().as_ivec3(), (high + 0.5).floor().as_ivec3());
    LatticeBox::new(min, max.max(min.saturating_add(IVec3::ONE)))
}

/// The point of a line that is nearest to a point.
fn nearest(from: DVec3, to: DVec3, point: DVec3) -> DVec3 {
    let along = to - from;
    let length_squared = along.length_squared();
    if length_squared == 0.0 {
        return from;
    }
    from + along * ((point - from).dot(along) / length_squared).clamp(0.0, 1.0)
}
