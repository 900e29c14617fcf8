//! [`Crossings`]: what every shape answers of the borders that a ray crosses.

use glam::IVec3;

/// Nearer to a border than this, in voxels, rounding may have put a position on its wrong side.
const DOUBT_VOXELS: f64 = 1e-6;

/// A box of voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizedBox {
    /// The smallest voxel.
    pub min: IVec3,
    /// Its edges in voxels.
    pub size: IVec3,
}

impl SizedBox {
    /// The aligned box around a voxel that is `1 << wide_log2` voxels wide along x and z and
    /// `1 << high_log2` along y.
    #[inline]
    pub fn around(voxel: IVec3, wide_log2: u32, high_log2: u32) -> Self {
        let (wide, high) = (1 << wide_log2, 1 << high_log2);
        let size = IVec3::new(wide, high, wide);
        Self { min: voxel & -size, size }
    }
}

/// How a ray leaves a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// The axis of the side through which it leaves.
    pub axis: usize,
    /// 1 towards larger coordinates, -1 towards smaller ones.
    pub step: i32,
    /// Where, in metres along the ray; infinite if it never leaves.
    pub at_m: f64,
}

/// Crossings of one ray with the borders of voxels of one region. Distances are metres along the ray.
pub trait Crossings {
    /// Where the ray, being in a box at `now_m`, leaves it along one axis, and in which direction.
    fn exit_along(&self, axis: usize, within: SizedBox, now_m: f64) -> (f64, i32);

    /// The coordinate that a voxel of the ray has at `at_m` along one axis, being `from` somewhat before in
    /// the same box. Crossings at `at_m` itself count as made if `ties` says so.
    fn coordinate(&self, axis: usize, from: i32, within: SizedBox, at_m: f64, ties: bool) -> i32;

    /// Where the ray leaves a box; among equals through the side of the first axis.
    #[inline]
    fn exit(&self, within: SizedBox, now_m: f64) -> Exit {
        let [x, y, z] = [0, 1, 2].map(|axis| self.exit_along(axis, within, now_m));
        let mut exit = Exit { axis: 0, step: x.1, at_m: x.0 };
        if y.0 < exit.at_m {
            exit = Exit { axis: 1, step: y.1, at_m: y.0 };
        }
        if z.0 < exit.at_m {
            exit = Exit { axis: 2, step: z.1, at_m: z.0 };
        }
        exit
    }

    /// The voxel in which a ray, being at `from` in a box at `now_m`, is just after it has left the box, and how
    /// it leaves, not before `now_m`.
    #[inline]
    fn leap(&self, from: IVec3, within: SizedBox, now_m: f64) -> (IVec3, Exit) {
        leap_by_axes(self, from, within, now_m)
    }
}

/// [`Crossings::leap`], axis by axis.
pub(super) fn leap_by_axes(
    crossings: &(impl Crossings + ?Sized),
    from: IVec3,
    within: SizedBox,
    now_m: f64,
) -> (IVec3, Exit) {
    let mut exit = crossings.exit(within, now_m);
    let mut voxel = from;
    for axis in 0..3 {
        voxel[axis] = if axis != exit.axis {
            crossings.coordinate(axis, from[axis], within, exit.at_m, axis < exit.axis)
        } else if exit.step > 0 {
            within.min[axis].wrapping_add(within.size[axis])
        } else {
            within.min[axis].wrapping_sub(1)
        };
    }
    // Rounding may put a crossing a hair before the last one; distances never run backwards.
    exit.at_m = exit.at_m.max(now_m);
    (voxel, exit)
}

/// A coordinate between `min` and `max` from an estimate of the position, made exact: `crossed` says of a
/// border whether the ray, which goes one way only, has passed it.
#[inline]
pub(super) fn settle(
    position: f64,
    (min, max): (i32, i32),
    from: i32,
    step: i32,
    crossed: impl Fn(i32) -> bool,
) -> i32 {
    let above = position - f64::from(min);
    // A cast rounds towards zero and saturates.
    let mut at = min + (above as i32).clamp(0, max - min - 1);
    let within = position - f64::from(at);
    if within > DOUBT_VOXELS && within < 1.0 - DOUBT_VOXELS {
        return at;
    }
    if step > 0 {
        at = at.max(from);
        while at + 1 < max && crossed(at + 1) {
            at += 1;
        }
        while at > from && !crossed(at) {
            at -= 1;
        }
    } else {
        at = at.min(from);
        while at > min && crossed(at) {
            at -= 1;
        }
        while at < from && !crossed(at + 1) {
            at += 1;
        }
    }
    at
}
