//! [`ChunkShader`]: where the shaders of this crate are.

use bevy::{asset::embedded_path, shader::ShaderRef};

/// The shaders of this crate.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) enum ChunkShader {
    Voxel,
    Prepass,
    Sky,
    Air,
}

impl From<ChunkShader> for ShaderRef {
    fn from(shader: ChunkShader) -> Self {
        let path = match shader {
            ChunkShader::Voxel => embedded_path!("shaders/voxel.wgsl"),
            ChunkShader::Prepass => embedded_path!("shaders/prepass.wgsl"),
            ChunkShader::Sky => embedded_path!("shaders/sky.wgsl"),
            ChunkShader::Air => embedded_path!("shaders/air.wgsl"),
        };
        Self::Path(bevy::asset::AssetPath::from(path).with_source("embedded"))
    }
}
