// The sky behind everything: air, sun, moon, stars where the air is dark, and clouds before them.
#import bevy_pbr::mesh_view_bindings::view
#import bevy_bluemarble::environment::{environment, own_axes}
#import bevy_bluemarble::atmosphere::{PI, haze, sky_ambient, sphere_span, sunlight}
#import bevy_bluemarble::clouds::{cloud_layer, pixel_angle}
#import bevy_bluemarble::noise::value_noise
#import bevy_bluemarble::planet_picture::from_afar
#import bevy_bluemarble::tone::finish

// Half the angle under which the sun and the moon are seen.
const SUN_SIZE: f32 = 0.00465;
const MOON_SIZE: f32 = 0.00454;
// How bright the sun's disc is: far less than in truth, so that it turns red before it sets.
const SUN_DISC: f32 = 3.0;

// How bright ground is that no cell covers and of which there is no picture.
const BARE: vec3<f32> = vec3(0.1);

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

fn random(cell: vec3<f32>) -> vec4<f32> {
    let c = vec3<i32>(cell);
    var h = bitcast<u32>(c.x) * 0x8da6b343u ^ bitcast<u32>(c.y) * 0xd8163841u ^ bitcast<u32>(c.z) * 0xcb1ab31fu;
    h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
    let a = h ^ (h >> 13u);
    let b = (a * 0x297a2d39u) ^ (a >> 11u);
    return vec4(f32(a & 0xffffu), f32(a >> 16u), f32(b & 0xffffu), f32(b >> 16u)) / 65535.0;
}

// Stars in some of the cells of a grid laid over the directions: most are faint, few are bright.
fn star_layer(direction: vec3<f32>, cells: f32, share: f32, pixel: f32) -> vec3<f32> {
    let scaled = direction * cells;
    let cell = floor(scaled);
    let dice = random(cell);
    if dice.x > share {
        return vec3(0.0);
    }
    let place = cell + 0.35 + 0.3 * random(cell + 17.0).xyz;
    let apart = length(direction - normalize(place));
    // A star is a point: it is about as large as a pixel.
    let width = max(pixel * 0.75, 0.0004);
    let spot = exp(-apart * apart / (width * width));
    let bright = 0.025 + 0.9 * pow(dice.y, 10.0);
    // From reddish to bluish.
    let colour = mix(vec3(1.0, 0.78, 0.58), vec3(0.72, 0.84, 1.15), smoothstep(0.1, 0.9, dice.z));
    return colour * (spot * bright);
}

#ifndef LOOK_LOW
// A faint band along a great circle, torn by dust.
fn milky_way(direction: vec3<f32>) -> vec3<f32> {
    let pole = vec3(0.470, 0.455, -0.756);
    let height = dot(direction, pole);
    if abs(height) > 0.5 {
        return vec3(0.0);
    }
    let centre = normalize(cross(pole, vec3(0.3, 1.0, 0.2)));
    let bulge = 0.5 + 0.5 * dot(direction, centre);
    let clots = value_noise(direction * 7.0) * 0.5 + value_noise(direction * 17.0) * 0.3
        + value_noise(direction * 41.0) * 0.2;
    let lane = height + (clots - 0.5) * 0.16;
    let width = 0.10 + 0.10 * bulge;
    let band = exp(-lane * lane / (width * width)) * (0.35 + 0.9 * bulge * bulge);
    let dust = smoothstep(0.0, 0.075, abs(lane + 0.015) + (clots - 0.45) * 0.22);
    let colour = mix(vec3(0.72, 0.82, 1.0), vec3(1.0, 0.93, 0.85), bulge * bulge);
    return colour * (band * mix(0.25, 1.0, dust) * (0.3 + clots) * 0.022);
}

#endif

