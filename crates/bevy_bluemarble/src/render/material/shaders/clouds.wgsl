// Clouds: a thin shell around the planet, its cover from a map, finer than the map by noise. Lengths are
// kilometres, positions are relative to the planet's centre.
#define_import_path bevy_bluemarble::clouds
#import bevy_pbr::mesh_view_bindings::view
#import bevy_bluemarble::environment::{environment, cloud_cover, cloud_sampler, own_axes}
#import bevy_bluemarble::noise::{pattern_seen, value_noise}
#import bevy_bluemarble::atmosphere::{haze, sky_ambient, sphere_span, sunlight, PI}

// A texel of the map in the middle of a face, as an angle.
const TEXEL: f32 = 0.0039;
// The widest of the finer octaves, kilometres, and by how much each is finer than the one before.
const DETAIL: f32 = 22.0;
const FINER: f32 = 2.7;
// The size of eddies that the map is too coarse for, and how far they carry clouds, kilometres.
const STIRRED: vec2<f32> = vec2(34.0, 42.0);
// Within this distance of the eye the shell is not there, so that nothing pops when it is flown through.
const CLEAR_NEAR: f32 = 0.25;
const CLEAR_FAR: f32 = 2.5;
// Seen from so near its own level the shell would be a line across the sky, kilometres.
const LEVEL: vec2<f32> = vec2(0.02, 0.3);

// A pixel as an angle.
fn pixel_angle() -> f32 {
    return 2.0 / max(view.clip_from_view[1][1] * view.viewport.w, 1.0);
}

// The place on the map of a point: clouds drift about the axis. The clouds of a plane are those of the equator,
// which the plane touches.
fn on_map(point: vec3<f32>) -> vec3<f32> {
    var at = own_axes(point);
    if environment.fade.z > 0.5 {
        at = (at + environment.axes[1].xyz).yzx;
    }
    let c = cos(environment.clouds.z);
    let s = sin(environment.clouds.z);
    return vec3(c * at.x - s * at.z, at.y, s * at.x + c * at.z);
}

// How much of the map's cover counts: the less, the more of the thin parts is gone.
fn counted(cover: f32) -> f32 {
    let share = environment.clouds.x;
    let least = 0.5 * (1.0 - share);
    return clamp((cover - least) / (1.0 - least), 0.0, 1.0) * smoothstep(0.0, 0.3, share);
}

fn cover_at(place: vec3<f32>, footprint: f32, radius: f32) -> f32 {
    let level = log2(max(footprint / (TEXEL * radius), 1.0));
    return counted(textureSampleLevel(cloud_cover, cloud_sampler, place, level).r);
}

// Where the map is asked for a place: beside it, so that the squares of its texels do not show. Kilometres.
fn stirred(footprint: f32, place: vec3<f32>) -> vec3<f32> {
#ifdef LOOK_LOW
    return vec3(0.0);
#else
    let shown = pattern_seen(STIRRED.x, footprint);
    if shown <= 0.0 || environment.light.x < 0.5 {
        return vec3(0.0);
    }
    let at = place / STIRRED.x;
    return (vec3(value_noise(at), value_noise(at + 11.3), value_noise(at.zxy + 5.7)) - 0.5) * STIRRED.y * shown;
#endif
}

struct Detail {
    cover: f32,
    // How much brighter or darker than the mean the cloud is here: billows and hollows, about -1 to 1.
    lumps: f32,
}

