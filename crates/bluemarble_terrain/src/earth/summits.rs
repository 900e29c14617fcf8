//! [`Summits`]: mountains raised to their true heights where the grid is too coarse to hold them.

use bluemarble_core::CubeSphere;
use glam::{DVec3, IVec3, Vec3};
use rustc_hash::FxHashMap;

use crate::interval::Interval;

/// How far from its top a mountain is raised, in metres.
const REACH_M: f64 = 2500.0;
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

/// A mountain as it is raised.
#[derive(Clone, Copy, Debug)]
struct Summit {
    /// Where its top is.
    direction: DVec3,
    /// Little and negative where erosion would make the top higher than it is.
    raise_m: f64,
}

/// What summits add at a place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bump {
    pub raised_m: f32,
    /// Its gradient in metres per metre, along the axes of the world.
    pub slope: Vec3,
    /// 1 on the very top, 0 from [`REACH_M`] on.
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
                Summit { direction, raise_m: listed.height_m.max(here_m) - top_m(direction) }
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
            let reach = DVec3::splat(REACH_M / radius_m * 1.000_1);
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
        let mut bump = Bump::default();
        for &index in near {
            let summit = &self.list[usize::from(index)];
            let away_m = (direction - summit.direction) * self.radius_m;
            let share = 1.0 - away_m.length_squared() / (REACH_M * REACH_M);
            let raised_m = (summit.raise_m * share * share * share) as f32;
            if share > 0.0 && (bump.weight == 0.0 || raised_m > bump.raised_m) {
                let steep = summit.raise_m * share * share * (-6.0 / (REACH_M * REACH_M));
                let slope = (away_m * steep).as_vec3();
                let weight = (share * share * share) as f32;
                bump = Bump { raised_m, slope, weight };
            }
        }
        bump
    }

    /// Bounds of what is raised within `radius` (a chord of the unit sphere) of a unit direction.
    pub fn bounds(&self, direction: DVec3, radius: f64) -> Interval {
        let radius_m = radius * self.radius_m;
        let mut bounds = Interval::point(0.0);
        let mut meet = |summit: &Summit| {
            let away_m = (direction - summit.direction).length() * self.radius_m;
            let nearest_m = (away_m - radius_m).max(0.0);
            let share = (1.0 - nearest_m * nearest_m / (REACH_M * REACH_M)).max(0.0);
            let raised_m = summit.raise_m * share * share * share;
            bounds = bounds.hull(Interval::point(raised_m));
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
