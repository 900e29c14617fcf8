//! The sky: air, clouds, sun, moon and stars behind everything that is drawn.
//!
//! | file | what it holds |
//! |---|---|
//! | `air` | air and clouds between the eye and the ground, laid over the picture |
//! | `transmittance` | how much light gets through the air, as a table |
//! | `scattering` | light scattered more than once, and the light of the whole sky, as tables |
//! | `cloud_map`, `noise` | where the clouds are: a cube of six faces, and the noise it is made of |
//! | `textures` | [`SkyTextures`]: these tables and the map as shaders read them |
//! | `moon` | where the moon stands |
//! | `half` | numbers of 16 bits |

mod air;
mod cloud_map;
mod half;
mod moon;
mod noise;
mod scattering;
mod textures;
mod transmittance;

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

pub(crate) use self::moon::{declination_rad, moon_direction};
pub(crate) use self::textures::build as build_textures;
pub use self::{
    air::AirMaterial,
    textures::{CloudsReady, SkyTextures},
};
use crate::material::{ChunkShader, EnvironmentBuffer, LookQuality};

/// Defined in shaders that are to cost little: software draws both sides of every branch, so what is not to
/// be drawn must not be there.
pub(crate) const LOOK_LOW: &str = "LOOK_LOW";

/// What the sky shows. The sun has a resource of its own, [`Sun`](crate::material::Sun). Where there is no
/// air there are no clouds.
#[derive(Resource, Clone, Debug)]
pub struct Sky {
    /// How much of the clouds is there: 1 is weather as on the Earth, about half covered; 0 is a clear sky.
    pub clouds: f32,
    /// How high the clouds are, in metres above the sea.
    pub cloud_altitude_m: f32,
    /// How fast the clouds drift eastwards at the equator, in metres a second. Still clouds cost no writing
    /// each frame.
    pub cloud_drift_m_s: f32,
    /// Whether there is a moon.
    pub moon: bool,
    /// Whether there are stars.
    pub stars: bool,
    /// Wind over the sea, in metres a second: it makes the waves.
    pub wind_m_s: f32,
}

impl Default for Sky {
    fn default() -> Self {
        Self {
            clouds: 1.0,
            cloud_altitude_m: 6_000.0,
            cloud_drift_m_s: 0.0,
            moon: true,
            stars: true,
            wind_m_s: 7.0,
        }
    }
}

/// Adds a sky that fits the air of the [`Sun`](crate::material::Sun)'s world.
pub struct SkyPlugin;

impl Plugin for SkyPlugin {
    fn build(&self, app: &mut App) {
        app.add_plugins(MaterialPlugin::<SkyMaterial>::default())
            .add_systems(Startup, spawn_sky)
            .add_systems(Update, follow_quality.run_if(resource_changed::<LookQuality>));
        air::build(app);
    }
}

/// Draws the sky on one triangle that fills the screen.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
#[bind_group_data(SkyMaterialKey)]
pub struct SkyMaterial {
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

/// What tells the pipelines of [`SkyMaterial`] apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct SkyMaterialKey {
    is_low: bool,
}

impl From<&SkyMaterial> for SkyMaterialKey {
    fn from(material: &SkyMaterial) -> Self {
        Self { is_low: material.is_low }
    }
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
        key: MaterialPipelineKey<Self>,
    ) -> Result<(), SpecializedMeshPipelineError> {
        descriptor.vertex.buffers =
            vec![layout.0.get_layout(&[Mesh::ATTRIBUTE_POSITION.at_shader_location(0)])?];
        descriptor.primitive.cull_mode = None;
        if key.bind_group_data.is_low
            && let Some(fragment) = &mut descriptor.fragment
        {
            fragment.shader_defs.push(LOOK_LOW.into());
        }
        Ok(())
    }
}

/// Draws the sky in the quality that is asked for.
fn follow_quality(quality: Res<LookQuality>, mut materials: ResMut<Assets<SkyMaterial>>) {
    for (_, material) in materials.iter_mut() {
        material.is_low = *quality == LookQuality::Low;
    }
}

/// One triangle that fills the screen.
fn screen() -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(
            Mesh::ATTRIBUTE_POSITION,
            vec![[-1.0, -1.0, 0.0], [3.0, -1.0, 0.0], [-1.0, 3.0, 0.0]],
        )
}

fn spawn_sky(
    mut commands: Commands,
    environment: Res<EnvironmentBuffer>,
    textures: Res<SkyTextures>,
    quality: Res<LookQuality>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<SkyMaterial>>,
) {
    let material = SkyMaterial {
        environment: environment.0.clone(),
        transmittance: textures.transmittance.clone(),
        scattering: textures.scattering.clone(),
        clouds: textures.clouds.clone(),
        is_low: *quality == LookQuality::Low,
    };
    commands.spawn((
        Name::new("Sky"),
        Mesh3d(meshes.add(screen())),
        MeshMaterial3d(materials.add(material)),
        (NoFrustumCulling, NotShadowCaster, NotShadowReceiver),
        Pickable::IGNORE,
    ));
}
