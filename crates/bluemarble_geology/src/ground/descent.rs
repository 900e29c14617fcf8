//! [`Descent`]: the chunks over and under a column, from above.

use bluemarble_core::{CancelToken, ChunkKey, MaterialId};
use bluemarble_world::{Classification, HybridWorld, Survey, WorldError};

/// The chunks of one lod that lie over each other, from above, without those that are known to be air.
pub(crate) struct Descent<'a> {
    world: &'a HybridWorld,
    lod: u8,
    /// x and z, in chunks of `lod`.
    at: [i32; 2],
    /// The highest one last.
    waiting: Vec<ChunkKey>,
}

impl<'a> Descent<'a> {
    /// From above everything. `at`: x and z, in chunks of `lod`.
    pub fn new(world: &'a HybridWorld, region: u8, lod: u8, at: [i32; 2]) -> Self {
        let roots = world.shape().roots().into_iter();
        let mut waiting: Vec<_> =
            roots.filter(|root| root.region == region && Self::is_over(*root, lod, at)).collect();
        waiting.sort_unstable_by_key(|root| root.pos.y);
        Self { world, lod, at, waiting }
    }

    fn is_over(key: ChunkKey, lod: u8, [x, z]: [i32; 2]) -> bool {
        let up = key.lod - lod;
        key.pos.x == x >> up && key.pos.z == z >> up
    }

    /// The next one further down that may hold something but air.
    ///
    /// # Errors
    /// As [`HybridWorld::prepare`].
    pub async fn next(&mut self) -> Result<Option<ChunkKey>, WorldError> {
        while let Some(key) = self.waiting.pop() {
            if self.world.classify(key) == Classification::Uniform(MaterialId::AIR) {
                continue;
            }
            if key.lod > self.lod {
                let children = key.children().into_iter().flatten();
                let mut below: Vec<_> =
                    children.filter(|child| Self::is_over(*child, self.lod, self.at)).collect();
                below.sort_unstable_by_key(|child| child.pos.y);
                self.waiting.append(&mut below);
                continue;
            }
            self.world.prepare(key, &CancelToken::never()).await?;
            if self.world.survey(key) != Survey::Uniform(MaterialId::AIR) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}
