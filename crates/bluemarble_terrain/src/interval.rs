//! Closed intervals of numbers: what `classify` computes with where `fill` computes with points.

use std::ops::{Add, Mul};

/// All numbers from `lo` to `hi`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub lo: f64,
    pub hi: f64,
}

impl Interval {
    #[inline]
    pub const fn new(lo: f64, hi: f64) -> Self {
        Self { lo, hi }
    }

    #[inline]
    pub const fn point(v: f64) -> Self {
        Self { lo: v, hi: v }
    }

    /// `centre` give or take `radius`.
    #[inline]
    pub fn around(centre: f64, radius: f64) -> Self {
        Self { lo: centre - radius, hi: centre + radius }
    }

    /// What lies in both. Both are known to hold the same number, so they do meet.
    #[inline]
    pub fn meet(self, other: Self) -> Self {
        Self { lo: self.lo.max(other.lo), hi: self.hi.min(other.hi) }
    }

    /// The smallest interval around both.
    #[inline]
    pub fn hull(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Both ends moved out by `margin`.
    #[inline]
    pub fn grown(self, margin: f64) -> Self {
        Self { lo: self.lo - margin, hi: self.hi + margin }
    }

    #[inline]
    pub fn abs(self) -> Self {
        if self.lo >= 0.0 {
            self
        } else if self.hi <= 0.0 {
            Self { lo: -self.hi, hi: -self.lo }
        } else {
            Self { lo: 0.0, hi: self.hi.max(-self.lo) }
        }
    }

    /// The image under a function that never falls.
    #[inline]
    pub fn rising(self, f: impl Fn(f64) -> f64) -> Self {
        Self { lo: f(self.lo), hi: f(self.hi) }
    }
}

impl Add for Interval {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self { lo: self.lo + other.lo, hi: self.hi + other.hi }
    }
}

impl Mul for Interval {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let products =
            [self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi];
        Self {
            lo: products.into_iter().fold(f64::INFINITY, f64::min),
            hi: products.into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

impl Mul<f64> for Interval {
    type Output = Self;

    #[inline]
    fn mul(self, factor: f64) -> Self {
        self * Self::point(factor)
    }
}
