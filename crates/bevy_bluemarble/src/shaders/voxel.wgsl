// Voxels of every lod: palette colour, sun, sky light and haze.
#import bevy_pbr::{
    mesh_functions::{get_world_from_local, mesh_position_local_to_world},
    mesh_view_bindings::view,
    view_transformations::position_world_to_clip,
}
#import bevy_bluemarble::atmosphere::{Environment, expose, haze, sunlight, PI}

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

struct Vertex {
    @builtin(instance_index) instance_index: u32,
    @location(0) position: vec3<f32>,
    @location(1) voxel: vec2<u32>,
}

struct Varying {
    @builtin(position) clip_position: vec4<f32>,
    @location(0) world_position: vec3<f32>,
    @location(1) cell: vec3<f32>,
    @location(2) @interpolate(flat) face: u32,
    @location(3) @interpolate(flat) material: u32,
}

@vertex
fn vertex(in: Vertex) -> Varying {
    var out: Varying;
    let world_from_local = get_world_from_local(in.instance_index);
    let world = mesh_position_local_to_world(world_from_local, vec4(in.position, 1.0));
    out.clip_position = position_world_to_clip(world.xyz);
    out.world_position = world.xyz;
    out.cell = vec3(
        f32(in.voxel.x & 127u),
        f32((in.voxel.x >> 7u) & 255u),
        f32((in.voxel.x >> 15u) & 127u),
    );
    out.face = (in.voxel.x >> 22u) & 7u;
    out.material = in.voxel.y & 0xffffu;
    return out;
}

fn hash(cell: vec3<f32>) -> f32 {
    var h = u32(cell.x) * 0x8da6b343u ^ u32(cell.y) * 0xd8163841u ^ u32(cell.z) * 0xcb1ab31fu;
    h = (h ^ (h >> 13u)) * 0x5bd1e995u;
    return f32((h ^ (h >> 15u)) & 0xffffu) / 65535.0;
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
    let row = palette[min(in.material, arrayLength(&palette) - 1u)];
    let sight = in.world_position - view.world_position;
    let distance_m = length(sight);
    let direction = sight / max(distance_m, 1e-6);
    let from_centre = in.world_position - environment.planet.xyz;
    let up = normalize(from_centre);
    let sun = environment.sun.xyz;

    // Level faces follow the planet's curve, walls are as flat as they are.
    let flat_normal = normalize(cross(dpdx(in.world_position), dpdy(in.world_position)));
    var normal = flat_normal * -sign(dot(flat_normal, direction));
    if in.face == 3u {
        normal = up;
    } else if in.face == 2u {
        normal = -up;
    }

    // Each cell has a shade of its own where cells can be told apart.
    let width = max(fwidth(in.cell.x), max(fwidth(in.cell.y), fwidth(in.cell.z)));
    let inside = in.cell - select(vec3(0.0), vec3(0.5, 0.5, 0.5), vec3(
        in.face < 2u, in.face == 2u || in.face == 3u, in.face > 3u)) ;
    let shade = 1.0 + (hash(floor(inside + 0.001)) - 0.5) * 0.16 * clamp(1.4 - width * 2.0, 0.0, 1.0) * (1.0 - row.look.y);

    let radius_km = environment.planet.w / 1000.0;
    let point_km = from_centre / 1000.0;
    let direct = sunlight(point_km, sun, radius_km) * max(dot(normal, sun), 0.0) * environment.sun.w;
    // Sky light: blue from above, what the ground gives back from below; none on the night side.
    let day = clamp(dot(up, sun) * 3.0 + 0.35, 0.02, 1.0);
    let above = dot(normal, up) * 0.5 + 0.5;
    let ambient = mix(vec3(0.07, 0.068, 0.066), vec3(0.085, 0.10, 0.125), above) * day * environment.sun.w;
    let albedo = row.colour.rgb * shade;
    var light = albedo * (direct / PI + ambient);
    var opacity = row.look.x;

    if row.look.y > 0.5 {
        // Water: the sky on it at a slant, the sun's glint, and clear when looked into steeply.
        let facing = clamp(-dot(normal, direction), 0.0, 1.0);
        let fresnel = 0.02 + 0.98 * pow(1.0 - facing, 5.0);
        let half_way = normalize(sun - direction);
        let sharpness = mix(60.0, 400.0, clamp(1.0 - distance_m / 2.0e6, 0.0, 1.0));
        let glint = pow(max(dot(normal, half_way), 0.0), sharpness) * (0.06 + fresnel);
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
