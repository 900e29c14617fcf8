//! [`SkyTextures`]: the tables of the air and the map of the clouds, as shaders read them.

use bevy::{
    asset::RenderAssetUsages,
    image::ImageSampler,
    prelude::*,
    render::render_resource::{
        Extent3d, TextureDimension, TextureFormat, TextureViewDescriptor, TextureViewDimension,
    },
    tasks::{Task, futures_lite::future::yield_now},
};
use bluemarble_core::{EARTH_RADIUS_M, Shape};
use crossbeam_channel::{Receiver, bounded};
use glam::Vec3;

use super::{
    PlanetPictureCube, PrimaryWorld, Sky, SunLight,
    cloud_map::{CloudMap, EDGE},
    half::half_bits,
    scattering,
    transmittance::{self, Transmittance},
};
use crate::{gate::FrameGate, systems::BluemarbleSystems, workers, world::VoxelWorld};

const FACES: usize = 6;
/// Levels of detail of the clouds' map: down to 8 texels a face.
const LEVELS: u32 = 7;
/// Rows that are made between two looks at who else wants to work: about a millisecond.
const ROWS_PER_STEP: usize = 4;
/// So often other tasks have their turn between two steps: after an arrival the ground comes before the
/// clouds.
const TURNS_OF_OTHERS: usize = 24;
/// Frames until a new texture is sure to be on the graphics card, so that it can be bound.
const FRAMES_TO_UPLOAD: u8 = 2;

/// The textures that all materials in air bind.
#[derive(Resource, Clone, Debug)]
pub struct SkyTextures {
    /// Share of light that gets from a point to the top of the air.
    pub transmittance: Handle<Image>,
    /// Light scattered more than once, and the light of the whole sky.
    pub scattering: Handle<Image>,
    /// Cover of clouds by direction: a cube, with nothing on it until [`CloudsReady`].
    pub clouds: Handle<Image>,
}

impl FromWorld for SkyTextures {
    fn from_world(world: &mut World) -> Self {
        let mut images = world.resource_mut::<Assets<Image>>();
        let [transmittance, scattering] = tables(EARTH_RADIUS_M).map(|image| images.add(image));
        let clouds = images.add(cube(1, 1, vec![0; FACES]));
        Self { transmittance, scattering, clouds }
    }
}

/// Whether the clouds are there, or never will be: their map is made in the background, in about a second of
/// work that the ground goes before.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Reflect)]
#[reflect(Resource, Default)]
pub struct CloudsReady(pub bool);

/// The radius in metres of the planet that the tables were made for.
#[derive(Resource, Clone, Copy, Debug)]
struct TablesOf(f64);

/// A map in the making: each face comes with its levels. Dropped, its tasks stop at their next step.
#[derive(Resource)]
struct CloudTask {
    faces: Receiver<(usize, Vec<u8>)>,
    done: [Vec<u8>; FACES],
    _tasks: Vec<Task<()>>,
}

/// The map was asked for, once and for all.
#[derive(Resource)]
struct CloudsAsked;

/// A clear sky needs no map.
fn are_clouds_wanted(sky: Res<Sky>, sun: Res<SunLight>) -> bool {
    sky.clouds > 0.0 && sun.air
}

/// Frames until materials bind their textures anew.
#[derive(Resource)]
pub(in crate::render) struct Rebind(u8);

/// Adds the textures and the systems that make them.
pub(super) fn build(app: &mut App) {
    app.init_resource::<SkyTextures>()
        .init_resource::<CloudsReady>()
        .insert_resource(TablesOf(EARTH_RADIUS_M))
        .add_systems(
            PreUpdate,
            (
                start_clouds
                    .run_if(not(resource_exists::<CloudsAsked>).and_then(are_clouds_wanted)),
                fit_tables.run_if(
                    resource_changed::<PrimaryWorld>
                        .or_eager(any_match_filter::<Changed<VoxelWorld>>),
                ),
                count_down.run_if(resource_exists::<Rebind>),
                receive_clouds.run_if(resource_exists::<CloudTask>),
            )
                .chain()
                .in_set(BluemarbleSystems::Prepare),
        )
        .add_systems(
            PostUpdate,
            rebind_soon
                .run_if(any_match_filter::<Changed<PlanetPictureCube>>)
                .in_set(BluemarbleSystems::Show),
        );
}

/// Makes the tables anew for a planet of another size.
fn fit_tables(
    primary: Res<PrimaryWorld>,
    worlds: Query<&VoxelWorld>,
    textures: Res<SkyTextures>,
    mut made_for: ResMut<TablesOf>,
    mut images: ResMut<Assets<Image>>,
) {
    let Some(world) = primary.0.and_then(|world| worlds.get(world).ok()) else { return };
    let Shape::CubeSphere(planet) = world.0.shape() else { return };
    if (planet.radius_m / made_for.0 - 1.0).abs() < 1e-3 {
        return;
    }
    made_for.0 = planet.radius_m;
    let [transmittance, scattering] = tables(planet.radius_m);
    for (handle, image) in
        [(&textures.transmittance, transmittance), (&textures.scattering, scattering)]
    {
        if let Err(error) = images.insert(handle, image) {
            error!("the air of this planet is that of the Earth: {error}");
        }
    }
}

/// The tables of a planet's air: transmittance, scattering.
fn tables(radius_m: f64) -> [Image; 2] {
    let air = Transmittance::new((radius_m / 1000.0) as f32);
    let scattered = scattering::tables(&air);
    [(transmittance::SIZE, air.texels), (scattering::SIZE_OF_BOTH, scattered)]
        .map(|(size, texels)| table(size, &texels))
}

