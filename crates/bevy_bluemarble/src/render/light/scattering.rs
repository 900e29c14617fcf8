//! Light that was scattered more than once, and the light of the whole sky on level ground, as tables
//! by the sun's height and the altitude.
//!
//! Multiple scattering after S. Hillaire, "A Scalable and Production Ready Sky and Atmosphere
//! Rendering Technique", 2020: what is scattered a second time comes from all sides alike, and each
//! further time by the same factor.

use std::f32::consts::{FRAC_1_PI, PI, TAU};

use glam::{Vec2, Vec3, vec2, vec3};

use super::transmittance::{
    Density, MIE, RAYLEIGH, TOP_KM, Transmittance, bilinear, horizon_cosine, way_to_top_km,
};

/// Texels of each of the two tables: the sun's height across, the altitude down.
const SIZE: [usize; 2] = [32, 16];
/// Texels of both tables, one below the other.
pub(super) const SIZE_OF_BOTH: [usize; 2] = [SIZE[0], 2 * SIZE[1]];
/// What the ground gives back, on the whole.
const GROUND_ALBEDO: f32 = 0.3;
/// How much haze scatters forwards (Henyey and Greenstein, 1941).
const MIE_FORWARD: f32 = 0.8;
/// Steps along a ray, and rays: heights, and azimuths over half of the sky. The other half is alike.
const STEPS: usize = 12;
const HEIGHTS: usize = 6;
const AZIMUTHS: usize = 4;

/// Sine of the sun's height and altitude in kilometres of a point of the tables, both 0 to 1. Both
/// are finer where it matters: at dusk, and near the ground.
fn case_of(uv: Vec2) -> (f32, f32) {
    let signed = uv.x * 2.0 - 1.0;
    (signed * signed.abs(), uv.y * uv.y * TOP_KM)
}

fn uv_of(sun_sine: f32, altitude_km: f32) -> Vec2 {
    let signed = sun_sine.abs().sqrt().copysign(sun_sine);
    vec2(signed * 0.5 + 0.5, (altitude_km.max(0.0) / TOP_KM).sqrt())
}

/// What a ray collects.
#[derive(Default)]
struct Collected {
    /// Light of a sun of strength 1.
    light: Vec3,
    /// What would be collected if light of strength 1 came from everywhere.
    of_all_sides: Vec3,
}

/// Follows a ray through the air. `phases` has the shares that air and haze scatter into it, and
/// `again` what was scattered before.
fn follow(
    air: &Transmittance,
    from_km: f32,
    direction: Vec3,
    sun: Vec3,
    phases: (f32, f32),
    again: Option<&[Vec3]>,
) -> Collected {
    let radius_km = air.radius_km;
    let origin = vec3(0.0, from_km, 0.0);
    let meets_ground = direction.y < horizon_cosine(radius_km, from_km);
    let along = from_km * direction.y;
    let end = if meets_ground {
        let under = (from_km - radius_km) * (from_km + radius_km);
        -along - (along * along - under).max(0.0).sqrt()
    } else {
        way_to_top_km(radius_km, from_km, direction.y)
    };
    let mut collected = Collected::default();
    let mut through = Vec3::ONE;
    let mut before = 0.0;
    for step in 0..STEPS {
        let share = (step + 1) as f32 / STEPS as f32;
        // Short steps where the air is dense.
        let share = if meets_ground { share } else { share * share };
        let length = share * end - before;
        let point = origin + direction * (before + 0.5 * length);
        before = share * end;
        let distance_km = point.length();
        let density = Density::at(distance_km - radius_km);
        let extinction = density.extinction();
        let step_through = (-extinction * length).exp();
        let weight = through * (Vec3::ONE - step_through) / extinction.max(Vec3::splat(1e-9));
        let (rayleigh, mie) = (RAYLEIGH * density.rayleigh, MIE * density.mie);
        let sun_sine = point.dot(sun) / distance_km;
        let lit = air.of_sun(distance_km, sun_sine);
        let mut here = lit * (rayleigh * phases.0 + mie * phases.1);
        if let Some(again) = again {
            let uv = uv_of(sun_sine, distance_km - radius_km);
            here += bilinear(again, SIZE, uv) * (rayleigh + mie);
        }
        collected.light += weight * here;
        collected.of_all_sides += weight * (rayleigh + mie);
        through *= step_through;
    }
    if meets_ground {
        let ground = (origin + direction * end).normalize();
        let sine = ground.dot(sun);
        let lit = air.of_sun(radius_km, sine) * sine.max(0.0);
        collected.light += through * lit * (GROUND_ALBEDO * FRAC_1_PI);
    }
    collected
}

