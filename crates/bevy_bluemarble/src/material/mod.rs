//! The look of chunks, and the light they stand in.
//!
//! | file | what it holds |
//! |---|---|
//! | `voxel` | [`VoxelMaterial`]: palette colours, procedural grain, water, haze |
//! | `chunk_materials` | [`ChunkMaterials`]: which material chunks get, the plugin's or a game's own |
//! | `sun` | [`SunLight`]: where it stands in the course of the day and the year |
//! | `shadow_map` | shadows of whatever stands near the camera, at high quality |
//! | `relief_buffer` | how the ground of each node lies, as the shaders read it |
//! | `planet_picture` | [`PlanetPicture`]: what a planet looks like from afar, and its lights at night |
//! | `environment` | [`Environment`]: light, air, clouds and quality, as the shaders read them |

mod chunk_materials;
mod environment;
mod planet_picture;
mod relief_buffer;
mod shadow_map;
mod sun;
mod voxel;

use bevy::{
    asset::{embedded_asset, embedded_path},
    prelude::*,
    shader::{ShaderRef, load_shader_library},
};

use crate::sky::Sky;

pub use self::{
    chunk_materials::ChunkMaterials,
    environment::{
        Environment, EnvironmentBuffer, FadeClock, LookQuality, PlanetPictureState,
        update_environment,
    },
    planet_picture::{PictureError, PlanetPicture, PlanetPictureCube},
    relief_buffer::{ReliefBuffer, ReliefUpload, ReliefUploads},
    sun::{SunCourse, SunLight},
    voxel::{VoxelMaterial, VoxelMaterialKey, create_materials},
};
pub(crate) use self::{chunk_materials::Look, relief_buffer::RELIEF_SLOTS};

/// The shaders of this crate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChunkShader {
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

/// Registers the shaders and the material.
pub fn build(app: &mut App) {
    load_shader_library!(app, "shaders/environment.wgsl");
    load_shader_library!(app, "shaders/atmosphere.wgsl");
    load_shader_library!(app, "shaders/clouds.wgsl");
    load_shader_library!(app, "shaders/light.wgsl");
    load_shader_library!(app, "shaders/noise.wgsl");
    load_shader_library!(app, "shaders/planet_picture.wgsl");
    load_shader_library!(app, "shaders/relief.wgsl");
    load_shader_library!(app, "shaders/tone.wgsl");
    load_shader_library!(app, "shaders/vertex.wgsl");
    load_shader_library!(app, "shaders/water.wgsl");
    embedded_asset!(app, "shaders/voxel.wgsl");
    embedded_asset!(app, "shaders/prepass.wgsl");
    embedded_asset!(app, "shaders/sky.wgsl");
    embedded_asset!(app, "shaders/air.wgsl");
    app.add_plugins(MaterialPlugin::<VoxelMaterial>::default())
        .init_resource::<SunLight>()
        .init_resource::<Sky>()
        .init_resource::<LookQuality>()
        .init_resource::<PlanetPictureState>()
        .init_resource::<FadeClock>()
        .init_resource::<EnvironmentBuffer>();
    crate::sky::build_textures(app);
    planet_picture::build(app);
    relief_buffer::build(app);
    shadow_map::build(app);
    app.add_systems(Update, voxel::follow_quality.run_if(resource_changed::<LookQuality>));
}
