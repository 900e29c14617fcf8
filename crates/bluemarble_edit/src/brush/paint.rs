//! Painting: solid cells become another material.

use bluemarble_core::{ChunkKey, MaterialId};
use bluemarble_world::{HybridWorld, uniform_box};

use super::{mask::Mask, solid::Solid};
use crate::{EditError, batch::Steps};

pub(super) async fn paint(
    world: &HybridWorld,
    cells: &[(ChunkKey, Mask)],
    material: MaterialId,
    steps: &mut Steps,
) -> Result<(), EditError> {
    let solid = Solid::new(world.materials());
    let changes = |before| solid.contains(before) && before != material;
    for (key, mask) in cells {
        let chunk = world.read(*key).await?;
        if chunk.any_material(changes) {
            let merged = uniform_box::merge(mask.bounds(), |cell| {
                (mask.contains(cell) && changes(chunk.get(cell))).then_some(material)
            });
            steps.add(*key, merged)?;
        }
    }
    Ok(())
}
