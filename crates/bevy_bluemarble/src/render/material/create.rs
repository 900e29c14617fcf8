//! The palette and the materials of new worlds.

use bevy::{
    prelude::*,
    render::{render_resource::ShaderType, storage::ShaderBuffer},
};
use bluemarble_core::{MaterialTable, Phase};

use super::{ChunkMaterials, VoxelMaterial, relief_buffer::ReliefBuffer};
use crate::{
    render::light::{LookQuality, PlanetPictureCube, SkyTextures, WorldEnvironment},
    world::VoxelWorld,
};

/// One row of the palette as the shader reads it.
#[derive(Clone, Copy, Debug, Default, ShaderType)]
struct PaletteRow {
    colour: Vec4,
    look: Vec4,
}

/// Makes the palette and the materials of new worlds, unless the game has its own.
pub(in crate::render) fn create_materials(
    mut commands: Commands,
    worlds: Query<
        (Entity, &VoxelWorld, &WorldEnvironment, &PlanetPictureCube),
        Without<ChunkMaterials>,
    >,
    sky: Res<SkyTextures>,
    reliefs: Res<ReliefBuffer>,
    quality: Res<LookQuality>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut materials: ResMut<Assets<VoxelMaterial>>,
) {
    for (entity, world, environment, picture) in &worlds {
        let palette = buffers.add(ShaderBuffer::from(palette(world.0.materials())));
        let mut add = |see_through, fading| {
            materials.add(VoxelMaterial {
                palette: palette.clone(),
                environment: environment.buffer.clone(),
                transmittance: sky.transmittance.clone(),
                scattering: sky.scattering.clone(),
                clouds: sky.clouds.clone(),
                reliefs: reliefs.0.clone(),
                picture: picture.image.clone(),
                see_through,
                fading,
                is_low: *quality == LookQuality::Low,
                shadow_map: quality.has_shadow_maps(),
            })
        };
        let opaque = [add(false, false), add(false, true)];
        let see_through = [add(true, false), add(true, true)];
        let casts = quality.has_shadow_maps();
        commands.entity(entity).try_insert(ChunkMaterials::of_voxels(opaque, see_through, casts));
    }
}

fn palette(table: &MaterialTable) -> Vec<PaletteRow> {
    let row = |row: &bluemarble_core::MaterialRow| {
        let [r, g, b] = row.colour;
        let colour = Color::srgb(r, g, b).to_linear().to_vec4().truncate().extend(row.roughness);
        let opacity = match row.phase {
            Phase::Liquid => 0.9,
            Phase::Translucent => 0.35,
            Phase::Opaque | Phase::Empty => 1.0,
        };
        let liquid = f32::from(u8::from(row.phase == Phase::Liquid));
        let built = f32::from(u8::from(row.built));
        PaletteRow { colour, look: Vec4::new(opacity, liquid, built, 0.0) }
    };
    table.rows().iter().map(row).collect()
}
