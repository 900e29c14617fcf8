//! [`Summits`]: mountains raised to their true heights where the grid is too coarse to hold them.

use bluemarble_core::CubeSphere;
use glam::{DVec3, IVec3, Vec3};
use rustc_hash::FxHashMap;

use crate::interval::Interval;

/// How far from its top a mountain is raised along its ridges: so far at least, and by how much farther for
/// every metre that it is raised, in metres. A mountain of the Himalaya is raised by 2400 m, to 8 km from its top.
const REACH_M: f64 = 2500.0;
const REACH_PER_METRE: f64 = 2.2;
/// How far from its top a mountain is smoother than the ground around, in metres.
const TOP_REACH_M: f64 = 2500.0;
/// How much nearer to the top the middle of a face is than a ridge of the same height, as a share of the mean.
const RIDGES: f64 = 0.22;
/// Edge of the cells of the globe in which summits are looked up, in metres.
const CELL_M: f64 = 10_000.0;
/// How far from where the list has it a summit is looked for, in metres.
const SEARCH_M: f64 = 5000.0;
/// Steps of that search, in metres: over all, then from the best place on.
const SEARCH_STEP_M: f64 = 400.0;
const CLIMB_STEPS_M: [f64; 5] = [200.0, 100.0, 50.0, 25.0, 10.0];

/// A mountain as a list has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Listed {
    pub lat_deg: f64,
    pub lon_deg: f64,
    pub height_m: f64,
}

/// A mountain as it is raised: a pyramid of three faces that grow gentler downwards.
#[derive(Clone, Copy, Debug)]
struct Summit {
    /// Where its top is.
    direction: DVec3,
    /// Little and negative where erosion would make the top higher than it is.
    raise_m: f64,
    /// Where the ridges end.
    reach_m: f64,
    /// Level directions at the top: along the middle of one face, and to its side.
    axes: [DVec3; 2],
}

/// What summits add at a place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bump {
    pub raised_m: f32,
    /// Its gradient in metres per metre, along the axes of the world.
    pub slope: Vec3,
    /// 1 on the very top, 0 from [`TOP_REACH_M`] on.
    pub weight: f32,
}

impl Bump {
    /// A top that is not raised.
    pub const TOP: Self = Self { raised_m: 0.0, slope: Vec3::ZERO, weight: 1.0 };
}

/// Every mountain that is raised.
pub(super) struct Summits {
    list: Vec<Summit>,
    /// Which of them reach into a cell of space.
    cells: FxHashMap<IVec3, Vec<u16>>,
    radius_m: f64,
    /// Bounds of what is raised anywhere.
    raised_m: Interval,
}

impl Summit {
    fn new(direction: DVec3, raise_m: f64) -> Self {
        let (east, north) = direction.any_orthonormal_pair();
        // Each mountain is turned its own way.
        let turn = (direction.x * 7919.0 + direction.z * 6007.0).fract() * std::f64::consts::TAU;
        let (sin, cos) = turn.sin_cos();
        Self {
            direction,
            raise_m,
            reach_m: REACH_M + REACH_PER_METRE * raise_m.max(0.0),
            axes: [east * cos + north * sin, north * cos - east * sin],
        }
    }

    /// By how much the ground is raised so far from the top, and the gradient of that.
    #[inline]
    fn raised(&self, away_m: DVec3) -> Option<(f64, DVec3)> {
        let distance2_m2 = away_m.length_squared();
        if distance2_m2 >= self.reach_m * self.reach_m {
            return None;
        }
        let distance_m = distance2_m2.sqrt();
        if distance_m < 1e-3 {
            return Some((self.raise_m, DVec3::ZERO));
        }
        // Cosine and sine of the bearing, and of three times it.
        let [x, y] = self.axes.map(|axis| axis.dot(away_m) / distance_m);
        let (cos3, sin3) = (x * (x * x - 3.0 * y * y), y * (3.0 * x * x - y * y));
        // How steep the way down is in this direction, 1 along ridges, and how that changes with the bearing.
        let steep = (1.0 + RIDGES * cos3) / (1.0 - RIDGES);
        let turning = -3.0 * RIDGES * sin3 / (1.0 - RIDGES);
        let share = 1.0 - distance_m * steep / self.reach_m;
        if share <= 0.0 {
            return None;
        }
        let outwards = self.axes[0] * x + self.axes[1] * y;
        let sideways = self.axes[1] * x - self.axes[0] * y;
        let fall = -2.0 * self.raise_m * share / self.reach_m;
        Some((self.raise_m * share * share, (outwards * steep + sideways * turning) * fall))
    }
}

