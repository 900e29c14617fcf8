//! Where a corner of the surface lies and which way it looks, told by the 4×4×4 cells around it.
//!
//! Along each axis the cells count 3, 4, 4, 3: nearly as much, so that ground that rises by one cell in
//! two or four lies as even as it would without cells; and a little more in the middle, so that slopes
//! look alike in all directions. The corner is moved along the normal to where half of the weight is
//! solid (one step of Newton's).

use glam::{Vec3, vec3};

/// Weights of the four cells along an axis, next to the corner and further away.
const NEAR: i64 = 4;
const FAR: i64 = 3;
/// Differences along an axis. Next to the corner all cells of a surface differ, however it lies; how far
/// it rises over three cells tells more. The little that is left tells the sides of a sheet of one cell.
const DIFFERENCE_NEAR: i64 = 1;
const DIFFERENCE_FAR: i64 = 8;
/// All weights.
const WHOLE: i64 = (2 * (NEAR + FAR)).pow(3);
/// Cells that the surface moves when half of the weight changes, if it lies along two axes: a cell next to
/// the corner has 4 of 14.
const REACH: f32 = (2 * (NEAR + FAR)) as f32 / NEAR as f32;
/// No corner moves further along any axis, in cells: none leaves the cell around it.
const MOST: f32 = 0.49;
/// The same where something is one cell thick, so that half of it is left.
const MAX_IN_THIN: f32 = 0.25;
/// Positions are rounded to 2⁻¹² of a cell: so they are the same in chunks that count from another one.
/// Adding and taking away a number of this size rounds a float so.
const ROUNDING: f32 = 3072.0;

/// The solid ones of the 4×4×4 cells around a corner: bit x + 4·z + 16·y, each 0..4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Block(pub u64);

/// The 2×2×2 cells in the middle.
const MIDDLE: u64 = 0x0000_0660_0660_0000;
/// Pairs of cells along an axis, the lower one 0 or 1, next to the corner along the others.
const THIN: [u64; 3] = [0x0000_0330_0330_0000, 0x0000_0000_0660_0660, 0x0000_0066_0066_0000];

/// How much is solid, and how much more towards larger x, y and z, in fields of 16 bits.
const FIELDS: [[u64; 256]; 8] = fields();
/// What the fields of nothing hold, so that none is ever negative.
const OFFSET: u64 = 0x2000_2000_2000_0000;

const fn fields() -> [[u64; 256]; 8] {
    const WEIGHT: [i64; 4] = [FAR, NEAR, NEAR, FAR];
    const DIFFERENCE: [i64; 4] =
        [-DIFFERENCE_FAR, -DIFFERENCE_NEAR, DIFFERENCE_NEAR, DIFFERENCE_FAR];
    let mut fields = [[0; 256]; 8];
    let mut index = 0;
    while index < 8 * 256 {
        let (byte, cells) = (index / 256, index % 256);
        let mut sum = 0i64;
        let mut bit = 0;
        while bit < 8 {
            if cells >> bit & 1 == 1 {
                let at = byte * 8 + bit;
                let (x, z, y) = (at & 3, at >> 2 & 3, at >> 4);
                sum += WEIGHT[x] * WEIGHT[y] * WEIGHT[z];
                sum += (DIFFERENCE[x] * WEIGHT[y] * WEIGHT[z]) << 16;
                sum += (WEIGHT[x] * DIFFERENCE[y] * WEIGHT[z]) << 32;
                sum += (WEIGHT[x] * WEIGHT[y] * DIFFERENCE[z]) << 48;
            }
            bit += 1;
        }
        fields[byte][cells] = sum as u64;
        index += 1;
    }
    fields
}

impl Block {
    /// The block of the corner whose cells start at bit `shift`, 0..=28, of the rows around it, two rows a
    /// word: see `PaddedMask::rows_around`.
    #[inline]
    pub fn of_rows(rows: &[u64; 8], shift: u32) -> Self {
        let cells = |at: usize| (rows[at] >> shift & 0x0000_000f_0000_000f) << (4 * at);
        Self((0..8).fold(0, |block, at| block | cells(at)))
    }

    /// Of the 2×2×2 cells in the middle the solid ones beside which one is not: what can be seen there.
    #[inline]
    pub fn exposed(self) -> u64 {
        let clear = !self.0;
        let beside = clear >> 1 | clear << 1 | clear >> 4 | clear << 4 | clear >> 16 | clear << 16;
        Self(self.0 & beside).middle()
    }

    /// The 2×2×2 cells in the middle, bit x + 2·z + 4·y.
    #[inline]
    pub fn middle(self) -> u64 {
        let planes = self.0 >> 21;
        (planes & 3 | planes >> 2 & 12) | (planes >> 12 & 48 | planes >> 14 & 192)
    }

