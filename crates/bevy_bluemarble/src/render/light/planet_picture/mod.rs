//! [`PlanetPicture`]: what a planet's surface looks like from afar, and where it is lit at night.
//!
//! | file | what it holds |
//! |---|---|
//! | `raster` | a picture over longitude and latitude, and the mean colour of a piece of it |
//! | `cube` | the six faces of a cube that the shaders read, with their mips |
//! | `lights` | the light of cities, from a list of places |
//! | `error` | [`PictureError`] |

mod cube;
mod error;
mod lights;
mod raster;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bevy::{
    asset::RenderAssetUsages,
    image::{ImageFilterMode, ImageSampler, ImageSamplerDescriptor},
    prelude::*,
    render::render_resource::{
        Extent3d, TextureDimension, TextureFormat, TextureViewDescriptor, TextureViewDimension,
    },
    tasks::{Task, futures_lite::future::yield_now},
};
use crossbeam_channel::{Receiver, TryRecvError, bounded};

pub use self::error::PictureError;
use self::{
    cube::{FACES, Face, Shades},
    lights::{Place, read_places, spots},
    raster::Raster,
};
use crate::{gate::FrameGate, systems::BluemarbleSystems, workers, world::VoxelWorld};

/// Texels along the edge of a face, unless a game wants another number.
const FACE_TEXELS: u32 = 1024;
/// Larger faces show no more than the largest picture does.
const MAX_FACE_TEXELS: u32 = 4096;
/// How many texels are painted, and how many lights set, before other work gets a turn: about a
/// millisecond.
const TEXELS_PER_STEP: usize = 1 << 14;
const LIGHTS_PER_STEP: usize = 1 << 12;

/// The picture of a planet's surface, over longitude and latitude. Insert it on the world's entity, and it becomes what
/// the planet looks like from afar, some tenths of a second later: see [`PlanetPictureCube`].
#[derive(Component, Clone, Reflect)]
#[reflect(opaque, Component, Clone)]
pub struct PlanetPicture {
    source: Source,
    places: Arc<[Place]>,
    face_texels: u32,
}

#[derive(Clone)]
enum Source {
    Jpeg { path: PathBuf, bytes: Arc<[u8]> },
    Raster(Arc<Raster>),
}

impl PlanetPicture {
    /// A JPEG that is twice as wide as high, longitude -180° to 180° and latitude 90° to -90°, and a list of
    /// places that are lit at night: CSV with the columns `kind`, `lat_deg`, `lon_deg`, `population` and `rank`,
    /// of which those of the kind `city` count.
    ///
    /// The picture is decoded later, in the background; only its head is looked at here.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is no such picture or no such list.
    pub fn load(
        picture: impl AsRef<Path>,
        places: Option<impl AsRef<Path>>,
    ) -> Result<Self, PictureError> {
        let read = |path: &Path| {
            std::fs::read(path)
                .map_err(|source| PictureError::Read { path: path.to_owned(), source })
        };
        let path = picture.as_ref().to_owned();
        let bytes: Arc<[u8]> = read(&path)?.into();
        Raster::check_jpeg(&path, &bytes)?;
        let places = match &places {
            Some(path) => {
                let text = read(path.as_ref())?;
                read_places(path.as_ref(), &String::from_utf8_lossy(&text))?
            }
            None => Vec::new(),
        };
        let source = Source::Jpeg { path, bytes };
        Ok(Self { source, places: places.into(), face_texels: FACE_TEXELS })
    }

    /// A picture from memory, without lights: red, green and blue of each pixel in sRGB, row by row from the
    /// north, each from longitude -180° to 180°.
    ///
    /// # Errors
    ///
    /// It is not twice as wide as high, or the bytes are not three for each pixel.
    pub fn from_rgb(width: usize, height: usize, rgb: Vec<u8>) -> Result<Self, PictureError> {
        let raster = Arc::new(Raster::from_rgb(width, height, rgb)?);
        let places = Vec::new().into();
        Ok(Self { source: Source::Raster(raster), places, face_texels: FACE_TEXELS })
    }

