//! [`Lattice`]: numbers that vary slowly, found at corners and interpolated at the places between.

use glam::DVec3;

use super::{axes::FaceAxes, corners::Corners};

/// Numbers at corners, interpolated between them.
pub(super) struct Lattice<const N: usize> {
    /// Cells from corner to corner.
    stride: i32,
    layout: Corners,
    corners: Vec<[f64; N]>,
    /// Those of a row of places.
    between: Vec<[f64; N]>,
    /// What the next one has more.
    more: Vec<[f64; N]>,
    /// For each place of a row, the corner before it and how far it is on the way to the next one.
    places: Vec<(usize, f64)>,
}

#[inline]
fn lerp<const N: usize>(t: f64, a: &[f64; N], b: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|k| a[k] + t * (b[k] - a[k]))
}

impl<const N: usize> Lattice<N> {
    /// How many cells corners are apart.
    pub fn new(stride: i32) -> Self {
        Self {
            stride,
            layout: Corners::default(),
            corners: vec![],
            between: vec![],
            more: vec![],
            places: vec![],
        }
    }

    /// Finds what places in cells need, of which the first is given, on a face with cells of a width in voxels.
    pub fn look(
        &mut self,
        (axes, cell): (&FaceAxes, f64),
        (first, size): ([f64; 2], [usize; 2]),
        mut found: impl FnMut(DVec3) -> [f64; N],
    ) {
        self.layout = Corners::around(first, size, self.stride);
        self.places.clear();
        self.places.extend((0..size[0]).map(|i| self.layout.before(0, first[0] + i as f64)));
        let directions = self.layout.directions(axes, cell);
        self.corners.clear();
        for row in 0..self.layout.rows {
            self.corners.extend(directions.row(row).map(&mut found));
        }
    }

    /// Goes to a row of places.
    pub fn row(&mut self, z: f64) {
        let (row, t) = self.layout.before(1, z);
        let rows = self.corners[row * self.layout.columns..].split_at(self.layout.columns);
        self.between.clear();
        self.between.extend(rows.0.iter().zip(rows.1).map(|(a, b)| lerp(t, a, b)));
        self.more.clear();
        let next = self.between.iter().zip(&self.between[1..]);
        self.more.extend(next.map(|(a, b)| std::array::from_fn::<f64, N, _>(|k| b[k] - a[k])));
    }

    /// The numbers at a place of that row.
    #[inline]
    pub fn at(&self, place: usize) -> [f64; N] {
        let (west, t) = self.places[place];
        let (here, more) = (&self.between[west], &self.more[west]);
        std::array::from_fn(|k| here[k] + t * more[k])
    }
}
