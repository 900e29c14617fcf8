//! The one material of all chunks, and the environment it is lit by.

use bevy::{
    asset::{embedded_asset, embedded_path},
    mesh::{MeshVertexBufferLayoutRef, VertexFormat},
    pbr::{MaterialPipeline, MaterialPipelineKey},
    prelude::*,
    render::{
        render_resource::{
            AsBindGroup, RenderPipelineDescriptor, ShaderType, SpecializedMeshPipelineError,
        },
        storage::ShaderBuffer,
    },
    shader::{ShaderRef, load_shader_library},
};
use bluemarble_core::{MaterialTable, Phase, Shape};
use glam::DVec3;

use crate::{
    bake::ATTRIBUTE_VOXEL,
    space::{VoxelWorld, WorldPosition, WorldSpace},
    viewer::Viewer,
};

/// Where the sun stands and how the picture is exposed.
#[derive(Resource, Clone, Debug)]
pub struct Sun {
    /// Unit direction towards the sun in world space; `None` lets it follow the viewer so that it is
    /// always a sunny morning below.
    pub direction: Option<DVec3>,
    /// Its strength.
    pub strength: f32,
    /// How bright the picture is.
    pub exposure: f32,
    /// Whether there is air: haze over distance, and a sky if [`SkyPlugin`](crate::sky::SkyPlugin) is
    /// there.
    pub air: bool,
}

impl Default for Sun {
    fn default() -> Self {
        Self { direction: None, strength: 20.0, exposure: 0.22, air: true }
    }
}

/// One row of the palette as the shader reads it.
#[derive(Clone, Copy, Debug, Default, ShaderType)]
struct PaletteRow {
    colour: Vec4,
    look: Vec4,
}

/// What all voxels are lit by, as the shaders read it: see `shaders/atmosphere.wgsl`.
#[derive(Clone, Copy, Debug, Default, ShaderType)]
pub struct Environment {
    sun: Vec4,
    planet: Vec4,
    air: Vec4,
}

/// The buffer of the environment, shared by voxels and sky and rewritten each frame in place, so that
/// no material changes when the viewer moves.
#[derive(Resource, Clone, Debug)]
pub struct EnvironmentBuffer(pub Handle<ShaderBuffer>);

impl FromWorld for EnvironmentBuffer {
    fn from_world(world: &mut World) -> Self {
        let buffer = ShaderBuffer::from(Environment::default());
        Self(world.resource_mut::<Assets<ShaderBuffer>>().add(buffer))
    }
}

/// Draws chunks: the colour of each material from a palette, lit by sun and sky, seen through air.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
#[bind_group_data(VoxelMaterialKey)]
pub struct VoxelMaterial {
    #[storage(0, read_only)]
    palette: Handle<ShaderBuffer>,
    #[storage(1, read_only)]
    environment: Handle<ShaderBuffer>,
    see_through: bool,
}

/// What tells the pipelines of [`VoxelMaterial`] apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct VoxelMaterialKey {
    see_through: bool,
}

impl From<&VoxelMaterial> for VoxelMaterialKey {
    fn from(material: &VoxelMaterial) -> Self {
        Self { see_through: material.see_through }
    }
}

impl Material for VoxelMaterial {
    fn vertex_shader() -> ShaderRef {
        shader("shaders/voxel.wgsl")
    }

    fn fragment_shader() -> ShaderRef {
        shader("shaders/voxel.wgsl")
    }

    fn alpha_mode(&self) -> AlphaMode {
        if self.see_through { AlphaMode::Blend } else { AlphaMode::Opaque }
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
        descriptor.vertex.buffers = vec![layout.0.get_layout(&[
            Mesh::ATTRIBUTE_POSITION.at_shader_location(0),
            ATTRIBUTE_VOXEL.at_shader_location(1),
        ])?];
        if key.bind_group_data.see_through {
            // Water has an underside.
            descriptor.primitive.cull_mode = None;
        }
        Ok(())
    }
}

const _: () = assert!(matches!(ATTRIBUTE_VOXEL.format, VertexFormat::Uint32x2));

/// The reference of a shader in this crate.
pub(crate) fn shader(path: &str) -> ShaderRef {
    let embedded = match path {
        "shaders/voxel.wgsl" => embedded_path!("shaders/voxel.wgsl"),
        _ => embedded_path!("shaders/sky.wgsl"),
    };
    ShaderRef::Path(bevy::asset::AssetPath::from(embedded).with_source("embedded"))
}

