//! [`Dunes`]: the sand seas' ground.
//!
//! A train of dunes is a phase that grows by one from crest to crest. Noise bends it, so that crests wind,
//! and gives each place a height. Two trains of large dunes cross each other, and the higher one prevails:
//! crests meet, end and rise to peaks. Small dunes wander on the sides of the large ones that the wind reaches
//! (N. Lancaster, "Geomorphology of desert dunes", 1995).
//!
//! Phases and heights vary slowly: they are found at corners some metres apart, counted from the region's
//! corner, and interpolated. What comes out does not depend on which chunk asks.

use bluemarble_core::CubeSphere;
use glam::DVec3;

use super::{
    axes::{FaceAxes, lat_lon_deg},
    dune_trains::{Corner, LARGE, LARGE_NOISE, LENGTH, MEAN, SMALL, SMALL_NOISE, higher, profile},
    ground::{Ground, smoothstep},
    lattice::Lattice,
    octaves::{Octaves, OctavesSampler, SHOWN_CELLS},
    sand::Sand,
};
use crate::interval::Interval;

/// Shares of sand between which dunes rise to their heights.
const SANDY: [f64; 2] = [0.3, 0.75];
/// Heights above the sea, in metres, between which they do.
const INLAND_M: [f64; 2] = [20.0, 60.0];
/// Differences of the grid's nodes around, in metres, between which they cease.
const HILLY_M: [f64; 2] = [110.0, 250.0];
/// Metres between corners, at most, of shares of sand, of large and of small dunes; but at least
/// [`MIN_STRIDE`] cells.
const SPACING_M: [f64; 3] = [1200.0, 40.0, 30.0];
const MIN_STRIDE: [i32; 3] = [8, 8, 8];
/// Corners of shares of sand are no farther away than this where dunes are shown, in metres.
const SHARE_REACH_M: f64 = 2500.0;
/// The fourth power of the height in metres of large dunes that begin to shelter small ones.
const FLAT_4: f64 = 16.0;

/// Where dunes are and how they lie.
pub(super) struct Dunes {
    sand: Sand,
    large: Octaves,
    small: Octaves,
}

/// Factor of all heights by the share of sand. Never falls.
fn sandy(share: f64) -> f64 {
    smoothstep(SANDY, share)
}

/// Factor of all heights by the ground without dunes. Never falls with `base_m`, never grows with
/// `relief_m`.
#[inline]
fn open(base_m: f64, relief_m: f64) -> f64 {
    if base_m >= INLAND_M[1] && relief_m <= HILLY_M[0] {
        return 1.0;
    }
    smoothstep(INLAND_M, base_m) * (1.0 - smoothstep(HILLY_M, relief_m))
}

impl Dunes {
    pub fn new(seed: u64, sand: Sand) -> Self {
        let octave = |(wavelength_m, amplitude)| (wavelength_m, [amplitude, 0.0]);
        Self {
            sand,
            large: Octaves::new(seed ^ 0xd0_0e5e, LARGE_NOISE.map(octave)),
            small: Octaves::new(seed ^ 0x5a_0d00, SMALL_NOISE.map(octave)),
        }
    }

    /// Both large trains at a corner, and the mean height of their dunes.
    fn large(&self, noise: &mut OctavesSampler<'_>, up: DVec3, radius_m: f64) -> [f64; 7] {
        let turned = self.large.turned(up * radius_m);
        let bend = noise.sum_and_slope(&turned, [0, 2]);
        let [more, _] = noise.sums(&turned, [4, 6]);
        let [a, b] = [0, 1].map(|k| {
            let bow = noise.sum_and_slope(&turned, [2 + k, 3 + k]);
            LARGE[k].corner(up, radius_m, [bend, bow], more)
        });
        // A dune covers more of the ground the higher it is.
        let mean_m = MEAN * LENGTH * (a[2] * a[2] / a[1] + b[2] * b[2] / b[1]);
        [a[0], a[1], a[2], b[0], b[1], b[2], mean_m]
    }

    /// The small train at a corner.
    fn small(&self, noise: &mut OctavesSampler<'_>, up: DVec3, radius_m: f64) -> Corner {
        let turned = self.small.turned(up * radius_m);
        let bend = noise.sum_and_slope(&turned, [0, 2]);
        let bow = noise.sum_and_slope(&turned, [2, 3]);
        let [more, _] = noise.sums(&turned, [3, 4]);
        SMALL.corner(up, radius_m, [bend, bow], more)
    }

