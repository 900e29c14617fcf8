//! How chunks become meshes.

use std::sync::Arc;

use bevy::prelude::*;
use bluemarble_core::{MaterialId, MaterialTable};
use bluemarble_mesh::{BlockyMesher, Mesher, SmoothMesher};

/// How chunks become meshes. Insert it before the world.
#[derive(Resource, Clone)]
pub struct Meshing {
    /// A game's own mesher. Without one, materials decide: those with a
    /// [`Surface::Smooth`](bluemarble_core::material::Surface) are rounded, all others are cubes.
    pub mesher: Option<Arc<dyn Mesher>>,
    /// Whether corners are darkened where they lie in a nook.
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
