//! Unpacking: bricks become a chunk that can be changed.

use super::{
    super::{
        Chunk, cell_position,
        fields::{narrow_to, repeat, widen_from},
        forms::Repr,
        palette::{self, Palette},
    },
    *,
};

impl CompactChunk {
    /// The chunk that was packed.
    pub fn to_chunk(&self) -> Chunk {
        if let Some(material) = self.as_uniform() {
            return Chunk::uniform(material);
        }
        let Some(materials) = self.materials() else {
            let cells: Vec<_> =
                (0..CHUNK_VOLUME).map(|index| self.get(cell_position(index))).collect();
            return Chunk::from_cells(&cells);
        };
        Chunk { repr: Repr::Palette(self.unpack(materials)) }
    }

    /// Each material once; `None` if there are too many for a palette.
    fn materials(&self) -> Option<Vec<MaterialId>> {
        let mut materials = Vec::new();
        let mut add = |material| {
            if !materials.contains(&material) {
                materials.push(material);
            }
            (materials.len() <= palette::MAX_MATERIALS).then_some(())
        };
        for brick in self.bricks() {
            match brick {
                Brick::Uniform(material) => add(material)?,
                Brick::Mixed { bits_log2, start } => {
                    let (list, _) = self.listed(bits_log2, start)?;
                    list.into_iter().try_for_each(&mut add)?;
                }
            }
        }
        Some(materials)
    }

    /// The palette of a chunk with these materials.
    fn unpack(&self, materials: Vec<MaterialId>) -> Palette {
        let bits_log2 = (0..3).find(|log2| materials.len() <= 1 << (1u32 << log2)).unwrap_or(3);
        let bits = 1u32 << bits_log2;
        let mut counts = vec![0; materials.len()];
        let mut words = vec![0u64; CHUNK_VOLUME * bits as usize / 64];
        let slot = |material| materials.iter().position(|&known| known == material).unwrap_or(0);
        let bricks: Vec<Brick> = self.bricks().collect();
        for (line, bricks) in bricks.chunks_exact(PER_EDGE).enumerate() {
            // What the rows share: their cells in bricks of one material.
            let mut shared = [0u64; 8];
            for (x, brick) in bricks.iter().enumerate() {
                if let Brick::Uniform(material) = *brick {
                    let slot = slot(material);
                    counts[slot] += VOLUME as u32;
                    let (word, shift) = place(x, bits);
                    shared[word] |= (repeat(slot as u64, bits) & eight_mask(bits)) << shift;
                }
            }
            for row in rows(line) {
                let words = &mut words[row * bits as usize..(row + 1) * bits as usize];
                words.copy_from_slice(&shared[..bits as usize]);
            }
            for (x, brick) in bricks.iter().enumerate() {
                let Brick::Mixed { bits_log2, start } = *brick else { continue };
                let Some((list, codes)) = self.listed(bits_log2, start) else { continue };
                let (slots, own_bits) = (list.map(|material| slot(material) as u8), 1 << bits_log2);
                let (word, shift) = place(x, bits);
                let mut cells = [[0u8; EDGE]; ROWS];
                for (number, row) in cells.iter_mut().enumerate() {
                    let (word, shift) = place(number, own_bits);
                    *row = widen_from(codes[word] >> shift, own_bits).to_le_bytes();
                }
                for (code, &slot) in slots.iter().enumerate().take(1 << own_bits) {
                    counts[usize::from(slot)] += count(&cells, code as u8);
                }
                for (cells, row) in cells.iter().zip(rows(line)) {
                    let eight = cells.map(|code| slots[usize::from(code) % MAX_LISTED]);
                    let eight = narrow_to(u64::from_le_bytes(eight), bits);
                    words[row * bits as usize + word] |= eight << shift;
                }
            }
        }
        Palette::from_parts(materials, counts, bits_log2, words)
    }
}

/// How many cells of a brick have a code.
fn count(cells: &[[u8; EDGE]; ROWS], code: u8) -> u32 {
    let in_row = |row: &[u8; EDGE]| row.iter().map(|&cell| u32::from(cell == code)).sum::<u32>();
    cells.iter().map(in_row).sum()
}
