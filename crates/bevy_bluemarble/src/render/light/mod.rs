//! What everything is lit by: sun, moon, air, clouds and the planet's picture, as the shaders read them.
//!
//! | file | what it holds |
//! |---|---|
//! | `sun`, `moon` | [`SunLight`], [`SunDirection`]: where the sun stands in the course of the day and the year, and the moon with it |
//! | `settings` | [`Sky`], [`LookQuality`], [`Airless`]: what a game asks for |
//! | `environment` | what shaders are told of each world's light |
//! | `primary` | [`PrimaryWorld`]: the world whose sky is seen |
//! | `planet_picture` | [`PlanetPicture`]: what a planet looks like from afar, and its lights at night |
//! | `textures` | the tables of the air and the map of the clouds |
//! | `transmittance` | how much light gets through the air, as a table |
//! | `scattering` | light scattered more than once, and the light of the whole sky, as tables |
//! | `cloud_map`, `noise` | where the clouds are: a cube of six faces, and the noise it is made of |
//! | `half` | numbers of 16 bits |

mod cloud_map;
mod environment;
mod half;
mod moon;
mod noise;
mod planet_picture;
mod primary;
mod scattering;
mod settings;
mod sun;
mod textures;
mod transmittance;

use bevy::prelude::*;

pub(super) use self::{
    environment::update_environments,
    settings::{LOOK_LOW, LightPrepared},
    textures::{is_rebinding_due, rebind},
};
pub(crate) use self::{
    environment::{FadeClock, WorldEnvironment},
    textures::SkyTextures,
};
pub use self::{
    planet_picture::{PictureError, PlanetPicture, PlanetPictureCube},
    primary::PrimaryWorld,
    settings::{Airless, LookQuality, Sky},
    sun::{SunCourse, SunDirection, SunLight},
    textures::CloudsReady,
};
use crate::systems::BluemarbleSystems;

pub(super) fn build(app: &mut App) {
    app.init_resource::<SunLight>()
        .init_resource::<SunDirection>()
        .init_resource::<Sky>()
        .init_resource::<LookQuality>()
        .init_resource::<FadeClock>()
        .init_resource::<PrimaryWorld>()
        .add_systems(
            PreUpdate,
            (environment::prepare, planet_picture::prepare)
                .in_set(BluemarbleSystems::Prepare)
                .in_set(LightPrepared),
        )
        .add_systems(
            PostUpdate,
            primary::choose.in_set(BluemarbleSystems::Show).before(update_environments),
        );
    planet_picture::build(app);
    textures::build(app);
}
