// What everything that is drawn shares: the light, the planet, and the tables of the air. See
// `light/environment.rs`.
#define_import_path bevy_bluemarble::environment

struct Environment {
    // xyz: unit direction towards the sun; w: its strength.
    sun: vec4<f32>,
    // xyz: the planet's centre in render space, metres; w: its radius, metres.
    planet: vec4<f32>,
    // x: 1 where there is air; y: exposure; z: seconds, for waves; w: 1 where there is a picture of the planet.
    air: vec4<f32>,
    // x: what the fade clock shows; y: how long a fade lasts, milliseconds; z: 1 where the world is a plane.
    fade: vec4<f32>,
    // xyz: unit direction towards the moon; w: share of its disc that is lit.
    moon: vec4<f32>,
    // x: how much of the map's cover is there, 0 to 1; y: altitude of the clouds, kilometres; z: by how much they
    // have drifted about the planet's axis, radians; w: strength of their shadows.
    clouds: vec4<f32>,
    // x: quality, 0 low, 1 medium, 2 high; y: share of the light from the sky; z: wind over the sea, m/s;
    // w: strength of the lights at night.
    light: vec4<f32>,
    // xyz: of each region the direction in world space of lattice +x in the middle of its face. A plane has one;
    // what its clouds are shifted by follows, kilometres. w of the first: 1 where stars are shown; of the second:
    // 1 where the moon is.
    axes: array<vec4<f32>, 6>,
    // xyz: what is added to a place in render space for one that stays when the origin floats: metres of world
    // space, wrapped as the sea's waves are. w: how much brighter dusk is than in truth.
    anchor: vec4<f32>,
    // Turns directions of render space into those of the world's own: a unit quaternion.
    turn: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<storage, read> environment: Environment;

// A direction of render space, or a way from the planet's centre, along the axes of the world's own space.
fn own_axes(v: vec3<f32>) -> vec3<f32> {
    let q = environment.turn;
    return v + 2.0 * cross(q.xyz, cross(q.xyz, v) + q.w * v);
}

// Share of light that gets from a point to the top of the air: see `light/transmittance.rs`.
@group(#{MATERIAL_BIND_GROUP}) @binding(2) var transmittance_table: texture_2d<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(3) var linear_sampler: sampler;
// Upper half: light that was scattered more than once. Lower half: light of the whole sky. See `light/scattering.rs`.
@group(#{MATERIAL_BIND_GROUP}) @binding(4) var scattering_table: texture_2d<f32>;
// How much cloud there is in each direction from the planet's centre: see `light/cloud_map.rs`.
@group(#{MATERIAL_BIND_GROUP}) @binding(5) var cloud_cover: texture_cube<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(6) var cloud_sampler: sampler;
