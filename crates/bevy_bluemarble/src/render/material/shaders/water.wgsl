// The surface of water: how clear it is, what it mirrors, its waves and its foam. Nothing here flickers: what is
// finer than a pixel becomes roughness.
#define_import_path bevy_bluemarble::water
#import bevy_bluemarble::noise::tiled_noise

const PI: f32 = 3.14159265;
// Light that clear sea water takes away per metre, red, green and blue (after Smith and Baker, "Optical properties
// of the clearest natural waters", 1981, greener as near coasts).
const ABSORBED: vec3<f32> = vec3(0.34, 0.066, 0.042);
// Ground that shallow water is thought to lie over, to tell what each colour keeps of it: light sand.
const GROUND: vec3<f32> = vec3(0.34, 0.31, 0.23);
// From here to there the ground under water gives way to the colour of the water alone, metres.
const FAR_M: vec2<f32> = vec2(1.5e4, 6.0e4);
// What a surface that is looked at straight reflects, between air and water.
const FACING: f32 = 0.02;
// Waves repeat after so many metres, so that `place` may be wrapped: a multiple of this.
const WRAP_M: f32 = 1024.0;
const GRAVITY: f32 = 9.81;
const WAVES: u32 = 6u;
// Whole turns within WRAP_M along the axes of the world: about 57, 22, 8.6, 3.1, 1.3 and 0.5 m. In space, so that
// no line on the planet divides them, and never more than one of them upright.
const TURNS: array<vec3<f32>, 6> = array(
    vec3(3.0, 11.0, 19.0), vec3(50.0, -7.0, 28.0), vec3(76.0, -127.0, -17.0), vec3(43.0, 227.0, -343.0),
    vec3(541.0, 820.0, 57.0), vec3(-2100.0, 205.0, 1434.0),
);
// Shares of the variance of slopes that each wave carries; the rest is ripples, which are roughness everywhere.
const SHARES: array<f32, 6> = array(0.07, 0.09, 0.12, 0.14, 0.14, 0.12);

struct Water {
    light: vec3<f32>,
    opacity: f32,
}

struct Waves {
    // Rise per metre, a vector along the level surface.
    slope: vec3<f32>,
    // Variance of the slopes that are not in `slope`, in both directions together.
    rough: f32,
}

// Variance of the slopes of the sea (Cox and Munk, "Measurement of the roughness of the sea surface from
// photographs of the sun's glitter", 1954).
fn slope_variance(wind_m_s: f32) -> f32 {
    return 0.003 + 0.00512 * wind_m_s;
}

// Smooth noise of 0 to 1, `scale` cells a metre, that repeats itself with the waves.
fn noise(place: vec3<f32>, scale: f32) -> f32 {
    return tiled_noise(place * scale, WRAP_M * scale);
}

// How much of a pattern of this wavelength is drawn: none when a pixel is more than a third of it.
fn drawn(wavelength_m: f32, pixel_m: f32) -> f32 {
    return 1.0 - smoothstep(0.09, 0.30, pixel_m / wavelength_m);
}

// Sines, each bent and gathered in groups by the longer ones, so that no pattern repeats in sight.
fn waves(place: vec3<f32>, up: vec3<f32>, seconds: f32, wind_m_s: f32, pixel_m: f32, quality: f32) -> Waves {
    let variance = slope_variance(wind_m_s);
    var result = Waves(vec3(0.0), variance);
    if quality < 0.5 {
        return result;
    }
    // Sines and cosine of the waves before; at first of a swell that is only felt in the groups.
    let swell = dot(place, vec3(5.0, -4.0, 2.0)) * (2.0 * PI / WRAP_M) - 0.7 * seconds;
    var before = sin(swell);
    var long_before = sin(dot(place, vec3(-3.0, 6.0, 7.0)) * (2.0 * PI / WRAP_M) + 0.6 * seconds);
    var group = cos(swell);
    for (var i = 0u; i < WAVES; i += 1u) {
        let wave = TURNS[i] * (2.0 * PI / WRAP_M);
        let level = wave - up * dot(wave, up);
        let number = max(length(level), 0.2 * length(wave));
        let shown = drawn(2.0 * PI / number, pixel_m);
        if shown <= 0.0 {
            continue;
        }
        // Waves in deep water: short ones are slow.
        let turned = dot(place, wave) - sqrt(GRAVITY * number) * seconds + 1.2 * before + 0.8 * long_before;
        let share = variance * SHARES[i];
        // A sine's slopes have half of its steepest slope's square as variance.
        result.slope += level / number * cos(turned) * sqrt(2.0 * share) * shown * (1.0 + 0.55 * group);
        result.rough -= share * shown * shown;
        long_before = before;
        before = sin(turned);
        group = long_before * before;
    }
    return result;
}

