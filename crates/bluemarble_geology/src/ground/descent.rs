//! [`Descent`]: what lies over each other, from above.

use bluemarble_core::{CancelToken, ChunkKey, MaterialId};
use bluemarble_world::{Classification, HybridWorld, Survey, WorldError};

use super::matter::Matters;

/// The nodes that lie over each other, from above: chunks of one lod, and coarser nodes where they are air or water
/// throughout.
pub(crate) struct Descent<'a> {
    world: &'a HybridWorld,
    matters: &'a Matters,
    lod: u8,
    /// x and z, in chunks of `lod`.
    at: [i32; 2],
    /// The highest one last.
    waiting: Vec<ChunkKey>,
}

/// The next node further down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    /// All of it is this, and no ground.
    Uniform(MaterialId),
    /// A chunk that may have ground in it.
    Chunk(ChunkKey),
}

impl<'a> Descent<'a> {
    /// From above everything. `at`: x and z, in chunks of `lod`.
    pub fn new(
        world: &'a HybridWorld,
        matters: &'a Matters,
        region: u8,
        lod: u8,
        at: [i32; 2],
    ) -> Self {
        let roots = world.shape().roots().into_iter();
        let mut waiting: Vec<_> =
            roots.filter(|root| root.region == region && Self::is_over(*root, lod, at)).collect();
        waiting.sort_unstable_by_key(|root| root.pos.y);
        Self { world, matters, lod, at, waiting }
    }

    fn is_over(key: ChunkKey, lod: u8, [x, z]: [i32; 2]) -> bool {
        let up = key.lod - lod;
        key.pos.x == x >> up && key.pos.z == z >> up
    }

    /// The next node further down; `None` below everything.
    ///
    /// # Errors
    /// As [`HybridWorld::prepare`].
    pub async fn next(&mut self) -> Result<Option<Below>, WorldError> {
        while let Some(key) = self.waiting.pop() {
            if let Classification::Uniform(material) = self.world.classify(key)
                && !self.matters.get(material).is_ground()
            {
                return Ok(Some(Below::Uniform(material)));
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
            return Ok(Some(match self.world.survey(key) {
                Survey::Uniform(material) if !self.matters.get(material).is_ground() => {
                    Below::Uniform(material)
                }
                _ => Below::Chunk(key),
            }));
        }
        Ok(None)
    }
}
