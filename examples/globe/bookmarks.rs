//! Places worth a visit, on the keys 1 to 9.

use bevy::prelude::*;
use bevy_bluemarble::prelude::*;

use crate::{
    camera::{Flight, GlobeCamera},
    options::Pose,
};

const fn pose(
    lat_deg: f64,
    lon_deg: f64,
    altitude_m: f64,
    heading_deg: f64,
    pitch_deg: f64,
) -> Pose {
    Pose { lat_deg, lon_deg, altitude_m, heading_deg, pitch_deg }
}

/// Key, name and pose of each bookmark.
pub const BOOKMARKS: [(KeyCode, &str, Pose); 9] = [
    (KeyCode::Digit1, "The Earth", pose(24.0, 18.0, 1.2e7, 0.0, -90.0)),
    (KeyCode::Digit2, "Everest", pose(27.55, 86.75, 9_500.0, 30.0, -12.0)),
    (KeyCode::Digit3, "Grand Canyon", pose(35.9, -112.3, 4_200.0, 40.0, -18.0)),
    (KeyCode::Digit4, "Mariana Trench", pose(10.5, 142.0, 60_000.0, 20.0, -30.0)),
    (KeyCode::Digit5, "The Alps", pose(45.3, 7.2, 6_500.0, 20.0, -12.0)),
    (KeyCode::Digit6, "Andes", pose(-33.2, -71.4, 9_000.0, 80.0, -12.0)),
    (KeyCode::Digit7, "Sahara", pose(24.0, 8.0, 2_500.0, 140.0, -14.0)),
    (KeyCode::Digit8, "Greenland", pose(68.5, -33.5, 9_000.0, 330.0, -14.0)),
    (KeyCode::Digit9, "South Pole", pose(-89.9, 0.0, 4_500.0, 0.0, -10.0)),
];

/// Flies to the bookmark whose key was pressed.
pub fn fly_to_bookmark(
    keys: Res<ButtonInput<KeyCode>>,
    world: Single<&VoxelWorld>,
    mut cameras: Query<&mut GlobeCamera>,
) {
    let shape = world.0.shape();
    for (key, _, to) in BOOKMARKS {
        if keys.just_pressed(key)
            && let Ok(mut camera) = cameras.single_mut()
        {
            camera.flight = Some(Flight::new(camera.pose(shape), to));
        }
    }
}
