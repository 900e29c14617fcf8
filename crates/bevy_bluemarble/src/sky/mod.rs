//! The sky: air, clouds, sun, moon and stars behind everything that is drawn.
//!
//! | file | what it holds |
//! |---|---|
//! | `air` | air and clouds between the eye and the ground, laid over the picture |
//! | `screen` | what is drawn on one triangle that fills the screen |
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
mod screen;
mod textures;
mod transmittance;

use bevy::prelude::*;

pub(crate) use self::moon::{declination_rad, moon_direction};
use self::screen::{Screen, ScreenLayer};
pub(crate) use self::textures::build as build_textures;
pub use self::textures::{CloudsReady, SkyTextures};
use crate::material::ChunkShader;

/// Defined in shaders that are to cost little: software draws both sides of every branch, so what is not to
/// be drawn must not be there.
pub(crate) const LOOK_LOW: &str = "LOOK_LOW";

/// What the sky shows. The sun has a resource of its own, [`SunLight`](crate::material::SunLight). Where there is no
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

/// Adds a sky that fits the air of the [`SunLight`](crate::material::SunLight)'s world.
pub struct SkyPlugin;

/// What is behind everything that is drawn.
#[derive(TypePath, Clone, Debug)]
struct SkyLayer;

impl ScreenLayer for SkyLayer {
    const SHADER: ChunkShader = ChunkShader::Sky;
    const IS_OVER: bool = false;
}

impl Plugin for SkyPlugin {
    fn build(&self, app: &mut App) {
        screen::build::<SkyLayer>(app);
        app.add_systems(Startup, |mut screen: Screen<SkyLayer>| screen.spawn(Name::new("Sky")));
        air::build(app);
    }
}
