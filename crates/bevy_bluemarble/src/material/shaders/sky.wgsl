// The sky behind everything: air, the sun, and stars where the air is dark.
#import bevy_pbr::mesh_view_bindings::view
#import bevy_bluemarble::atmosphere::{Environment, expose, haze, sphere_span}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> environment: Environment;

struct Varying {
    @builtin(position) clip_position: vec4<f32>,
    @location(0) corner: vec2<f32>,
}

@vertex
fn vertex(@location(0) position: vec3<f32>) -> Varying {
    var out: Varying;
    // Depth 0 is infinitely far away.
    out.clip_position = vec4(position.xy, 0.0, 1.0);
    out.corner = position.xy;
    return out;
}

fn hash(cell: vec3<f32>) -> vec3<f32> {
    let h = vec3(dot(cell, vec3(127.1, 311.7, 74.7)), dot(cell, vec3(269.5, 183.3, 246.1)), dot(cell, vec3(113.5, 271.9, 124.6)));
    return fract(sin(h) * 43758.5453);
}

// A star in about every twentieth cell of a grid laid over the directions.
fn stars(direction: vec3<f32>) -> f32 {
    let scaled = direction * 90.0;
    let cell = floor(scaled);
    let random = hash(cell);
    if random.x > 0.06 {
        return 0.0;
    }
    let place = cell + 0.3 + 0.4 * hash(cell + 17.0);
    let apart = length(scaled - normalize(place) * 90.0);
    return smoothstep(0.13, 0.0, apart) * (0.25 + random.y);
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
    let near = view.world_from_clip * vec4(in.corner, 1.0, 1.0);
    let direction = normalize(near.xyz / near.w - view.world_position);
    let eye_km = (view.world_position - environment.planet.xyz) / 1000.0;
    let radius_km = environment.planet.w / 1000.0;
    let sun = environment.sun.xyz;
    let air = haze(eye_km, direction, 1.0e6, sun, radius_km, 20, 1.0);
    var light = air.light * environment.sun.w;
    let cosine = dot(direction, sun);
    let disc = smoothstep(0.99994, 0.99997, cosine) * 60.0 + pow(max(cosine, 0.0), 3000.0) * 1.5;
    light += (disc + stars(direction) * 0.6 * exp(-40.0 * air.light.b)) * air.through;
    return vec4(expose(light, environment.air.y), 1.0);
}
