//! [`Aligned`]: boxes along the axes of local space, as the R-tree groups them.

use glam::DVec3;
use rstar::{AABB, Envelope, RTreeObject};

/// A box along the axes of local space, in metres.
///
/// Many boxes at once are parted across whatever they are longest along, not along each axis in turn: nodes lie
/// in a sheet, and a sheet that is parted by height has parts that are as large as itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aligned {
    pub low: DVec3,
    pub high: DVec3,
}

impl Aligned {
    /// Numbers of the middle of a box, twice as large.
    fn middle2(&self) -> DVec3 {
        self.low + self.high
    }

    fn aabb(&self) -> AABB<[f64; 3]> {
        AABB::from_corners(self.low.to_array(), self.high.to_array())
    }
}

fn along<T: RTreeObject<Envelope = Aligned>>(axis: usize, boxes: &mut [T], first: usize) {
    let order = |one: &T, other: &T| {
        one.envelope().middle2()[axis].total_cmp(&other.envelope().middle2()[axis])
    };
    if first < boxes.len() {
        boxes.select_nth_unstable_by(first, order);
    }
}

impl Envelope for Aligned {
    type Point = [f64; 3];

    fn new_empty() -> Self {
        Self { low: DVec3::MAX, high: DVec3::MIN }
    }

    fn contains_point(&self, point: &[f64; 3]) -> bool {
        let point = DVec3::from_array(*point);
        self.low.cmple(point).all() && self.high.cmpge(point).all()
    }

    fn contains_envelope(&self, other: &Self) -> bool {
        self.low.cmple(other.low).all() && self.high.cmpge(other.high).all()
    }

    fn merge(&mut self, other: &Self) {
        *self = self.merged(other);
    }

    fn merged(&self, other: &Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    fn intersects(&self, other: &Self) -> bool {
        self.low.cmple(other.high).all() && self.high.cmpge(other.low).all()
    }

    fn intersection_area(&self, other: &Self) -> f64 {
        Self { low: self.low.max(other.low), high: self.high.min(other.high) }.area()
    }

    fn area(&self) -> f64 {
        (self.high - self.low).max(DVec3::ZERO).element_product()
    }

    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        let point = DVec3::from_array(*point);
        (self.low - point).max(point - self.high).max(DVec3::ZERO).length_squared()
    }

    fn min_max_dist_2(&self, point: &[f64; 3]) -> f64 {
        self.aabb().min_max_dist_2(point)
    }

    fn center(&self) -> [f64; 3] {
        (self.middle2() / 2.0).to_array()
    }

    fn perimeter_value(&self) -> f64 {
        (self.high - self.low).element_sum().max(0.0)
    }

    fn sort_envelopes<T: RTreeObject<Envelope = Self>>(axis: usize, boxes: &mut [T]) {
        boxes.sort_unstable_by(|one, other| {
            one.envelope().low[axis].total_cmp(&other.envelope().low[axis])
        });
    }

    fn partition_envelopes<T: RTreeObject<Envelope = Self>>(
        _axis: usize,
        boxes: &mut [T],
        first: usize,
    ) {
        let middles = boxes.iter().map(|part| part.envelope().middle2());
        let (low, high) =
            middles.fold((DVec3::MAX, DVec3::MIN), |(low, high), at| (low.min(at), high.max(at)));
        along((high - low).max_position(), boxes, first);
    }
}
