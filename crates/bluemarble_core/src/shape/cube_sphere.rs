//! A planet: six regions, one for each face of an equi-angular cube-sphere.
//!
//! The face a position falls on is the axis of its largest coordinate. On a face, lattice x and z are
//! proportional to the *angles* under which the position is seen from the centre (not to its tangents),
//! which keeps cell widths within a factor of about 1.4 of each other; y is altitude. Equal angles on
//! both sides of an edge make cells of adjacent faces meet exactly.

use std::f64::consts::FRAC_PI_2;

use glam::{DMat3, DVec3, IVec3, dvec3, ivec3};
use serde::{Deserialize, Serialize};

use super::bounds::NodeBounds;
use crate::{
    boxes::{LatticeBox, VoxelBox},
    key::{ChunkKey, MAX_LOD, REGION_EDGE},
    position::LatticePos,
};

/// The Earth's mean radius (IUGG R1) in metres.
pub const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// The lowest voxel layer above sea level: the middle of a region, and so a cell border at every lod.
pub(super) const SEA_LEVEL_Y: i32 = REGION_EDGE / 2;

/// A planet of voxels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CubeSphere {
    /// Radius at sea level in metres.
    pub radius_m: f64,
}

/// The axes of a face as integer directions: `x` and `z` of the lattice and outwards. `x × out = z`.
/// On the four equatorial faces x points east and z south.
#[derive(Clone, Copy)]
struct FaceFrame {
    x: IVec3,
    out: IVec3,
    z: IVec3,
}

const FRAMES: [FaceFrame; 6] = [
    FaceFrame { x: IVec3::NEG_Z, out: IVec3::X, z: IVec3::NEG_Y },
    FaceFrame { x: IVec3::Z, out: IVec3::NEG_X, z: IVec3::NEG_Y },
    FaceFrame { x: IVec3::X, out: IVec3::Y, z: IVec3::Z },
    FaceFrame { x: IVec3::X, out: IVec3::NEG_Y, z: IVec3::NEG_Z },
    FaceFrame { x: IVec3::X, out: IVec3::Z, z: IVec3::NEG_Y },
    FaceFrame { x: IVec3::NEG_X, out: IVec3::NEG_Z, z: IVec3::NEG_Y },
];

/// The axes of a face in local space: lattice x, outwards, lattice z.
pub(super) fn face_axes(region: u8) -> (DVec3, DVec3, DVec3) {
    let frame = FRAMES[usize::from(region) % 6];
    (frame.x.as_dvec3(), frame.out.as_dvec3(), frame.z.as_dvec3())
}

const EDGE: f64 = REGION_EDGE as f64;

/// The angle in radians, -π/4..=π/4 within the region, of a lattice x or z.
#[inline]
pub(super) fn angle_of(lattice: f64) -> f64 {
    (lattice / EDGE - 0.5) * FRAC_PI_2
}

#[inline]
pub(super) fn lattice_of(angle: f64) -> f64 {
    (angle / FRAC_PI_2 + 0.5) * EDGE
}

impl CubeSphere {
    pub(super) fn voxel_m(&self) -> f64 {
        self.radius_m * FRAC_PI_2 / EDGE
    }

    /// Distance from the centre in metres of a lattice y.
    pub(super) fn radius_of(&self, lattice_y: f64) -> f64 {
        self.radius_m + (lattice_y - f64::from(SEA_LEVEL_Y)) * self.voxel_m()
    }

    /// The lattice y of a place.
    #[inline]
    pub(super) fn lattice_y(&self, local: DVec3) -> f64 {
        f64::from(SEA_LEVEL_Y) + (local.length() - self.radius_m) / self.voxel_m()
    }

    pub(super) fn region_box(&self) -> LatticeBox {
        LatticeBox::new(IVec3::ZERO, IVec3::splat(REGION_EDGE))
    }

    pub(super) fn roots(&self) -> Vec<ChunkKey> {
        (0..6).map(|region| ChunkKey::new(region, MAX_LOD, IVec3::ZERO)).collect()
    }

    /// The unit direction from the centre through a column of the lattice.
    pub fn direction(&self, region: u8, x: f64, z: f64) -> DVec3 {
        let (axis_x, out, axis_z) = face_axes(region);
        (out + axis_x * angle_of(x).tan() + axis_z * angle_of(z).tan()).normalize()
    }

    pub(super) fn local_from_lattice(&self, region: u8, lattice: DVec3) -> DVec3 {
        self.direction(region, lattice.x, lattice.z) * self.radius_of(lattice.y)
    }

