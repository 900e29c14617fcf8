//! The look of chunks.
//!
//! | file | what it holds |
//! |---|---|
//! | `voxel` | palette colours, procedural grain, water, haze |
//! | `chunk_materials` | [`ChunkMaterials`]: which material chunks get, the plugin's or a game's own |
//! | `create` | the materials of new worlds |
//! | `shader_paths` | where the shaders are |
//! | `shadow_map` | shadows of whatever stands near the camera, at high quality |
//! | `relief_buffer` | how the ground of each node lies, as the shaders read it |

mod chunk_materials;
mod create;
mod relief_buffer;
mod shader_paths;
mod shadow_map;
mod voxel;

use bevy::{asset::embedded_asset, prelude::*, shader::load_shader_library};

use super::light::{LightPrepared, LookQuality, is_rebinding_due, rebind};
use crate::systems::BluemarbleSystems;

pub use self::chunk_materials::ChunkMaterials;
pub(crate) use self::voxel::VoxelMaterial;
pub(super) use self::{
    chunk_materials::Look,
    create::create_materials,
    relief_buffer::{RELIEF_SLOTS, ReliefUpload, ReliefUploads},
    shader_paths::ChunkShader,
};

/// Registers the shaders and the material.
pub(super) fn build(app: &mut App) {
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
        .add_observer(chunk_materials::take_back)
        .add_systems(
            PreUpdate,
            create_materials.in_set(BluemarbleSystems::Prepare).after(LightPrepared),
        )
        .add_systems(
            Update,
            (
                voxel::follow_quality.run_if(resource_changed::<LookQuality>),
                rebind::<VoxelMaterial>.run_if(is_rebinding_due),
            )
                .in_set(BluemarbleSystems::Look),
        );
    relief_buffer::build(app);
    shadow_map::build(app);
}