// The moon's disc: light for a sun of strength 1, and how much of the pixel it takes.
fn moon_disc(direction: vec3<f32>, sun: vec3<f32>, pixel: f32) -> vec4<f32> {
    let moon = environment.moon.xyz;
    let apart = length(direction - moon);
    let edge = 1.0 - smoothstep(MOON_SIZE - 0.6 * pixel, MOON_SIZE + 0.6 * pixel, apart);
    if edge <= 0.0 {
        return vec4(0.0);
    }
    let aside = (direction - moon * dot(direction, moon)) / MOON_SIZE;
    let depth = sqrt(max(1.0 - dot(aside, aside), 0.0));
    let normal = aside - moon * depth;
    var albedo = 0.24;
#ifndef LOOK_LOW
    // Seas: dark patches, more of them on the upper left, where they are.
    let right = normalize(cross(vec3(0.0, 1.0, 0.0), moon));
    let face = vec3(dot(aside, right), dot(aside, cross(moon, right)), depth);
    let blots = value_noise(face * 2.3 + 3.7) * 0.6 + value_noise(face * 5.1 + 1.9) * 0.3
        + value_noise(face * 13.0) * 0.1;
    let seas = smoothstep(0.46, 0.60, blots - 0.06 * face.x + 0.07 * face.y);
    let grain = value_noise(face * 23.0) * 0.10 - 0.05;
    albedo = mix(0.30, 0.15, seas) * (1.0 + grain);
#endif
    // Dust sends light back to where it comes from: the full moon is as bright at its edge as in its middle.
    let lit = sqrt(max(dot(normal, sun), 0.0)) * (0.55 + 0.45 * environment.moon.w);
    return vec4(vec3(1.0, 0.97, 0.92) * albedo * (lit + 0.004), edge);
}

@fragment
fn fragment(in: Varying) -> @location(0) vec4<f32> {
    let near = view.world_from_clip * vec4(in.corner, 1.0, 1.0);
    let direction = normalize(near.xyz / near.w - view.world_position);
    let eye_km = (view.world_position - environment.planet.xyz) / 1000.0;
    let radius_km = environment.planet.w / 1000.0;
    let sun = environment.sun.xyz;
    let quality = environment.light.x;
    let pixel = pixel_angle();
    let strength = environment.sun.w;
    var air_light = vec3(0.0);
    var through = vec3(1.0);
    let ground = sphere_span(eye_km, direction, radius_km);
    if ground.x > 0.0 && ground.x < ground.y && environment.air.x > 0.5 {
        // Where cells leave a gap, on the planet's rim above all: its picture. Air and clouds are laid over it later.
        let point = eye_km + direction * ground.x;
        let up = normalize(point);
        var albedo = BARE;
        if environment.air.w > 0.5 {
            albedo = from_afar(own_axes(point) * 1000.0, ground.x * pixel * 1000.0).rgb;
        }
        let light = sunlight(point, sun, radius_km) * (max(dot(up, sun), 0.0) / PI) + sky_ambient(point, up, sun, radius_km);
        return vec4(finish(light * albedo * strength, environment.air.y, in.clip_position.xy), 1.0);
    }
    if environment.air.x > 0.5 {
        let steps = select(select(14, 24, quality > 1.5), 5, quality < 0.5);
        let air = haze(eye_km, direction, 1.0e6, sun, radius_km, steps, 1.0);
        air_light = air.light;
        through = air.through;
    }
    let is_free = ground.x > ground.y || ground.y <= 0.0;
    var light = vec3(0.0);
    if is_free {
        let apart = length(direction - sun);
        if apart < 0.6 {
            // Limb darkening, and the glow that an eye or a lens adds.
            let inside = min(apart / SUN_SIZE, 1.0);
            let limb = 0.35 + 0.65 * sqrt(1.0 - inside * inside);
            let disc = (1.0 - smoothstep(SUN_SIZE - 0.7 * pixel, SUN_SIZE + 0.7 * pixel, apart)) * limb;
            let glow = 0.22 * exp(-apart / 0.011) + 0.010 * exp(-apart / 0.06);
            light += vec3(1.0, 0.97, 0.92) * ((disc * SUN_DISC + glow) * strength);
        }
        let moon = moon_disc(direction, sun, pixel) * environment.axes[1].w;
        // By day the eye is used to too much light for stars.
        let brightness = dot(air_light, vec3(0.3, 0.5, 0.2)) * strength;
        // In space the sun dazzles.
        let dazzled = mix(1.0, 0.4, sunlight(eye_km, sun, radius_km).g);
        let dark = environment.axes[0].w * dazzled * exp(-60.0 * brightness) * (1.0 - moon.a);
        if dark > 0.01 {
            var stars = star_layer(direction, 61.0, 0.05, pixel);
#ifndef LOOK_LOW
            stars += star_layer(direction, 173.0, 0.035, pixel) * 0.5 + milky_way(direction);
#endif
            light += stars * dark;
        }
        light += moon.rgb * moon.a * strength;
    }
    light = light * through + air_light * strength;
    let clouds = cloud_layer(eye_km, direction, 1.0e6, sun, radius_km);
    light = light * (1.0 - clouds.a) + clouds.rgb * strength;
    return vec4(finish(light, environment.air.y, in.clip_position.xy), 1.0);
}
