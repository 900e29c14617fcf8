//! Claims about the real picture of the Earth, and about files that are none.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use bevy::{prelude::*, tasks::block_on};
use bluemarble_core::{MaterialTable, Shape};
use bluemarble_terrain::Empty;
use bluemarble_world::HybridWorld;

use super::{
    PictureError, PlanetPicture, PlanetPictureCube, cube::tests::texel_of, lights::towards,
};
use crate::world::VoxelWorld;

const SIZE: usize = 512;

fn earth(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/earth")).join(name)
}

/// Colour and lights of the texel of level 0 that a card reads for a place.
fn at(lat_deg: f32, lon_deg: f32) -> [u8; 4] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let picture = PlanetPicture::load(earth("bluemarble.jpg"), Some(earth("places.csv")))
            .expect("the files are there");
        block_on(picture.with_face_texels(SIZE as u32).bytes(|| ())).expect("it is a JPEG")
    });
    let (face, column, row) = texel_of(towards(lat_deg, lon_deg), SIZE);
    let face_bytes = bytes.len() / 6;
    let first = face * face_bytes + (row * SIZE + column) * 4;
    [bytes[first], bytes[first + 1], bytes[first + 2], bytes[first + 3]]
}

#[test]
fn deserts_seas_and_ice_lie_where_they_are_on_the_globe() {
    for (lat, lon) in [(24.0, 10.0), (23.0, 0.0), (20.0, 48.0), (-25.0, 130.0)] {
        let [red, _, blue, _] = at(lat, lon);
        assert!(red > 90 && red > blue + 30, "desert {lat} {lon}: {:?}", at(lat, lon));
    }
    for (lat, lon) in [(5.0, -150.0), (-5.0, 178.0), (0.0, -179.9), (-10.0, 75.0), (35.0, -45.0)] {
        let [red, _, blue, light] = at(lat, lon);
        assert!(red < 30 && blue > 2 * red && light == 0, "sea {lat} {lon}: {:?}", at(lat, lon));
    }
    for (lat, lon) in [(72.0, -40.0), (-80.0, 60.0), (-89.9, 0.0), (-89.9, 120.0)] {
        let [red, green, blue, _] = at(lat, lon);
        assert!(red.min(green).min(blue) > 215, "ice {lat} {lon}: {:?}", at(lat, lon));
    }
    let [red, green, blue, _] = at(-5.0, -62.0);
    assert!(green > red && green > blue, "forest: {:?}", at(-5.0, -62.0));
}

#[test]
fn large_cities_are_lit_and_deserts_and_seas_are_dark() {
    let cities = [(48.87, 2.33), (35.69, 139.75), (40.75, -74.0), (30.05, 31.25), (28.67, 77.23)];
    for (lat, lon) in cities {
        assert!(at(lat, lon)[3] > 190, "city {lat} {lon}: {:?}", at(lat, lon));
    }
    for (lat, lon) in [(24.0, 10.0), (-5.0, -66.0), (75.0, -40.0), (43.5, -87.2), (43.0, 34.0)] {
        assert!(at(lat, lon)[3] < 12, "dark {lat} {lon}: {:?}", at(lat, lon));
    }
}

#[test]
fn a_file_that_is_no_picture_gives_one_error_that_names_it() {
    let directory = std::env::temp_dir().join(format!("planet-picture-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the test");
    let load = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        std::fs::write(&path, bytes).expect("the file can be written");
        PlanetPicture::load(&path, None::<PathBuf>)
    };
    let no_path = PlanetPicture::load(directory.join("none.jpg"), None::<PathBuf>);
    let whole = std::fs::read(earth("bluemarble.jpg")).expect("the picture is there");
    let of_text = load("text.jpg", b"no picture at all");
    for (result, name) in
        [(no_path, "none.jpg"), (of_text, "text.jpg"), (load("no.jpg", &[]), "no.jpg")]
    {
        let message = result.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains(name) && message.contains("; "), "{message}");
    }
    // The head is right, the rest is missing: that shows when it is decoded.
    let cut = load("cut.jpg", &whole[..whole.len() / 2]).expect("its head is right");
    let error = block_on(cut.with_face_texels(16).bytes(|| ())).expect_err("it is cut short");
    assert!(
        matches!(&error, PictureError::Jpeg { path, .. } if path.ends_with("cut.jpg")),
        "{error}"
    );
    let narrow = PlanetPicture::from_rgb(10, 10, vec![0; 300]).err();
    assert!(matches!(narrow, Some(PictureError::NotWhole { width: 10, height: 10, .. })));
    let short = PlanetPicture::from_rgb(20, 10, vec![0; 300]).err();
    assert!(matches!(short, Some(PictureError::Bytes { found: 300, .. })));
    std::fs::remove_dir_all(&directory).expect("the directory can be removed");
}

