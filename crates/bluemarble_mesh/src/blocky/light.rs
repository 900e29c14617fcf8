//! How much light reaches the corners of faces.
//!
//! Three of the cells in front of a face touch one of its corners: one beside each of the two edges
//! that meet there, and the diagonal one. Each opaque one takes a third of the light; both at the edges
//! take all of it, whatever the diagonal one is (M. Lysenko, "Ambient occlusion for Minecraft-like
//! worlds", 2013).
//!
//! Seen faces that touch have the same light at the corners they share. So those along which it changes
//! evenly, or not at all, can be merged, and the corners of the rectangle tell the light of every corner
//! that they replace. Nothing stands between four faces that share a corner: a rectangle that is longer
//! than one face both ways has all light, and two triangles show the light of any rectangle rightly.

use super::{
    front::{Front, FrontRow},
    masks::{Layer, ones},
};
use crate::quad::{PackedQuad, winds_along_u};

/// What the merging of a layer's faces asks about light.
pub(super) trait Light {
    /// Of the faces of row `v`, those that can be merged neither with each other nor with those of the
    /// row after.
    fn alone(&self, v: usize, faces: u64, after: u64) -> u64;

    /// How many faces from (u, v) on along u may become one, at most `max`.
    fn reach(&self, u: usize, v: usize, max: usize) -> usize;

    /// Whether a run of faces of row `v` may be merged with those of the row before.
    fn joins(&self, v: usize, run: u64) -> bool;

    /// A merged quad with its light; it covers that many faces along u and v from `(u, v)` on.
    fn lit(&self, quad: PackedQuad, from: (usize, usize), size: (usize, usize)) -> PackedQuad;
}

/// Nothing takes any light.
pub(super) struct FullLight;

impl Light for FullLight {
    #[inline]
    fn alone(&self, _: usize, _: u64, _: u64) -> u64 {
        0
    }

    #[inline]
    fn reach(&self, _: usize, _: usize, max: usize) -> usize {
        max
    }

    #[inline]
    fn joins(&self, _: usize, _: u64) -> bool {
        true
    }

    #[inline]
    fn lit(&self, quad: PackedQuad, _: (usize, usize), _: (usize, usize)) -> PackedQuad {
        quad
    }
}

/// The low and the high bits of what is taken from the light at one corner of each face of a row.
type Corners = [u64; 2];

/// Where light changes evenly over three corners in a row, from the first to the last: not at all, or
/// by one twice, so that the one in the middle is even if and only if the others are odd.
#[inline]
fn is_linear([low_0, high_0]: Corners, [low_1, high_1]: Corners, [low_2, high_2]: Corners) -> u64 {
    let ends_differ = high_0 ^ high_2;
    let same = !(low_0 ^ low_1 | high_0 ^ high_1 | ends_differ);
    let sloped = (low_1 ^ high_1) & ends_differ & !(low_0 ^ high_1);
    !(low_0 ^ low_2) & (same | sloped)
}

/// The light at the corners of a row's faces, with a bit for each u.
#[derive(Clone, Copy)]
struct LightRow {
    /// Faces that may be merged with the next one along u.
    joins_u: u64,
    /// Faces that may be merged with the one in the row before, if both rows have faces.
    joins_v: u64,
    /// At (low u, low v), (high, low), (high, high), (low, high).
    corners: [Corners; 4],
}

impl LightRow {
    const FULL: Self = Self { joins_u: u64::MAX, joins_v: u64::MAX, corners: [[0; 2]; 4] };