impl Default for Summits {
    fn default() -> Self {
        Self::of(Vec::new(), 1.0)
    }
}

impl Summits {
    /// Raises mountains. `smooth_m` is the ground without erosion in a unit direction, by which the top of a
    /// mountain is found; `top_m` is the ground on a top that is not raised.
    pub fn new<S, T>(
        listed: &[Listed],
        sphere: CubeSphere,
        smooth_m: impl Fn() -> S + Sync,
        top_m: impl Fn() -> T + Sync,
    ) -> Self
    where
        S: FnMut(DVec3) -> f64,
        T: FnMut(DVec3) -> f64,
    {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let share = listed.len().div_ceil(threads).max(1);
        let raise = |listed: &[Listed]| -> Vec<Summit> {
            let (mut smooth_m, mut top_m) = (smooth_m(), top_m());
            let mut raise = |listed: &Listed| {
                let (direction, here_m) = highest(listed, sphere.radius_m, &mut smooth_m);
                // Where the grid itself is higher than the list says it is believed.
                Summit::new(direction, listed.height_m.max(here_m) - top_m(direction))
            };
            listed.iter().map(&mut raise).collect()
        };
        let list: Vec<Summit> = std::thread::scope(|scope| {
            let raise = &raise;
            let parts: Vec<_> =
                listed.chunks(share).map(|part| (part, scope.spawn(move || raise(part)))).collect();
            // A thread that failed leaves its work to this one, where it fails for all to see.
            parts
                .into_iter()
                .flat_map(|(part, handle)| handle.join().unwrap_or_else(|_| raise(part)))
                .collect()
        });
        Self::of(list, sphere.radius_m)
    }

    fn of(list: Vec<Summit>, radius_m: f64) -> Self {
        let mut cells: FxHashMap<IVec3, Vec<u16>> = FxHashMap::default();
        for (index, summit) in list.iter().enumerate().take(usize::from(u16::MAX)) {
            let reach = DVec3::splat(summit.reach_m.max(TOP_REACH_M) / radius_m * 1.000_1);
            let low = cell(summit.direction - reach, radius_m);
            let high = cell(summit.direction + reach, radius_m);
            for x in low.x..=high.x {
                for y in low.y..=high.y {
                    for z in low.z..=high.z {
                        cells.entry(IVec3::new(x, y, z)).or_default().push(index as u16);
                    }
                }
            }
        }
        let raised = list.iter().map(|summit| Interval::point(summit.raise_m));
        let raised_m = raised.fold(Interval::point(0.0), Interval::hull);
        Self { list, cells, radius_m, raised_m }
    }

    /// What is raised in a unit direction: where mountains overlap, the one that raises most.
    #[inline]
    pub fn bump(&self, direction: DVec3) -> Bump {
        let Some(near) = self.cells.get(&cell(direction, self.radius_m)) else {
            return Bump::default();
        };
        let (mut highest, mut weight) = (None, 0.0_f64);
        for &index in near {
            let summit = &self.list[usize::from(index)];
            let away_m = (direction - summit.direction) * self.radius_m;
            let share = (1.0 - away_m.length_squared() / (TOP_REACH_M * TOP_REACH_M)).max(0.0);
            weight = weight.max(share * share * share);
            if let Some(raised) = summit.raised(away_m)
                && highest.is_none_or(|(highest_m, _)| raised.0 > highest_m)
            {
                highest = Some(raised);
            }
        }
        let (raised_m, slope) = highest.unwrap_or_default();
        Bump { raised_m: raised_m as f32, slope: slope.as_vec3(), weight: weight as f32 }
    }

    /// Bounds of what is raised within `radius` (a chord of the unit sphere) of a unit direction.
    pub fn bounds(&self, direction: DVec3, radius: f64) -> Interval {
        let radius_m = radius * self.radius_m;
        let mut bounds = Interval::point(0.0);
        let mut meet = |summit: &Summit| {
            let away_m = (direction - summit.direction).length() * self.radius_m;
            let nearest_m = (away_m - radius_m).max(0.0);
            // Nowhere is a mountain higher than along its ridges.
            let share = (1.0 - nearest_m / summit.reach_m).max(0.0);
            bounds = bounds.hull(Interval::point(summit.raise_m * share * share));
        };
        let low = cell(direction - radius, self.radius_m);
        let high = cell(direction + radius, self.radius_m);
        if (high - low).max_element() > 2 {
            // Of wide areas nothing better is known.
            return self.raised_m;
        } else {
            for x in low.x..=high.x {
                for y in low.y..=high.y {
                    for z in low.z..=high.z {
                        let near = self.cells.get(&IVec3::new(x, y, z));
                        near.into_iter().flatten().for_each(|&i| meet(&self.list[usize::from(i)]));
                    }
                }
            }
        }
        bounds
    }

