// Voxels of every lod: palette colour, grain, sun, sky light, water and haze.
#import bevy_pbr::{
    mesh_functions::{get_tag, get_world_from_local, mesh_position_local_to_world},
    mesh_view_bindings::view,
    view_transformations::{depth_ndc_to_view_z, position_world_to_clip},
}
#ifdef DEPTH_PREPASS
#import bevy_pbr::prepass_utils::prepass_depth
#endif
#import bevy_bluemarble::atmosphere::{Environment, expose, haze, sunlight, PI}
#import bevy_bluemarble::vertex::{
    Vertex, leaves_out, local_position, quad_cell, quad_face, quad_light, smooth_cell, smooth_normal, smooth_share,
}

// Land is looked at through thinner air than the sky: real air would hide most of it in blue.
const CLARITY: f32 = 0.4;

struct PaletteRow {
    // Linear colour; w: roughness.
    colour: vec4<f32>,
    // x: opacity; y: 1 for liquids.
    look: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> palette: array<PaletteRow>;
@group(#{MATERIAL_BIND_GROUP}) @binding(1) var<storage, read> environment: Environment;

struct Varying {
    @builtin(position) clip_position: vec4<f32>,
    @location(0) world_position: vec3<f32>,
    @location(1) cell: vec3<f32>,
    @location(2) @interpolate(flat) tag: u32,
#ifdef SMOOTH
    @location(3) normal: vec3<f32>,
    @location(4) colour: vec4<f32>,
#else
    @location(3) light: f32,
    // Face in bits 0..3, material above.
    @location(4) @interpolate(flat) face_and_material: u32,
#endif
}

fn row_of(material: u32) -> PaletteRow {
    return palette[min(material, arrayLength(&palette) - 1u)];
}

@vertex
fn vertex(in: Vertex) -> Varying {
    var out: Varying;
    let local = local_position(in.words.x, in.words.y);
    let frame = get_world_from_local(in.instance_index);
    let world = mesh_position_local_to_world(frame, vec4(local, 1.0));
    out.clip_position = position_world_to_clip(world.xyz);
    out.world_position = world.xyz;
    out.tag = get_tag(in.instance_index);
#ifdef SMOOTH
    out.cell = smooth_cell(in.words.z, in.words.w);
    // The frame is scaled along its axes, which a normal must not be.
    let normal = smooth_normal(in.words.z);
    out.normal = normalize(frame[0].xyz) * normal.x + normalize(frame[1].xyz) * normal.y
        + normalize(frame[2].xyz) * normal.z;
    let first = row_of(in.words.y >> 16u).colour;
    let second = row_of(in.words.w & 0xffffu).colour;
    out.colour = mix(first, second, smooth_share(in.words.z));
#else
    out.cell = quad_cell(in.words.z);
    out.light = quad_light(in.words.z);
    out.face_and_material = quad_face(in.words.z) | (in.words.y >> 16u) << 3u;
#endif
    return out;
}

fn hash(cell: vec3<f32>) -> f32 {
    let c = vec3<i32>(cell);
    var h = bitcast<u32>(c.x) * 0x8da6b343u ^ bitcast<u32>(c.y) * 0xd8163841u ^ bitcast<u32>(c.z) * 0xcb1ab31fu;
    h = (h ^ (h >> 13u)) * 0x5bd1e995u;
    return f32((h ^ (h >> 15u)) & 0xffffu) / 65535.0;
}

// Smooth noise over the cells of a grid that repeats itself every `period` cells, so that chunks fit.
fn grain_noise(at: vec3<f32>, period: f32) -> f32 {
    let low = floor(at);
    let f = at - low;
    let s = f * f * (3.0 - 2.0 * f);
    var sum = 0.0;
    for (var i = 0u; i < 8u; i += 1u) {
        let corner = vec3(f32(i & 1u), f32((i >> 1u) & 1u), f32(i >> 2u));
        let weight = mix(1.0 - s, s, corner);
        let cell = low + corner;
        sum += weight.x * weight.y * weight.z * hash(cell - floor(cell / period) * period);
    }
    return sum - 0.5;
}

// How much of a pattern is left when a pixel is `width` of its cells wide: it ends before it flickers.
fn seen(width: f32) -> f32 {
    return clamp(1.4 - width * 2.0, 0.0, 1.0);
}

// The part of the light from above, on a surface with this normal.
fn sky_light(normal: vec3<f32>, up: vec3<f32>, day: f32) -> vec3<f32> {
    let above = dot(normal, up) * 0.5 + 0.5;
    return mix(vec3(0.07, 0.068, 0.066), vec3(0.085, 0.10, 0.125), above) * day * environment.sun.w;
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
#ifdef FADING
    if leaves_out(in.tag, in.clip_position.xy, environment.fade.xy) {
        discard;
    }
#endif
    let sight = in.world_position - view.world_position;
    let distance_m = length(sight);
    let direction = sight / max(distance_m, 1e-6);
    let from_centre = in.world_position - environment.planet.xyz;
    let up = normalize(from_centre);
    let sun = environment.sun.xyz;
    let width = max(fwidth(in.cell.x), max(fwidth(in.cell.y), fwidth(in.cell.z)));

#ifdef SMOOTH
    let normal = normalize(in.normal);
    let light_left = 1.0;
    var albedo = in.colour.rgb;
    let is_liquid = false;
    var opacity = 1.0;
    // Grain of half a cell, two and eight cells; each as long as it can be seen.
    var shade = grain_noise(in.cell * 2.0, 128.0) * 0.16 * seen(width * 2.0)
        + grain_noise(in.cell * 0.5, 32.0) * 0.14 * seen(width * 0.5)
        + grain_noise(in.cell * 0.125, 8.0) * 0.12 * seen(width * 0.125);
    // Finer grain where a cell fills much of the screen.
    if width < 0.1 {
        shade += grain_noise(in.cell * 12.0, 768.0) * 0.14 * seen(width * 12.0);
    }
    albedo *= 1.0 + shade * in.colour.a;
#else
    let face = in.face_and_material & 7u;
    let row = row_of(in.face_and_material >> 3u);
    // Level faces follow the planet's curve, walls are as flat as they are.
    let flat_normal = normalize(cross(dpdx(in.world_position), dpdy(in.world_position)));
    var normal = flat_normal * -sign(dot(flat_normal, direction));
    if face == 3u {
        normal = up;
    } else if face == 2u {
        normal = -up;
    }
    let light_left = in.light;
    let is_liquid = row.look.y > 0.5;
    var opacity = row.look.x;
    // Each cell has a shade of its own where cells can be told apart, and a grain where it is large.
    let into = vec3(
        select(0.0, select(0.5, -0.5, face == 1u), face < 2u),
        select(0.0, select(0.5, -0.5, face == 3u), face == 2u || face == 3u),
        select(0.0, select(0.5, -0.5, face == 5u), face > 3u),
    );
    let inside = in.cell + into;
    var shade = (hash(floor(inside + 0.001)) - 0.5) * 0.16 * seen(width);
    if width < 0.1 {
        shade += (hash(floor(inside * 8.0 + 0.001)) - 0.5) * 0.15 * seen(width * 8.0);
    }
    let albedo = row.colour.rgb * (1.0 + shade * row.colour.w * select(1.0, 0.0, is_liquid));
#endif

    let radius_km = environment.planet.w / 1000.0;
    let point_km = from_centre / 1000.0;
    let direct = sunlight(point_km, sun, radius_km) * max(dot(normal, sun), 0.0) * environment.sun.w;
    // Sky light: blue from above, what the ground gives back from below; none on the night side.
    let day = clamp(dot(up, sun) * 3.0 + 0.35, 0.02, 1.0);
    let ambient = sky_light(normal, up, day);
    var light = albedo * (direct / PI * mix(0.75, 1.0, light_left) + ambient * mix(0.45, 1.0, light_left));

    if is_liquid {
        // Water: the sky on it at a slant, the sun's glint, and clear when looked into steeply.
        let facing = clamp(-dot(normal, direction), 0.0, 1.0);
        let fresnel = 0.02 + 0.98 * pow(1.0 - facing, 5.0);
        let half_way = normalize(sun - direction);
        let sharpness = mix(60.0, 400.0, clamp(1.0 - distance_m / 2.0e6, 0.0, 1.0));
        let glint = pow(max(dot(normal, half_way), 0.0), sharpness) * (0.06 + fresnel);
#ifdef DEPTH_PREPASS
        // What lies in it shows through as far as light gets: shallow water is clear and green.
        let behind = depth_ndc_to_view_z(prepass_depth(in.clip_position, 0u));
        let here = depth_ndc_to_view_z(in.clip_position.z);
        let through_m = max(here - behind, 0.0) * distance_m / max(-here, 1e-6);
        let clear = exp(-through_m * 0.22);
        let shallow = exp(-through_m * 0.07);
        light = mix(light, light * vec3(1.0, 1.9, 1.5) + vec3(0.0, 0.012, 0.010) * day * environment.sun.w, shallow * 0.6);
        opacity = mix(0.97, 0.12, clear);
#endif
        light = light * (1.0 - fresnel) + vec3(0.07, 0.12, 0.20) * day * environment.sun.w * fresnel * 0.6
            + glint * direct * 1.2;
        opacity = mix(opacity, 1.0, fresnel);
    }

    if environment.air.x > 0.5 {
        let eye_km = (view.world_position - environment.planet.xyz) / 1000.0;
        let air = haze(eye_km, direction, distance_m / 1000.0, sun, radius_km, 6, CLARITY);
        light = light * air.through + air.light * environment.sun.w;
    }
    return vec4(expose(light, environment.air.y), opacity);
}
