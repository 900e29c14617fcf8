//! [`FlatCrossings`]: in a flat world.

use glam::{DVec3, IVec3};

use super::borders::{Crossings, Exit, SizedBox, leap_by_axes, settle};
use crate::shape::{flat::Flat, ray::Ray};

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

    #[inline]
    fn step(&self, axis: usize) -> i32 {
        1 + 2 * !self.forwards[axis]
    }
}

impl Crossings for FlatCrossings {
    #[inline]
    fn exit_along(&self, axis: usize, within: SizedBox, _now_m: f64) -> (f64, i32) {
        // Far outside of every region positions have no meaning and may be anything.
        let border = within.min[axis].wrapping_add(within.size[axis] & self.forwards[axis]);
        (self.crossing_m(axis, border), self.step(axis))
    }

    #[inline]
    fn coordinate(&self, axis: usize, from: i32, within: SizedBox, at_m: f64, ties: bool) -> i32 {
        let speed = self.speed[axis];
        if speed == 0.0 {
            return from;
        }
        let position = self.origin[axis] + speed * at_m;
        let min = within.min[axis];
        settle(position, (min, min + within.size[axis]), from, self.step(axis), |border| {
            let crossing_m = self.crossing_m(axis, border);
            crossing_m < at_m || ties && crossing_m == at_m
        })
    }

    #[inline(always)]
    fn leap(&self, from: IVec3, within: SizedBox, now_m: f64) -> (IVec3, Exit) {
        #[cfg(target_arch = "x86_64")]
        if let Some(beyond) = x86::leap(self, within, now_m) {
            return beyond;
        }
        leap_by_axes(self, from, within, now_m)
    }
}

/// Leaps by what every x86-64 has: two numbers at a time, and nothing that depends on which side a ray leaves
/// through, which can not be foreseen.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use glam::{DVec3, IVec3};
    use safe_arch::{
        add_i32_m128i, add_m128d, bitand_m128i, bitandnot_m128i, bitor_m128i,
        cast_to_m128_from_m128d, cast_to_m128_from_m128i, cast_to_m128d_from_m128i,
        cast_to_m128i_from_m128, cast_to_m128i_from_m128d, cmp_eq_mask_m128d,
        cmp_lt_mask_i32_m128i, convert_to_m128d_from_lower2_i32_m128i, get_f64_from_m128d_s,
        get_i32_from_m128i_s, m128d, m128i, min_m128d_s, move_mask_m128, mul_m128d, set_m128d_s,
        set_reversed_i32_m128i, set_reversed_m128d, set_splat_i32_m128i, set_splat_m128d,
        shr_imm_u64_m128i, shuffle_abi_f32_all_m128, shuffle_ai_f32_all_m128i, sub_m128d,
        unpack_high_m128d, unpack_low_m128d,
    };

    use super::{
        super::borders::{Exit, SizedBox},
        FlatCrossings,
    };

    /// Added to a position in voxels, it leaves it in the lowest bits as a fixed-point number with so many bits
    /// behind the point; with just so many, what was added is not in the lower half of the whole part.
    const TO_FIXED: f64 = (3u64 << 51 >> FRACTION_BITS) as f64;
    const FRACTION_BITS: i32 = 19;
    /// Nearer to a border than this, in the same, rounding may have put a position on its wrong side.
    const DOUBT: i32 = 4;
    /// Bits of x, y and z.
    const AXES: i32 = 0b111;

    /// A number for each axis: x and y, and z.
    #[derive(Clone, Copy)]
    struct Three(m128d, m128d);

    impl Three {
        #[inline(always)]
        fn new(vector: DVec3) -> Self {
            Self(set_reversed_m128d(vector.x, vector.y), set_m128d_s(vector.z))
        }

        #[inline(always)]
        fn map(self, does: impl Fn(m128d) -> m128d) -> Self {
            Self(does(self.0), does(self.1))
        }

        #[inline(always)]
        fn with(self, other: Self, does: impl Fn(m128d, m128d) -> m128d) -> Self {
            Self(does(self.0, other.0), does(self.1, other.1))
        }

        /// The lower halves of the numbers.
        #[inline(always)]
        fn low_halves(self) -> m128i {
            let Self(xy, z) = self;
            let (xy, z) = (cast_to_m128_from_m128d(xy), cast_to_m128_from_m128d(z));
            cast_to_m128i_from_m128(shuffle_abi_f32_all_m128::<0b10_00_10_00>(xy, z))
        }
    }

    #[inline(always)]
    fn bits(mask: m128i) -> i32 {
        move_mask_m128(cast_to_m128_from_m128i(mask)) & AXES
    }

    /// [`leap_by_axes`](super::super::borders::leap_by_axes); `None` where that alone can tell: through an edge or a corner of the box, or
    /// close to a border along another axis.
    #[inline(always)]
    pub fn leap(ray: &FlatCrossings, within: SizedBox, now_m: f64) -> Option<(IVec3, Exit)> {
        let [x, y, z] = ray.forwards;
        let forwards = set_reversed_i32_m128i(x, y, z, 0);
        let min = set_reversed_i32_m128i(within.min.x, within.min.y, within.min.z, 0);
        // Ahead of the box, in the direction of the ray.
        let size = set_reversed_i32_m128i(within.size.x, within.size.y, within.size.z, 0);
        let borders = add_i32_m128i(min, bitand_m128i(size, forwards));
        let ahead = Three(
            convert_to_m128d_from_lower2_i32_m128i(borders),
            convert_to_m128d_from_lower2_i32_m128i(shuffle_ai_f32_all_m128i::<0b11_10>(borders)),
        );
        let origin = Three::new(ray.origin);
        let crossings = ahead.with(origin, sub_m128d).with(Three::new(ray.pace), mul_m128d);
        // The upper number of the lesser of two lower ones is the first pair's: y.
        let xz_y = min_m128d_s(crossings.0, crossings.1);
        let first = min_m128d_s(xz_y, unpack_high_m128d(xz_y, xz_y));
        let at = unpack_low_m128d(first, first);
        let is_left = crossings.map(|crossing| cmp_eq_mask_m128d(crossing, at)).low_halves();
        let left = bits(is_left);

        let way = Three::new(ray.speed).map(|speed| mul_m128d(speed, at));
        let to_fixed = set_splat_m128d(TO_FIXED);
        let fixed = origin.map(|origin| add_m128d(origin, to_fixed)).with(way, add_m128d);
        let whole = |fixed| {
            let shifted = shr_imm_u64_m128i::<FRACTION_BITS>(cast_to_m128i_from_m128d(fixed));
            cast_to_m128d_from_m128i(shifted)
        };
        let inside = fixed.map(whole).low_halves();
        let past_doubt = add_i32_m128i(fixed.low_halves(), set_splat_i32_m128i(DOUBT));
        let past_doubt = bitand_m128i(past_doubt, set_splat_i32_m128i((1 << FRACTION_BITS) - 1));
        let in_doubt = cmp_lt_mask_i32_m128i(past_doubt, set_splat_i32_m128i(2 * DOUBT + 1));
        if bits(bitandnot_m128i(is_left, in_doubt)) | left & (left - 1) != 0 {
            return None;
        }

        // Beyond a border that is crossed upwards lies the voxel of the same number.
        let backwards = bitandnot_m128i(forwards, set_splat_i32_m128i(-1));
        let beyond = bitand_m128i(is_left, add_i32_m128i(borders, backwards));
        let voxel = bitor_m128i(beyond, bitandnot_m128i(is_left, inside));
        let voxel = IVec3::new(
            get_i32_from_m128i_s(voxel),
            get_i32_from_m128i_s(shuffle_ai_f32_all_m128i::<0b01>(voxel)),
            get_i32_from_m128i_s(shuffle_ai_f32_all_m128i::<0b10>(voxel)),
        );
        let axis = (left >> 1) as usize;
        let at_m = get_f64_from_m128d_s(at);
        let at_m = if at_m > now_m { at_m } else { now_m };
        Some((voxel, Exit { axis, step: ray.step(axis), at_m }))
    }
}

