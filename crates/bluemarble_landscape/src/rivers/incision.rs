//! [`Incision`]: rivers cut down.

use serde::{Deserialize, Serialize};

use super::rock::{Layer, Rock};
use crate::flow::Flow;

/// How fast rivers cut into rock: `erodibility * area^area_exponent * slope^slope_exponent`, in metres a year, with the
/// area that drains through a node in m² (the stream power law: Howard 1994, doi 10.1029/94WR00757).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Incision {
    /// In metres to the power of `1 - 2 * area_exponent`, a year.
    pub erodibility: f64,
    /// Often half of the slope's.
    pub area_exponent: f64,
    /// 1 in the simplest case, which is also the fastest.
    pub slope_exponent: f64,
}

impl Default for Incision {
    /// Mountains of hard rock: of 1 mm a year of uplift come slopes of 1 % where 100 km² drain through.
    fn default() -> Self {
        Self { erodibility: 1e-5, area_exponent: 0.5, slope_exponent: 1.0 }
    }
}

/// Newton's method has what it is looking for when a step is shorter, as a part of the height above the receiver.
const PRECISION: f64 = 1e-12;
const MAX_NEWTON_STEPS: usize = 100;

impl Incision {
    /// Cuts down for some years: each node towards its receiver, as it is at the end of the step, so that a step may be
    /// of any length (Braun and Willett 2013, doi 10.1016/j.geomorph.2012.10.008). Nodes under water, and outlets,
    /// stay as they are.
    ///
    /// `ground_m` are the heights with which `flow` was routed; `areas_m2` are drainage areas, or others that tell of as much
    /// water. Time is that of one pass over the nodes, upstream.
    ///
    /// # Panics
    /// If a slice has not one number for each node.
    pub fn cut(
        &self,
        flow: &Flow,
        areas_m2: &[f64],
        rock: &impl Rock,
        years: f64,
        ground_m: &mut [f64],
    ) {
        assert_eq!((areas_m2.len(), ground_m.len()), (flow.len(), flow.len()));
        let is_root = self.area_exponent == 0.5;
        for &node in flow.downstream().iter().rev() {
            let node = node as usize;
            let receiver = flow.receivers()[node] as usize;
            let (top_m, end_m) = (ground_m[node], ground_m[receiver]);
            // In a lake, or where what it runs to has been raised.
            if receiver == node || top_m <= end_m || flow.water_m()[node] > top_m {
                continue;
            }
            let power = match is_root {
                true => areas_m2[node].sqrt(),
                false => areas_m2[node].powf(self.area_exponent),
            };
            let rate = self.erodibility * power;
            ground_m[node] =
                self.cut_node(rock, node, [top_m, end_m], flow.distances_m()[node], rate, years);
        }
    }

    /// The height of a node after some years, of which `rate` is the speed on a slope of 1.
    fn cut_node(
        &self,
        rock: &impl Rock,
        node: usize,
        [top_m, end_m]: [f64; 2],
        distance_m: f64,
        rate: f64,
        years: f64,
    ) -> f64 {
        let (mut top_m, mut years) = (top_m, years);
        loop {
            let Layer { erodibility, base_m } = rock.layer(node, top_m);
            let rate = rate * erodibility;
            let cut_m = self.lowered(top_m - end_m, distance_m, rate * years) + end_m;
            if cut_m >= base_m || top_m <= base_m {
                return cut_m;
            }
            // The layer is cut through: its share of the time, by the slope down from its base.
            let slope = (base_m - end_m).max(0.0) / distance_m;
            let spent = (top_m - base_m) / (rate * slope.powf(self.slope_exponent));
            (top_m, years) = (base_m, (years - spent).max(0.0));
        }
    }

    /// The height above the receiver of what was `height_m` above it: solves `h + reach * (h / distance)^n = height`.
    #[inline]
    pub(super) fn lowered(&self, height_m: f64, distance_m: f64, reach_m: f64) -> f64 {
        if self.slope_exponent == 1.0 {
            return height_m / (1.0 + reach_m / distance_m);
        }
        let exponent = self.slope_exponent;
        // As parts of the height at the beginning. The function grows and bends one way, so that Newton's method, begun on
        // the right side, never steps over the end.
        let factor = reach_m / height_m * (height_m / distance_m).powf(exponent);
        let mut part = if exponent > 1.0 { 1.0 } else { 1.0 / (1.0 + factor).powf(1.0 / exponent) };
        for _ in 0..MAX_NEWTON_STEPS {
            let steep = factor * part.powf(exponent - 1.0);
            let step = (part + steep * part - 1.0) / (1.0 + exponent * steep);
            part = (part - step).clamp(0.0, 1.0);
            if step.abs() < PRECISION {
                break;
            }
        }
        height_m * part
    }
}