// Mean reflection of a rough surface: less at a slant than of a smooth one, as waves hide their far sides
// (Bruneton, Neyret and Holzschuch, "Real-time realistic ocean lighting using seamless transitions from geometry
// to BRDF", 2010).
fn reflected(facing: f32, rough: f32) -> f32 {
    let sigma = sqrt(max(rough, 0.0) * 0.5);
    let slanted = pow(1.0 - facing, 5.0 * exp(-2.69 * sigma)) / (1.0 + 22.7 * pow(sigma, 1.5));
    return FACING + (1.0 - FACING) * slanted;
}

// Share of the sun's light that comes to the eye: how many of the little mirrors stand right, by their bell curve.
fn glitter(normal: vec3<f32>, direction: vec3<f32>, sun: vec3<f32>, rough: f32) -> f32 {
    let half_way = normalize(sun - direction);
    let upright = max(dot(normal, half_way), 1e-3);
    let square = upright * upright;
    // The sun itself is a disc: a floor for calm water.
    let variance = max(rough, 1e-4);
    let tilt = (1.0 - square) / square;
    let density = exp(-tilt / variance) / (PI * variance * square * square);
    let mirrored = FACING + (1.0 - FACING) * pow(1.0 - clamp(dot(half_way, sun), 0.0, 1.0), 5.0);
    // At a slant waves hide each other from the eye and from the sun (Smith, "Geometrical shadowing of a random
    // rough surface", 1967; its limits for both).
    let hidden = 0.4 * sqrt(variance * 0.5);
    let facing = max(-dot(normal, direction), 0.0);
    let lit = max(dot(normal, sun), 0.03);
    return mirrored * density / (4.0 * max(facing * (1.0 + hidden / lit) + hidden, 0.01));
}

// Foam, 0 to 1: ragged lines that come ashore, and white caps in a strong wind.
fn foam(place: vec3<f32>, seconds: f32, wind_m_s: f32, pixel_m: f32, depth_m: f32) -> f32 {
    var white = 0.0;
    if depth_m >= 0.0 && depth_m < 0.6 {
        // Where lines cannot be told apart their mean is left.
        var lines = 0.16;
        let shown = drawn(1.6, pixel_m);
        if shown > 0.0 {
            let ragged = noise(place, 0.5) * 0.55 + noise(place + 3.0, 2.0) * 0.3;
            let line = fract(depth_m * 3.2 + ragged + seconds * 0.11);
            let crest = smoothstep(0.62, 0.88, line) * smoothstep(1.0, 0.9, line);
            let edge = smoothstep(0.14, 0.0, depth_m - 0.06 * ragged);
            let holes = smoothstep(0.25, 0.6, noise(place + 11.0, 4.0) + 0.25 * edge);
            lines = mix(lines, max(crest * 0.75, edge) * holes, shown);
        }
        white = lines * smoothstep(0.6, 0.25, depth_m);
    }
    if wind_m_s > 6.0 {
        // Share of the sea that is white by wind (Monahan and O'Muircheartaigh, "Optimal power-law description of
        // oceanic whitecap coverage dependence on wind speed", 1980).
        let covered = min(3.84e-6 * pow(wind_m_s, 3.41), 0.05);
        var caps = covered;
        let shown = drawn(6.0, pixel_m);
        if shown > 0.0 {
            let drift = place + vec3(0.6, 0.2, 0.35) * seconds;
            let rows = noise(drift, 0.0625) * 0.6 + noise(drift + 5.0, 0.25) * 0.4 + noise(drift, 1.0) * 0.16;
            caps = mix(caps, smoothstep(0.88 - covered * 3.0, 1.02, rows), shown);
        }
        white = max(white, caps);
    }
    return white;
}

