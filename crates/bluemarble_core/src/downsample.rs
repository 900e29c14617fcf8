//! How a parent chunk is made from its eight children.
//!
//! Downsampling keeps what is *seen*: a coarse cell is filled if at least half of its eight fine cells
//! are, or at least half of the upper four; its material is the vote of the topmost filled cell of each
//! of its four columns, so that grass stays grass seen from above and is not outvoted by the soil below.

use glam::{IVec3, ivec3};

use crate::{
    chunk::{Chunk, cell_index},
    key::CHUNK_VOLUME,
    material::MaterialId,
};

/// The coarse cell that stands for a 2×2×2 block of fine cells, ordered as octants (bit 0 is x, bit 1
/// is y, bit 2 is z).
pub fn downsample_block(block: [MaterialId; 8]) -> MaterialId {
    let filled = block.map(|material| u32::from(!material.is_air()));
    let upper = filled[2] + filled[3] + filled[6] + filled[7];
    let lower = filled[0] + filled[1] + filled[4] + filled[5];
    if upper + lower < 4 && upper < 2 {
        return MaterialId::AIR;
    }
    // The columns of the block by their lower cell; each votes with its topmost filled cell.
    let votes = [0, 1, 4, 5].map(|lower| match block[lower + 2] {
        MaterialId::AIR => block[lower],
        upper => upper,
    });
    if votes[1..].iter().all(|vote| *vote == votes[0]) {
        return votes[0];
    }
    let (mut most, mut winner) = (0, MaterialId::AIR);
    for vote in votes {
        let support = votes.map(|other| u32::from(other == vote)).into_iter().sum::<u32>();
        let is_better = support > most || support == most && vote < winner;
        if !vote.is_air() && is_better {
            (most, winner) = (support, vote);
        }
    }
    winner
}

/// The block of a child's fine cells that a coarse cell stands for.
///
/// `cell` is the lowest fine cell of the block, all coordinates even.
pub fn block_at(chunk: &Chunk, cell: IVec3) -> [MaterialId; 8] {
    if let Some(material) = chunk.as_uniform() {
        return [material; 8];
    }
    std::array::from_fn(|octant| {
        let octant = octant as i32;
        chunk.get(cell + ivec3(octant & 1, octant >> 1 & 1, octant >> 2))
    })
}

/// Makes a parent from its eight children, ordered by [`crate::ChunkKey::octant`].
pub fn downsample(children: [&Chunk; 8]) -> Chunk {
    if let Some(material) = children[0].as_uniform()
        && children.iter().all(|child| child.as_uniform() == Some(material))
    {
        return Chunk::uniform(material);
    }
    let mut cells = vec![MaterialId::AIR; CHUNK_VOLUME];
    for (octant, child) in children.into_iter().enumerate() {
        let base = ivec3(octant as i32 & 1, octant as i32 >> 1 & 1, octant as i32 >> 2) * 32;
        for y in 0..32 {
            for z in 0..32 {
                for x in 0..32 {
                    let cell = base + ivec3(x, y, z);
                    cells[cell_index(cell.x as usize, cell.y as usize, cell.z as usize)] =
                        downsample_block(block_at(child, ivec3(x, y, z) * 2));
                }
            }
        }
    }
    Chunk::from_cells(&cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRASS: MaterialId = MaterialId(1);
    const SOIL: MaterialId = MaterialId(2);
    const AIR: MaterialId = MaterialId::AIR;

    #[test]
    fn what_lies_on_top_is_what_a_coarse_cell_shows() {
        let mut block = [SOIL; 8];
        for octant in [2, 3, 6, 7] {
            block[octant] = GRASS;
        }
        assert_eq!(downsample_block(block), GRASS);
        assert_eq!(downsample_block([SOIL, SOIL, AIR, AIR, SOIL, SOIL, AIR, AIR]), SOIL);
        assert_eq!(downsample_block([SOIL, SOIL, AIR, AIR, SOIL, AIR, AIR, AIR]), AIR);
        assert_eq!(downsample_block([AIR, AIR, GRASS, GRASS, AIR, AIR, AIR, AIR]), GRASS);
    }

    /// The rule as it is told, word by word.
    fn as_told(block: [MaterialId; 8]) -> MaterialId {
        let filled = |octant: &usize| !block[*octant].is_air();
        let all = (0..8).filter(filled).count();
        let upper = [2, 3, 6, 7].iter().filter(|octant| filled(octant)).count();
        if all < 4 && upper < 2 {
            return AIR;
        }
        let column = |lower: usize| if filled(&(lower + 2)) { lower + 2 } else { lower };
        let votes = [0, 1, 4, 5].map(|lower| block[column(lower)]);
        let support = |vote: MaterialId| votes.iter().filter(|&&other| other == vote).count();
        let filled = votes.into_iter().filter(|vote| !vote.is_air());
        filled.max_by_key(|&vote| (support(vote), std::cmp::Reverse(vote))).unwrap_or(AIR)
    }

    #[test]
    fn every_block_of_three_materials_and_air_is_as_told() {
        for number in 0..4u32.pow(8) {
            let block =
                std::array::from_fn(|octant| MaterialId((number >> (2 * octant) & 3) as u16));
            assert_eq!(downsample_block(block), as_told(block), "{block:?}");
        }
    }

    #[test]
    fn a_slope_keeps_its_mean_height_within_a_quarter_of_a_coarse_cell() {
        let height = |x: i32| 20 + x / 3;
        let mut cells = vec![AIR; CHUNK_VOLUME];
        for (index, cell) in cells.iter_mut().enumerate() {
            let p = crate::chunk::cell_position(index);
            if p.y < height(p.x) {
                *cell = GRASS;
            }
        }
        let fine = Chunk::from_cells(&cells);
        let air = Chunk::default();
        let coarse = downsample([&fine, &air, &air, &air, &air, &air, &air, &air]);
        let top = |x: i32| (0..32).filter(|&y| coarse.get(ivec3(x, y, 0)) == GRASS).count() as f64;
        let coarse_mean = (0..32).map(top).sum::<f64>() / 32.0;
        let fine_mean = (0..64).map(|x| f64::from(height(x))).sum::<f64>() / 64.0;
        assert!(
            (coarse_mean - fine_mean / 2.0).abs() <= 0.25,
            "{coarse_mean} vs {}",
            fine_mean / 2.0
        );
    }
}
