// Air around a planet (S. Hillaire, "A Scalable and Production Ready Sky and Atmosphere Rendering Technique",
// 2020). Lengths are kilometres, positions are relative to the planet's centre. The figures are those of
// `light/transmittance.rs` and `light/scattering.rs`, which make the tables.
#define_import_path bevy_bluemarble::atmosphere
#import bevy_bluemarble::environment::{environment, transmittance_table, linear_sampler, scattering_table}

const PI: f32 = 3.14159265;
const RAYLEIGH: vec3<f32> = vec3(5.802e-3, 13.558e-3, 33.1e-3);
const RAYLEIGH_HEIGHT: f32 = 8.0;
const MIE: f32 = 3.996e-3;
const MIE_EXTINCTION: f32 = 4.44e-3;
const MIE_HEIGHT: f32 = 1.2;
const MIE_FORWARD: f32 = 0.8;
const OZONE: vec3<f32> = vec3(0.650e-3, 1.881e-3, 0.085e-3);
const OZONE_MIDDLE: f32 = 25.0;
const OZONE_HALF: f32 = 15.0;
const TOP: f32 = 100.0;
// Half the width of the edge of the planet's shadow, as a difference of cosines: the sun is a disc.
const SUN_SOFT: f32 = 0.006;
const TRANSMITTANCE_SIZE: vec2<f32> = vec2(256.0, 64.0);
// Of each half.
const SCATTERING_SIZE: vec2<f32> = vec2(32.0, 16.0);
// What the moon, full and overhead, adds to the light of the sky, and what there is without it, as shares of the
// sun's. Far more than in truth: the eye gets used to the dark, the exposure does not.
const MOONLIGHT: vec3<f32> = vec3(0.0030, 0.0043, 0.0072);
const STARLIGHT: vec3<f32> = vec3(0.0006, 0.0007, 0.0012);

// A value of a table at a place in texels, counted from the middle of the first one: between texels along x; along y
// the nearest where that must be cheap.
fn looked_up(table: texture_2d<f32>, texel: vec2<f32>, size: vec2<f32>) -> vec3<f32> {
#ifdef LOOK_LOW
    let low = vec2<i32>(i32(texel.x), i32(texel.y + 0.5));
    let here = textureLoad(table, low, 0).rgb;
    let beside = textureLoad(table, vec2(min(low.x + 1, i32(size.x) - 1), low.y), 0).rgb;
    return mix(here, beside, fract(texel.x));
#else
    return textureSampleLevel(table, linear_sampler, (texel + 0.5) / size, 0.0).rgb;
#endif
}

// Share of sunlight that reaches a point at an altitude, with this cosine between up and the sun.
fn sunlight_at(above_sea: f32, cosine: f32, radius: f32) -> vec3<f32> {
    let altitude = clamp(above_sea, 0.0, TOP);
    let distance = radius + altitude;
    let to_horizon = sqrt(altitude * (distance + radius));
    let horizon = -to_horizon / distance;
    let lit = smoothstep(horizon - SUN_SOFT, horizon + SUN_SOFT, cosine);
    // The table's axes: length of the way out of the air, and distance of the horizon.
    let widest = sqrt(TOP * (2.0 * radius + TOP));
    let along = distance * max(cosine, horizon);
    let way = sqrt(along * along + (TOP - altitude) * (TOP + radius + distance)) - along;
    let shortest = TOP - altitude;
    let place = vec2((way - shortest) / max(to_horizon + widest - shortest, 1e-3), to_horizon / widest);
    let texel = saturate(place) * (TRANSMITTANCE_SIZE - 1.0);
    return looked_up(transmittance_table, texel, TRANSMITTANCE_SIZE) * lit;
}

// Share of sunlight that reaches a point: none behind the planet.
fn sunlight(point: vec3<f32>, sun: vec3<f32>, radius: f32) -> vec3<f32> {
    let distance = length(point);
    return sunlight_at(distance - radius, dot(point, sun) / distance, radius);
}

// A value of one half of the table of scattered light, by the sine of the sun's height.
fn scattered(sine: f32, altitude: f32, half: f32) -> vec3<f32> {
    let place = vec2(sqrt(abs(sine)) * sign(sine) * 0.5 + 0.5, sqrt(clamp(altitude / TOP, 0.0, 1.0)));
    let texel = clamp(place, vec2(0.0), vec2(1.0)) * (SCATTERING_SIZE - 1.0);
    let size = SCATTERING_SIZE * vec2(1.0, 2.0);
    return looked_up(scattering_table, texel + vec2(0.0, half * SCATTERING_SIZE.y), size);
}

// By how much dusk is brighter than in truth where the sun stands so high: eyes that are in it get used to it, the
// exposure is the same all day.
fn twilight(sine: f32) -> f32 {
    return 1.0 + environment.anchor.w * smoothstep(0.03, -0.12, sine);
}

// Light of moon and stars at a place where up is `up`.
fn night_light(up: vec3<f32>) -> vec3<f32> {
    let moon = environment.moon;
    return MOONLIGHT * (moon.w * moon.w * smoothstep(-0.08, 0.35, dot(up, moon.xyz))) + STARLIGHT;
}

