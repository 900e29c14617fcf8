// The vertices of chunks, and how nodes give way to each other: see `vertex.rs` and `draw/fade.rs`.
#define_import_path bevy_bluemarble::vertex

// The cell of a rounded surface is told in parts of a cell, counted from -1.
const CELL_PARTS: f32 = 7.0;
// Milliseconds after which the fade clock starts again, and of one of the steps that entities are told.
const CLOCK_MS: f32 = 16384.0;
const CLOCK_STEP_MS: f32 = 4.0;

struct Vertex {
    @builtin(instance_index) instance_index: u32,
#ifdef SMOOTH
    @location(0) words: vec4<u32>,
#else
    @location(0) words: vec3<u32>,
#endif
}

fn signed_16(bits: u32) -> f32 {
    return f32(extractBits(i32(bits), 0u, 16u)) / 32767.0;
}

// Where a vertex lies in the frame of its node: -1 to 1 along each axis.
fn local_position(a: u32, b: u32) -> vec3<f32> {
    return vec3(signed_16(a), signed_16(a >> 16u), signed_16(b));
}

// Of a quad: the corner in cells of the chunk, y from -64.
fn quad_cell(c: u32) -> vec3<f32> {
    return vec3(f32(c & 127u), f32((c >> 7u) & 255u) - 64.0, f32((c >> 15u) & 127u));
}

// 0: -x, 1: +x, 2: -y, 3: +y, 4: -z, 5: +z.
fn quad_face(c: u32) -> u32 {
    return (c >> 22u) & 7u;
}

// 0 in a nook, 1 in the open.
fn quad_light(c: u32) -> f32 {
    return f32((c >> 25u) & 3u) / 3.0;
}

// Of a rounded surface: its normal in the axes of the node.
fn smooth_normal(c: u32) -> vec3<f32> {
    let x = f32(extractBits(i32(c), 0u, 8u)) / 127.0;
    let z = f32(extractBits(i32(c), 8u, 8u)) / 127.0;
    let y = 1.0 - abs(x) - abs(z);
    let fold = max(-y, 0.0);
    return normalize(vec3(x - select(-fold, fold, x >= 0.0), y, z - select(-fold, fold, z >= 0.0)));
}

fn smooth_share(c: u32) -> f32 {
    return f32((c >> 16u) & 7u) / 14.0;
}

fn smooth_cell(c: u32, d: u32) -> vec3<f32> {
    let parts = (c >> 19u) | ((d >> 16u) << 13u);
    return vec3(f32(parts & 511u), f32((parts >> 9u) & 511u), f32((parts >> 18u) & 511u)) / CELL_PARTS - 1.0;
}

// Where the relief of a node lies in the buffer; 0 if it has none.
fn relief_slot(tag: u32) -> u32 {
    return tag & 0x1fffu;
}

// The region of a node.
fn region(tag: u32) -> u32 {
    return (tag >> 13u) & 7u;
}

// Whether a pixel is left to the other of two nodes that give way to each other. `fade`: what the clock
// shows and how long a fade lasts, milliseconds.
fn leaves_out(tag: u32, pixel: vec2<f32>, fade: vec2<f32>) -> bool {
    if (tag & 0x10000u) == 0u {
        return false;
    }
    var age = fade.x - f32((tag >> 18u) & 0xfffu) * CLOCK_STEP_MS;
    if age < 0.0 {
        age += CLOCK_MS;
    }
    // Interleaved gradient noise (J. Jimenez, "Next Generation Post Processing in Call of Duty", 2014).
    let noise = fract(52.9829189 * fract(dot(floor(pixel), vec2(0.06711056, 0.00583715))));
    let is_new = noise < age / fade.y;
    let leaves = (tag & 0x20000u) != 0u;
    return is_new == leaves;
}
