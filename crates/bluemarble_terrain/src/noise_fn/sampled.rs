//! Bounds of a function of noise, estimated from samples.

use crate::interval::Interval;

/// How far samples spread, in wavelengths: near the origin, where most worlds are, and far from it.
const SPREADS: [f64; 2] = [64.0, 65_536.0];
/// Bounds are wider than what was found by this share of it on each side.
const MARGIN: f64 = 0.25;

/// Places that cover a square evenly and meet no lattice, half of them near the origin (M. Roberts, "The
/// unreasonable effectiveness of quasirandom sequences", 2018).
pub(super) fn places(count: usize) -> impl Iterator<Item = [f64; 2]> {
    /// Powers of the inverse of the plastic number.
    const STEPS: [f64; 2] = [0.754_877_666_246_692_8, 0.569_840_290_998_053_2];
    (1..=count).map(|k| {
        let spread = SPREADS[k % 2];
        STEPS.map(|step| ((k as f64 * step).fract() * 2.0 - 1.0) * spread)
    })
}

/// The range of some values, of which those that are no numbers do not count; `None` if all are none.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<Interval> {
    values.filter(|value| value.is_finite()).map(Interval::point).reduce(Interval::hull)
}

/// A range with its margin.
pub(super) fn with_margin(found: Interval) -> Interval {
    found.grown((found.hi - found.lo) * MARGIN)
}
