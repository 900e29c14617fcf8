//! The sky: air, sun and stars behind everything that is drawn.

use bevy::{
    asset::RenderAssetUsages,
    camera::visibility::NoFrustumCulling,
    light::{NotShadowCaster, NotShadowReceiver},
    mesh::{MeshVertexBufferLayoutRef, PrimitiveTopology},
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    render::{
        render_resource::{AsBindGroup, RenderPipelineDescriptor, SpecializedMeshPipelineError},
        storage::ShaderBuffer,
    },
    shader::ShaderRef,
};

use crate::material::{ChunkShader, EnvironmentBuffer};

/// Adds a sky that fits the air of the [`Sun`](crate::material::Sun)'s world.
pub struct SkyPlugin;

impl Plugin for SkyPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(MaterialPlugin::<SkyMaterial>::default()).add_systems(Startup, spawn_sky);
    }
}

/// Draws the sky on one triangle that fills the screen.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
pub struct SkyMaterial {
    #[storage(0, read_only)]
    environment: Handle<ShaderBuffer>,
}

impl Material for SkyMaterial {
    fn vertex_shader() -> ShaderRef {
        ChunkShader::Sky.into()
    }

    fn fragment_shader() -> ShaderRef {
        ChunkShader::Sky.into()
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
        _: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers =
            vec![layout.0.get_layout(&[Mesh::ATTRIBUTE_POSITION.at_shader_location(0)])?];
        descriptor.primitive.cull_mode = None;
        Ok(())
    }
}

fn spawn_sky(
    mut commands: Commands,
    environment: Res<EnvironmentBuffer>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<SkyMaterial>>,
) {
    let triangle = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(
            Mesh::ATTRIBUTE_POSITION,
            vec![[-1.0, -1.0, 0.0], [3.0, -1.0, 0.0], [-1.0, 3.0, 0.0]],
        );
    commands.spawn((
        Name::new("Sky"),
        Mesh3d(meshes.add(triangle)),
        MeshMaterial3d(materials.add(SkyMaterial { environment: environment.0.clone() })),
        (NoFrustumCulling, NotShadowCaster, NotShadowReceiver),
        Pickable::IGNORE,
    ));
}
