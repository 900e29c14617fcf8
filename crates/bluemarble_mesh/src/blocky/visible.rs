//! Which faces are seen, layer by layer.
//!
//! A face is seen where its cell's bit is set and the hiding bit of the cell beyond is not. Layers run
//! along the normal of the face; in each, u and v are the axes of the face's rectangles.

use bluemarble_core::{Face, FacePlane, MaterialId};

use super::{
    masks::{Layer, Mask, ones, transpose},
    rows::Rows,
};

/// With fewer bits than this in 64 rows, they are moved one by one.
const FEW_BITS: u32 = 200;

/// The cells whose faces are drawn, and what hides them.
pub(super) struct Seen<'a, R> {
    pub cells: &'a R,
    pub drawn: &'a Mask,
    pub hiding: &'a Mask,
    /// Whether a drawn cell never has a seen face in a plane that hides everything: it is hiding itself.
    pub hides_itself: bool,
    /// Faces between two cells of the same material are not drawn.
    pub joins_equals: bool,
}

impl<R: Rows> Seen<'_, R> {
    /// Calls `each` with every layer of one direction that has a seen face: its place along the normal,
    /// and its faces. `hiding_beyond` has the hiding cells beyond the chunk.
    pub fn for_each_layer(
        &self,
        face: Face,
        beyond: &FacePlane,
        hiding_beyond: &Layer,
        layers: &mut [Layer; 64],
        mut each: impl FnMut(usize, &mut Layer),
    ) {
        match face.axis() {
            0 => {
                self.layers_along_x(face, beyond, hiding_beyond, layers);
                for (x, layer) in layers.iter_mut().enumerate() {
                    each(x, layer);
                }
            }
            axis => {
                let border = if face.is_positive() { 63 } else { 0 };
                for at in 0..64usize {
                    let beyond = (at == border).then_some((beyond, hiding_beyond));
                    let next = match face.is_positive() {
                        _ if at == border => at,
                        true => at + 1,
                        false => at - 1,
                    };
                    let seen = match axis {
                        1 => self.layer_along_y(at, next, beyond),
                        _ => self.layer_along_z(at, next, beyond),
                    };
                    if let Some(mut layer) = seen {
                        each(at, &mut layer);
                    }
                }
            }
        }
    }

    fn layer_along_y(
        &self,
        y: usize,
        next: usize,
        beyond: Option<(&FacePlane, &Layer)>,
    ) -> Option<Layer> {
        if self.drawn.some >> y & 1 == 0 {
            return None;
        }
        if self.hides_itself && beyond.is_none() && self.hiding.gaps >> next & 1 == 0 {
            return None;
        }
        let hidden = beyond.map_or_else(|| self.hiding.plane(next), |(_, hidden)| hidden);
        let mut layer = *self.drawn.plane(y);
        let mut any = 0;
        for (z, (row, hidden)) in layer.iter_mut().zip(hidden).enumerate() {
            *row &= !hidden;
            *row = self.without_joined(*row, z + 64 * y, z + 64 * next, beyond, z);
            any |= *row;
        }
        (any != 0).then_some(layer)
    }

    fn layer_along_z(
        &self,
        z: usize,
        next: usize,
        beyond: Option<(&FacePlane, &Layer)>,
    ) -> Option<Layer> {
        let planes = match (self.hides_itself, beyond) {
            (true, None) => self.drawn.some & self.hiding.gaps,
            _ => self.drawn.some,
        };
        let mut layer = [0; 64];
        let mut any = 0;
        for y in ones(planes) {
            let hidden = beyond.map_or_else(|| self.hiding.row(y, next), |(_, hidden)| hidden[y]);
            let row = self.drawn.row(y, z) & !hidden;
            let row = self.without_joined(row, z + 64 * y, next + 64 * y, beyond, y);
            layer[y] = row;
            any |= row;
        }
        (any != 0).then_some(layer)
    }

    fn layers_along_x(
        &self,
        face: Face,
        beyond: &FacePlane,
        hiding_beyond: &Layer,
        layers: &mut [Layer; 64],
    ) {
        layers.fill([0; 64]);
        let border = if face.is_positive() { 63 } else { 0 };
        for y in ones(self.drawn.some) {
            let (drawn, hiding) = (self.drawn.plane(y), self.hiding.plane(y));
            let outside = |z: usize| hiding_beyond[y] >> z & 1;
            let mut rows: Layer = std::array::from_fn(|z| {
                let hidden = match face {
                    Face::PosX => hiding[z] >> 1 | outside(z) << 63,
                    _ => hiding[z] << 1 | outside(z),
                };
                drawn[z] & !hidden
            });
            if self.joins_equals {
                for (z, row) in rows.iter_mut().enumerate().filter(|(_, row)| **row != 0) {
                    let here = z + 64 * y;
                    let next = self.cells.equal_to_next(here) & u64::MAX >> 1;
                    let joined = if face.is_positive() { next } else { next << 1 };
                    let at_border = *row & 1 << border;
                    *row &= !(joined | self.equal_beyond(at_border, here, |_| beyond.get(z, y)));
                }
            }
            let count: u32 = rows.iter().map(|row| row.count_ones()).sum();
            if count < FEW_BITS {
                for (z, &row) in rows.iter().enumerate() {
                    ones(row).for_each(|x| layers[x][y] |= 1 << z);
                }
            } else {
                transpose(&mut rows);
                for (layer, row) in layers.iter_mut().zip(rows) {
                    layer[y] = row;
                }
            }
        }
    }

    /// Seen cells of the row `here` without those that are joined with what lies beyond them: the row
    /// `there`, or row `v` of the plane beyond the chunk.
    #[inline]
    fn without_joined(
        &self,
        row: u64,
        here: usize,
        there: usize,
        beyond: Option<(&FacePlane, &Layer)>,
        v: usize,
    ) -> u64 {
        if !self.joins_equals || row == 0 {
            return row;
        }
        row & !match beyond {
            None => self.cells.equal(here, there),
            Some((plane, _)) => self.equal_beyond(row, here, |x| plane.get(x, v)),
        }
    }

    /// Of some cells of a row, those that are of the same material as the one beyond.
    fn equal_beyond(&self, row: u64, here: usize, beyond: impl Fn(usize) -> MaterialId) -> u64 {
        let is_equal = |x: &usize| self.cells.material(self.cells.key(here, *x)) == beyond(*x);
        ones(row).filter(is_equal).fold(0, |equal, x| equal | 1 << x)
    }
}
