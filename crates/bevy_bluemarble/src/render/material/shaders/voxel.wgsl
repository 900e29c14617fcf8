// Voxels of every lod: palette colour, grain, the ground's own slope, sun, shadow, sky light and water. The air in
// between is laid over it later: see `air.wgsl`.
#import bevy_pbr::{
    mesh_functions::{get_tag, get_world_from_local, mesh_position_local_to_world},
    mesh_view_bindings::view,
    view_transformations::{depth_ndc_to_view_z, position_world_to_clip},
}
#ifdef DEPTH_PREPASS
#import bevy_pbr::prepass_utils::prepass_depth
#endif
#import bevy_bluemarble::environment::{environment, own_axes}
#import bevy_bluemarble::light::{Lighting, Place, lighting}
#import bevy_bluemarble::noise::{hash, pattern_seen, tiled_noise}
#import bevy_bluemarble::planet_picture::{city_lights, from_afar, mottling}
#import bevy_bluemarble::tone::finish
#import bevy_bluemarble::vertex::{
    Vertex, leaves_out, local_position, quad_cell, quad_face, quad_light, smooth_cell, smooth_normal, smooth_share,
}
#ifdef SEE_THROUGH
#import bevy_bluemarble::atmosphere::sky_ambient
#import bevy_bluemarble::water::water_surface
#endif

// Pixels on the ground from which the planet's picture begins to replace the palette, and replaces it, metres.
const PICTURE_M: vec2<f32> = vec2(400.0, 2500.0);
// Before that, from the first to the second, it tints the palette by this share, so that patches of ground differ
// less from each other than from those of other lands. Snow stays white.
const TINT_M: vec2<f32> = vec2(2.0, 25.0);
const TINT: f32 = 0.75;

// Dark ground is so much lighter close by, and from this reflectance on hardly: eyes in a forest get used to it, the
// exposure does not.
const LIFTED: f32 = 0.9;
const LIFTED_BELOW: f32 = 0.05;

struct PaletteRow {
    // Linear colour; w: roughness.
    colour: vec4<f32>,
    // x: opacity; y: 1 for liquids; z: 1 for what people have built.
    look: vec4<f32>,
}

