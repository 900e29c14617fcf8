//! How much light gets through the air to its top: the table from which shaders read sunlight.
//!
//! After S. Hillaire, "A Scalable and Production Ready Sky and Atmosphere Rendering Technique", 2020;
//! the table's axes are those of E. Bruneton and F. Neyret, "Precomputed Atmospheric Scattering",
//! 2008. `shaders/atmosphere.wgsl` has the same figures.

use glam::{Vec2, Vec3, vec2, vec3};

/// Scattering by air at sea level, per kilometre.
pub(super) const RAYLEIGH: Vec3 = vec3(5.802e-3, 13.558e-3, 33.1e-3);
/// Altitude in which air is thinner by e, in kilometres.
const RAYLEIGH_HEIGHT_KM: f32 = 8.0;
/// Scattering by haze at sea level, per kilometre.
pub(super) const MIE: f32 = 3.996e-3;
/// What haze scatters and swallows at sea level, per kilometre.
const MIE_EXTINCTION: f32 = 4.44e-3;
/// Altitude in which haze is thinner by e, in kilometres.
const MIE_HEIGHT_KM: f32 = 1.2;
/// What ozone swallows in the middle of its layer, per kilometre. It makes dusk blue.
const OZONE: Vec3 = vec3(0.650e-3, 1.881e-3, 0.085e-3);
/// Middle and half the thickness of the layer of ozone, in kilometres.
const OZONE_MIDDLE_KM: f32 = 25.0;
const OZONE_HALF_KM: f32 = 15.0;
/// Where the air ends, in kilometres above the sea.
pub(super) const TOP_KM: f32 = 100.0;

/// Texels of the table: the slant of a ray across, its altitude down.
pub(super) const SIZE: [usize; 2] = [256, 64];

/// Air at an altitude: how much of it there is, as shares of that at sea level.
pub(super) struct Density {
    pub(super) rayleigh: f32,
    pub(super) mie: f32,
    ozone: f32,
}

impl Density {
    pub(super) fn at(altitude_km: f32) -> Self {
        let altitude_km = altitude_km.max(0.0);
        Self {
            rayleigh: (-altitude_km / RAYLEIGH_HEIGHT_KM).exp(),
            mie: (-altitude_km / MIE_HEIGHT_KM).exp(),
            ozone: (1.0 - (altitude_km - OZONE_MIDDLE_KM).abs() / OZONE_HALF_KM).max(0.0),
        }
    }

    /// What is lost of light, per kilometre.
    pub(super) fn extinction(&self) -> Vec3 {
        RAYLEIGH * self.rayleigh + OZONE * self.ozone + MIE_EXTINCTION * self.mie
    }
}

/// Cosine between up and the horizon, seen from a distance from the planet's centre: 0 or less.
pub(super) fn horizon_cosine(radius_km: f32, distance_km: f32) -> f32 {
    let down = (distance_km - radius_km).max(0.0) * (distance_km + radius_km);
    -down.sqrt() / distance_km
}

/// Length of a ray from inside the air to its top, in kilometres.
pub(super) fn way_to_top_km(radius_km: f32, distance_km: f32, cosine: f32) -> f32 {
    let top_km = radius_km + TOP_KM;
    let along = distance_km * cosine;
    let inside = (top_km - distance_km).max(0.0) * (top_km + distance_km);
    (-along + (along * along + inside).sqrt()).max(0.0)
}

/// The table of one planet.
pub(super) struct Transmittance {
    pub(super) radius_km: f32,
    pub(super) texels: Vec<Vec3>,
}

impl Transmittance {
    /// Makes the table of a planet.
    pub(super) fn new(radius_km: f32) -> Self {
        let [width, height] = SIZE;
        let mut texels = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                let uv = vec2(column as f32 / (width - 1) as f32, row as f32 / (height - 1) as f32);
                let (distance_km, cosine) = ray_of(radius_km, uv);
                texels.push(along_ray(radius_km, distance_km, cosine));
            }
        }
        Self { radius_km, texels }
    }

    /// Share of light that gets from a point to the top of the air in a direction that does not meet
    /// the planet; of others the share along the horizon.
    pub(super) fn at(&self, distance_km: f32, cosine: f32) -> Vec3 {
        let uv = uv_of(self.radius_km, distance_km, cosine);
        bilinear(&self.texels, SIZE, uv)
    }

    /// Share of sunlight that reaches a point; none where the planet is in the way.
    pub(super) fn of_sun(&self, distance_km: f32, cosine: f32) -> Vec3 {
        let above = cosine - horizon_cosine(self.radius_km, distance_km);
        let share = ((above + SUN_SOFT) / (2.0 * SUN_SOFT)).clamp(0.0, 1.0);
        self.at(distance_km, cosine) * (share * share * (3.0 - 2.0 * share))
    }
}

/// Half the width of the edge of the planet's shadow, as a difference of cosines: the sun is a disc.
const SUN_SOFT: f32 = 0.006;

/// A value between texels whose outer ones lie on the edges, `uv` from 0 to 1.
pub(super) fn bilinear(texels: &[Vec3], [width, height]: [usize; 2], uv: Vec2) -> Vec3 {
    let x = uv.x.clamp(0.0, 1.0) * (width - 1) as f32;
    let y = uv.y.clamp(0.0, 1.0) * (height - 1) as f32;
    let (left, top) = ((x as usize).min(width - 2), (y as usize).min(height - 2));
    let at = |dx: usize, dy: usize| texels[(top + dy) * width + left + dx];
    let across = x - left as f32;
    at(0, 0).lerp(at(1, 0), across).lerp(at(0, 1).lerp(at(1, 1), across), y - top as f32)
}

