// What the ground is from afar: the planet's picture, the lights of its cities, and the mottling of ground between
// its texels and the cells. See `light/planet_picture/mod.rs`.
#define_import_path bevy_bluemarble::planet_picture
#import bevy_bluemarble::environment::environment
#import bevy_bluemarble::noise::{pattern_seen, value_noise}

@group(#{MATERIAL_BIND_GROUP}) @binding(8) var planet_picture: texture_cube<f32>;
@group(#{MATERIAL_BIND_GROUP}) @binding(9) var planet_sampler: sampler;

// Half of an edge of the picture, texels: how much of it a pixel covers follows.
const PICTURE_HALF: f32 = 512.0;
const LAMP: vec3<f32> = vec3(1.0, 0.72, 0.38);
// Sizes of towns and of the net of roads between them, kilometres.
const TOWN_KM: vec2<f32> = vec2(5.0, 1.6);
const ROADS_KM: f32 = 13.0;
// The shortest pattern of ground, metres; each is longer by this than the one before. So many pixels go into the
// shortest that is drawn, and so much darker or lighter the ground is.
const MIN_WAVELENGTH_M: f32 = 24.0;
const LONGER: f32 = 4.0;
const PATTERN_PIXELS: f32 = 5.0;
const MOTTLED: f32 = 0.30;
// Widths of pixels on the ground, metres, from which cells give way to patterns, and these to the picture.
const MOTTLED_M: vec2<f32> = vec2(0.5, 3.0);
const PICTURED_M: vec2<f32> = vec2(1500.0, 5000.0);

// Linear colour of the ground in a direction from the planet's centre, and how brightly it is lit at night.
fn from_afar(from_centre: vec3<f32>, pixel_m: f32) -> vec4<f32> {
    let texel_m = environment.planet.w / PICTURE_HALF;
    return textureSampleLevel(planet_picture, planet_sampler, from_centre, log2(max(pixel_m / texel_m, 1e-3)));
}

// Light of towns and of roads between them where the picture is lit by `lit`.
fn city_lights(from_centre: vec3<f32>, lit: f32, pixel_m: f32) -> vec3<f32> {
#ifdef LOOK_LOW
    return LAMP * lit * lit;
#else
    let place_km = from_centre / 1000.0;
    let pixel_km = pixel_m / 1000.0;
    let wide = mix(0.5, value_noise(place_km / TOWN_KM.x), pattern_seen(TOWN_KM.x, pixel_km));
    let fine = mix(0.5, value_noise(place_km / TOWN_KM.y + 9.1), pattern_seen(TOWN_KM.y, pixel_km));
    // Few places are bright, most are nearly dark: powers of the noise, of mean 1.
    let town = 1.7 * wide * (0.4 + 1.2 * fine);
    let towns = town * town * town * town;
    let net = abs(value_noise(place_km / ROADS_KM + 4.7) - 0.5) * ROADS_KM;
    let width_km = 0.25 + pixel_km;
    let roads = exp(-net * net / (width_km * width_km)) * (0.25 / width_km);
    return LAMP * (lit * lit * (0.15 + 0.75 * towns) + 0.25 * lit * roads);
#endif
}

// How much lighter (above 1) or darker the ground is than its mean, in patterns of a few pixels and more, whatever
// the distance.
fn mottling(from_centre: vec3<f32>, pixel_m: f32) -> f32 {
    let shown = smoothstep(MOTTLED_M.x, MOTTLED_M.y, pixel_m) * (1.0 - smoothstep(PICTURED_M.x, PICTURED_M.y, pixel_m));
    if shown <= 0.0 {
        return 1.0;
    }
    let level = max(log2(pixel_m * PATTERN_PIXELS / MIN_WAVELENGTH_M) / log2(LONGER), 0.0);
    let first = floor(level);
    let part = level - first;
    let scale = 1.0 / (MIN_WAVELENGTH_M * pow(LONGER, first));
    // The shortest fades out while the longest fades in.
    let sum = (value_noise(from_centre * scale) - 0.5) * (1.0 - part)
        + (value_noise(from_centre * (scale / LONGER) + 3.3) - 0.5)
        + (value_noise(from_centre * (scale / (LONGER * LONGER)) + 7.9) - 0.5) * part;
    return 1.0 + MOTTLED * shown * sum;
}
