//! How chunks become meshes: what is drawn and what bodies stand on.
//!
//! | file | what it holds |
//! |---|---|
//! | `chunk` | a chunk is read, with what lies beside it, and meshed |
//! | `node_frame` | the space in which the mesh of a node is written down |
//! | `corners` | where the corners of cells lie in that frame |

mod chunk;
mod corners;
mod node_frame;

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_core::{MaterialId, MaterialTable};
use bluemarble_mesh::{BlockyMesher, Mesher, SmoothMesher};

pub(crate) use self::{
    chunk::{ChunkMeshing, Meshed},
    corners::Corners,
    node_frame::NodeFrame,
};

/// How chunks of a world become meshes. On the world's entity; a change streams the world anew.
#[derive(Component, Clone, Reflect)]
#[reflect(Component, Default)]
pub struct Meshing {
    /// A game's own mesher. Without one, materials decide: those with a
    /// [`Surface::Smooth`](bluemarble_core::Surface) are rounded, all others are cubes.
    #[reflect(ignore)]
    pub mesher: Option<Arc<dyn Mesher>>,
    /// Whether corners of cubes get ambient occlusion.
    pub ambient_occlusion: bool,
}

impl Default for Meshing {
    fn default() -> Self {
        Self { mesher: None, ambient_occlusion: true }
    }
}

impl Meshing {
    /// The mesher of a world with these materials.
    pub(crate) fn mesher(&self, materials: &MaterialTable) -> Arc<dyn Mesher> {
        match &self.mesher {
            Some(mesher) => mesher.clone(),
            None if materials.ids().any(|id| materials.is_smooth(MaterialId(id))) => {
                Arc::new(SmoothMesher::new(materials))
            }
            None => Arc::new(BlockyMesher::new(materials)),
        }
    }
}
