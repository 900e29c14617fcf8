//! Makes of meshed chunks what the materials of their world draw.

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_core::{CancelToken, Cancelled};

use super::{ChunkContents, Vertices, bake::Baker, material::ChunkMaterials};
use crate::{
    meshing::NodeFrame,
    streaming::{BakedNode, MeshedNode, NodeBaker, NodeBaking, Pass},
    world::VoxelWorld,
};

/// Bakes the nodes of one world.
struct WorldBaker {
    vertices: Vertices,
    /// Whether the material lights slopes.
    wants_relief: bool,
    contents: ChunkContents,
}

impl NodeBaker for WorldBaker {
    fn bake(&self, node: &MeshedNode<'_>, cancel: &CancelToken) -> Result<BakedNode, Cancelled> {
        let MeshedNode { key, bounds, chunk, mesh, world } = *node;
        let frame = NodeFrame::new(bounds);
        let mut baker = Baker::new(world.shape(), key, &frame, world.materials(), self.vertices);
        let baked = [
            (Pass::Opaque, baker.quads(&mesh.opaque, Pass::Opaque, cancel)?),
            (Pass::Opaque, baker.smooth(&mesh.smooth, cancel)?),
            (Pass::SeeThrough, baker.quads(&mesh.see_through, Pass::SeeThrough, cancel)?),
        ];
        cancel.check()?;
        let meshes: Vec<_> =
            baked.into_iter().filter_map(|(pass, mesh)| Some((pass, mesh?))).collect();
        let mut node = BakedNode { meshes, relief: None, bundles: Vec::new() };
        if !node.meshes.is_empty() {
            if self.wants_relief {
                node.relief = world.relief(key, chunk, cancel)?;
            }
            node.bundles = self.contents.bundles(key, chunk);
        }
        Ok(node)
    }
}

/// A world with other materials is drawn anew: what was baked for the old ones is not drawn with the new ones.
pub(super) fn begin_anew(changed: On<Insert, ChunkMaterials>, mut commands: Commands) {
    commands.entity(changed.entity).try_remove::<NodeBaking>();
}

/// Gives worlds the baker that their materials and contents need, and another one when these change.
pub(super) fn choose_bakers(
    mut commands: Commands,
    worlds: Query<
        (Entity, &ChunkMaterials, &ChunkContents),
        (
            With<VoxelWorld>,
            Or<(Without<NodeBaking>, Changed<ChunkMaterials>, Changed<ChunkContents>)>,
        ),
    >,
) {
    for (entity, materials, contents) in &worlds {
        let baker = WorldBaker {
            vertices: materials.vertices(),
            wants_relief: materials.wants_relief(),
            contents: contents.clone(),
        };
        commands.entity(entity).try_insert(NodeBaking(Arc::new(baker)));
    }
}
