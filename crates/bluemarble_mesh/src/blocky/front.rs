//! The opaque cells in front of a layer of faces, and one cell around them.

use bluemarble_core::Face;

use super::masks::{Layer, Mask, transpose};

/// Opaque cells, turned so that every layer along every axis has its rows along u.
pub(super) struct Fronts {
    /// The cells of the chunk: one word for each row along z, numbered x + 64·y.
    cells: Box<[u64; 4096]>,
    /// The planes beyond the faces.
    planes: [Layer; 6],
    /// The same: one word for each u with a bit for each v.
    turned: [Layer; 6],
}

impl Default for Fronts {
    fn default() -> Self {
        Self { cells: Box::new([0; 4096]), planes: [[0; 64]; 6], turned: [[0; 64]; 6] }
    }
}

impl Fronts {
    /// Takes the opaque cells of the planes beyond the faces.
    pub fn fill_planes(&mut self, plane: impl Fn(Face) -> Layer) {
        for face in Face::ALL {
            self.planes[face as usize] = plane(face);
        }
    }

    /// Turns the opaque cells of a chunk, and those of the planes, for [`Self::front`].
    pub fn turn(&mut self, opaque: &Mask) {
        self.turned = self.planes;
        self.turned.iter_mut().for_each(transpose);
        for (y, rows) in self.cells.as_chunks_mut::<64>().0.iter_mut().enumerate() {
            if opaque.some & opaque.gaps & 1 << y == 0 {
                rows.fill(if opaque.some >> y & 1 == 1 { u64::MAX } else { 0 });
            } else {
                *rows = *opaque.plane(y);
                transpose(rows);
            }
        }
    }

    /// The opaque cells beyond a face.
    pub fn plane(&self, face: Face) -> &Layer {
        &self.planes[face as usize]
    }

    /// What is in front of the faces of the layer `at`, of the same cells as in [`Self::turn`].
    pub fn front<'a>(&'a self, opaque: &'a Mask, face: Face, at: usize) -> Front<'a> {
        let front = if face.is_positive() { at + 1 } else { at.wrapping_sub(1) };
        if front >= 64 {
            let (plane, turned) = (self.plane(face), &self.turned[face as usize]);
            let (ends, sides) = ([plane[0], plane[63]], [turned[0], turned[63]]);
            return Front { words: plane, first: 0, step: 1, ends, sides };
        }
        let plain = |faces: [Face; 2]| faces.map(|face| self.plane(face)[front]);
        let turned = |faces: [Face; 2]| faces.map(|face| self.turned[face as usize][front]);
        let (x, y, z) =
            ([Face::NegX, Face::PosX], [Face::NegY, Face::PosY], [Face::NegZ, Face::PosZ]);
        let (words, first, step, ends, sides) = match face.axis() {
            0 => (&self.cells[..], front, 64, turned(y), turned(z)),
            1 => (opaque.words(), 64 * front, 1, plain(z), plain(x)),
            _ => (opaque.words(), front, 64, plain(y), turned(x)),
        };
        Front { words, first, step, ends, sides }
    }
}

/// The opaque cells of one layer, and of the cells beyond it on its four sides. At its corners, and all
/// around where the layer itself is beyond the chunk, nothing is known: a cell there is taken as opaque
/// where one of the nearest known cells of the layer is.
#[derive(Clone, Copy)]
pub(super) struct Front<'a> {
    /// Row v is `words[first + step * v]`, with a bit for each u.
    words: &'a [u64],
    first: usize,
    step: usize,
    /// The rows at v = -1 and v = 64.
    ends: [u64; 2],
    /// The cells at u = -1 and u = 64, with a bit for each v.
    sides: [u64; 2],
}

/// A row of a front.
#[derive(Clone, Copy)]
pub(super) struct FrontRow {
    /// The cells at each u.
    pub here: u64,
    /// Those at u - 1.
    pub lower: u64,
    /// Those at u + 1.
    pub higher: u64,
}

impl Front<'_> {
    /// The row before row `v`.
    #[inline]
    pub fn before(&self, v: usize) -> FrontRow {
        if v == 0 { self.end(0, 0) } else { self.row(v - 1) }
    }

    /// The row after row `v`.
    #[inline]
    pub fn after(&self, v: usize) -> FrontRow {
        if v == 63 { self.end(1, 63) } else { self.row(v + 1) }
    }

    /// Row `v`, 0..64.
    #[inline]
    pub fn row(&self, v: usize) -> FrontRow {
        let here = self.words[self.first + self.step * v];
        FrontRow::new(here, self.sides.map(|side| side >> v & 1))
    }

    /// The row beyond the last one, `v`, on one side.
    fn end(&self, side: usize, v: usize) -> FrontRow {
        let here = self.ends[side];
        let [lower, higher] = self.sides.map(|side| side >> v & 1);
        FrontRow::new(here, [lower | here & 1, higher | here >> 63])
    }
}

impl FrontRow {
    #[inline]
    fn new(here: u64, [lower, higher]: [u64; 2]) -> Self {
        Self { here, lower: here << 1 | lower, higher: here >> 1 | higher << 63 }
    }

    /// All three.
    #[inline]
    pub fn any(self) -> u64 {
        self.here | self.lower | self.higher
    }
}