    /// How many texels the edge of a face has, 1024 unless said: a power of two up to 4096. With 1024 the
    /// cube takes 34 MB on the graphics card, with 2048 four times that.
    #[must_use]
    pub fn with_face_texels(mut self, texels: u32) -> Self {
        self.face_texels = texels.clamp(1, MAX_FACE_TEXELS).next_power_of_two();
        self
    }

    /// All faces of the cube with their mips, four bytes a texel; made in steps of about a millisecond after
    /// each of which `rest` is called and other tasks have their turn.
    async fn bytes(&self, rest: impl Fn()) -> Result<Vec<u8>, PictureError> {
        let decoded;
        let raster = match &self.source {
            Source::Jpeg { path, bytes } => {
                decoded = Raster::from_jpeg(path, bytes)?;
                &decoded
            }
            Source::Raster(raster) => raster.as_ref(),
        };
        let size = self.face_texels as usize;
        let spots = spots(&self.places, std::f32::consts::FRAC_PI_2 / size as f32);
        let shades = Shades::new();
        let mut bytes = Vec::with_capacity(FACES * size * size * 4 * 4 / 3 + 64);
        for index in 0..FACES {
            let mut face = Face::new(index, size);
            let rows_per_step = (TEXELS_PER_STEP / size).max(1);
            for row in (0..size).step_by(rows_per_step) {
                face.paint(raster, row..(row + rows_per_step).min(size));
                rest();
                yield_now().await;
            }
            for some in spots.chunks(LIGHTS_PER_STEP) {
                for spot in some {
                    face.add_light(spot.towards, spot.sigma_rad, spot.strength);
                }
                rest();
                yield_now().await;
            }
            face.settle_lights();
            face.write(&shades, &mut bytes);
            rest();
            yield_now().await;
        }
        Ok(bytes)
    }
}

/// The cube texture of the [`PlanetPicture`]: what shaders bind. Sampled with a direction of world space from the
/// planet's centre, no axis turned round, it gives the surface's colour (linear after sampling) and in alpha
/// the root of how brightly people light it at night, 0 to 1: alpha squared is light. Six dark texels until the
/// picture is there. On the world's entity.
#[derive(Component, Clone, Debug, Reflect)]
#[reflect(Component)]
pub struct PlanetPictureCube {
    /// The texture. Its content is replaced once; materials that bind it must be touched then:
    /// the plugin touches its own.
    pub image: Handle<Image>,
    /// Whether the picture is there.
    pub ready: bool,
    /// Whether it never will be, as the file was not what its head promised. The log says why.
    pub failed: bool,
}

impl PlanetPictureCube {
    /// Whether there is nothing to wait for any more.
    pub fn is_settled(&self) -> bool {
        self.ready || self.failed
    }
}

/// Gives worlds their cubes.
pub(super) fn prepare(
    mut commands: Commands,
    worlds: Query<Entity, (With<VoxelWorld>, Without<PlanetPictureCube>)>,
    mut images: ResMut<Assets<Image>>,
) {
    for world in &worlds {
        let image = images.add(dark_cube());
        commands.entity(world).try_insert(PlanetPictureCube { image, ready: false, failed: false });
    }
}

/// A picture in the making; dropped, it stops at its next step.
#[derive(Component)]
struct PictureTask {
    result: Receiver<Result<Vec<u8>, PictureError>>,
    face_texels: u32,
    _task: Task<()>,
}

