//! [`ScreenMaterial`]: what is drawn on one triangle that fills the screen.

use std::{fmt::Debug, marker::PhantomData};

use bevy::{
    asset::RenderAssetUsages,
    camera::visibility::NoFrustumCulling,
    light::{NotShadowCaster, NotShadowReceiver},
    mesh::{MeshVertexBufferLayoutRef, PrimitiveTopology},
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

use crate::{
    render::{
        light::{
            LOOK_LOW, LookQuality, PlanetPictureCube, PrimaryWorld, SkyTextures, WorldEnvironment,
            is_rebinding_due, rebind,
        },
        material::ChunkShader,
    },
    systems::BluemarbleSystems,
};

/// Before everything else that is blended, so that it is drawn after it.
const LAST: f32 = 1e12;

/// A picture that fills the screen: behind everything or over it.
pub(super) trait ScreenLayer: TypePath + Clone + Debug + Send + Sync {
    const SHADER: ChunkShader;
    const NAME: &str;
    /// Whether it is blended over everything that is drawn already.
    const IS_OVER: bool;
}

/// Draws a layer with what is known of light and air.
#[derive(Asset, AsBindGroup, TypePath, Clone, Debug)]
#[bind_group_data(ScreenMaterialKey)]
pub(super) struct ScreenMaterial<L: ScreenLayer> {
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
    #[texture(8, dimension = "cube")]
    #[sampler(9)]
    picture: Handle<Image>,
    is_low: bool,
    layer: PhantomData<L>,
}

/// What tells the pipelines of a layer apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(super) struct ScreenMaterialKey {
    is_low: bool,
}

impl<L: ScreenLayer> From<&ScreenMaterial<L>> for ScreenMaterialKey {
    fn from(material: &ScreenMaterial<L>) -> Self {
        Self { is_low: material.is_low }
    }
}

impl<L: ScreenLayer> Material for ScreenMaterial<L> {
    fn vertex_shader() -> ShaderRef {
        L::SHADER.into()
    }

    fn fragment_shader() -> ShaderRef {
        L::SHADER.into()
    }

    fn alpha_mode(&self) -> AlphaMode {
        if L::IS_OVER { AlphaMode::Premultiplied } else { AlphaMode::Opaque }
    }

    fn depth_bias(&self) -> f32 {
        if L::IS_OVER { LAST } else { 0.0 }
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
        if L::IS_OVER
            && let Some(depth) = &mut descriptor.depth_stencil
        {
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

/// Marks the triangle of a layer.
#[derive(Component)]
pub(super) struct LayerOf<L: ScreenLayer>(PhantomData<L>);

/// Adds a layer.
pub(super) fn build<L: ScreenLayer>(app: &mut App) {
    let follow_quality =
        |quality: Res<LookQuality>, mut materials: ResMut<Assets<ScreenMaterial<L>>>| {
            for (_, material) in materials.iter_mut() {
                material.is_low = *quality == LookQuality::Low;
            }
        };
    app.add_plugins(MaterialPlugin::<ScreenMaterial<L>>::default()).add_systems(
        Update,
        (
            follow_quality.run_if(resource_changed::<LookQuality>),
            rebind::<ScreenMaterial<L>>.run_if(is_rebinding_due),
            follow_primary::<L>,
        )
            .in_set(BluemarbleSystems::Look),
    );
}

/// Lets a layer show what belongs to the primary world. It is spawned with the first one.
fn follow_primary<L: ScreenLayer>(
    mut commands: Commands,
    primary: Res<PrimaryWorld>,
    worlds: Query<(&WorldEnvironment, &PlanetPictureCube)>,
    layers: Query<&MeshMaterial3d<ScreenMaterial<L>>, With<LayerOf<L>>>,
    textures: Res<SkyTextures>,
    quality: Res<LookQuality>,
    mut meshes: ResMut<Assets<Mesh>>,
    mut materials: ResMut<Assets<ScreenMaterial<L>>>,
    mut shown: Local<Option<Entity>>,
) {
    if *shown == primary.0 {
        return;
    }
    let Some((environment, picture)) = primary.0.and_then(|world| worlds.get(world).ok()) else {
        return;
    };
    *shown = primary.0;
    let (environment, picture) = (environment.buffer.clone(), picture.image.clone());
    if let Ok(layer) = layers.single() {
        if let Some(mut material) = materials.get_mut(&layer.0) {
            (material.environment, material.picture) = (environment, picture);
        }
        return;
    }
    let triangle = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(
            Mesh::ATTRIBUTE_POSITION,
            vec![[-1.0, -1.0, 0.0], [3.0, -1.0, 0.0], [-1.0, 3.0, 0.0]],
        );
    let material = ScreenMaterial {
        environment,
        transmittance: textures.transmittance.clone(),
        scattering: textures.scattering.clone(),
        clouds: textures.clouds.clone(),
        picture,
        is_low: *quality == LookQuality::Low,
        layer: PhantomData,
    };
    commands.spawn((
        Mesh3d(meshes.add(triangle)),
        MeshMaterial3d(materials.add(material)),
        (NoFrustumCulling, NotShadowCaster, NotShadowReceiver),
        Pickable::IGNORE,
        Name::new(L::NAME),
        LayerOf::<L>(PhantomData),
    ));
}
