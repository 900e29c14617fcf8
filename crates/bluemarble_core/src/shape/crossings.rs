//! [`Crossings`]: where a ray crosses the borders between cells of a region.
//!
//! The cells of a cube-sphere are bounded by planes through the planet's centre (x and z constant) and
//! by spheres around it (y constant), so every crossing is exact: nothing is approximated by short
//! straight pieces. A ray passes the borders of each axis in one order, from one side to the other (y on a
//! planet: down to its lowest point, then up), so a leap over many cells can be made to end in exactly the cell
//! that a walk from cell to cell would be in: the crossings themselves decide where rounding leaves doubt.

use glam::{DVec3, IVec3};

use super::{CubeSphere, Flat, Shape, cube_sphere, ray::Ray};

/// Positions this close to a border of a region, in voxels, are only kept from it by rounding.
const BORDER_VOXELS: f64 = 1e-6;
/// Nearer to a border than this, in voxels, rounding may have put a position on its wrong side.
const DOUBT_VOXELS: f64 = 1e-6;
/// Added to a small number, it leaves the nearest whole number in the lowest bits.
const TO_INTEGER: f64 = (3u64 << 51) as f64;
/// A ray that nears a plane by less than this per metre does not meet it within a planet's reach.
const PARALLEL: f64 = 1e-12;
/// A crossing may seem to lie this much, in metres, behind the place that the ray has reached.
const BEHIND_M: f64 = 1e-6;

/// An aligned cube of voxels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cube {
    /// The smallest voxel.
    pub min: IVec3,
    /// Its edge in voxels.
    pub edge: i32,
}

impl Cube {
    /// The aligned cube of `1 << edge_log2` voxels around a voxel.
    #[inline]
    pub fn around(voxel: IVec3, edge_log2: u32) -> Self {
        let edge = 1 << edge_log2;
        Self { min: voxel & -edge, edge }
    }
}

/// How a ray leaves a cube.
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
    /// Where the ray, being in a cube at `now_m`, leaves it along one axis, and in which direction.
    fn exit_along(&self, axis: usize, cube: Cube, now_m: f64) -> (f64, i32);

    /// The coordinate that a voxel of the ray has at `at_m` along one axis, being `from` somewhat before in
    /// the same cube. Crossings at `at_m` itself count as made if `ties` says so.
    fn coordinate(&self, axis: usize, from: i32, cube: Cube, at_m: f64, ties: bool) -> i32;

    /// Where the ray leaves a cube; among equals through the side of the first axis.
    #[inline]
    fn exit(&self, cube: Cube, now_m: f64) -> Exit {
        let [x, y, z] = [0, 1, 2].map(|axis| self.exit_along(axis, cube, now_m));
        let mut exit = Exit { axis: 0, step: x.1, at_m: x.0 };
        if y.0 < exit.at_m {
            exit = Exit { axis: 1, step: y.1, at_m: y.0 };
        }
        if z.0 < exit.at_m {
            exit = Exit { axis: 2, step: z.1, at_m: z.0 };
        }
        exit
    }

    /// The voxel in which a ray, being at `from` in a cube at `now_m`, is just after it has left the cube, and how
    /// it leaves.
    #[inline]
    fn leap(&self, from: IVec3, cube: Cube, now_m: f64) -> (IVec3, Exit) {
        let exit = self.exit(cube, now_m);
        let mut voxel = from;
        for axis in 0..3 {
            voxel[axis] = if axis != exit.axis {
                self.coordinate(axis, from[axis], cube, exit.at_m, axis < exit.axis)
            } else if exit.step > 0 {
                cube.min[axis] + cube.edge
            } else {
                cube.min[axis] - 1
            };
        }
        (voxel, exit)
    }
}