    /// Bounds of what dunes add in a cap, at any lod. `base_m` and `relief_m` bound the ground there without
    /// dunes.
    pub fn bounds(
        &self,
        direction: DVec3,
        arc_m: f64,
        radius_m: f64,
        [base_m, relief_m]: [Interval; 2],
    ) -> Interval {
        let open = open(base_m.hi, relief_m.lo);
        if open == 0.0 {
            return Interval::point(0.0);
        }
        let arc_deg = ((arc_m + SHARE_REACH_M) / radius_m).to_degrees();
        let most = open * sandy(self.sand.most_within(lat_lon_deg(direction), arc_deg));
        let [first_m, second_m] = LARGE.each_ref().map(|shape| shape.height_m * most);
        let high_m = higher(first_m, second_m) + SMALL.height_m * most;
        Interval::new(-MEAN * (first_m + second_m), high_m)
    }
}

/// A lattice for cells of a width; `which` of [`SPACING_M`] it is.
fn lattice<const N: usize>(cell_m: f64, which: usize) -> Lattice<N> {
    let mut stride = MIN_STRIDE[which];
    while f64::from(stride) * 2.0 * cell_m <= SPACING_M[which] {
        stride *= 2;
    }
    Lattice::new(stride)
}

/// Lays dunes on the ground at one lod of one region.
pub(super) struct DuneSampler<'a> {
    dunes: &'a Dunes,
    radius_m: f64,
    axes: FaceAxes,
    /// Width of a cell in voxels.
    cell: f64,
    /// 0..=1: how much of large and of small dunes the lod shows.
    shown: [f64; 2],
    shares: Lattice<1>,
    large: Lattice<7>,
    small: Lattice<3>,
}

impl<'a> DuneSampler<'a> {
    /// For a region of `sphere` and cells of `2^lod` voxels; `None` if the lod shows no dunes.
    pub fn new(
        dunes: &'a Dunes,
        sphere: CubeSphere,
        voxel_m: f64,
        region: u8,
        lod: u8,
    ) -> Option<Self> {
        let cell = f64::from(1u32 << lod);
        let cell_m = cell * voxel_m;
        // From none where a dune is as long as octaves must be, to all where it is twice as long.
        let shown = [&LARGE[0], &SMALL]
            .map(|shape| (shape.wavelength_m / (SHOWN_CELLS * cell_m) - 1.0).clamp(0.0, 1.0));
        (shown[0] > 0.0).then(|| Self {
            dunes,
            radius_m: sphere.radius_m,
            axes: FaceAxes::new(sphere, region),
            cell,
            shown,
            shares: lattice(cell_m, 0),
            large: lattice(cell_m, 1),
            small: lattice(cell_m, 2),
        })
    }

    /// Looks at all that places a cell apart need; false if there is no sand.
    pub fn look(&mut self, first: [f64; 2], size: [usize; 2]) -> bool {
        let (dunes, radius_m) = (self.dunes, self.radius_m);
        let (on, places) = ((&self.axes, self.cell), (first, size));
        let mut is_bare = true;
        self.shares.look(on, places, |up| {
            let share = sandy(dunes.sand.share_at(lat_lon_deg(up)));
            is_bare &= share == 0.0;
            [share]
        });
        if is_bare {
            return false;
        }
        let mut noise = dunes.large.sampler();
        self.large.look(on, places, |up| dunes.large(&mut noise, up, radius_m));
        if self.shown[1] > 0.0 {
            let mut noise = dunes.small.sampler();
            self.small.look(on, places, |up| dunes.small(&mut noise, up, radius_m));
        }
        true
    }

    /// Lays dunes on a row of the places last looked at.
    pub fn lay(&mut self, z: f64, row: &mut [Ground]) {
        let is_small = self.shown[1] > 0.0;
        self.shares.row(z);
        self.large.row(z);
        if is_small {
            self.small.row(z);
        }
        for (place, ground) in row.iter_mut().enumerate() {
            let [share] = self.shares.at(place);
            let factor = share * open(ground.base_m, ground.relief_m);
            if factor <= 0.0 {
                continue;
            }
            let [a, a_length_m, a_m, b, b_length_m, b_m, mean_m] = self.large.at(place);
            let (a_m, a_moved) = profile([a, a_length_m, a_m * factor]);
            let (b_m, b_moved) = profile([b, b_length_m, b_m * factor]);
            let large_m = higher(a_m, b_m) - mean_m * factor * factor;
            ground.height_m += self.shown[0] * large_m;
            if is_small {
                let [phase, length_m, height_m] = self.small.at(place);
                let (small_m, _) = profile([phase, length_m, height_m * factor]);
                if small_m <= 0.0 {
                    continue;
                }
                let (a2, b2) = (a_m * a_m, b_m * b_m);
                let (a4, b4) = (a2 * a2, b2 * b2);
                // Where large dunes are flat, the wind reaches all.
                let moved = (a4 * a_moved + b4 * b_moved + FLAT_4) / (a4 + b4 + FLAT_4);
                ground.height_m += self.shown[1] * small_m * moved;
            }
        }
    }
}