#[cfg(test)]
mod tests {
    use glam::dvec3;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn a_leap_ends_where_the_axes_one_by_one_say(
            origin in prop::array::uniform3(prop_oneof![-300.0..300.0, -60e6..60e6, (-300..300).prop_map(f64::from)]),
            direction in prop::array::uniform3(prop_oneof![-1.0..1.0, -1e-7..1e-7, Just(0.0), Just(0.5)]),
            voxel_m in prop_oneof![Just(1.0), Just(0.25), Just(0.3)],
            edges_log2 in prop::collection::vec((0u32..9, 0u32..9), 1..40),
        ) {
            let direction = DVec3::from_array(direction);
            prop_assume!(direction.length() > 1e-8);
            let ray = Ray {
                origin: DVec3::from_array(origin) * voxel_m,
                direction: direction.normalize(),
            };
            let crossings = FlatCrossings::new(&Flat { voxel_m }, &ray);
            let (mut voxel, mut at_m) = (crossings.origin.floor().as_ivec3(), 0.0);
            for (wide_log2, high_log2) in edges_log2 {
                let within = SizedBox::around(voxel, wide_log2, high_log2);
                let expected = leap_by_axes(&crossings, voxel, within, at_m);
                prop_assert_eq!(crossings.leap(voxel, within, at_m), expected);
                (voxel, at_m) = (expected.0, expected.1.at_m);
            }
        }
    }

    #[test]
    fn a_ray_that_stands_still_never_leaves() {
        let ray = Ray { origin: dvec3(0.5, 0.5, 0.5), direction: DVec3::ZERO };
        let crossings = FlatCrossings::new(&Flat { voxel_m: 1.0 }, &ray);
        let (_, exit) = crossings.leap(IVec3::ZERO, SizedBox::around(IVec3::ZERO, 3, 3), 0.0);
        assert!(exit.at_m.is_infinite());
    }
}