    /// How much is solid, of [`WHOLE`], and how much more towards larger x, y and z.
    #[inline]
    fn sums(self) -> [i32; 4] {
        let mut fields = OFFSET;
        for (byte, cells) in self.0.to_le_bytes().into_iter().enumerate() {
            fields = fields.wrapping_add(FIELDS[byte][usize::from(cells)]);
        }
        let field = |at: u32| (fields >> (16 * at) & 0xffff) as i32;
        [field(0), field(1) - 0x2000, field(2) - 0x2000, field(3) - 0x2000]
    }

    /// Whether solid lies all ways alike.
    fn is_even(self) -> bool {
        let [_, x, y, z] = self.sums();
        x | y | z == 0
    }

    /// The mean of the normals of the faces at the corner; upwards where they look all ways alike.
    #[cold]
    fn normal_of_middle(self) -> Vec3 {
        let count = |mask: u64| (self.0 & mask).count_ones() as f32;
        let lower = [0x2222_2222_2222_2222, 0xffff << 16, 0x00f0_00f0_00f0_00f0];
        let [x, y, z] = lower.map(|lower| 2.0 * count(MIDDLE & lower) - count(MIDDLE));
        vec3(x, y, z).try_normalize().unwrap_or(Vec3::Y)
    }

    /// How far the corner may move along each axis.
    #[inline]
    fn limits(self) -> [f32; 3] {
        let limit = |apart: u32, pairs: u64| {
            let changes = self.0 ^ self.0 >> apart;
            [MOST, MAX_IN_THIN][usize::from(changes & changes >> apart & pairs != 0)]
        };
        [limit(1, THIN[0]), limit(16, THIN[1]), limit(4, THIN[2])]
    }
}

/// Where corners lie and which way they look, many at a time.
pub(super) struct Places {
    /// How much is solid.
    solid: [f32; MAX_POSITIONS],
    /// How far each moves along each axis, in cells; its limits before.
    moved: [[f32; MAX_POSITIONS]; 3],
    /// Unit normals, by axis; the ways inwards before.
    normal: [[f32; MAX_POSITIONS]; 3],
}

/// As many corners as are placed at a time.
pub(super) const MAX_POSITIONS: usize = 256;

impl Default for Places {
    fn default() -> Self {
        let zeros = [0.0; MAX_POSITIONS];
        Self { solid: zeros, moved: [zeros; 3], normal: [zeros; 3] }
    }
}

impl Places {
    /// Places the corners of some blocks, [`MAX_POSITIONS`] at most.
    pub fn fill(&mut self, blocks: &[Block]) {
        let mut any_even = false;
        for (at, block) in blocks.iter().enumerate().take(MAX_POSITIONS) {
            let [solid, x, y, z] = block.sums();
            any_even |= x | y | z == 0;
            self.solid[at] = solid as f32;
            (self.normal[0][at], self.normal[1][at], self.normal[2][at]) =
                (x as f32, y as f32, z as f32);
            [self.moved[0][at], self.moved[1][at], self.moved[2][at]] = block.limits();
        }
        if any_even {
            for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.is_even()) {
                let inwards = -block.normal_of_middle();
                [self.normal[0][at], self.normal[1][at], self.normal[2][at]] = inwards.to_array();
            }
        }
        let ([x, y, z], [dx, dy, dz]) = (&mut self.normal, &mut self.moved);
        let normals = x.iter_mut().zip(y).zip(z);
        let moves = dx.iter_mut().zip(dy).zip(dz);
        for (((&solid, ((x, y), z)), ((dx, dy), dz)), _) in
            self.solid.iter().zip(normals).zip(moves).zip(blocks)
        {
            let scale = -1.0 / (*x * *x + *y * *y + *z * *z).sqrt();
            (*x, *y, *z) = (*x * scale, *y * scale, *z * scale);
            let most = larger(larger(x.abs(), y.abs()), z.abs());
            let along = (solid - 0.5 * WHOLE as f32) * (REACH / WHOLE as f32) * most;
            (*dx, *dy, *dz) =
                (moved(*x * along, *dx), moved(*y * along, *dy), moved(*z * along, *dz));
        }
    }

    /// How far a corner moves, in cells.
    #[inline]
    pub fn moved(&self, at: usize) -> Vec3 {
        vec3(self.moved[0][at], self.moved[1][at], self.moved[2][at])
    }

    /// The unit normal of a corner.
    #[inline]
    pub fn normal(&self, at: usize) -> Vec3 {
        vec3(self.normal[0][at], self.normal[1][at], self.normal[2][at])
    }
}

/// `f32::max` without a care for NaN, which costs.
#[inline]
fn larger(one: f32, two: f32) -> f32 {
    if one > two { one } else { two }
}

/// Within -limit..=limit and rounded.
#[inline]
fn moved(along: f32, limit: f32) -> f32 {
    let along = larger(along, -limit);
    ((if along < limit { along } else { limit }) + ROUNDING) - ROUNDING
}