fn each_case(mut value: impl FnMut(f32, f32) -> Vec3) -> Vec<Vec3> {
    let [width, height] = SIZE;
    let mut texels = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let uv = vec2(column as f32 / (width - 1) as f32, row as f32 / (height - 1) as f32);
            let (sun_sine, altitude_km) = case_of(uv);
            texels.push(value(sun_sine, altitude_km));
        }
    }
    texels
}

fn ray(height: f32, azimuth: usize) -> Vec3 {
    let (sin, cos) = ((azimuth as f32 + 0.5) / AZIMUTHS as f32 * PI).sin_cos();
    let level = (1.0 - height * height).max(0.0).sqrt();
    vec3(level * cos, height, level * sin)
}

/// Both tables, one below the other: what is scattered again and again where a sun of strength 1
/// shines, per share that the air there scatters; and what level ground gets from the sky, divided by
/// pi.
pub(super) fn tables(air: &Transmittance) -> Vec<Vec3> {
    let sun_at = |sine: f32| vec3((1.0 - sine * sine).max(0.0).sqrt(), sine, 0.0);
    let rays = (HEIGHTS * AZIMUTHS) as f32;
    let again = each_case(|sun_sine, altitude_km| {
        let from_km = air.radius_km + altitude_km.max(0.01);
        let alike = 1.0 / (4.0 * PI);
        let (mut second, mut share) = (Vec3::ZERO, Vec3::ZERO);
        for height in 0..HEIGHTS {
            let up = (height as f32 + 0.5) / HEIGHTS as f32 * 2.0 - 1.0;
            for azimuth in 0..AZIMUTHS {
                let got =
                    follow(air, from_km, ray(up, azimuth), sun_at(sun_sine), (alike, alike), None);
                second += got.light;
                share += got.of_all_sides;
            }
        }
        (second / rays) / (Vec3::ONE - share / rays).max(Vec3::splat(0.05))
    });
    let sky = each_case(|sun_sine, altitude_km| {
        let from_km = air.radius_km + altitude_km.max(0.01);
        let sun = sun_at(sun_sine);
        let mut sum = Vec3::ZERO;
        for height in 0..HEIGHTS {
            // Equal shares of what level ground sees.
            let up = ((height as f32 + 0.5) / HEIGHTS as f32).sqrt();
            for azimuth in 0..AZIMUTHS {
                let direction = ray(up, azimuth);
                let phases = phases(direction.dot(sun));
                sum += follow(air, from_km, direction, sun, phases, Some(&again)).light;
            }
        }
        sum / rays
    });
    [again, sky].concat()
}

/// Shares of light that air and haze scatter by an angle with this cosine.
fn phases(cosine: f32) -> (f32, f32) {
    let g = MIE_FORWARD;
    let rayleigh = 3.0 / (16.0 * PI) * (1.0 + cosine * cosine);
    let spread = 1.0 + g * g - 2.0 * g * cosine;
    let mie = (1.0 - g * g) / (2.0 * TAU * spread * spread.sqrt());
    (rayleigh, mie)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sky(both: &[Vec3], sun_deg: f32) -> Vec3 {
        let half = SIZE[0] * SIZE[1];
        bilinear(&both[half..], SIZE, uv_of(sun_deg.to_radians().sin(), 0.0))
    }

    #[test]
    fn the_sky_is_blue_by_day_dim_at_dusk_and_dark_at_night() {
        let both = tables(&Transmittance::new(6371.0));
        let noon = sky(&both, 60.0);
        assert!(noon.z > 1.3 * noon.y && noon.y > 1.2 * noon.x, "{noon}");
        // Level ground gets a tenth of the sun's light from the sky, at noon.
        let share = noon.y * PI / 60.0f32.to_radians().sin();
        assert!((0.06..0.2).contains(&share), "{share}");
        let mut before = noon;
        for sun_deg in [40.0, 20.0, 5.0, 0.0, -4.0, -10.0, -18.0] {
            let now = sky(&both, sun_deg);
            assert!(now.max_element() < before.max_element(), "{sun_deg}: {now} {before}");
            before = now;
        }
        assert!(before.max_element() < 1e-4 * noon.max_element());
        // Ozone: when the sun has set the light from above is bluer than it is red.
        let dusk = sky(&both, -4.0);
        assert!(dusk.z > 1.05 * dusk.x, "{dusk}");
    }

    #[test]
    fn nothing_is_negative_or_endless() {
        for texel in tables(&Transmittance::new(6371.0)) {
            assert!(texel.is_finite() && texel.min_element() >= 0.0 && texel.max_element() < 1.0);
        }
    }
}
