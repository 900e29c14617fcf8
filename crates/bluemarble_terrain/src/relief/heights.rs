//! Heights of the ground around a chunk.

use std::sync::Arc;

use bluemarble_core::{Cancelled, ChunkKey};
use quick_cache::sync::Cache;

/// Columns of its lod along an edge of a block, without its margin.
const BLOCK: i32 = 32;
/// Columns around them that a block has, too, so that the blocks beside it are not needed.
pub(super) const MARGIN: i32 = 5;
/// Columns along an edge of a block.
pub(super) const EDGE: usize = (BLOCK + 2 * MARGIN) as usize;

/// Makes heights of the ground in metres at a lod: of a number of columns along x and z from a cell position, x fastest.
pub(crate) trait MakeHeights:
    Fn(u8, [i32; 2], [usize; 2]) -> Result<Vec<f32>, Cancelled>
{
}

impl<F: Fn(u8, [i32; 2], [usize; 2]) -> Result<Vec<f32>, Cancelled>> MakeHeights for F {}

/// Heights in metres, in two bytes each.
pub(crate) struct PackedHeights {
    lowest_m: f32,
    step_m: f32,
    above: Box<[u16]>,
}

impl PackedHeights {
    pub fn new(heights_m: &[f32]) -> Self {
        let (lowest_m, highest_m) = heights_m
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
        let step_m = (highest_m - lowest_m) / f32::from(u16::MAX);
        let steps = |height_m: f32| {
            if step_m > 0.0 { ((height_m - lowest_m) / step_m).round() as u16 } else { 0 }
        };
        Self {
            lowest_m,
            step_m,
            above: heights_m.iter().map(|&height_m| steps(height_m)).collect(),
        }
    }

    pub fn unpacked(&self) -> Vec<f32> {
        self.above.iter().map(|&above| self.lowest_m + self.step_m * f32::from(above)).collect()
    }
}

/// The ground of 32 x 32 columns of a lod and of five more on each side.
pub(super) struct HeightBlock {
    heights: PackedHeights,
}

/// A block laid out to be read.
pub(super) struct OpenBlock {
    pub heights_m: Vec<f32>,
    /// The first column, in columns of the block's lod.
    pub first: [i32; 2],
}

/// The block of lod `lod` over a chunk of a finer lod.
pub(super) fn block_over(
    heights: &impl MakeHeights,
    blocks: &Cache<ChunkKey, Arc<HeightBlock>>,
    key: ChunkKey,
    lod: u8,
) -> Result<OpenBlock, Cancelled> {
    // A chunk is two blocks of its own lod wide.
    let pos = (key.pos * 2) >> i32::from(lod - key.lod);
    let place = ChunkKey::new(key.region, lod, pos.with_y(0));
    let first = [pos.x * BLOCK - MARGIN, pos.z * BLOCK - MARGIN];
    let block = match blocks.get(&place) {
        Some(block) => block,
        None => {
            let heights_m = heights(lod, first, [EDGE; 2])?;
            let block = Arc::new(HeightBlock { heights: PackedHeights::new(&heights_m) });
            blocks.insert(place, block.clone());
            block
        }
    };
    Ok(OpenBlock { heights_m: block.heights.unpacked(), first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_heights_come_back_within_a_step_of_their_range() {
        let heights: Vec<f32> = (0..500).map(|k| (k * k % 977) as f32 * 3.7 - 400.0).collect();
        let packed = PackedHeights::new(&heights);
        for (before, after) in heights.iter().zip(packed.unpacked()) {
            assert!((before - after).abs() <= 4000.0 / 65_535.0, "{before} {after}");
        }
        assert_eq!(PackedHeights::new(&[7.5; 9]).unpacked(), [7.5; 9]);
    }
}
