//! [`Travel`]: how far views have come, and how far they may go before a decision must be made anew.
//!
//! Distances to a node, to the cone of sight and to the horizon change no faster than a view moves and
//! turns. So each decision about a node comes with how much of that leaves it as it is, and
//! the node need not be looked at before.

/// Ways of three kinds, summed over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Travel {
    /// Way of the position, in metres.
    pub moved_m: f64,
    /// Way of the direction of sight, in radians.
    pub turned_rad: f64,
    /// Way of the position and of the distance to the horizon together, in metres.
    pub horizon_m: f64,
}

impl Travel {
    pub const NONE: Self = Self::all(0.0);
    pub const ENDLESS: Self = Self::all(f64::INFINITY);

    const fn all(way: f64) -> Self {
        Self { moved_m: way, turned_rad: way, horizon_m: way }
    }

    fn zip(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            moved_m: of(self.moved_m, other.moved_m),
            turned_rad: of(self.turned_rad, other.turned_rad),
            horizon_m: of(self.horizon_m, other.horizon_m),
        }
    }

    /// One way after the other.
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    /// The shorter way of each kind.
    pub fn shorter(self, other: Self) -> Self {
        self.zip(other, f64::min)
    }

    /// The longer way of each kind.
    pub fn longer(self, other: Self) -> Self {
        self.zip(other, f64::max)
    }

    /// Whether a way of some kind is as long as that of a limit.
    pub fn reaches(self, limit: Self) -> bool {
        self.moved_m >= limit.moved_m
            || self.turned_rad >= limit.turned_rad
            || self.horizon_m >= limit.horizon_m
    }
}