// What a white surface that faces up shows in the light of the sky alone, for a sun of strength 1; `up` is what up
// means for the surface's place, which tells how high sun and moon stand.
fn sky_ambient(point: vec3<f32>, up: vec3<f32>, sun: vec3<f32>, radius: f32) -> vec3<f32> {
    let sine = dot(up, sun);
    // Without air: what the ground around gives back.
    var by_day = vec3(0.05) * clamp(sine * 3.0 + 0.35, 0.0, 1.0);
    if environment.air.x > 0.5 {
        by_day = scattered(sine, length(point) - radius, 1.0) * twilight(sine);
    }
    return by_day + night_light(up);
}

// Distances at which a ray enters and leaves a sphere around the centre; x > y if it misses.
fn sphere_span(origin: vec3<f32>, direction: vec3<f32>, radius: f32) -> vec2<f32> {
    let along = dot(origin, direction);
    // Of the point of the ray that is nearest to the centre: exact where the ray passes close to the sphere's edge.
    let nearest = length(origin - direction * along);
    let discriminant = (radius - nearest) * (radius + nearest);
    if discriminant < 0.0 {
        return vec2(1.0, -1.0);
    }
    let half = sqrt(discriminant);
    let distance = length(origin);
    let over = (distance - radius) * (distance + radius);
    // The nearer of both is small where the eye is close to the sphere: the difference would lose its digits.
    if along > 0.0 {
        let near = -along - half;
        return vec2(near, over / near);
    }
    let far = -along + half;
    return vec2(over / max(far, 1e-6), far);
}

struct Haze {
    // Light scattered into the line of sight, for a sun of strength 1.
    light: vec3<f32>,
    // Share of what lies behind that still comes through.
    through: vec3<f32>,
}

// Air between the eye and a point at a distance; `clarity` thins it.
fn haze(
    origin: vec3<f32>, direction: vec3<f32>, far: f32, sun: vec3<f32>, radius: f32, steps: i32, clarity: f32,
) -> Haze {
    var result: Haze;
    result.light = vec3(0.0);
    result.through = vec3(1.0);
    let span = sphere_span(origin, direction, radius + TOP);
    let near = max(span.x, 0.0);
    var end = min(span.y, far);
    // The air ends at sea level: large cells are flat and lie kilometres below it in their middle.
    let ground = sphere_span(origin, direction, radius);
    if ground.x > 0.0 && ground.x < ground.y {
        end = min(end, ground.x);
    }
    if near >= end {
        return result;
    }
    // Short steps where the ray is lowest.
    let lowest = clamp(-dot(origin, direction), near, end);
    let before_lowest = lowest - near;
    let after_lowest = end - lowest;
    let split = sqrt(before_lowest) / max(sqrt(before_lowest) + sqrt(after_lowest), 1e-6);

    let cosine = dot(direction, sun);
    let g = MIE_FORWARD;
    let phase_rayleigh = 3.0 / (16.0 * PI) * (1.0 + cosine * cosine);
    let spread = 1.0 + g * g - 2.0 * g * cosine;
    let phase_mie = (1.0 - g * g) / (4.0 * PI * spread * sqrt(spread));
    // The air glows a little at night.
    let night = night_light(normalize(origin + direction * lowest)) * 0.16;
    var through = vec3(1.0);
    var light = vec3(0.0);
    var before = near;
#ifdef LOOK_LOW
    // One look into the table serves the whole ray.
    let middle = origin + direction * (lowest + 0.12 * (end - lowest) - 0.12 * (lowest - near));
    let of_ray = scattered(dot(middle, sun) / length(middle), max(length(middle) - radius, 0.0), 0.0);
#endif
    for (var i = 1; i <= steps; i += 1) {
        let share = f32(i) / f32(steps);
        var after = end;
        if share < split {
            let left = (split - share) / split;
            after = lowest - before_lowest * left * left;
        } else if i < steps {
            let gone = (share - split) / max(1.0 - split, 1e-6);
            after = lowest + after_lowest * gone * gone;
        }
        let length_km = after - before;
        let point = origin + direction * (0.5 * (before + after));
        before = after;
        let distance = length(point);
        let altitude = max(distance - radius, 0.0);
        let rayleigh = RAYLEIGH * (exp(-altitude / RAYLEIGH_HEIGHT) * clarity);
        let mie = exp(-altitude / MIE_HEIGHT) * clarity;
        let ozone = max(1.0 - abs(altitude - OZONE_MIDDLE) / OZONE_HALF, 0.0) * clarity;
        let extinction = rayleigh + OZONE * ozone + MIE_EXTINCTION * mie;
        let step_through = exp(-extinction * length_km);
        let sine = dot(point, sun) / distance;
#ifdef LOOK_LOW
        let again = of_ray;
#else
        let again = scattered(sine, altitude, 0.0);
#endif
        let once = rayleigh * phase_rayleigh + vec3(MIE * mie * phase_mie);
        let here = (sunlight_at(altitude, sine, radius) * once + again * (rayleigh + MIE * mie)) * twilight(sine)
            + night * rayleigh;
        light += through * here * (1.0 - step_through) / max(extinction, vec3(1e-9));
        through *= step_through;
    }
    result.light = light;
    result.through = through;
    return result;
}