    /// The row `here` and those at v - 1 and v + 1. It joins no other.
    #[inline]
    fn new(before: FrontRow, here: FrontRow, after: FrontRow) -> Self {
        let corner = |side_u: u64, side_v: u64, diagonal: u64| {
            let (both, any) = (side_u & side_v, side_u | side_v);
            [both | any ^ diagonal, both | any & diagonal]
        };
        let corners = [
            corner(here.lower, before.here, before.lower),
            corner(here.higher, before.here, before.higher),
            corner(here.higher, after.here, after.higher),
            corner(here.lower, after.here, after.lower),
        ];
        let [low, high, high_after, low_after] = corners;
        let next = |corners: Corners| corners.map(|bits| bits >> 1);
        Self {
            joins_u: is_linear(low, high, next(high))
                & is_linear(low_after, high_after, next(high_after)),
            joins_v: 0,
            corners,
        }
    }

    /// Faces that may be merged with those of the row before.
    #[inline]
    fn joins(&self, before: &Self) -> u64 {
        let [low_before, high_before, ..] = before.corners;
        let [low, high, high_after, low_after] = self.corners;
        is_linear(low_before, low, low_after) & is_linear(high_before, high, high_after)
    }

    /// The light at one corner of the face at `u`.
    #[inline]
    fn at(&self, corner: usize, u: usize) -> u8 {
        let [low, high] = self.corners[corner];
        3 ^ (low >> u & 1 | (high >> u & 1) << 1) as u8
    }
}

/// The light at the corners of a layer's faces.
pub(super) struct CornerLight {
    rows: Box<[LightRow; 64]>,
    /// Bit v is set where not all faces of row v have all light.
    dark: u64,
}

impl Default for CornerLight {
    fn default() -> Self {
        Self { rows: Box::new([LightRow::FULL; 64]), dark: 0 }
    }
}

impl CornerLight {
    /// Takes the light of some faces, in the rows `active`, with what is in front of their layer, and says
    /// whether any corner has less than all of it.
    pub fn fill(&mut self, front: Front<'_>, faces: &Layer, active: u64) -> bool {
        self.dark = 0;
        let mut last: Option<(usize, FrontRow, FrontRow)> = None;
        for v in ones(active) {
            let (before, here) = match last {
                Some((last, here, after)) if last + 1 == v => (here, after),
                _ => (front.before(v), front.row(v)),
            };
            let after = front.after(v);
            last = Some((v, here, after));
            let row = &mut self.rows[v];
            if (before.any() | here.any() | after.any()) & faces[v] == 0 {
                *row = LightRow::FULL;
            } else {
                self.dark |= 1 << v;
                *row = LightRow::new(before, here, after);
            }
        }
        // Where both rows have all light, they join already.
        for v in ones(active & active << 1 & (self.dark | self.dark << 1)) {
            self.rows[v].joins_v = self.rows[v].joins(&self.rows[v - 1]);
        }
        self.dark != 0
    }
}

impl Light for CornerLight {
    #[inline]
    fn alone(&self, v: usize, faces: u64, after: u64) -> u64 {
        let joined = faces & faces >> 1 & self.rows[v].joins_u;
        let after = if after == 0 { 0 } else { after & self.rows[v + 1].joins_v };
        faces & !(joined | joined << 1 | after)
    }

    #[inline]
    fn reach(&self, u: usize, v: usize, max: usize) -> usize {
        (1 + (self.rows[v].joins_u >> u).trailing_ones() as usize).min(max)
    }

    #[inline]
    fn joins(&self, v: usize, run: u64) -> bool {
        self.rows[v].joins_v & run == run
    }

    #[inline]
    fn lit(
        &self,
        quad: PackedQuad,
        (u, v): (usize, usize),
        (width, height): (usize, usize),
    ) -> PackedQuad {
        let (end_u, end_v) = (u + width - 1, v + height - 1);
        let is_wide = width > 1 && height > 1;
        if is_wide || (self.dark >> v | self.dark >> end_v) & 1 == 0 {
            return quad;
        }
        let (low, high) = (&self.rows[v], &self.rows[end_v]);
        let [a, b, c, d] = [low.at(0, u), low.at(1, end_u), high.at(2, end_u), high.at(3, u)];
        quad.with_light(if winds_along_u(quad.face()) { [a, b, c, d] } else { [a, d, c, b] })
    }
}
