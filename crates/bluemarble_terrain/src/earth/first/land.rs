//! [`Land`]: what is known of any place of the first edition.

use super::height::HeightField;
use crate::{earth::climate::Climate, fractal::Fractal};

/// What columns are found from.
pub(super) struct Land {
    pub field: HeightField,
    pub climate: Climate,
    /// They fray the borders of surfaces.
    pub patches: Fractal,
}