    pub(super) fn lattice_from_local(&self, local: DVec3) -> LatticePos {
        let axis = local.abs().max_position();
        let region = (axis * 2 + usize::from(local[axis] < 0.0)) as u8;
        LatticePos::new(region, self.lattice_from_local_in(region, local))
    }

    pub(super) fn lattice_from_local_in(&self, region: u8, local: DVec3) -> DVec3 {
        let (axis_x, out, axis_z) = face_axes(region);
        let depth = out.dot(local);
        dvec3(
            lattice_of(axis_x.dot(local).atan2(depth)),
            self.lattice_y(local),
            lattice_of(axis_z.dot(local).atan2(depth)),
        )
    }

    /// Folds a position on a grid of `count`² squares a face over an edge of the cube.
    ///
    /// In doubled coordinates centred on the face, the square at `c` beyond the edge at `count` lies on
    /// the next face at depth `count - (c - count)` below that face's edge: angles grow alike on both
    /// sides.
    pub(super) fn fold(&self, region: u8, cell: IVec3, count: i32) -> Option<(u8, IVec3)> {
        let (mut region, mut cell) = (region, cell);
        // Nothing folds from further away, where sums would overflow.
        if cell.cmplt(IVec3::splat(-count)).any() || cell.cmpge(IVec3::splat(2 * count)).any() {
            return None;
        }
        for axis in [0usize, 2] {
            if (0..count).contains(&cell[axis]) {
                continue;
            }
            let frame = FRAMES[usize::from(region) % 6];
            let doubled = (cell * 2 + 1) - count;
            let (over, along, side, other) = if axis == 0 {
                (doubled.x, doubled.z, frame.x, frame.z)
            } else {
                (doubled.z, doubled.x, frame.z, frame.x)
            };
            let excess = over.abs() - count;
            if excess > count {
                return None;
            }
            let place =
                side * (over.signum() * count) + frame.out * (count - excess) + other * along;
            let out = side * over.signum();
            region = FRAMES.iter().position(|frame| frame.out == out)? as u8;
            let frame = FRAMES[usize::from(region)];
            cell = ivec3(
                (place.dot(frame.x) + count - 1) / 2,
                cell.y,
                (place.dot(frame.z) + count - 1) / 2,
            );
        }
        let inside = |v: i32| (0..count).contains(&v);
        (inside(cell.x) && inside(cell.y) && inside(cell.z)).then_some((region, cell))
    }

    pub(super) fn box_bounds(&self, voxels: &VoxelBox) -> NodeBounds {
        let VoxelBox { region, voxels } = *voxels;
        let min = voxels.min.as_dvec3();
        let size = voxels.max.as_dvec3() - min;
        let point =
            |u: f64, v: f64, w: f64| self.local_from_lattice(region, min + dvec3(u, v, w) * size);
        let middle = point(0.5, 0.5, 0.5);
        let up = middle.normalize();
        let ahead = point(0.5 + 1e-3, 0.5, 0.5) - middle;
        let x_axis = (ahead - up * ahead.dot(up)).normalize();
        let axes = DMat3::from_cols(x_axis, up, x_axis.cross(up));
        let into_box = axes.transpose();
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for i in 0..27 {
            let sample = |i: i32| f64::from(i) * 0.5;
            let p = point(sample(i % 3), sample(i / 3 % 3), sample(i / 9));
            let local = into_box * (p - middle);
            low = low.min(local);
            high = high.max(local);
        }
        // Between samples the surface bulges by less than this share of the box.
        let width = size.x.max(size.z);
        let slack = if width > f64::from(REGION_EDGE >> 3) { 0.05 } else { 1e-3 };
        // A thin and wide box bulges by a share of its width: twice the sag of its chords.
        let bulge_m = if size.y < width {
            (width * self.voxel_m()).powi(2) / self.radius_m * 0.1
        } else {
            0.0
        };
        NodeBounds {
            centre: middle + axes * ((low + high) * 0.5),
            axes,
            half_extent_m: (high - low) * (0.5 + slack) + dvec3(0.0, bulge_m, 0.0),
        }
    }

    pub(super) fn max_straight_cells(&self, lod: u8) -> u32 {
        // A chord over w cells of width c sags by (w·c)²/8R.
        let cell_m = self.voxel_m() * f64::from(1u32 << lod);
        let longest = (self.radius_m / (2.0 * cell_m)).sqrt().clamp(1.0, 64.0) as u32;
        1 << longest.ilog2()
    }
}
