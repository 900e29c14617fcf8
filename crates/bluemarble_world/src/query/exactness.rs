//! [`Exactness`]: how exact an answer must be.

/// How exact an answer must be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Exactness {
    /// The material of the very cell.
    #[default]
    Exact,
    /// Where a chunk consists of one material to at least this share, 0..=1, that material will do.
    Dominant {
        /// The share; [`Exactness::DOMINANT`] uses 0.95.
        threshold: f64,
    },
}

impl Exactness {
    /// The most frequent material will do where it fills 95 % of a chunk.
    pub const DOMINANT: Self = Self::Dominant { threshold: 0.95 };
}