    /// The tops, as unit directions.
    pub fn tops(&self) -> impl Iterator<Item = DVec3> {
        self.list.iter().map(|summit| summit.direction)
    }
}

fn cell(direction: DVec3, radius_m: f64) -> IVec3 {
    (direction * (radius_m / CELL_M)).floor().as_ivec3()
}

/// The unit direction of a place in degrees: y points to the north pole, z to 90° west.
fn direction(lat_deg: f64, lon_deg: f64) -> DVec3 {
    let (lat, lon) = (lat_deg.to_radians(), lon_deg.to_radians());
    DVec3::new(lat.cos() * lon.cos(), lat.sin(), -lat.cos() * lon.sin())
}

/// The highest place near to where a mountain is said to be, and its height.
fn highest(
    listed: &Listed,
    radius_m: f64,
    height_m: &mut impl FnMut(DVec3) -> f64,
) -> (DVec3, f64) {
    let middle = direction(listed.lat_deg, listed.lon_deg);
    let (east, north) = middle.any_orthonormal_pair();
    let at = |from: DVec3, x_m: f64, y_m: f64| {
        (from + (east * x_m + north * y_m) / radius_m).normalize()
    };
    let mut best = (height_m(middle), middle);
    let steps = (SEARCH_M / SEARCH_STEP_M) as i32;
    for j in -steps..=steps {
        for i in -steps..=steps {
            if i * i + j * j <= steps * steps {
                let place = at(middle, f64::from(i) * SEARCH_STEP_M, f64::from(j) * SEARCH_STEP_M);
                let height = height_m(place);
                if height > best.0 {
                    best = (height, place);
                }
            }
        }
    }
    for step_m in CLIMB_STEPS_M {
        // The way up is short; it ends at the edge of what was searched at the latest.
        for _ in 0..SEARCH_STEP_M as i32 {
            let from = best;
            for (x, y) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                let place = at(from.1, x * step_m, y * step_m);
                let height = height_m(place);
                if height > best.0 {
                    best = (height, place);
                }
            }
            if best.0 <= from.0 {
                break;
            }
        }
    }
    (best.1, best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summits() -> Summits {
        let at = direction(27.99, 86.93);
        let beside = (at + DVec3::new(4e-4, 0.0, 2e-4)).normalize();
        let list = vec![Summit::new(at, 2300.0), Summit::new(beside, 900.0)];
        Summits::of(list, 6_371_000.0)
    }

    /// Places within 12 km of the first top.
    fn places(summits: &Summits) -> impl Iterator<Item = DVec3> {
        let top = summits.list[0].direction;
        let (east, north) = top.any_orthonormal_pair();
        (0..3000).map(move |k| {
            let (sin, cos) = (f64::from(k) * 2.399_963).sin_cos();
            let away = (f64::from(k) / 3000.0).sqrt() * 12_000.0 / 6_371_000.0;
            (top + (east * cos + north * sin) * away).normalize()
        })
    }

    #[test]
    fn no_place_is_raised_beyond_the_bounds_around_it() {
        let summits = summits();
        for place in places(&summits) {
            let radius = 700.0 / summits.radius_m;
            let bounds = summits.bounds(place, radius);
            let (east, north) = place.any_orthonormal_pair();
            for (x, y) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.6, -0.7)] {
                let near = (place + (east * x + north * y) * radius * 0.999).normalize();
                let raised_m = f64::from(summits.bump(near).raised_m);
                assert!(bounds.lo - 1e-3 <= raised_m && raised_m <= bounds.hi + 1e-3);
            }
        }
    }

    #[test]
    fn the_slope_is_that_of_what_is_raised() {
        let summits = summits();
        for place in places(&summits).skip(20) {
            let bump = summits.bump(place);
            let (east, north) = place.any_orthonormal_pair();
            for axis in [east, north] {
                let step_m = 0.5;
                let beside = |sign: f64| {
                    let shifted = place + axis * (sign * step_m / summits.radius_m);
                    f64::from(summits.bump(shifted.normalize()).raised_m)
                };
                let measured = (beside(1.0) - beside(-1.0)) / (2.0 * step_m);
                let told = f64::from(bump.slope.dot(axis.as_vec3()));
                // On the line between two mountains the slope is that of either.
                let is_between = summits.list.iter().all(|summit| {
                    let away_m = (place - summit.direction) * summits.radius_m;
                    summit.raised(away_m).is_some()
                });
                assert!(
                    is_between || (measured - told).abs() < 0.01,
                    "{measured} is told as {told}"
                );
            }
        }
    }
}
