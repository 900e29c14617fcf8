//! [`Tops`]: how high the ground is at most, over areas that are too wide to be told at once.

use quick_cache::sync::Cache;
use rustc_hash::FxBuildHasher;

/// Squares that are remembered: about 1 MB.
const MAX_SQUARES: usize = 1 << 14;
/// The smallest squares are at least so wide; below that bounds are tight on their own.
const MIN_SIZE_M: f64 = 128.0;
/// The levels of squares: the largest are 64 km wide.
const LEVELS: u8 = 10;
/// Squares at which one question looks, ten milliseconds if all are new; if they do not answer it, later ones may, as
/// most are remembered.
const MAX_LOOKS: u32 = 1 << 13;

/// A square of columns: its level, and its place among those of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Square {
    level: u8,
    x: i64,
    z: i64,
}

impl Square {
    fn children(self) -> [Self; 4] {
        let Self { level, x, z } = self;
        [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dz)| Self {
            level: level - 1,
            x: 2 * x + dx,
            z: 2 * z + dz,
        })
    }
}

/// A quadtree of upper bounds. A bound of a wide square is loose, and four of its quarters are tighter: they are
/// worked out only where the looser one does not do, and remembered.
pub(crate) struct Tops {
    cache: Cache<Square, f64, quick_cache::UnitWeighter, FxBuildHasher>,
    /// Voxels along an edge of the smallest squares, as a power of two.
    smallest_log2: u32,
}

impl Tops {
    pub fn new(voxel_m: f64) -> Self {
        let cache = Cache::with(
            MAX_SQUARES,
            MAX_SQUARES as u64,
            quick_cache::UnitWeighter,
            FxBuildHasher,
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self { cache, smallest_log2: (MIN_SIZE_M / voxel_m).log2().ceil().max(0.0) as u32 }
    }

    /// Whether all ground of an area, in voxels (min x, min z, max x, max z), is known to be at most this high;
    /// `None` if the area is too small to be looked for here. `bound_m` bounds the ground of an area from above.
    pub fn are_below(
        &self,
        [x0, z0, x1, z1]: [i64; 4],
        height_m: f64,
        bound_m: &dyn Fn([i64; 4]) -> f64,
    ) -> Option<bool> {
        let extent = (x1 - x0).max(z1 - z0);
        if extent < 1 << self.smallest_log2 {
            return None;
        }
        // Nine squares at most.
        let level = (0..LEVELS).find(|&level| extent <= 2 << self.edge_log2(level))?;
        let range = |low: i64, high: i64| {
            let edge_log2 = self.edge_log2(level);
            low >> edge_log2..=(high - 1) >> edge_log2
        };
        // Of whole squares more is remembered; where most of one lies beside the area, it has no say.
        let edge = 1 << self.edge_log2(level);
        let is_thin = (x1 - x0).min(z1 - z0) < edge / 2;
        let area = is_thin.then_some([x0, z0, x1, z1]);
        let mut search = Search { area, height_m, bound_m, looks: 0 };
        let mut squares = range(z0, z1).flat_map(|z| range(x0, x1).map(move |x| (x, z)));
        Some(squares.all(|(x, z)| self.top_m(Square { level, x, z }, &mut search) <= height_m))
    }

    fn edge_log2(&self, level: u8) -> u32 {
        self.smallest_log2 + u32::from(level)
    }

    /// The columns of a square: min x, min z, max x, max z.
    fn columns(&self, square: Square) -> [i64; 4] {
        let edge_log2 = self.edge_log2(square.level);
        let [x, z] = [square.x << edge_log2, square.z << edge_log2];
        [x, z, x + (1 << edge_log2), z + (1 << edge_log2)]
    }

    /// A bound of what the area has of a square, no tighter than needed.
    fn top_m(&self, square: Square, search: &mut Search<'_>) -> f64 {
        let columns = self.columns(square);
        let [x0, z0, x1, z1] = columns;
        let [ax0, az0, ax1, az1] = search.area.unwrap_or(columns);
        if x0 >= ax1 || x1 <= ax0 || z0 >= az1 || z1 <= az0 {
            return f64::NEG_INFINITY;
        }
        search.looks += 1;
        if search.looks > MAX_LOOKS {
            return f64::INFINITY;
        }
        let known = self.cache.get(&square);
        let mut top_m = known.unwrap_or_else(|| (search.bound_m)(columns));
        let is_whole = x0 >= ax0 && x1 <= ax1 && z0 >= az0 && z1 <= az1;
        if known.is_none() {
            self.cache.insert(square, top_m);
        }
        if top_m > search.height_m && square.level > 0 {
            let mut highest_m = f64::NEG_INFINITY;
            for child in square.children() {
                highest_m = highest_m.max(self.top_m(child, search));
                if highest_m > search.height_m {
                    return top_m;
                }
            }
            top_m = highest_m;
            // What is true of a part of it is not for others.
            if is_whole {
                self.cache.insert(square, top_m);
            }
        }
        top_m
    }
}

/// A question, and how much has been done for it.
struct Search<'a> {
    /// Min x, min z, max x, max z, if not the whole of every square counts.
    area: Option<[i64; 4]>,
    height_m: f64,
    bound_m: &'a dyn Fn([i64; 4]) -> f64,
    looks: u32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Steep hills, each bound looser the wider the area is.
    fn ground_m(x: i64, z: i64) -> f64 {
        ((x / 300 * 7 + z / 300 * 3) % 11) as f64 * 20.0
    }