// The cover, broken up into what the map is too coarse for. `footprint` is the size of a pixel on the shell.
fn detailed(cover: f32, place: vec3<f32>, footprint: f32) -> Detail {
#ifdef LOOK_LOW
    return Detail(cover, 0.0);
#else
    let quality = environment.light.x;
    let near = pattern_seen(DETAIL, footprint);
    if quality < 0.5 || near <= 0.0 || cover <= 0.004 {
        return Detail(cover, 0.0);
    }
    let count = select(5, 7, quality > 1.5);
    var at = place / DETAIL;
    var size = DETAIL;
    var strength = 1.0;
    var sum = 0.0;
    var lumps = 0.0;
    var whole = 0.0;
    for (var octave = 0; octave < count; octave += 1) {
        let seen = pattern_seen(size, footprint);
        whole += strength;
        if seen > 0.0 {
            let noise = value_noise(at);
            sum += (noise - 0.5) * strength * seen;
            // Round above, with narrow hollows between.
            lumps += (0.5 - abs(noise * 2.0 - 1.0)) * seen * select(0.7, 1.0, octave > 0);
        }
        strength *= 0.70;
        size /= FINER;
        // Turned, so that the octaves' grids do not lie on each other.
        at = vec3(0.8 * at.x + 0.6 * at.z, at.y, 0.8 * at.z - 0.6 * at.x) * FINER + 7.3;
    }
    let noise = sum / whole * 3.0;
    // Thin cover becomes scattered clouds, thick cover becomes uneven.
    let scattered = smoothstep(0.0, 1.0, noise * (1.0 - 0.4 * cover) + cover * 1.4 - 0.06);
    // Where the map has none they end, and not along a line.
    let broken = scattered * smoothstep(0.0, 0.12, cover);
    return Detail(mix(cover, mix(cover, broken, 0.85), near), lumps * 0.5);
#endif
}

// Share of sunlight that the clouds above a point let through.
fn cloud_shadow(point: vec3<f32>, sun: vec3<f32>, radius: f32) -> f32 {
#ifdef LOOK_LOW
    return 1.0;
#else
    if environment.clouds.x <= 0.0 || environment.clouds.w <= 0.0 {
        return 1.0;
    }
    let shell = radius + environment.clouds.y;
    let span = sphere_span(point, sun, shell);
    if span.y <= 0.0 || span.x > 0.0 {
        return 1.0;
    }
    let eye = (view.world_position - environment.planet.xyz) / 1000.0;
    let footprint = distance(eye, point) * pixel_angle();
    let place = on_map(point + sun * span.y);
    // A shadow has no edges as sharp as the map's.
    var cover = cover_at(place, max(footprint, 1.5 * TEXEL * radius), radius);
    if environment.light.x > 1.5 {
        cover = detailed(cover, place, max(footprint, 1.0)).cover;
    }
    return 1.0 - environment.clouds.w * 0.9 * cover;
#endif
}

