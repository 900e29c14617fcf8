// The light that a place of the ground stands in: sun, shadow, sky and what the ground around gives back.
#define_import_path bevy_bluemarble::light
#ifdef SHADOW_MAP
#import bevy_pbr::mesh_view_bindings as view_bindings
#import bevy_pbr::mesh_view_types::DIRECTIONAL_LIGHT_FLAGS_SHADOWS_ENABLED_BIT
#import bevy_pbr::shadows::fetch_directional_shadow
#import bevy_pbr::view_transformations::position_world_to_view
#endif
#import bevy_bluemarble::environment::environment
#import bevy_bluemarble::atmosphere::{PI, sky_ambient, sunlight}
#import bevy_bluemarble::clouds::cloud_shadow
#import bevy_bluemarble::relief::{horizon_sine, relief_at, tangents}
#import bevy_bluemarble::vertex::{region, relief_slot}

// Cells larger than the first are lit as cubes, smaller than the second as the ground that they stand for, pixels.
const CUBES_PX: f32 = 12.0;
const GROUND_PX: f32 = 4.0;
// From afar slopes are lit as if they were so much steeper, as on maps: large cells are gentler than the mountains in
// them. Begins and ends where pixels are so wide, metres.
const STEEPER: f32 = 2.2;
const STEEPER_M: vec2<f32> = vec2(150.0, 1500.0);
// Share of the sun's light that the ground gives back to what stands on it: to cells, whose sides face sunlit ground
// close by, and to slopes.
const GIVEN_BACK: vec2<f32> = vec2(0.3, 0.12);
// Half the width of the border of a shadow, as sines of elevations: a little more than the sun's.
const PENUMBRA: f32 = 0.012;
#ifdef SHADOW_MAP
// So far off the surface shadow maps are asked, in cells: where cells are lit as they are, and where they are lit as
// the ground that they stand for, which must not be shaded by its steps.
#ifdef SMOOTH
const OFF_SURFACE: vec2<f32> = vec2(0.5, 1.5);
#else
const OFF_SURFACE: vec2<f32> = vec2(0.1, 1.5);
#endif
// Shadow maps end softly, from this share of their range on.
const MAP_FADE: f32 = 0.7;
// Cosine of the angle within which a light is the sun: shadow maps follow it in small steps.
const IS_SUN: f32 = 0.9999;
#endif

// A place on the surface of a node.
struct Place {
    // In render space, metres; the cell is that of the chunk.
    position: vec3<f32>,
    normal: vec3<f32>,
    cell: vec3<f32>,
    cell_m: f32,
    // Width of a pixel there, metres.
    pixel_m: f32,
    tag: u32,
    // 0 for what people have built and for liquids, else 1.
    natural: f32,
    // The pixel that is drawn.
    pixel: vec2<f32>,
}

struct Lighting {
    // What a white surface gives back of the sun's light, and of the light of sky and ground.
    direct: vec3<f32>,
    ambient: vec3<f32>,
    // The sun's light on a surface that faces it, and the sky's on a level one.
    sunshine: vec3<f32>,
    sky: vec3<f32>,
    // How much of it is as it was before anybody edited it.
    natural: f32,
    // How far it is lit as the ground that its cells stand for, and not as cells.
    as_ground: f32,
}

#ifdef SHADOW_MAP
// Share of the sun's light that what stands around lets through, as far as shadow maps reach.
fn let_through(position: vec3<f32>, normal: vec3<f32>, pixel: vec2<f32>) -> f32 {
    let view_z = position_world_to_view(position).z;
    var through = 1.0;
    for (var i = 0u; i < view_bindings::lights.n_directional_lights; i += 1u) {
        let light = &view_bindings::lights.directional_lights[i];
        let is_sun = dot((*light).direction_to_light, environment.sun.xyz) > IS_SUN;
        if is_sun && ((*light).flags & DIRECTIONAL_LIGHT_FLAGS_SHADOWS_ENABLED_BIT) != 0u {
            let range_m = (*light).cascades[(*light).num_cascades - 1u].far_bound;
            let near = 1.0 - smoothstep(MAP_FADE, 1.0, -view_z / range_m);
            if near > 0.0 {
                let shadow = fetch_directional_shadow(i, vec4(position, 1.0), normal, view_z, pixel);
                through = min(through, mix(1.0, shadow, near));
            }
        }
    }
    return through;
}
#endif

