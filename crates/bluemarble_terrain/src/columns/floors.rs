//! [`Floors`] and [`Layers`]: what lies below the surface of columns, in as many layers as a source has.

use std::fmt::Debug;

use bluemarble_core::MaterialId;

/// Where the layers of a column end, from the top: the highest cell below each. An array, as long as the source has
/// layers; without any, a column has but one material below its surface.
pub(crate) trait Floors:
    AsRef<[i32]> + Copy + Debug + Default + PartialEq + Send + Sync + 'static
{
    /// Something for each floor.
    type Each<T: Copy + Send + Sync + 'static>: AsRef<[T]> + Copy + Send + Sync + 'static;

    /// Something for each floor, by its number.
    fn each<T: Copy + Send + Sync + 'static>(of: impl FnMut(usize) -> T) -> Self::Each<T>;

    /// Floors by their numbers.
    fn from_fn(of: impl FnMut(usize) -> i32) -> Self;
}

impl<const N: usize> Floors for [i32; N]
where
    Self: Default,
{
    type Each<T: Copy + Send + Sync + 'static> = [T; N];

    fn each<T: Copy + Send + Sync + 'static>(of: impl FnMut(usize) -> T) -> [T; N] {
        std::array::from_fn(of)
    }

    fn from_fn(of: impl FnMut(usize) -> i32) -> Self {
        std::array::from_fn(of)
    }
}

/// What the columns of a source are made of, but for the surface and the subsoil that each has.
pub(crate) struct Layers<F: Floors> {
    /// What lies on ground below sea level, up to there; air if there is no sea.
    pub water: MaterialId,
    /// Below each floor, down to the next one; below the last one for ever.
    pub below: F::Each<MaterialId>,
}

impl<F: Floors> Layers<F> {
    pub fn has_sea(&self) -> bool {
        !self.water.is_air()
    }
}