@group(#{MATERIAL_BIND_GROUP}) @binding(0) var<storage, read> palette: array<PaletteRow>;

struct Varying {
    @invariant @builtin(position) clip_position: vec4<f32>,
    @location(0) world_position: vec3<f32>,
    @location(1) cell: vec3<f32>,
    @location(2) @interpolate(flat) tag: u32,
    @location(3) @interpolate(flat) cell_m: f32,
#ifdef SMOOTH
    @location(4) normal: vec3<f32>,
    @location(5) colour: vec4<f32>,
    @location(6) built: f32,
#else
    @location(4) light: f32,
    // Face in bits 0..3, material above.
    @location(5) @interpolate(flat) face_and_material: u32,
#endif
#ifdef LIT_VERTICES
    // The light of the sun, and that of sky and ground. In w how far they are lit as ground, and how natural they are.
    @location(7) direct: vec4<f32>,
    @location(8) ambient: vec4<f32>,
#endif
}

fn row_of(material: u32) -> PaletteRow {
    return palette[min(material, arrayLength(&palette) - 1u)];
}

// Width of a pixel across the line of sight, whatever the ground's slant.
fn pixel_at(distance_m: f32) -> f32 {
    return distance_m * 2.0 / (view.clip_from_view[1][1] * view.viewport.w);
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
    // The frame is a chunk and a margin wide.
    out.cell_m = length(frame[0].xyz) / (32.0 * 1.03);
#ifdef SMOOTH
    out.cell = smooth_cell(in.words.z, in.words.w);
    // The frame is scaled along its axes, which a normal must not be.
    let normal = smooth_normal(in.words.z);
    out.normal = normalize(frame[0].xyz) * normal.x + normalize(frame[1].xyz) * normal.y
        + normalize(frame[2].xyz) * normal.z;
    let first = row_of(in.words.y >> 16u);
    let second = row_of(in.words.w & 0xffffu);
    let share = smooth_share(in.words.z);
    out.colour = mix(first.colour, second.colour, share);
    out.built = mix(first.look.z, second.look.z, share);
#else
    out.cell = quad_cell(in.words.z);
    out.light = quad_light(in.words.z);
    out.face_and_material = quad_face(in.words.z) | (in.words.y >> 16u) << 3u;
#endif
#ifdef LIT_VERTICES
#ifdef SMOOTH
    let built = out.built;
    let face_normal = out.normal;
#else
    let face = quad_face(in.words.z);
    let built = row_of(in.words.y >> 16u).look.z;
    var face_normal = normalize(frame[face >> 1u].xyz) * select(-1.0, 1.0, (face & 1u) == 1u);
    if face >> 1u == 1u {
        face_normal = normalize(world.xyz - environment.planet.xyz) * select(-1.0, 1.0, face == 3u);
    }
#endif
    let pixel_m = pixel_at(distance(world.xyz, view.world_position));
    let light = lighting(
        Place(world.xyz, face_normal, out.cell, out.cell_m, pixel_m, out.tag, 1.0 - built, vec2(0.0)),
    );
    out.direct = vec4(light.direct, light.as_ground);
    out.ambient = vec4(light.ambient, light.natural);
#endif
    return out;
}

// Grain over the cells of a chunk: it repeats itself, so that chunks fit. `width`: of a pixel, in cells.
fn grain(cell: vec3<f32>, finer: f32, width: f32) -> f32 {
    return (tiled_noise(cell * finer, 64.0 * finer) - 0.5) * pattern_seen(1.0, width * finer);
}

// The light of the sky in a nook that lets a share of it in, with what its sides of a colour give back to each other
// again and again: the sum of a geometric series.
fn given_back(share: f32, colour: vec3<f32>) -> vec3<f32> {
    return share / (1.0 - min(colour, vec3(0.9)) * (1.0 - share));
}

// A shade for each cell of the grid.
fn cell_shade(cell: vec3<f32>, finer: f32, width: f32) -> f32 {
    return (hash(vec3<i32>(floor(cell * finer + 0.001))) - 0.5) * pattern_seen(1.0, width * finer);
}

#ifdef SEE_THROUGH
// The sky that water mirrors into the eye, for a sun of strength 1 in its units: pale at the horizon, blue above.
fn sky_mirrored(point_km: vec3<f32>, up: vec3<f32>, direction: vec3<f32>, sun: vec3<f32>, radius_km: f32) -> vec3<f32> {
    let sky = sky_ambient(point_km, up, sun, radius_km) * environment.sun.w;
    let slant = 1.0 - abs(dot(up, direction));
    return mix(sky * 0.8, sky * vec3(1.5, 1.35, 1.2), slant * slant * slant);
}
#endif

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
    let pixel_m = pixel_at(distance_m);

#ifdef SMOOTH
    var normal = normalize(in.normal);
    let built = in.built;
    let light_left_here = 1.0;
    var albedo = in.colour.rgb;
    let is_liquid = false;
    var opacity = 1.0;
    // Grain of half a cell, two and eight cells; each as long as it can be seen.
    var shade = grain(in.cell, 2.0, width) * 0.16 + grain(in.cell, 0.5, width) * 0.14
        + grain(in.cell, 0.125, width) * 0.12;
    // Finer grain where a cell fills much of the screen.
    if width < 0.1 {
        shade += grain(in.cell, 12.0, width) * 0.14;
    }
    albedo *= 1.0 + shade * in.colour.a;
#else
    let face = in.face_and_material & 7u;
    let row = row_of(in.face_and_material >> 3u);
    let built = row.look.z;
    // Level faces follow the planet's curve, walls are as flat as they are.
    let flat_normal = normalize(cross(dpdx(in.world_position), dpdy(in.world_position)));
    var normal = flat_normal * -sign(dot(flat_normal, direction));
    if face == 3u {
        normal = up;
    } else if face == 2u {
        normal = -up;
    }
    let light_left_here = in.light;
    let is_liquid = row.look.y > 0.5;
    var opacity = row.look.x;
    // Each cell has a shade of its own where cells can be told apart, and a grain where it is large.
    let into = vec3(
        select(0.0, select(0.5, -0.5, face == 1u), face < 2u),
        select(0.0, select(0.5, -0.5, face == 3u), face == 2u || face == 3u),
        select(0.0, select(0.5, -0.5, face == 5u), face > 3u),
    );
    let inside = in.cell + into;
    var shade = cell_shade(inside, 1.0, width) * 0.16;
    if width < 0.1 {
        shade += cell_shade(inside, 8.0, width) * 0.15;
    }
    var albedo = row.colour.rgb * (1.0 + shade * row.colour.w * select(1.0, 0.0, is_liquid));
#endif

#ifdef LIT_VERTICES
    let light_here = Lighting(in.direct.rgb, in.ambient.rgb, vec3(0.0), vec3(0.0), in.ambient.w, in.direct.w);
#else
    let natural_here = select(1.0 - built, 0.0, is_liquid);
    let light_here = lighting(
        Place(in.world_position, normal, in.cell, in.cell_m, pixel_m, in.tag, natural_here, in.clip_position.xy),
    );
#endif
    // Water has the colours of the picture, too.
    let natural = select(light_here.natural, 1.0, is_liquid);

    // From afar the planet's own picture, with its lights at night.
    let is_far = smoothstep(PICTURE_M.x, PICTURE_M.y, pixel_m);
    var lights = vec3(0.0);
    // A loop that runs once or never: software leaves out loops, but not branches, that no pixel takes.
    let is_tinted = environment.air.w > 0.5 && pixel_m > TINT_M.x;
    for (var once = u32(is_tinted); once > 0u; once -= 1u) {
        let picture = from_afar(own_axes(from_centre), pixel_m);
        let tint = TINT * smoothstep(TINT_M.x, TINT_M.y, pixel_m) * (1.0 - smoothstep(0.25, 0.5, albedo.g));
        let share = natural * max(tint, is_far);
        albedo = mix(albedo, picture.rgb, share);
        let night = smoothstep(0.02, -0.12, dot(up, sun)) * environment.light.w * smoothstep(10.0, 200.0, pixel_m);
        for (var lit = u32(night * picture.a > 0.004); lit > 0u; lit -= 1u) {
            lights = city_lights(own_axes(from_centre), picture.a, pixel_m) * night;
        }
    }
    let grey = dot(albedo, vec3(0.2126, 0.7152, 0.0722));
    albedo *= 1.0 + LIFTED * exp(-grey / LIFTED_BELOW) * (1.0 - is_far) * light_here.natural;
#ifndef LOOK_LOW
    for (var once = u32(!is_liquid && natural > 0.0); once > 0u; once -= 1u) {
        // Snow is even.
        albedo *= mix(1.0, mottling(own_axes(from_centre), pixel_m), natural * (1.0 - 0.8 * smoothstep(0.35, 0.6, grey)));
    }
#endif

    // The steps that make nooks are not there on the ground that cells stand for.
    let light_left = mix(light_left_here, 1.0, light_here.as_ground);
    var light = albedo * (light_here.direct * mix(0.75, 1.0, light_left)
        + light_here.ambient * given_back(mix(0.45, 1.0, light_left), albedo)) + lights;

#ifdef SEE_THROUGH
    if is_liquid {
        var through_m = -1.0;
        var depth_m = -1.0;
#ifdef DEPTH_PREPASS
        // What lies in it shows through as far as light gets.
        let behind = depth_ndc_to_view_z(prepass_depth(in.clip_position, 0u));
        let here = depth_ndc_to_view_z(in.clip_position.z);
        through_m = max(here - behind, 0.0) * distance_m / max(-here, 1e-6);
        depth_m = through_m * max(-dot(up, direction), 0.0);
#endif
        let water = water_surface(
            albedo, select(normal, up, (in.face_and_material & 7u) == 3u), direction, sun, distance_m, pixel_m,
            in.world_position + environment.anchor.xyz, environment.air.z, environment.light.z, through_m, depth_m,
            light_here.sunshine, light_here.sky,
            sky_mirrored(from_centre / 1000.0, up, direction, sun, environment.planet.w / 1000.0), environment.light.x,
        );
        light = water.light + lights;
        opacity = water.opacity;
    }
#endif

    return vec4(finish(light, environment.air.y, in.clip_position.xy), opacity);
}