fn lighting(place: Place) -> Lighting {
    let from_centre = place.position - environment.planet.xyz;
    let up = normalize(from_centre);
    let sun = environment.sun.xyz;
    let sun_height = dot(up, sun);
    var normal = place.normal;
    var natural = place.natural;

    // What the ground is like that these cells stand for.
    var sky_seen = 1.0;
    var lit = 1.0;
    var as_ground = 0.0;
    let slot = relief_slot(place.tag);
    // A loop that runs once or never: software leaves out loops, but not branches, that no pixel takes.
    for (var once = u32(slot != 0u && natural > 0.0); once > 0u; once -= 1u) {
        let along = tangents(environment.axes[region(place.tag)].xyz, up);
        let relief = relief_at(slot, place.cell.xz);
        natural *= relief.natural;
        let slope = relief.slope * mix(1.0, STEEPER, smoothstep(STEEPER_M.x, STEEPER_M.y, place.pixel_m));
        let level = sqrt(max(1.0 - dot(relief.slope, relief.slope), 0.01));
        let ground_normal = normalize(along.first * slope.x + along.second * slope.y + up * level);
        as_ground = natural * (1.0 - smoothstep(GROUND_PX, CUBES_PX, place.cell_m / place.pixel_m));
        normal = normalize(mix(normal, ground_normal, as_ground));
        // Valleys are told more deeply than a level surface would be lit.
        sky_seen = mix(1.0, clamp(1.0 - 1.8 * (1.0 - relief.sky), 0.25, 1.0), natural);
        let towards = vec2(dot(along.first, sun), dot(along.second, sun));
        let horizon = horizon_sine(slot, place.cell.xz, towards);
        lit = mix(1.0, smoothstep(-PENUMBRA, PENUMBRA, sun_height - horizon), natural);
        if horizon < 0.001 {
            lit = 1.0;
        }
    }
#ifdef SHADOW_MAP
    let asked = place.position + normal * (place.cell_m * mix(OFF_SURFACE.x, OFF_SURFACE.y, as_ground));
    lit = min(lit, let_through(asked, normal, place.pixel));
#endif

    let radius_km = environment.planet.w / 1000.0;
    let point_km = from_centre / 1000.0;
    let through_clouds = cloud_shadow(point_km, sun, radius_km);
    let sunshine = sunlight(point_km, sun, radius_km) * environment.sun.w * through_clouds;
    // Light of the sky from above, of the sunlit ground from below and from the slopes around. The eye takes some of
    // the blue in shadows for white; under clouds the sky is white.
    let sky = sky_ambient(point_km, up, sun, radius_km) * environment.sun.w * environment.light.y;
    let white = 0.4 + 0.5 * (1.0 - through_clouds);
    let sky_light = mix(sky, vec3(dot(sky, vec3(0.2126, 0.7152, 0.0722))), white);
    let above = dot(normal, up) * 0.5 + 0.5;
    let given_back = sunshine * max(sun_height, 0.0) * mix(GIVEN_BACK.x, GIVEN_BACK.y, as_ground) / PI;
    let ambient = sky_light * mix(0.35, 1.0, above) * sky_seen * mix(0.6, 1.0, through_clouds)
        + given_back * (1.0 - above * sky_seen);
    let direct = sunshine * lit * max(dot(normal, sun), 0.0) / PI;
    return Lighting(direct, ambient, sunshine, sky, natural, as_ground);
}