// The surface of water as the eye sees it; blend it over what lies behind by its opacity.
// albedo: what deep water gives back of the light from above. up: away from the planet's centre; direction: from the
// eye to the point, distance_m away; sun: towards the sun. pixel_m: size of a pixel on the surface. place: metres
// from a fixed point of the planet along the world's axes, wrapped at WRAP_M or not. through_m: length of the line of
// sight under water; depth_m: how deep it is straight down; either below 0 if unknown. direct: sunlight on a surface
// that faces it; ambient: light of the sky on a level surface, over PI; sky_up: the sky that is mirrored. quality:
// below 0.5 neither waves nor foam.
fn water_surface(
    albedo: vec3<f32>, up: vec3<f32>, direction: vec3<f32>, sun: vec3<f32>, distance_m: f32, pixel_m: f32,
    place: vec3<f32>, seconds: f32, wind_m_s: f32, through_m: f32, depth_m: f32, direct: vec3<f32>,
    ambient: vec3<f32>, sky_up: vec3<f32>, quality: f32,
) -> Water {
    let sea = waves(place, up, seconds, wind_m_s, pixel_m, quality);
    var normal = normalize(up - sea.slope);
    // Seen from below, and waves turned away from the eye.
    let seen_from = select(1.0, -1.0, dot(up, direction) > 0.0);
    normal = normalize(normal * seen_from - direction * max(dot(normal * seen_from, direction) + 0.02, 0.0));
    let facing = clamp(-dot(normal, direction), 0.0, 1.0);
    let down = direct * max(dot(up, sun), 0.0) / PI + ambient;
    if seen_from < 0.0 {
        // From below the sky is seen through a round window; around it the water mirrors its own light.
        return Water(albedo * down, mix(0.15, 1.0, smoothstep(0.74, 0.60, facing)));
    }
    let mirror = clamp(reflected(facing, sea.rough), 0.0, 1.0);

    // What comes from below: light scattered on the way, and the ground by what is left of its light.
    var light = albedo;
    var opacity = 1.0;
    if through_m >= 0.0 {
        let straight_m = select(through_m * abs(dot(up, direction)), depth_m, depth_m >= 0.0);
        let left = exp(-ABSORBED * (through_m + straight_m));
        // Blending has one share for all colours, so the water's light makes up for what each of them keeps.
        let blended = mix(left.r, left.g, 0.15);
        opacity = max(1.0 - blended, 0.04);
        light = max(albedo * (1.0 - left) + GROUND * (left - blended), vec3(0.0)) / opacity;
        // Far away cells are so large that the depth is only roughly known.
        let far = smoothstep(FAR_M.x, FAR_M.y, distance_m);
        light = mix(light, albedo, far);
        opacity = mix(opacity, 1.0, far);
    }
    light *= down * (1.0 - mirror);

    // The sky, darker where steep waves mirror each other.
    light += sky_up * mirror * mix(1.0, 0.85, clamp(sqrt(sea.rough) * 2.0, 0.0, 1.0));
    let glint = glitter(normal, direction, sun, sea.rough) * smoothstep(-0.02, 0.06, dot(up, sun));
    light += direct * min(glint, 40.0);

    // What is mirrored lies on top of the water however clear that is.
    opacity = max(opacity, clamp(mirror + glint * 2.0, 0.0, 1.0));
    if quality >= 0.5 {
        let white = foam(place, seconds, wind_m_s, pixel_m, depth_m) * 0.85;
        light = mix(light, vec3(0.80, 0.83, 0.85) * down, white);
        opacity = mix(opacity, 1.0, white);
    }
    return Water(light, opacity);
}
