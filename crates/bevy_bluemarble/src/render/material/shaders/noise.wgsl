// Smooth noise, and how much of a pattern is drawn.
#define_import_path bevy_bluemarble::noise

// A number of 0 to 1 for each cell of a grid.
fn hash(cell: vec3<i32>) -> f32 {
    let c = bitcast<vec3<u32>>(cell);
    var h = c.x * 0x9e3779b1u ^ c.y * 0x85ebca77u ^ c.z * 0xc2b2ae3du;
    h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
    return f32((h ^ (h >> 13u)) & 0xffffu) / 65535.0;
}

// Smooth noise of 0 to 1 between the corners of a cell, `low` and `high`; `f` tells where in it.
fn between(low: vec3<i32>, high: vec3<i32>, f: vec3<f32>) -> f32 {
    let s = f * f * (3.0 - 2.0 * f);
    let x00 = mix(hash(low), hash(vec3(high.x, low.yz)), s.x);
    let x10 = mix(hash(vec3(low.x, high.y, low.z)), hash(vec3(high.xy, low.z)), s.x);
    let x01 = mix(hash(vec3(low.xy, high.z)), hash(vec3(high.x, low.y, high.z)), s.x);
    let x11 = mix(hash(vec3(low.x, high.yz)), hash(high), s.x);
    return mix(mix(x00, x10, s.y), mix(x01, x11, s.y), s.z);
}

// Smooth noise, 0 to 1, with features one unit in size.
fn value_noise(at: vec3<f32>) -> f32 {
    let low = floor(at);
    let cell = vec3<i32>(low);
    return between(cell, cell + 1, at - low);
}

// The same, but it repeats itself every `period` units.
fn tiled_noise(at: vec3<f32>, period: f32) -> f32 {
    let low = floor(at);
    let cell = low - floor(low / period) * period;
    let next = select(cell + 1.0, vec3(0.0), cell + 1.0 >= vec3(period));
    return between(vec3<i32>(cell), vec3<i32>(next), at - low);
}

// How much of a pattern is drawn whose features have a size where a pixel has another: it ends before it flickers.
fn pattern_seen(size: f32, pixel: f32) -> f32 {
    return 1.0 - smoothstep(0.15, 0.6, pixel / size);
}