fn table([width, height]: [usize; 2], texels: &[Vec3]) -> Image {
    let bytes = texels
        .iter()
        .flat_map(|texel| [texel.x, texel.y, texel.z, 1.0])
        .flat_map(|value| half_bits(value).to_le_bytes())
        .collect();
    let size = Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: 1 };
    let mut image = Image::new(
        size,
        TextureDimension::D2,
        bytes,
        TextureFormat::Rgba16Float,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.sampler = ImageSampler::linear();
    image
}

/// A cube texture of one channel; each face comes with all its levels.
fn cube(edge: u32, levels: u32, bytes: Vec<u8>) -> Image {
    let size = Extent3d { width: edge, height: edge, depth_or_array_layers: FACES as u32 };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::R8Unorm,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.data = Some(bytes);
    image.texture_descriptor.mip_level_count = levels;
    image.texture_view_descriptor =
        Some(TextureViewDescriptor { dimension: Some(TextureViewDimension::Cube), ..default() });
    image.sampler = ImageSampler::linear();
    image
}

fn start_clouds(mut commands: Commands, gate: Option<Res<FrameGate>>) {
    let (sender, faces) = bounded(FACES);
    let tasks = (0..FACES).map(|face| {
        let sender = sender.clone();
        let gate = gate.as_ref().map(|gate| FrameGate::clone(gate));
        workers::pool().spawn(async move {
            let map = CloudMap::new();
            let mut texels = Vec::with_capacity(EDGE * EDGE * 3 / 2);
            for row in (0..EDGE).step_by(ROWS_PER_STEP) {
                texels.extend(map.rows(face, row, row + ROWS_PER_STEP));
                if let Some(gate) = &gate {
                    gate.pass();
                }
                for _ in 0..TURNS_OF_OTHERS {
                    yield_now().await;
                }
            }
            add_levels(&mut texels);
            // The receiver is gone if the app has ended.
            let _ = sender.send((face, texels));
        })
    });
    let tasks = tasks.collect();
    commands.insert_resource(CloudsAsked);
    commands.insert_resource(CloudTask { faces, done: default(), _tasks: tasks });
}

/// Appends to a face its smaller levels, each texel the mean of four.
fn add_levels(texels: &mut Vec<u8>) {
    let (mut start, mut edge) = (0, EDGE);
    for _ in 1..LEVELS {
        let half = edge / 2;
        for row in 0..half {
            for column in 0..half {
                let first = start + 2 * row * edge + 2 * column;
                let sum: u32 = [0, 1, edge, edge + 1]
                    .iter()
                    .map(|beside| u32::from(texels[first + beside]))
                    .sum();
                texels.push(((sum + 2) / 4) as u8);
            }
        }
        start += edge * edge;
        edge = half;
    }
}

/// Puts the finished map in its place, all faces at once.
fn receive_clouds(
    mut commands: Commands,
    mut making: ResMut<CloudTask>,
    textures: Res<SkyTextures>,
    mut images: ResMut<Assets<Image>>,
) {
    while let Ok((face, texels)) = making.faces.try_recv() {
        making.done[face] = texels;
    }
    if making.done.iter().any(Vec::is_empty) {
        return;
    }
    let image = cube(EDGE as u32, LEVELS, making.done.concat());
    commands.remove_resource::<CloudTask>();
    if let Err(error) = images.insert(&textures.clouds, image) {
        error!("clouds cannot be made: {error}");
    }
    commands.insert_resource(Rebind(FRAMES_TO_UPLOAD));
}

/// The planet's picture has changed.
fn rebind_soon(mut commands: Commands) {
    commands.insert_resource(Rebind(FRAMES_TO_UPLOAD));
}

/// Counts the frames until materials bind new textures.
fn count_down(
    mut commands: Commands,
    mut rebinding: ResMut<Rebind>,
    making: Option<Res<CloudTask>>,
    mut ready: ResMut<CloudsReady>,
) {
    if rebinding.0 > 0 {
        rebinding.0 -= 1;
        return;
    }
    commands.remove_resource::<Rebind>();
    if making.is_none() && !ready.0 {
        ready.0 = true;
    }
}

/// Whether materials are to bind their textures anew in this frame, after [`PreUpdate`]: for `run_if`.
pub(in crate::render) fn is_rebinding_due(
    rebinding: Option<Res<Rebind>>,
    mut waited: Local<bool>,
) -> bool {
    let is_due = *waited && rebinding.is_none();
    *waited = rebinding.is_some();
    is_due
}

/// Lets materials bind new textures: a bind group holds on to the texture that it was made with, and the
/// engine does not say which of both is on the graphics card first.
pub(in crate::render) fn rebind<M: Asset>(mut materials: ResMut<Assets<M>>) {
    for _ in materials.iter_mut() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_of_the_map_has_the_mean_of_the_one_below() {
        let map = CloudMap::new();
        let mut texels = map.rows(4, 0, EDGE);
        add_levels(&mut texels);
        let (mut start, mut edge) = (0, EDGE);
        let mut before = None;
        for _ in 0..LEVELS {
            let level = &texels[start..start + edge * edge];
            let mean =
                level.iter().map(|texel| f64::from(*texel)).sum::<f64>() / level.len() as f64;
            assert!((before.unwrap_or(mean) - mean).abs() < 0.6);
            before = Some(mean);
            start += edge * edge;
            edge /= 2;
        }
        assert_eq!(start, texels.len());
    }
}