    fn bound_m([x0, z0, x1, z1]: [i64; 4]) -> f64 {
        let points = (0..=4).flat_map(|i| (0..=4).map(move |j| (i, j)));
        let highest = points.map(|(i, j)| ground_m(x0 + (x1 - x0) * i / 4, z0 + (z1 - z0) * j / 4));
        highest.fold(0.0, f64::max).max(if x1 - x0 > 256 { 220.0 } else { 0.0 })
    }

    proptest! {
        #[test]
        fn no_bound_that_is_too_high_is_taken_for_low_enough(
            x in -5000i64..5000, z in -5000i64..5000, width in 128i64..9000, depth in 1i64..9000,
            heights in prop::collection::vec(0.0..230.0, 1..8),
        ) {
            let tops = Tops::new(1.0);
            let area = [x, z, x + width, z + depth];
            // Whatever was asked before.
            for height_m in heights {
                let found = tops.are_below(area, height_m, &bound_m);
                if found == Some(true) {
                    let squares = (z >> 7..=(z + depth - 1) >> 7)
                        .flat_map(|z| (x >> 7..=(x + width - 1) >> 7).map(move |x| (x << 7, z << 7)));
                    for (x, z) in squares {
                        prop_assert!(bound_m([x, z, x + 128, z + 128]) <= height_m);
                    }
                }
                if height_m >= 220.0 {
                    prop_assert_eq!(found, Some(true));
                }
            }
        }
    }

    #[test]
    fn no_question_looks_at_more_than_its_share_and_later_ones_go_on() {
        let (tops, bounds) = (Tops::new(1.0), std::cell::Cell::new(0));
        let area = [0, 0, 16_384, 16_384];
        let loose = |[x0, _, x1, _]: [i64; 4]| {
            bounds.set(bounds.get() + 1);
            if x1 - x0 > 128 { 100.0 } else { 1.0 }
        };
        let asked = (1..).take_while(|_| tops.are_below(area, 5.0, &loose) != Some(true)).count();
        assert!(bounds.get() <= (asked + 1) as u32 * MAX_LOOKS, "{asked}: {}", bounds.get());
        assert!((2..20).contains(&asked), "{asked}");
    }

    #[test]
    fn a_hill_beside_a_thin_area_is_no_matter() {
        let tops = Tops::new(1.0);
        let hill = |[_, z0, _, z1]: [i64; 4]| if z0 <= 900 && z1 > 900 { 100.0 } else { 1.0 };
        assert_eq!(tops.are_below([0, 0, 2000, 1], 5.0, &hill), Some(true));
        assert_eq!(tops.are_below([0, 0, 2000, 950], 5.0, &hill), Some(false));
    }

    #[test]
    fn quarters_are_asked_where_the_whole_is_too_loose() {
        let tops = Tops::new(1.0);
        let area = [0, 0, 256, 256];
        let loose = |[x0, _, x1, _]: [i64; 4]| if x1 - x0 > 128 { 100.0 } else { x0 as f64 / 10.0 };
        assert_eq!(tops.are_below(area, 50.0, &loose), Some(true));
        assert_eq!(tops.are_below(area, 5.0, &loose), Some(false));
        assert_eq!(tops.are_below([0, 0, 100, 100], 5.0, &loose), None);
    }
}
