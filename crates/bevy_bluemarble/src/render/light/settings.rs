//! [`Sky`], [`LookQuality`], [`Airless`]: what a game asks for.

use bevy::prelude::*;

/// Defined in shaders that are to cost little: software draws both sides of every branch, so what is not to
/// be drawn must not be there.
pub(in crate::render) const LOOK_LOW: &str = "LOOK_LOW";

/// Worlds have what their materials bind.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) struct LightPrepared;

/// How much work shaders put into a pixel, from software rendering to high.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Reflect)]
#[reflect(Resource, Default)]
pub enum LookQuality {
    /// For machines that draw without a graphics card: air in few steps, clouds as coarse as their map, a
    /// smooth sea.
    Low,
    /// For most graphics cards: clouds and their shading in fine detail, waves.
    #[default]
    Medium,
    /// For fast graphics cards: air in many steps, the finest clouds, and shadows of these on each other. Up to
    /// 400 m from the camera whatever stands in the sun's way throws a shadow, roofs, overhangs and rims of
    /// pits too; below this quality only the ground's own hills do. For that the plugin keeps a
    /// [`DirectionalLight`] without brightness: meshes of a game throw shadows on voxels, and are not lit by it.
    High,
}

impl LookQuality {
    /// Whether there are shadow maps.
    pub(in crate::render) fn has_shadow_maps(self) -> bool {
        self == Self::High
    }
}

/// What the sky shows. The sun has a resource of its own, [`SunLight`](super::SunLight). Where there is no
/// air there are no clouds.
#[derive(Resource, Clone, Debug, Reflect)]
#[reflect(Resource, Default)]
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

/// A world without air: its ground is lit as on a moon, whatever [`SunLight::air`](super::SunLight) says, and as long as
/// there is another world it is not the one whose sky is seen ([`PrimaryWorld`](super::PrimaryWorld)). For moons and
/// ships, on the world's entity.
#[derive(Component, Clone, Copy, Debug, Default, Reflect)]
#[reflect(Component, Default)]
pub struct Airless;
