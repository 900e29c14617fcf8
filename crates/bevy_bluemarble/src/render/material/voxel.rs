//! [`VoxelMaterial`]: how the plugin draws voxels.

use bevy::{
    mesh::{MeshVertexBufferLayoutRef, VertexFormat},
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    render::{
        render_resource::{
            AsBindGroup, Face, RenderPipelineDescriptor, SpecializedMeshPipelineError,
        },
        storage::ShaderBuffer,
    },
    shader::{ShaderDefVal, ShaderRef},
};

use super::ChunkShader;
use crate::render::{
    light::{LOOK_LOW, LookQuality},
    vertex::{ATTRIBUTE_QUAD, ATTRIBUTE_SMOOTH},
};

/// Draws chunks: the colour of each material from a palette, with a grain of its own close by, lit by
/// sun and sky, seen through air. Cells that are small on the screen are lit as the slope that they stand
/// for and lie in the shadow of the hills around; from afar the planet's picture gives the colour. Water
/// shows what lies in it, the less the deeper: how deep it is, is known to cameras with a
/// [`DepthPrepass`](bevy::core_pipeline::prepass::DepthPrepass).
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
#[bind_group_data(VoxelMaterialKey)]
pub struct VoxelMaterial {
    #[storage(0, read_only)]
    pub(super) palette: Handle<ShaderBuffer>,
    #[storage(1, read_only)]
    pub(super) environment: Handle<ShaderBuffer>,
    #[texture(2)]
    #[sampler(3)]
    pub(super) transmittance: Handle<Image>,
    #[texture(4)]
    pub(super) scattering: Handle<Image>,
    #[texture(5, dimension = "cube")]
    #[sampler(6)]
    pub(super) clouds: Handle<Image>,
    #[storage(7, read_only)]
    pub(super) reliefs: Handle<ShaderBuffer>,
    #[texture(8, dimension = "cube")]
    #[sampler(9)]
    pub(super) picture: Handle<Image>,
    pub(super) see_through: bool,
    pub(super) fading: bool,
    pub(super) is_low: bool,
    pub(super) shadow_map: bool,
}

/// What tells the pipelines of [`VoxelMaterial`] apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct VoxelMaterialKey {
    see_through: bool,
    fading: bool,
    is_low: bool,
    shadow_map: bool,
}

impl VoxelMaterial {
    /// Whether it hides what is behind.
    pub(super) fn is_opaque(&self) -> bool {
        !self.see_through
    }
}

impl From<&VoxelMaterial> for VoxelMaterialKey {
    fn from(material: &VoxelMaterial) -> Self {
        let VoxelMaterial { see_through, fading, is_low, shadow_map, .. } = *material;
        Self { see_through, fading, is_low, shadow_map }
    }
}

impl Material for VoxelMaterial {
    fn vertex_shader() -> ShaderRef {
        ChunkShader::Voxel.into()
    }

    fn fragment_shader() -> ShaderRef {
        ChunkShader::Voxel.into()
    }

    fn prepass_vertex_shader() -> ShaderRef {
        ChunkShader::Prepass.into()
    }

    fn prepass_fragment_shader() -> ShaderRef {
        ChunkShader::Prepass.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        match (self.see_through, self.fading) {
            (true, _) => AlphaMode::Blend,
            // Some pixels are left out.
            (false, true) => AlphaMode::Mask(0.5),
            (false, false) => AlphaMode::Opaque,
        }
    }

    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        let is_smooth = layout.0.contains(ATTRIBUTE_SMOOTH);
        let attribute = if is_smooth { ATTRIBUTE_SMOOTH } else { ATTRIBUTE_QUAD };
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[attribute.at_shader_location(0)])?];
        let mut defs: Vec<ShaderDefVal> = Vec::new();
        if is_smooth {
            defs.push("SMOOTH".into());
        }
        if key.bind_group_data.fading {
            defs.push("FADING".into());
        }
        if key.bind_group_data.see_through {
            defs.push("SEE_THROUGH".into());
        }
        if key.bind_group_data.is_low {
            defs.push(LOOK_LOW.into());
            if !key.bind_group_data.see_through {
                // Software draws sixteen pixels of a face at least, and faces are smaller than that.
                defs.push("LIT_VERTICES".into());
            }
        }
        descriptor.vertex.shader_defs.extend_from_slice(&defs);
        if let Some(fragment) = &mut descriptor.fragment {
            fragment.shader_defs.extend(defs);
            if key.bind_group_data.shadow_map {
                fragment.shader_defs.push("SHADOW_MAP".into());
            }
        }
        let has_colours = descriptor
            .fragment
            .as_ref()
            .is_some_and(|fragment| fragment.targets.iter().any(Option::is_some));
        if !has_colours {
            // The engine draws the backs of faces, too, where it draws depth only. Faces overlap: the back of a step
            // would hide the ground before it, and nothing would be drawn there.
            descriptor.primitive.cull_mode = Some(Face::Back);
        }
        if key.bind_group_data.see_through {
            // Water has an underside.
            descriptor.primitive.cull_mode = None;
        }
        Ok(())
    }
}

const _: () = assert!(matches!(ATTRIBUTE_QUAD.format, VertexFormat::Uint32x3));
const _: () = assert!(matches!(ATTRIBUTE_SMOOTH.format, VertexFormat::Uint32x4));

/// Lets the materials follow the quality that is asked for.
pub(super) fn follow_quality(
    quality: Res<LookQuality>,
    mut materials: ResMut<Assets<VoxelMaterial>>,
) {
    for (_, material) in materials.iter_mut() {
        material.is_low = *quality == LookQuality::Low;
        material.shadow_map = quality.has_shadow_maps();
    }
}