/// Distance from the centre in kilometres and cosine to up of a point of the table.
fn ray_of(radius_km: f32, uv: Vec2) -> (f32, f32) {
    let top_km = radius_km + TOP_KM;
    let widest = (TOP_KM * (top_km + radius_km)).sqrt();
    let to_horizon = widest * uv.y;
    let distance_km = (to_horizon * to_horizon + radius_km * radius_km).sqrt();
    let shortest = top_km - distance_km;
    let way = shortest + uv.x * (to_horizon + widest - shortest);
    if way <= 0.0 {
        return (distance_km, 1.0);
    }
    let cosine =
        (widest * widest - to_horizon * to_horizon - way * way) / (2.0 * distance_km * way);
    (distance_km, cosine.clamp(-1.0, 1.0))
}

/// Where a ray is in the table.
fn uv_of(radius_km: f32, distance_km: f32, cosine: f32) -> Vec2 {
    let top_km = radius_km + TOP_KM;
    let distance_km = distance_km.clamp(radius_km, top_km);
    let widest = (TOP_KM * (top_km + radius_km)).sqrt();
    let to_horizon = ((distance_km - radius_km) * (distance_km + radius_km)).sqrt();
    let cosine = cosine.max(horizon_cosine(radius_km, distance_km));
    let way = way_to_top_km(radius_km, distance_km, cosine);
    let shortest = top_km - distance_km;
    vec2((way - shortest) / (to_horizon + widest - shortest).max(1e-3), to_horizon / widest)
}

/// Steps along a ray.
const STEPS: usize = 20;

fn along_ray(radius_km: f32, distance_km: f32, cosine: f32) -> Vec3 {
    let way = way_to_top_km(radius_km, distance_km, cosine);
    // Short steps where the ray is lowest.
    let lowest = (-distance_km * cosine).clamp(0.0, way);
    let split = lowest.sqrt() / (lowest.sqrt() + (way - lowest).sqrt()).max(1e-6);
    let reach = |share: f32| {
        if share < split {
            let left = (split - share) / split;
            lowest - lowest * left * left
        } else {
            let gone = (share - split) / (1.0 - split).max(1e-6);
            lowest + (way - lowest) * gone * gone
        }
    };
    let mut depth = Vec3::ZERO;
    let mut before = 0.0;
    for step in 0..STEPS {
        let end = reach((step + 1) as f32 / STEPS as f32);
        let middle = 0.5 * (before + end);
        let height = distance_km * distance_km + middle * (middle + 2.0 * distance_km * cosine);
        depth += Density::at(height.max(0.0).sqrt() - radius_km).extinction() * (end - before);
        before = end;
    }
    (-depth).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARTH_KM: f32 = 6371.0;

    #[test]
    fn sunlight_overhead_loses_little_red_and_a_quarter_of_blue() {
        let table = Transmittance::new(EARTH_KM);
        let overhead = table.at(EARTH_KM, 1.0);
        assert!((0.88..0.96).contains(&overhead.x), "{overhead}");
        assert!((0.80..0.90).contains(&overhead.y), "{overhead}");
        assert!((0.70..0.80).contains(&overhead.z), "{overhead}");
        let low = table.at(EARTH_KM, 0.02);
        assert!(low.x > 4.0 * low.y && low.y > 3.0 * low.z, "{low}");
    }

    #[test]
    fn the_higher_the_more_light_and_the_lower_the_sun_the_less() {
        let table = Transmittance::new(EARTH_KM);
        for cosine in [0.0, 0.05, 0.3, 1.0] {
            let mut before = Vec3::ZERO;
            for altitude_km in [0.0, 0.5, 2.0, 6.0, 15.0, 40.0, 90.0] {
                let through = table.at(EARTH_KM + altitude_km, cosine);
                assert!(
                    through.cmpge(before - 1e-4).all(),
                    "{altitude_km} km, {cosine}: {through}"
                );
                before = through;
            }
            assert!(before.min_element() > 0.97);
        }
        let mut before = Vec3::ONE;
        for degrees in (0..=90).rev() {
            let through = table.at(EARTH_KM + 0.1, (degrees as f32).to_radians().sin());
            assert!(through.cmple(before + 1e-4).all(), "{degrees} degrees: {through}");
            before = through;
        }
    }

    #[test]
    fn the_table_answers_as_the_integral_does() {
        let table = Transmittance::new(EARTH_KM);
        for altitude_km in [0.3, 4.0, 12.0] {
            for cosine in [0.01, 0.1, 0.45, 0.9] {
                let exact = along_ray(EARTH_KM, EARTH_KM + altitude_km, cosine);
                let read = table.at(EARTH_KM + altitude_km, cosine);
                assert!((exact - read).abs().max_element() < 0.012, "{exact} {read}");
            }
        }
    }

    #[test]
    fn no_sun_shines_through_the_planet() {
        let table = Transmittance::new(EARTH_KM);
        assert_eq!(table.of_sun(EARTH_KM, -0.05), Vec3::ZERO);
        // A summit still sees it.
        assert!(table.of_sun(EARTH_KM + 8.0, -0.03).x > 0.01);
    }
}
