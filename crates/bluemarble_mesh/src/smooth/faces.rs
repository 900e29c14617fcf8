//! Which faces are rounded off, and which corners they have, 64 at a time.

use bluemarble_core::Face;

use super::cells::Cells;

/// The rounded faces of the cells at one height.
pub(super) struct LayerFaces {
    /// Rows of cells by the direction of their faces, in the order of [`Face::ALL`], and then by z.
    pub rows: [[u64; 64]; 6],
    /// Bit z is set where a row has any; the others are not up to date.
    pub some: u64,
}

impl Default for LayerFaces {
    fn default() -> Self {
        Self { rows: [[0; 64]; 6], some: 0 }
    }
}

/// The corners that faces at one height use: a bit for each x, by z.
pub(super) struct LayerCorners {
    pub rows: [u128; 65],
    pub any: bool,
}

impl Default for LayerCorners {
    fn default() -> Self {
        Self { rows: [0; 65], any: false }
    }
}

impl LayerCorners {
    pub fn clear(&mut self) {
        if self.any {
            *self = Self::default();
        }
    }
}

impl LayerFaces {
    /// The faces of a row of cells.
    pub fn row(&self, face: Face, z: usize) -> u64 {
        if self.some >> z & 1 == 1 { self.rows[face as usize][z] } else { 0 }
    }

    /// Looks for the faces of the cells at height `y`, and adds their corners to those at that height and
    /// at the next one.
    pub fn find(
        &mut self,
        cells: &Cells,
        y: usize,
        below: &mut LayerCorners,
        above: &mut LayerCorners,
    ) {
        self.some = 0;
        let opaque = &cells.opaque;
        let drawn = &cells.drawn.as_chunks::<64>().0[y];
        let y = y as i32;
        for (z, &drawn) in drawn.iter().enumerate().filter(|(_, drawn)| **drawn != 0) {
            let row = z as i32;
            let faces = [
                drawn & !opaque.row_before(y, row),
                drawn & !opaque.row_after(y, row),
                drawn & !opaque.row(y - 1, row),
                drawn & !opaque.row(y + 1, row),
                drawn & !opaque.row(y, row - 1),
                drawn & !opaque.row(y, row + 1),
            ];
            if faces.iter().fold(0, |some, faces| some | faces) == 0 {
                continue;
            }
            self.some |= 1 << z;
            self.rows.iter_mut().zip(faces).for_each(|(rows, faces)| rows[z] = faces);
            let of = |face: Face| u128::from(faces[face as usize]);
            let both = |face: Face| of(face) | of(face) << 1;
            let sides = of(Face::NegX) | of(Face::PosX) << 1;
            let (near, far) = (sides | both(Face::NegZ), sides | both(Face::PosZ));
            for (corners, face) in [(&mut *below, Face::NegY), (&mut *above, Face::PosY)] {
                corners.rows[z] |= near | both(face);
                corners.rows[z + 1] |= far | both(face);
                corners.any = true;
            }
        }
    }
}
