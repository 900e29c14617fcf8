//! Where a ray is: in which voxel of which region.

use bluemarble_core::{Crossings, Exit, Face, LatticePos, MaterialId, Ray, Shape, SizedBox};
use glam::IVec3;

/// Where a ray is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub region: u8,
    pub voxel: IVec3,
    pub at_m: f64,
    /// The side of the voxel through which it came.
    pub entered: Option<Face>,
    /// What it is in, if that is what stopped it last.
    pub inside: Option<MaterialId>,
}

impl Position {
    /// To the end of the aligned box of `1 << edge_log2` voxels.
    #[inline(always)]
    pub fn leap(&mut self, crossings: &impl Crossings, edge_log2: u32) {
        let within = SizedBox::around(self.voxel, edge_log2, edge_log2);
        let (voxel, exit) = crossings.leap(self.voxel, within, self.at_m);
        (self.voxel, self.at_m, self.entered) = (voxel, exit.at_m, Some(side(exit)));
    }
}

/// The side of the voxel beyond an exit through which a ray comes in.
#[inline(always)]
pub(super) fn side(exit: Exit) -> Face {
    Face::ALL[exit.axis * 2 + usize::from(exit.step < 0)]
}

/// The side of a voxel beyond a border of regions, as the region beyond it names the side.
pub(super) fn turned(shape: &Shape, at: Position, face: Face, region: u8) -> Face {
    let point = shape.local_from_lattice(LatticePos::new(at.region, at.voxel.as_dvec3()));
    let normal = shape.face_normal(at.region, point, face);
    let likeness = |face: &Face| shape.face_normal(region, point, *face).dot(normal);
    let best = Face::ALL.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.unwrap_or(face)
}

/// Where a ray is, in its own region.
pub(super) fn arrive(shape: &Shape, ray: &Ray, at_m: f64) -> Position {
    let region = match shape {
        Shape::Flat(_) => 0,
        Shape::CubeSphere(_) => shape.lattice_from_local(ray.at(at_m)).region,
    };
    let voxel = shape.voxel_along(ray, region, at_m);
    Position { region, voxel, at_m, entered: None, inside: None }
}

/// Where a ray is first within the lattice; `None` if it never is.
pub(super) fn start(shape: &Shape, ray: &Ray) -> Option<Position> {
    let around = shape.region_box();
    let at = arrive(shape, ray, 0.0);
    if around.contains(at.voxel) {
        return Some(at);
    }
    match shape {
        Shape::Flat(flat) => {
            let (low, high) =
                (around.min.as_dvec3() * flat.voxel_m, around.max.as_dvec3() * flat.voxel_m);
            let (mut enter, mut leave, mut side) = (0.0f64, f64::INFINITY, None);
            for axis in 0..3 {
                let (o, d) = (ray.origin[axis], ray.direction[axis]);
                if d == 0.0 {
                    if o < low[axis] || o >= high[axis] {
                        return None;
                    }
                    continue;
                }
                let (a, b) = ((low[axis] - o) / d, (high[axis] - o) / d);
                if a.min(b) > enter {
                    (enter, side) = (a.min(b), Some(Face::ALL[axis * 2 + usize::from(d < 0.0)]));
                }
                leave = leave.min(a.max(b));
            }
            if enter >= leave {
                return None;
            }
            let mut at = arrive(shape, ray, enter);
            at.voxel = at.voxel.clamp(around.min, around.max - 1);
            at.entered = side;
            Some(at)
        }
        Shape::CubeSphere(_) => {
            let crossings = shape.crossings(at.region, ray);
            let is_above = at.voxel.y >= around.max.y;
            let (at_m, y) = if is_above {
                // Down to the top of the lattice, through everything above it.
                let above = SizedBox {
                    min: IVec3::splat(around.max.y),
                    size: IVec3::splat(i32::MAX - around.max.y),
                };
                let (at_m, step) = crossings.exit_along(1, above, 0.0);
                (if step < 0 { at_m } else { f64::INFINITY }, around.max.y - 1)
            } else {
                let below =
                    SizedBox { min: IVec3::splat(-around.max.y), size: IVec3::splat(around.max.y) };
                (crossings.exit_along(1, below, 0.0).0, around.min.y)
            };
            if !at_m.is_finite() {
                return None;
            }
            let mut at = arrive(shape, ray, at_m);
            at.voxel.y = y;
            at.entered = Some(if is_above { Face::PosY } else { Face::NegY });
            Some(at)
        }
    }
}
