//! [`AirMaterial`]: air and clouds between the eye and the ground.
//!
//! They are laid over the picture once it is drawn, by one triangle that fills the screen. In the material of
//! voxels they would cost as much for each face as for each pixel, and faces are about as many.

use bevy::{
    camera::visibility::NoFrustumCulling,
    core_pipeline::prepass::DepthPrepass,
    light::{NotShadowCaster, NotShadowReceiver},
    mesh::MeshVertexBufferLayoutRef,
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    render::{
        render_resource::{
            AsBindGroup, CompareFunction, RenderPipelineDescriptor, SpecializedMeshPipelineError,
        },
        storage::ShaderBuffer,
    },
    shader::ShaderRef,
};

use super::{LOOK_LOW, SkyTextures};
use crate::{
    material::{ChunkShader, EnvironmentBuffer, LookQuality, Sun},
    viewer::Viewer,
};

/// Before everything else that is blended, so that it is drawn after it.
const LAST: f32 = 1e12;

/// Draws air and clouds over the ground, for cameras with a [`DepthPrepass`].
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
#[bind_group_data(AirMaterialKey)]
pub struct AirMaterial {
    #[storage(1, read_only)]
    environment: Handle<ShaderBuffer>,
    #[texture(2)]
    #[sampler(3)]
    transmittance: Handle<Image>,
    #[texture(4)]
    scattering: Handle<Image>,
    #[texture(5, dimension = "cube")]
    #[sampler(6)]
    clouds: Handle<Image>,
    is_low: bool,
}

/// What tells the pipelines of [`AirMaterial`] apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct AirMaterialKey {
    is_low: bool,
}

impl From<&AirMaterial> for AirMaterialKey {
    fn from(material: &AirMaterial) -> Self {
        Self { is_low: material.is_low }
    }
}

impl Material for AirMaterial {
    fn vertex_shader() -> ShaderRef {
        ChunkShader::Air.into()
    }

    fn fragment_shader() -> ShaderRef {
        ChunkShader::Air.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        AlphaMode::Premultiplied
    }

    fn depth_bias(&self) -> f32 {
        LAST
    }

    fn enable_prepass() -> bool {
        false
    }

    fn enable_shadows() -> bool {
        false
    }

    fn specialize(
        _: &MaterialPipeline,
        descriptor: &mut RenderPipelineDescriptor,
        layout: &MeshVertexBufferLayoutRef,
        key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers =
            vec![layout.0.get_layout(&[Mesh::ATTRIBUTE_POSITION.at_shader_location(0)])?];
        descriptor.primitive.cull_mode = None;
        if let Some(depth) = &mut descriptor.depth_stencil {
            depth.depth_compare = Some(CompareFunction::Always);
            // The engine takes the order of drawing for a shift of depths, too.
            depth.bias = default();
        }
        if key.bind_group_data.is_low
            && let Some(fragment) = &mut descriptor.fragment
        {
            fragment.shader_defs.push(LOOK_LOW.into());
        }
        Ok(())
    }
}

/// Marks the triangle.
#[derive(Component)]
pub(super) struct AirOverlay;

pub(super) fn build(app: &mut App) {
    app.add_plugins(MaterialPlugin::<AirMaterial>::default())
        .add_systems(Startup, spawn)
        .add_systems(
            Update,
            (
                follow_quality.run_if(resource_changed::<LookQuality>),
                follow_air.run_if(resource_changed::<Sun>),
                want_depth,
            ),
        );
}

fn spawn(
    mut commands: Commands,
    environment: Res<EnvironmentBuffer>,
    textures: Res<SkyTextures>,
    quality: Res<LookQuality>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<AirMaterial>>,
) {
    let material = AirMaterial {
        environment: environment.0.clone(),
        transmittance: textures.transmittance.clone(),
        scattering: textures.scattering.clone(),
        clouds: textures.clouds.clone(),
        is_low: *quality == LookQuality::Low,
    };
    commands.spawn((
        Name::new("Air"),
        AirOverlay,
        Mesh3d(meshes.add(super::screen())),
        MeshMaterial3d(materials.add(material)),
        (NoFrustumCulling, NotShadowCaster, NotShadowReceiver),
        Pickable::IGNORE,
    ));
}

fn follow_quality(quality: Res<LookQuality>, mut materials: ResMut<Assets<AirMaterial>>) {
    for (_, material) in materials.iter_mut() {
        material.is_low = *quality == LookQuality::Low;
    }
}

/// Where there is no air nothing is laid over.
fn follow_air(sun: Res<Sun>, mut overlays: Query<&mut Visibility, With<AirOverlay>>) {
    for mut visibility in &mut overlays {
        *visibility = if sun.air { Visibility::Inherited } else { Visibility::Hidden };
    }
}

/// Air needs to know how far away the ground is.
fn want_depth(
    mut commands: Commands,
    viewers: Query<Entity, (With<Viewer>, With<Camera3d>, Without<DepthPrepass>)>,
) {
    for viewer in &viewers {
        commands.entity(viewer).insert(DepthPrepass);
    }
}
