// Air around a planet, by single scattering. Lengths are kilometres, positions are relative to the
// planet's centre.
#define_import_path bevy_bluemarble::atmosphere

struct Environment {
    // xyz: unit direction towards the sun; w: its strength.
    sun: vec4<f32>,
    // xyz: the planet's centre in render space, metres; w: its radius, metres.
    planet: vec4<f32>,
    // x: 1 where there is air; y: exposure; z: seconds, for waves.
    air: vec4<f32>,
    // x: what the fade clock shows; y: how long a fade lasts, milliseconds.
    fade: vec4<f32>,
}

const PI: f32 = 3.14159265;
// Scattering at sea level per km and scale heights (Bruneton and Neyret, "Precomputed Atmospheric
// Scattering", 2008).
const RAYLEIGH: vec3<f32> = vec3(5.8e-3, 13.5e-3, 33.1e-3);
const RAYLEIGH_HEIGHT: f32 = 8.0;
const MIE: f32 = 3.0e-3;
const MIE_HEIGHT: f32 = 1.2;
const MIE_FORWARD: f32 = 0.76;
const TOP: f32 = 60.0;
// What light that was scattered before adds to the sky, as the share of the sun's that comes from all sides at
// noon: bluer than the sun. Without it the horizon is brown.
const SCATTERED: vec3<f32> = vec3(0.013, 0.020, 0.034);

// Air above a point along a slanted line, in scale heights (Schüler, "An Approximation to the Chapman
// Grazing-Incidence Function for Atmospheric Scattering", GPU Pro 3, 2012).
fn chapman(radii: f32, height: f32, cosine: f32) -> f32 {
    let c = sqrt(radii + height);
    if cosine >= 0.0 {
        return c / (c * cosine + 1.0) * exp(-height);
    }
    let x = sqrt(max(1.0 - cosine * cosine, 0.0)) * (radii + height);
    let c0 = sqrt(x);
    return max(2.0 * c0 * exp(min(radii - x, 20.0)) - c / (1.0 - c * cosine) * exp(-height), 0.0);
}

fn extinction(rayleigh: f32, mie: f32) -> vec3<f32> {
    return exp(-(RAYLEIGH * rayleigh + vec3(MIE * 1.1 * mie)));
}

// Share of sunlight that reaches a point.
fn sunlight(point: vec3<f32>, sun: vec3<f32>, radius: f32) -> vec3<f32> {
    let distance = length(point);
    let altitude = max(distance - radius, 0.0);
    let cosine = dot(point / distance, sun);
    let rayleigh = chapman(radius / RAYLEIGH_HEIGHT, altitude / RAYLEIGH_HEIGHT, cosine) * RAYLEIGH_HEIGHT;
    let mie = chapman(radius / MIE_HEIGHT, altitude / MIE_HEIGHT, cosine) * MIE_HEIGHT;
    return extinction(rayleigh, mie);
}

// Distances at which a ray enters and leaves a sphere around the centre; x > y if it misses.
fn sphere_span(origin: vec3<f32>, direction: vec3<f32>, radius: f32) -> vec2<f32> {
    let along = dot(origin, direction);
    let distance = length(origin);
    let discriminant = along * along - (distance - radius) * (distance + radius);
    if discriminant < 0.0 {
        return vec2(1.0, -1.0);
    }
    let half = sqrt(discriminant);
    return vec2(-along - half, -along + half);
}

struct Haze {
    // Light scattered into the line of sight.
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
    // Inside the air the near part weighs most, from space the far part.
    let inside = length(origin) < radius + TOP * 0.5;
    let range = end - near;
    var depth = vec2(0.0);
    var light_rayleigh = vec3(0.0);
    var light_mie = vec3(0.0);
    var light_again = vec3(0.0);
    var before = 0.0;
    for (var i = 0; i < steps; i += 1) {
        var share = f32(i + 1) / f32(steps);
        if inside {
            share = share * share;
        }
        let step = (share - before) * range;
        let point = origin + direction * (near + (before + share) * 0.5 * range);
        before = share;
        let altitude = max(length(point) - radius, 0.0);
        let density = exp(-vec2(altitude / RAYLEIGH_HEIGHT, altitude / MIE_HEIGHT)) * step * clarity;
        let through = extinction(depth.x + density.x * 0.5, depth.y + density.y * 0.5);
        let reach = through * sunlight(point, sun, radius);
        light_rayleigh += reach * density.x;
        light_mie += reach * density.y;
        let day = clamp(dot(normalize(point), sun) * 2.0 + 0.2, 0.0, 1.0);
        light_again += through * density.x * day;
        depth += density;
    }
    let cosine = dot(direction, sun);
    let g = MIE_FORWARD;
    let phase_rayleigh = 3.0 / (16.0 * PI) * (1.0 + cosine * cosine);
    let phase_mie = (1.0 - g * g) / (4.0 * PI * pow(1.0 + g * g - 2.0 * g * cosine, 1.5));
    result.light = RAYLEIGH * (light_rayleigh * phase_rayleigh + light_again * SCATTERED)
        + MIE * light_mie * phase_mie;
    result.through = extinction(depth.x, depth.y);
    return result;
}

// From light to what the screen shows.
fn expose(light: vec3<f32>, exposure: f32) -> vec3<f32> {
    let x = light * exposure;
    // Fitted filmic curve (Narkowicz, "ACES Filmic Tone Mapping Curve", 2015).
    return clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), vec3(0.0), vec3(1.0));
}
