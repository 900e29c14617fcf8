// Air and clouds between the eye and the ground, laid over a finished picture: once a pixel, however many small
// faces lie in it.
#import bevy_pbr::{
    mesh_view_bindings::view,
    view_transformations::depth_ndc_to_view_z,
}
#ifdef DEPTH_PREPASS
#ifdef MULTISAMPLED
#import bevy_pbr::mesh_view_bindings::depth_prepass_texture
#endif
#import bevy_pbr::prepass_utils::prepass_depth
#endif
#import bevy_bluemarble::environment::environment
#import bevy_bluemarble::atmosphere::{haze, sphere_span}
#import bevy_bluemarble::clouds::{cloud_layer, pixel_angle}
#import bevy_bluemarble::tone::{dither, expose}

// Land is looked at through thinner air than the sky: real air would hide most of it in blue. From inside the air, and
// from space, and between which altitudes it gets thinner, kilometres.
const CLARITY: vec2<f32> = vec2(0.38, 0.02);
const SPACE_KM: vec2<f32> = vec2(150.0, 3000.0);
// Where a pixel covers more of the ground than this, kilometres, the ground counts as level with the sea.
const COARSE_KM: f32 = 0.25;

struct Varying {
    @builtin(position) clip_position: vec4<f32>,
    @location(0) corner: vec2<f32>,
}

@vertex
fn vertex(@location(0) position: vec3<f32>) -> Varying {
    var out: Varying;
    // As near as can be: nothing hides it.
    out.clip_position = vec4(position.xy, 1.0, 1.0);
    out.corner = position.xy;
    return out;
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
#ifdef DEPTH_PREPASS
    var depth = prepass_depth(in.clip_position, 0u);
#ifdef MULTISAMPLED
    // On the rim of the ground some samples see the sky: the pixel counts as ground all the same.
    for (var i = 1u; i < textureNumSamples(depth_prepass_texture); i += 1u) {
        depth = max(depth, prepass_depth(in.clip_position, i));
    }
#endif
#else
    // In the first frame of a camera nobody knows how far away anything is.
    let depth = 0.0;
#endif
    let near = view.world_from_clip * vec4(in.corner, 1.0, 1.0);
    let towards = near.xyz / near.w - view.world_position;
    let direction = normalize(towards);
    let eye_km = (view.world_position - environment.planet.xyz) / 1000.0;
    let radius_km = environment.planet.w / 1000.0;
    let sun = environment.sun.xyz;
    // Water does not show in the depth: it lies at the level of the sea.
    let sea = sphere_span(eye_km, direction, radius_km);
    let is_sea = sea.x > 0.0 && sea.x < sea.y;
    var far_km = select(0.0, sea.x, is_sea);
    if depth > 0.0 {
        let forward = -(view.view_from_world * vec4(direction, 0.0)).z;
        let ground_km = -depth_ndc_to_view_z(depth) / max(forward, 1e-4) / 1000.0;
        far_km = select(ground_km, min(ground_km, sea.x), is_sea);
        // Cells that are drawn from so far away are kilometres high: clouds lie over them all the same.
        if ground_km * pixel_angle() > COARSE_KM {
            far_km = select(max(ground_km, -dot(eye_km, direction)), sea.x, is_sea);
        }
    }
    // Behind nothing but sky there is nothing to be laid over.
    if far_km <= 0.0 {
        discard;
    }
#ifdef LOOK_LOW
    let steps = 3;
#else
    let steps = select(6, 9, environment.light.x > 1.5);
#endif
    let clarity = mix(CLARITY.x, CLARITY.y, smoothstep(SPACE_KM.x, SPACE_KM.y, length(eye_km) - radius_km));
    let air = haze(eye_km, direction, far_km, sun, radius_km, steps, clarity);
    let clouds = cloud_layer(eye_km, direction, far_km, sun, radius_km);
    let light = (air.light * (1.0 - clouds.a) + clouds.rgb) * environment.sun.w;
    // The picture below is as the screen shows it already, so what is laid over it has one share for all colours,
    // and is shown as bright as it would be alone.
    let through = dot(air.through, vec3(0.25, 0.45, 0.30)) * (1.0 - clouds.a);
    let share = clamp(1.0 - through, 0.0, 1.0);
    let shown = expose(light / max(share, 0.004), environment.air.y);
    return vec4(shown * share + dither(in.clip_position.xy) * 0.3 * share, share);
}