#[test]
fn a_picture_of_one_colour_gives_that_colour_on_every_texel_of_every_level() {
    let rgb = [10, 120, 240].repeat(64 * 32);
    let picture = PlanetPicture::from_rgb(64, 32, rgb).expect("the size is right");
    let bytes = block_on(picture.with_face_texels(32).bytes(|| ())).expect("nothing to decode");
    assert_eq!(bytes.len(), 6 * 4 * (1024 + 256 + 64 + 16 + 4 + 1));
    for texel in bytes.chunks_exact(4) {
        let apart =
            Vec3::new(texel[0] as f32 - 10.0, texel[1] as f32 - 120.0, texel[2] as f32 - 240.0);
        assert!(apart.abs().max_element() <= 1.0 && texel[3] == 0, "{texel:?}");
    }
}

fn cube_of(app: &App, world: Entity) -> PlanetPictureCube {
    app.world().get::<PlanetPictureCube>(world).expect("the world has one").clone()
}

/// Frames until the picture is there or never will be.
fn run_until_settled(app: &mut App, world: Entity) -> PlanetPictureCube {
    for _ in 0..5000 {
        app.update();
        let cube = cube_of(app, world);
        if cube.is_settled() {
            return cube;
        }
        thread::sleep(Duration::from_millis(2));
    }
    panic!("the picture takes longer than ten seconds");
}

#[test]
fn a_cube_is_there_after_some_frames_and_follows_the_picture_until_that_is_removed() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, AssetPlugin::default())).init_asset::<Image>();
    super::build(&mut app);
    app.add_systems(PreUpdate, super::prepare);
    let empty = Empty::new(Shape::earth()).expect("the Earth is a shape");
    let materials = MaterialTable::standard();
    let world = VoxelWorld(HybridWorld::in_memory(Arc::new(empty), materials));
    let world = app.world_mut().spawn(world).id();
    app.update();
    assert!(!cube_of(&app, world).is_settled());
    for value in [100, 200] {
        let picture = PlanetPicture::from_rgb(64, 32, vec![value; 64 * 32 * 3]);
        let picture = picture.expect("the size is right").with_face_texels(16);
        app.world_mut().entity_mut(world).insert(picture);
        app.update();
        assert!(!cube_of(&app, world).ready, "it starts over");
        let cube = run_until_settled(&mut app, world);
        assert!(cube.ready && !cube.failed);
        let image = app.world().resource::<Assets<Image>>().get(&cube.image);
        let image = image.expect("the handle stays the same");
        let size = image.texture_descriptor.size;
        assert_eq!((size.width, size.depth_or_array_layers), (16, 6));
        assert_eq!(image.texture_descriptor.mip_level_count, 5);
        let data = image.data.as_ref().expect("it has texels");
        assert_eq!(data.len(), 6 * 4 * (256 + 64 + 16 + 4 + 1));
        assert!(data.chunks_exact(4).all(|texel| texel == [value, value, value, 0]));
    }
    app.world_mut().entity_mut(world).remove::<PlanetPicture>();
    app.update();
    let cube = cube_of(&app, world);
    let image = app.world().resource::<Assets<Image>>().get(&cube.image).expect("the same handle");
    assert!(
        !cube.is_settled() && image.texture_descriptor.size.width == 1,
        "without it, it is dark"
    );
}