/// Starts to make the cubes of pictures that were inserted, instead of those in the making.
fn start_pictures(
    mut commands: Commands,
    mut worlds: Query<
        (Entity, &PlanetPicture, &mut PlanetPictureCube),
        Or<(Changed<PlanetPicture>, Added<PlanetPictureCube>)>,
    >,
    gate: Option<Res<FrameGate>>,
    mut images: ResMut<Assets<Image>>,
) {
    for (world, picture, mut cube) in &mut worlds {
        // Dark again: in place of a texture of the same size the engine would overwrite the first level only.
        if cube.is_settled() && images.insert(&cube.image, dark_cube()).is_err() {
            continue;
        }
        (cube.ready, cube.failed) = (false, false);
        let (sender, result) = bounded(1);
        let gate = gate.as_ref().map(|gate| FrameGate::clone(gate));
        let (picture, face_texels) = (picture.clone(), picture.face_texels);
        let task = workers::pool().spawn(async move {
            let rest = || {
                if let Some(gate) = &gate {
                    gate.pass();
                }
            };
            let _ = sender.send(picture.bytes(rest).await);
        });
        commands.entity(world).try_insert(PictureTask { result, face_texels, _task: task });
    }
}

/// A world without its picture looks as it did before it had one.
fn clear(
    removed: On<Remove, PlanetPicture>,
    mut commands: Commands,
    mut worlds: Query<&mut PlanetPictureCube>,
    mut images: ResMut<Assets<Image>>,
) {
    let Ok(mut cube) = worlds.get_mut(removed.entity) else { return };
    if let Err(error) = images.insert(&cube.image, dark_cube()) {
        error!("the planet keeps its picture: {error}");
        return;
    }
    (cube.ready, cube.failed) = (false, false);
    commands.entity(removed.entity).try_remove::<PictureTask>();
}

/// Puts finished cubes in their places.
fn receive_pictures(
    mut commands: Commands,
    mut worlds: Query<(Entity, &PictureTask, &mut PlanetPictureCube)>,
    mut images: ResMut<Assets<Image>>,
) {
    for (world, making, mut cube) in &mut worlds {
        let result = match making.result.try_recv() {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(TryRecvError::Empty) => continue,
            Err(TryRecvError::Disconnected) => Err("its decoder panicked".to_owned()),
        };
        commands.entity(world).try_remove::<PictureTask>();
        let inserted = result.and_then(|bytes| {
            let image = cube_image(making.face_texels, bytes);
            images.insert(&cube.image, image).map_err(|error| error.to_string())
        });
        match inserted {
            Ok(()) => cube.ready = true,
            Err(error) => {
                cube.failed = true;
                error!("the planet has no picture: {error}");
            }
        }
    }
}

/// What stands for a picture that is not there yet.
fn dark_cube() -> Image {
    cube_image(1, vec![0; FACES * 4])
}

/// A cube texture from the bytes of its faces, each with all its mips.
fn cube_image(face_texels: u32, bytes: Vec<u8>) -> Image {
    let size =
        Extent3d { width: face_texels, height: face_texels, depth_or_array_layers: FACES as u32 };
    let mut image = Image::new_uninit(
        size,
        TextureDimension::D2,
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    );
    image.data = Some(bytes);
    image.texture_descriptor.mip_level_count = cube::levels(face_texels as usize);
    image.texture_view_descriptor =
        Some(TextureViewDescriptor { dimension: Some(TextureViewDimension::Cube), ..default() });
    image.sampler = ImageSampler::Descriptor(ImageSamplerDescriptor {
        label: Some("planet picture".into()),
        mag_filter: ImageFilterMode::Linear,
        min_filter: ImageFilterMode::Linear,
        mipmap_filter: ImageFilterMode::Linear,
        // Shaders say which level they want; Mesa's software driver takes seconds a frame otherwise.
        anisotropy_clamp: 1,
        ..default()
    });
    image
}

/// Adds the systems that make the cubes.
pub(super) fn build(app: &mut App) {
    app.add_observer(clear).add_systems(
        PreUpdate,
        (receive_pictures, start_pictures)
            .chain()
            .after(prepare)
            .in_set(BluemarbleSystems::Prepare),
    );
}