/// The materials of both passes.
#[derive(Resource, Clone, Debug)]
pub struct VoxelMaterials {
    /// Opaque voxels.
    pub opaque: Handle<VoxelMaterial>,
    /// Liquids and glass.
    pub see_through: Handle<VoxelMaterial>,
}

/// Makes the palette and the materials of a new world.
pub fn create_materials(
    mut commands: Commands,
    world: Res<VoxelWorld>,
    environment: Res<EnvironmentBuffer>,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut materials: ResMut<Assets<VoxelMaterial>>,
) {
    let palette = buffers.add(ShaderBuffer::from(palette(world.0.materials())));
    let mut add = |see_through| {
        let (palette, environment) = (palette.clone(), environment.0.clone());
        materials.add(VoxelMaterial { palette, environment, see_through })
    };
    let (opaque, see_through) = (add(false), add(true));
    commands.insert_resource(VoxelMaterials { opaque, see_through });
}

fn palette(table: &MaterialTable) -> Vec<PaletteRow> {
    let row = |row: &bluemarble_core::Material| {
        let [r, g, b] = row.colour;
        let colour = Color::srgb(r, g, b).to_linear().to_vec4().truncate().extend(row.roughness);
        let opacity = match row.phase {
            Phase::Liquid => 0.9,
            Phase::Translucent => 0.35,
            Phase::Opaque | Phase::Empty => 1.0,
        };
        let liquid = f32::from(u8::from(row.phase == Phase::Liquid));
        PaletteRow { colour, look: Vec4::new(opacity, liquid, 0.0, 0.0) }
    };
    table.rows().iter().map(row).collect()
}

/// How high the sun stands over a viewer it follows, and how far in the east, in radians.
const MORNING_ELEVATION_RAD: f64 = 0.75;

/// Writes the environment of this frame.
pub fn update_environment(
    sun: Res<Sun>,
    time: Res<Time>,
    world: Res<VoxelWorld>,
    environment: Res<EnvironmentBuffer>,
    viewers: Query<&WorldPosition, With<Viewer>>,
    space: WorldSpace,
    mut buffers: ResMut<Assets<ShaderBuffer>>,
    mut written: Local<Option<Environment>>,
) {
    let Some(viewer) = viewers.iter().next() else { return };
    let shape = world.0.shape();
    let (centre, radius_m) = match shape {
        Shape::CubeSphere(planet) => (DVec3::ZERO, planet.radius_m),
        // Air over a plane is air over a planet too large to show.
        Shape::Flat(_) => {
            let radius_m = bluemarble_core::shape::EARTH_RADIUS_M;
            (DVec3::new(viewer.0.x, -radius_m, viewer.0.z), radius_m)
        }
    };
    let direction = sun.direction.unwrap_or_else(|| {
        let up = shape.up(viewer.0);
        let (east, north) = shape.east_north(viewer.0);
        let (high, low) = MORNING_ELEVATION_RAD.sin_cos();
        up * high + (east * 0.75 - north * 0.66).normalize() * low
    });
    let Some(centre) = space.render_from_world(centre) else { return };
    let now = Environment {
        sun: direction.normalize_or(DVec3::Y).as_vec3().extend(sun.strength),
        planet: centre.extend(radius_m as f32),
        air: Vec4::new(
            f32::from(u8::from(sun.air)),
            sun.exposure,
            time.elapsed_secs_wrapped(),
            0.0,
        ),
    };
    let same = written.is_some_and(|before| {
        before.sun == now.sun && before.planet == now.planet && before.air.xy() == now.air.xy()
    });
    if !same && let Some(mut buffer) = buffers.get_mut(&environment.0) {
        buffer.set_data(now);
        *written = Some(now);
    }
}

/// Registers the shaders and the material.
pub fn build(app: &mut App) {
    load_shader_library!(app, "shaders/atmosphere.wgsl");
    embedded_asset!(app, "shaders/voxel.wgsl");
    embedded_asset!(app, "shaders/sky.wgsl");
    app.add_plugins(MaterialPlugin::<VoxelMaterial>::default())
        .init_resource::<Sun>()
        .init_resource::<EnvironmentBuffer>();
}
