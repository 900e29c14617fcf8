//! Which cells stop a ray.

use super::{
    super::{Occupancy, fields::widen_from},
    *,
};

impl CompactChunk {
    /// Which cells are of a material that satisfies `test`.
    pub fn occupancy(&self, test: impl Fn(MaterialId) -> bool) -> Occupancy {
        if let Some(material) = self.as_uniform() {
            return Occupancy::uniform(test(material));
        }
        let parts: Vec<_> = self.bricks().map(|brick| self.parts(brick, &test)).collect();
        let all = |wanted| parts.as_flattened().iter().all(|&part| part == wanted);
        if all(0) || all(u64::MAX) {
            return Occupancy::uniform(all(u64::MAX));
        }
        Occupancy::from_bricks(|x, y, z| {
            let brick = x / 2 + PER_EDGE as i32 * (z / 2 + PER_EDGE as i32 * (y / 2));
            parts[brick as usize][(x & 1 | (z & 1) << 1 | (y & 1) << 2) as usize]
        })
    }

    /// Masks of the eight 4³ parts of a brick, x fastest, then z, then y; and so are the bits of each.
    fn parts(&self, brick: Brick, test: &impl Fn(MaterialId) -> bool) -> [u64; 8] {
        let (bits_log2, start) = match brick {
            Brick::Uniform(material) => return [if test(material) { u64::MAX } else { 0 }; 8],
            Brick::Mixed { bits_log2, start } => (bits_log2, start),
        };
        // One word for each y, bit x + 8 z.
        let layers: [u64; EDGE] = if let Some((list, codes)) = self.listed(bits_log2, start) {
            let bits = 1u32 << bits_log2;
            let codes_of_row = |row: usize| {
                let (word, shift) = place(row, bits);
                widen_from(codes[word] >> shift, bits).to_le_bytes()
            };
            let hits = list.map(&test);
            std::array::from_fn(|y| match (bits, hits[0], hits[1]) {
                (1, true, true) => u64::MAX,
                (1, true, false) => !codes[y],
                (1, false, true) => codes[y],
                (1, false, false) => 0,
                _ => (0..EDGE).rev().fold(0, |layer, z| {
                    let cells = codes_of_row(z + EDGE * y).into_iter().rev();
                    cells.fold(layer, |layer, code| {
                        layer << 1 | u64::from(hits[usize::from(code) % MAX_LISTED])
                    })
                }),
            })
        } else {
            let words = &self.words[start as usize..][..VOLUME / 4];
            std::array::from_fn(|y| {
                let cells = (0..EDGE * EDGE).rev().map(|i| i + EDGE * EDGE * y);
                let material = |i: usize| MaterialId(field(words[i / 4], 16, i % 4) as u16);
                cells.fold(0, |layer, i| layer << 1 | u64::from(test(material(i))))
            })
        };
        std::array::from_fn(|part| {
            let (x, z, y) = (part & 1, part >> 1 & 1, part >> 2);
            (0..16).fold(0, |mask, row| {
                let four = layers[4 * y + row / 4] >> (4 * x + EDGE * (4 * z + row % 4)) & 0xF;
                mask | four << (4 * row)
            })
        })
    }
}
