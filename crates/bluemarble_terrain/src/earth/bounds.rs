//! Bounds of the ground over a piece of the globe, for a lod and all finer ones: what `classify` asks.

use glam::{DVec3, dvec3};

use super::{
    axes::lat_lon_deg,
    height::{HeightField, away_from_shore, eroded, low_m, room_m, texture_share},
    octaves::{Octaves, Turned},
};
use crate::{
    elevation::{CharacterSampler, GridSampler},
    interval::Interval,
    noise,
};

/// Bounds of the ground in a cap, for a lod and all finer ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct GroundBounds {
    pub height_m: Interval,
    /// The smooth surface.
    pub base_m: Interval,
    /// Factor of the amplitudes of erosion.
    pub strength: Interval,
}

/// Bounds of one of the sums of octaves around a place, whichever of them a lod shows: from `count` on they
/// may be there or not.
fn sum_bounds(
    octaves: &Octaves,
    turned: &Turned,
    radius_m: f64,
    count: usize,
    which: usize,
) -> Interval {
    let mut sum = Interval::point(0.0);
    for (index, octave) in octaves.list.iter().enumerate() {
        let steep = noise::MAX_SLOPE * radius_m / octave.wavelength_m;
        let value = if index < count && steep < noise::MAX_ABS {
            let here = octaves.value_at(turned, index);
            Interval::around(here, steep + 1e-5).meet(Interval::around(0.0, noise::MAX_ABS))
        } else {
            Interval::around(0.0, noise::MAX_ABS)
        };
        sum = sum + value * octave.amplitudes[which];
    }
    sum
}

impl HeightField {
    /// Bounds over all places within `radius` (a chord of the unit sphere) of a unit direction, at this
    /// lod and all finer ones.
    pub fn bounds(&self, direction: DVec3, radius: f64, lod: u8) -> GroundBounds {
        let is_mean = self.mean_level(lod).is_some();
        let cell_m = self.cell_m(lod);
        let radius_m = radius * self.shape.radius_m;
        let turned = self.turned(direction);
        // Where the grid is asked for a place is shifted; how far neighbours are is stretched by that.
        let warp = &self.warp.list[0];
        let most = 3f64.sqrt() * warp.amplitudes[0];
        let stretch = 1.0 + most * noise::MAX_SLOPE / warp.wavelength_m;
        let whole_m = radius_m + most * noise::MAX_ABS;
        let (asked, grid_radius_m) = if is_mean || radius_m * stretch > whole_m {
            (direction, whole_m)
        } else {
            let shift = |index: usize| warp.amplitudes[0] * self.warp.value_at(&turned, index);
            let asked = direction + dvec3(shift(0), shift(1), shift(2)) / self.shape.radius_m;
            (asked.normalize(), radius_m * stretch)
        };
        // Means look around by half a cell and by a block of nodes.
        let reach_m = grid_radius_m + if is_mean { 2.0 * cell_m } else { 0.0 };
        let chord = reach_m * 1.001 / self.shape.radius_m;
        let arc_deg = (2.0 * (chord * 0.5).min(1.0).asin()).to_degrees() * 1.000_001 + 1e-9;
        let [lat_deg, lon_deg] = lat_lon_deg(asked);
        let mut base_m = GridSampler::new(&self.grid).bounds(lat_deg, lon_deg, arc_deg).height_m;
        let relief_m = CharacterSampler::new(&self.grid).relief_bounds(lat_deg, lon_deg, arc_deg);
        if is_mean {
            let lo = if base_m.lo < 0.0 { base_m.lo.min(-0.5) } else { base_m.lo };
            let hi = if base_m.hi >= 0.0 { base_m.hi.max(0.5) } else { base_m.hi };
            base_m = Interval::new(lo, hi);
        }
        let by_side = |f: fn(f64) -> f64| {
            let (a, b) = (f(base_m.lo), f(base_m.hi));
            let least = if base_m.abs().lo == 0.0 { f(0.0) } else { a.min(b) };
            Interval::new(least, a.max(b))
        };
        let away = by_side(away_from_shore);
        let strength = Interval::new(0.0, eroded(relief_m.hi) * away.hi);
        let count = self.low.count_for(cell_m);
        let low = sum_bounds(&self.low, &turned, radius_m, count, 0);
        let raised = relief_m.rising(low_m) * away * low
            + Interval::around(0.0, strength.hi * self.erosion.reach_m(0));
        let count = self.texture.count_for(cell_m);
        let texture = sum_bounds(&self.texture, &turned, radius_m, count, 0);
        let crags = sum_bounds(&self.texture, &turned, radius_m, 0, 1);
        let mut height_m = base_m
            + self.summits.bounds(direction, radius)
            + settled_bounds(base_m, raised)
            + by_side(texture_share) * texture
            + strength * crags;
        if let Some(dunes) = &self.dunes {
            let arc_m = arc_deg.to_radians() * self.shape.radius_m;
            let added_m = dunes.bounds(direction, arc_m, self.shape.radius_m, [base_m, relief_m]);
            height_m = height_m.hull(height_m + added_m);
        }
        if is_mean {
            // The means themselves bear no detail.
            height_m = height_m.hull(base_m);
        }
        GroundBounds { height_m: height_m.grown(0.05), base_m, strength }
    }
}

/// Bounds of what [`settled`] makes of anything raised between bounds.
fn settled_bounds(base_m: Interval, raised_m: Interval) -> Interval {
    // The room grows on both sides of the sea level.
    let room = |is_low: bool| {
        let room = |base_m: f64| room_m(base_m, is_low == (base_m >= 0.0));
        let ends = [room(base_m.lo), room(base_m.hi)];
        let least = if base_m.abs().lo == 0.0 { room(0.0) } else { ends[0].min(ends[1]) };
        Interval::new(least, ends[0].max(ends[1]))
    };
    let (low, high) = (room(true), room(false));
    let settled = |raised_m: f64, room_m: f64| raised_m * room_m / (room_m + raised_m.abs());
    let raised = raised_m;
    Interval::new(
        if raised.lo < 0.0 { settled(raised.lo, low.hi) } else { settled(raised.lo, high.lo) },
        if raised.hi < 0.0 { settled(raised.hi, low.lo) } else { settled(raised.hi, high.hi) },
    )
}