// One crossing of the shell: light, not yet weighted, and opacity.
fn crossing(
    eye: vec3<f32>, direction: vec3<f32>, far: f32, sun: vec3<f32>, radius: f32, is_above: bool,
) -> vec4<f32> {
    let point = eye + direction * far;
    let up = normalize(point);
    let slant = max(abs(dot(up, direction)), 0.02);
    let footprint = far * pixel_angle() / sqrt(slant);
    let place = on_map(point);
    let quality = environment.light.x;
    let beside = stirred(footprint, place);
    let wide = cover_at(place + beside, footprint, radius);
    let detail = detailed(wide, place, footprint);
    let cover = detail.cover;
    let clear = smoothstep(CLEAR_NEAR, CLEAR_FAR, far)
        * smoothstep(LEVEL.x, LEVEL.y, abs(length(eye) - radius - environment.clouds.y));
#ifdef LOOK_LOW
    let opacity = min(0.97 * cover * min(0.7 + 0.3 / slant, 1.6), 0.97) * clear;
#else
    let opacity = (1.0 - pow(1.0 - 0.97 * cover, min(1.0 / slant, 2.5))) * clear;
#endif
    if opacity < 0.003 {
        return vec4(0.0);
    }
    let sine = dot(up, sun);
    let lit = sunlight(point, sun, radius);
    // What stands between here and the sun throws a shadow, the longer the lower the sun.
    var relief = 1.0;
#ifndef LOOK_LOW
    if quality > 0.5 {
        let level = normalize(sun - up * sine + up * 1e-4);
        let step_km = max(select(9.0, 2.5, quality > 1.5 && footprint < 2.0), footprint * 1.5);
        let sunwards = on_map(point + level * step_km);
        var other = cover_at(sunwards + beside, footprint, radius);
        var mine = wide;
        if quality > 1.5 {
            other = detailed(other, sunwards, max(footprint, 1.0)).cover;
            mine = detailed(wide, place, max(footprint, 1.0)).cover;
        }
        let low = 1.0 - 0.75 * clamp(sine, 0.0, 1.0);
        relief = clamp(1.0 - (other - mine) * 1.5 * low, 0.45, 1.3) * (1.0 + 0.30 * detail.lumps);
    }
#endif
    let toward = dot(direction, sun);
    // Billows catch light from the side: clouds are lit well before the sun is above their level.
    let facing = smoothstep(-0.12, 0.3, sine) * 0.22 + max(sine, 0.0) * 0.78;
    let ambient = sky_ambient(point, up, sun, radius);
    var light: vec3<f32>;
    if is_above {
        light = lit * (1.1 / PI) * facing * relief * mix(0.62, 1.0, cover) + ambient;
    } else {
        // From below: thin cloud glows, thick cloud is grey, and what stands far away shows its lit side.
        let thick = cover * cover;
        let glow = mix(0.62, 0.20, thick) * facing;
        let side = (1.0 - slant) * (0.55 - 0.45 * toward) * facing * 0.9;
        light = lit / PI * (glow + side * 0.6) * relief + ambient * mix(0.95, 0.55, thick);
    }
#ifdef LOOK_LOW
    let steps = 1;
#else
    // Light goes on nearly straight through thin cloud: edges near the sun shine.
    let thin = (1.0 - cover) * (1.0 - cover);
    let ahead = pow(max(toward, 0.0), 10.0) * 0.25 + pow(max(toward, 0.0), 90.0) * 1.6;
    light += lit * ahead * thin * select(1.0, 0.15, is_above) * 0.5;
    let steps = select(select(3, 5, quality > 1.5), 2, quality < 0.5);
#endif
    if environment.air.x > 0.5 {
        let air = haze(eye, direction, far, sun, radius, steps, 0.8);
        // White things far away look pale, not pink: the eye takes the light of the day for white.
        let grey = dot(air.through, vec3(0.25, 0.45, 0.30));
        light = light * mix(air.through, vec3(grey), 0.6) + air.light;
    }
    return vec4(light, opacity);
}

// The clouds between the eye and a point at a distance: light for a sun of strength 1, already weighted by the
// opacity that comes with it. What lies behind counts with 1 less the opacity.
fn cloud_layer(eye: vec3<f32>, direction: vec3<f32>, far: f32, sun: vec3<f32>, radius: f32) -> vec4<f32> {
    if environment.clouds.x <= 0.0 {
        return vec4(0.0);
    }
    let span = sphere_span(eye, direction, radius + environment.clouds.y);
    if span.x > span.y || span.y <= 0.0 {
        return vec4(0.0);
    }
#ifdef LOOK_LOW
    // The nearer crossing only.
    let is_above = span.x > 0.0;
    let reach = select(span.y, span.x, is_above);
    var result = vec4(0.0);
    if reach < far {
        let only = crossing(eye, direction, reach, sun, radius, is_above);
        result = vec4(only.rgb * only.a, only.a);
    }
#else
    var result = vec4(0.0);
    if span.x > 0.0 && span.x < far {
        let first = crossing(eye, direction, span.x, sun, radius, true);
        result = vec4(first.rgb * first.a, first.a);
    }
    // The far side: seen from below, or past the limb, where it is seen through the air and from below as well.
    let ground = sphere_span(eye, direction, radius);
    let is_free = ground.x > ground.y || ground.x <= 0.0;
    if is_free && span.y < far && result.a < 0.99 {
        let second = crossing(eye, direction, span.y, sun, radius, false);
        result += vec4(second.rgb * second.a, second.a) * (1.0 - result.a);
    }
#endif
    return result;
}