/// A coordinate between `min` and `max` from an estimate of the position, made exact: `crossed` says of a
/// border whether the ray, which goes one way only, has passed it.
#[inline]
fn settle(
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

/// In a flat world: borders are parallel planes.
#[derive(Clone, Copy, Debug)]
pub struct FlatCrossings {
    /// In voxels.
    origin: DVec3,
    /// Voxels a metre.
    speed: DVec3,
    /// Metres a voxel; infinite along an axis on which the ray does not move.
    pace: DVec3,
    /// All bits set along axes on which the ray moves up or not at all, else none.
    forwards: [i32; 3],
}

impl FlatCrossings {
    /// The crossings of a ray.
    pub fn new(flat: &Flat, ray: &Ray) -> Self {
        let speed = ray.direction * (1.0 / flat.voxel_m);
        let pace = |speed: f64| if speed == 0.0 { f64::INFINITY } else { 1.0 / speed };
        Self {
            origin: ray.origin / flat.voxel_m,
            speed,
            pace: DVec3::new(pace(speed.x), pace(speed.y), pace(speed.z)),
            forwards: speed.to_array().map(|speed| if speed >= 0.0 { -1 } else { 0 }),
        }
    }

    #[inline]
    fn crossing_m(&self, axis: usize, border: i32) -> f64 {
        (f64::from(border) - self.origin[axis]) * self.pace[axis]
    }
}

impl Crossings for FlatCrossings {
    #[inline]
    fn exit_along(&self, axis: usize, cube: Cube, _now_m: f64) -> (f64, i32) {
        // Far outside of every region positions have no meaning and may be anything.
        let border = cube.min[axis].wrapping_add(cube.edge & self.forwards[axis]);
        (self.crossing_m(axis, border), 1 + 2 * !self.forwards[axis])
    }

    #[inline]
    fn coordinate(&self, axis: usize, from: i32, cube: Cube, at_m: f64, ties: bool) -> i32 {
        let speed = self.speed[axis];
        if speed == 0.0 {
            return from;
        }
        let position = self.origin[axis] + speed * at_m;
        let min = cube.min[axis];
        settle(position, (min, min + cube.edge), from, if speed > 0.0 { 1 } else { -1 }, |border| {
            let crossing_m = self.crossing_m(axis, border);
            crossing_m < at_m || ties && crossing_m == at_m
        })
    }

    /// The same as the walk along each axis by itself, with selections in place of branches: which side a ray
    /// leaves through can not be foreseen.
    #[inline]
    fn leap(&self, from: IVec3, cube: Cube, now_m: f64) -> (IVec3, Exit) {
        let min = cube.min.to_array();
        // In the direction of the ray: the border ahead of the cube.
        let borders = [0, 1, 2].map(|axis| min[axis].wrapping_add(cube.edge & self.forwards[axis]));
        let [x_m, y_m, z_m] = [0, 1, 2].map(|axis| self.crossing_m(axis, borders[axis]));
        let is_before_y = x_m <= y_m;
        let before_z_m = if is_before_y { x_m } else { y_m };
        let is_z = z_m < before_z_m;
        let at_m = if is_z { z_m } else { before_z_m };
        let leaves = [is_before_y & !is_z, !is_before_y & !is_z, is_z];
        let (mut voxel, mut doubt) = ([0; 3], 0.0);
        for axis in 0..3 {
            let above = (self.origin[axis] - f64::from(min[axis])) + self.speed[axis] * at_m;
            // Rounded down, or up in a case of doubt.
            let rounded = (above - 0.5) + TO_INTEGER;
            let from_middle = (above - (rounded - TO_INTEGER) - 0.5).abs();
            let inside = min[axis].wrapping_add(rounded.to_bits() as i32);
            // Beyond a border that is crossed upwards lies the voxel of the same number.
            let beyond = borders[axis].wrapping_add(!self.forwards[axis]);
            voxel[axis] = if leaves[axis] { beyond } else { inside };
            let own_doubt = if leaves[axis] { 0.0 } else { from_middle };
            doubt = if own_doubt > doubt { own_doubt } else { doubt };
        }
        let axis = usize::from(leaves[1]) + 2 * usize::from(is_z);
        let step = 1 + 2 * !self.forwards[axis];
        if doubt > 0.5 - DOUBT_VOXELS {
            for other in (0..3).filter(|&other| other != axis) {
                voxel[other] = self.coordinate(other, from[other], cube, at_m, other < axis);
            }
        }
        let voxel = IVec3::from_array(voxel);
        (voxel, Exit { axis, step, at_m: if at_m > now_m { at_m } else { now_m } })
    }
}

/// On a planet, in one region. Has a meaning only on the region's side of the globe.
#[derive(Clone, Copy, Debug)]
pub struct SphereCrossings {
    planet: CubeSphere,
    ray: Ray,
    /// Of x and of z: the axis' part of the origin and of the direction.
    along: [(f64, f64); 2],
    /// The outward part of the same.
    out: (f64, f64),
    /// Which way x and z go.
    steps: [i32; 2],
    /// Where the ray is nearest to the centre, in metres along it.
    lowest_m: f64,
    origin_radius_m: f64,
}

impl SphereCrossings {
    /// The crossings of a ray with the borders of a region.
    pub fn new(planet: &CubeSphere, region: u8, ray: &Ray) -> Self {
        let (axis_x, out, axis_z) = cube_sphere::face_axes(region);
        let parts = |axis: DVec3| (axis.dot(ray.origin), axis.dot(ray.direction));
        let (along, out) = ([parts(axis_x), parts(axis_z)], parts(out));
        // Seen from the planet's centre the ray turns one way only.
        let step = |along: (f64, f64)| if along.1 * out.0 - along.0 * out.1 > 0.0 { 1 } else { -1 };
        Self {
            planet: *planet,
            ray: *ray,
            along,
            out,
            steps: along.map(step),
            lowest_m: -ray.origin.dot(ray.direction),
            origin_radius_m: ray.origin.length(),
        }
    }

    /// The crossing with a border of constant x (0) or z (1); infinite if there is none ahead.
    #[inline]
    fn plane_m(&self, which: usize, border: i32) -> f64 {
        let (sin, cos) = cube_sphere::angle_of(f64::from(border)).sin_cos();
        let (origin, direction) = self.along[which];
        let height = origin * cos - self.out.0 * sin;
        let speed = direction * cos - self.out.1 * sin;
        let is_ahead = speed * f64::from(self.steps[which]) > PARALLEL;
        if is_ahead { -height / speed } else { f64::INFINITY }
    }

    /// The crossing with a border of constant y on the way down or up; `None` if the ray stays above.
    #[inline]
    fn sphere_m(&self, border: i32, is_up: bool) -> Option<f64> {
        let radius_m = self.planet.radius_of(f64::from(border));
        // (|o| - r)(|o| + r) keeps the digits that |o|² - r² loses.
        let beyond = (self.origin_radius_m - radius_m) * (self.origin_radius_m + radius_m);
        let discriminant = self.lowest_m * self.lowest_m - beyond;
        (radius_m >= 0.0 && discriminant >= 0.0).then(|| {
            let half_m = discriminant.sqrt();
            if is_up { self.lowest_m + half_m } else { self.lowest_m - half_m }
        })
    }
}

impl Crossings for SphereCrossings {
    #[inline]
    fn exit_along(&self, axis: usize, cube: Cube, now_m: f64) -> (f64, i32) {
        let (min, max) = (cube.min[axis], cube.min[axis].wrapping_add(cube.edge));
        if axis != 1 {
            let step = self.steps[axis / 2];
            return (self.plane_m(axis / 2, if step > 0 { max } else { min }), step);
        }
        if now_m < self.lowest_m
            && let Some(at_m) = self.sphere_m(min, false)
            && at_m >= now_m - BEHIND_M
        {
            return (at_m, -1);
        }
        (self.sphere_m(max, true).unwrap_or(f64::INFINITY), 1)
    }

    fn coordinate(&self, axis: usize, from: i32, cube: Cube, at_m: f64, ties: bool) -> i32 {
        let (min, max) = (cube.min[axis], cube.min[axis] + cube.edge);
        let is_made = |crossing_m: f64| crossing_m < at_m || ties && crossing_m == at_m;
        if axis != 1 {
            let (origin, direction) = self.along[axis / 2];
            let depth = self.out.0 + self.out.1 * at_m;
            let position = cube_sphere::lattice_of((origin + direction * at_m).atan2(depth));
            let crossed = |border| is_made(self.plane_m(axis / 2, border));
            return settle(position, (min, max), from, self.steps[axis / 2], crossed);
        }
        let position = self.planet.lattice_y(self.ray.at(at_m));
        if at_m < self.lowest_m {
            let crossed = |border| self.sphere_m(border, false).is_some_and(is_made);
            settle(position, (min, max), from, -1, crossed)
        } else {
            // On the way down it may have been lower than it is now.
            let crossed = |border| self.sphere_m(border, true).is_none_or(is_made);
            settle(position, (min, max), min, 1, crossed)
        }
    }
}

/// [`Crossings`] of any shape.
#[derive(Clone, Copy, Debug)]
pub enum AnyCrossings {
    /// In a flat world.
    Flat(FlatCrossings),
    /// On a planet.
    Sphere(SphereCrossings),
}

impl Crossings for AnyCrossings {
    fn exit_along(&self, axis: usize, cube: Cube, now_m: f64) -> (f64, i32) {
        match self {
            Self::Flat(crossings) => crossings.exit_along(axis, cube, now_m),
            Self::Sphere(crossings) => crossings.exit_along(axis, cube, now_m),
        }
    }

    fn coordinate(&self, axis: usize, from: i32, cube: Cube, at_m: f64, ties: bool) -> i32 {
        match self {
            Self::Flat(crossings) => crossings.coordinate(axis, from, cube, at_m, ties),
            Self::Sphere(crossings) => crossings.coordinate(axis, from, cube, at_m, ties),
        }
    }
}

impl Shape {
    /// The crossings of a ray with the borders of a region.
    pub fn crossings(&self, region: u8, ray: &Ray) -> AnyCrossings {
        match self {
            Self::Flat(flat) => AnyCrossings::Flat(FlatCrossings::new(flat, ray)),
            Self::CubeSphere(planet) => {
                AnyCrossings::Sphere(SphereCrossings::new(planet, region, ray))
            }
        }
    }

    /// The voxel, as `region` counts them, in which a ray is at a distance. It may lie outside of the region.
    pub fn voxel_along(&self, ray: &Ray, region: u8, at_m: f64) -> IVec3 {
        let mut lattice = self.from_world_in(region, ray.at(at_m));
        // A ray along the border of two regions must not fall between them.
        let around = self.region_box();
        for axis in [0, 2] {
            let (low, high) = (f64::from(around.min[axis]), f64::from(around.max[axis]));
            if (low - BORDER_VOXELS..low).contains(&lattice[axis]) {
                lattice[axis] = low;
            } else if (high..high + BORDER_VOXELS).contains(&lattice[axis]) {
                lattice[axis] = high - BORDER_VOXELS;
            }
        }
        lattice.floor().as_ivec3()
    }
}
