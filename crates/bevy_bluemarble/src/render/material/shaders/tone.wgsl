// From light to what the screen shows: the idea of AgX (T. Sobotka, 2022) in a few multiplications.
#define_import_path bevy_bluemarble::tone

// Colours are moved towards grey before each channel is bent, so that bright ones turn pale and keep their hue,
// and are moved out again afterwards.
const INSET: mat3x3<f32> = mat3x3(
    vec3(0.856, 0.055, 0.060),
    vec3(0.072, 0.837, 0.072),
    vec3(0.072, 0.108, 0.868),
);
// The way out again. It takes as much green from blue as from red, the way in adds more: bright blue turns towards
// cyan, as on film, and not towards violet.
const OUTSET: mat3x3<f32> = mat3x3(
    vec3(1.1809, -0.0754, -0.0754),
    vec3(-0.0905, 1.1658, -0.0905),
    vec3(-0.0905, -0.0905, 1.1658),
);
// Darkest and brightest light that can be told apart, in powers of two: 10 below middle grey, 6.5 above.
const DARKEST: f32 = -12.47393;
const RANGE: f32 = 16.5;
// A little more contrast and colour than the curve leaves.
const CONTRAST: f32 = 0.15;
const SATURATION: f32 = 1.25;
// A screen's blue alone looks violet: this share of what blue is ahead by goes to green.
const AZURE: f32 = 0.22;

// What the screen shows, as it is encoded: 0 to 1.
fn displayed(light: vec3<f32>, exposure: f32) -> vec3<f32> {
    let inset = INSET * max(light * exposure, vec3(0.0));
    let x = clamp((log2(max(inset, vec3(1e-8))) - DARKEST) / RANGE, vec3(0.0), vec3(1.0));
    // Fitted to a curve that passes middle grey with slope 2, with shoulders of powers 3 and 3.25, and is then raised
    // to 1.16 for contrast.
    let x2 = x * x;
    let upper = -51.19612 + x * (18.9021 - x * 0.37635);
    let fitted = max(x2 * (1.6222 + x * (-14.33847 + x * (46.38666 + x * upper))), vec3(0.0));
    // Dark parts become darker, white stays white.
    let bent = fitted * (1.0 - CONTRAST + CONTRAST * fitted);
    let grey = dot(bent, vec3(0.2126, 0.7152, 0.0722));
    let coloured = OUTSET * (grey + (bent - grey) * SATURATION);
    let blue_ahead = max(coloured.b - max(coloured.r, coloured.g), 0.0);
    return clamp(coloured + vec3(0.0, AZURE * blue_ahead, 0.0), vec3(0.0), vec3(1.0));
}

// What a target that encodes sRGB itself must be given to show these values.
fn decoded(shown: vec3<f32>) -> vec3<f32> {
    return select(shown / 12.92, pow((shown + 0.055) / 1.055, vec3(2.4)), shown > vec3(0.04045));
}

// From light to what is written.
fn expose(light: vec3<f32>, exposure: f32) -> vec3<f32> {
    return decoded(displayed(light, exposure));
}

// Noise of one step of the display, the same in each frame, that breaks up bands (J. Jimenez, "Next Generation Post
// Processing in Call of Duty", 2014). In encoded values: `finish` puts it where it belongs.
fn dither(pixel: vec2<f32>) -> vec3<f32> {
    let noise = fract(52.9829189 * fract(dot(floor(pixel), vec2(0.06711056, 0.00583715))));
    return vec3(noise - 0.5) / 255.0;
}

// `expose` and `dither` in one: the last step of a picture.
fn finish(light: vec3<f32>, exposure: f32, pixel: vec2<f32>) -> vec3<f32> {
    let shown = displayed(light, exposure);
    return decoded(max(shown + dither(pixel), vec3(0.0)));
}
