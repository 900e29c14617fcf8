//! The look of chunks, and the light they stand in.
//!
//! | file | what it holds |
//! |---|---|
//! | `voxel` | [`VoxelMaterial`]: palette colours, procedural grain, water, haze |
//! | `chunk_materials` | [`ChunkMaterials`]: which material chunks get, the plugin's or a game's own |
//! | `environment` | [`Sun`] and air, as the shaders read them |

mod chunk_materials;
mod environment;
mod voxel;

use bevy::{
    asset::{embedded_asset, embedded_path},
    prelude::*,
    shader::{ShaderRef, load_shader_library},
};

pub(crate) use self::chunk_materials::Look;
pub use self::{
    chunk_materials::ChunkMaterials,
    environment::{Environment, EnvironmentBuffer, FadeClock, Sun, SunCourse, update_environment},
    voxel::{VoxelMaterial, VoxelMaterialKey, create_materials},
};

/// The shaders of this crate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChunkShader {
    Voxel,
    Prepass,
    Sky,
}

impl From<ChunkShader> for ShaderRef {
    fn from(shader: ChunkShader) -> Self {
        let path = match shader {
            ChunkShader::Voxel => embedded_path!("shaders/voxel.wgsl"),
            ChunkShader::Prepass => embedded_path!("shaders/prepass.wgsl"),
            ChunkShader::Sky => embedded_path!("shaders/sky.wgsl"),
        };
        Self::Path(bevy::asset::AssetPath::from(path).with_source("embedded"))
    }
}

/// Registers the shaders and the material.
pub fn build(app: &mut App) {
    load_shader_library!(app, "shaders/atmosphere.wgsl");
    load_shader_library!(app, "shaders/vertex.wgsl");
    embedded_asset!(app, "shaders/voxel.wgsl");
    embedded_asset!(app, "shaders/prepass.wgsl");
    embedded_asset!(app, "shaders/sky.wgsl");
    app.add_plugins(MaterialPlugin::<VoxelMaterial>::default())
        .init_resource::<Sun>()
        .init_resource::<FadeClock>()
        .init_resource::<EnvironmentBuffer>();
}
