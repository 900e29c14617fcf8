// How the ground of a node lies, from the buffer of reliefs: see `bluemarble_terrain::Relief`.
#define_import_path bevy_bluemarble::relief

@group(#{MATERIAL_BIND_GROUP}) @binding(7) var<storage, read> reliefs: array<u32>;

// Words of a relief, and where in it horizons begin.
const WORDS: u32 = 2245u;
const HORIZONS: u32 = 1089u;
const TAU: f32 = 6.28318531;

struct Relief {
    // Shares of the unit normal along the two tangents.
    slope: vec2<f32>,
    // Part of the sky that is seen.
    sky: f32,
    // 0 next to edited columns, 1 elsewhere.
    natural: f32,
}

struct Tangents {
    first: vec3<f32>,
    second: vec3<f32>,
}

// The level directions that reliefs are told in: `axis` is the region's x axis.
fn tangents(axis: vec3<f32>, up: vec3<f32>) -> Tangents {
    let first = normalize(axis - up * dot(axis, up));
    return Tangents(first, cross(first, up));
}

fn relief_node(word: u32) -> vec4<f32> {
    let share = unpack4x8snorm(word).xy;
    return vec4(share * abs(share), unpack4x8unorm(word).zw);
}

// The relief at a place in cells of the chunk.
fn relief_at(slot: u32, cell: vec2<f32>) -> Relief {
    let at = clamp(cell * 0.5, vec2(0.0), vec2(32.0));
    let low = min(floor(at), vec2(31.0));
    let f = at - low;
    let first = slot * WORDS + u32(low.y) * 33u + u32(low.x);
    let north = mix(relief_node(reliefs[first]), relief_node(reliefs[first + 1u]), f.x);
    let south = mix(relief_node(reliefs[first + 33u]), relief_node(reliefs[first + 34u]), f.x);
    let here = mix(north, south, f.y);
    return Relief(here.xy, here.z, here.w);
}

fn horizon_node(first: u32, node: vec2<u32>, direction: vec3<u32>, between: f32) -> f32 {
    // `direction`: the word of the earlier direction, that of the later one, and the earlier one's byte.
    let at = first + (node.y * 17u + node.x) * 4u;
    let earlier = f32(extractBits(reliefs[at + direction.x], direction.z * 8u, 8u));
#ifdef LOOK_LOW
    return earlier / 255.0;
#else
    let later = f32(extractBits(reliefs[at + direction.y], ((direction.z + 1u) & 3u) * 8u, 8u));
    return mix(earlier, later, between) / 255.0;
#endif
}

// Sine of the horizon's elevation at a place in cells of the chunk, in a direction given along the tangents.
fn horizon_sine(slot: u32, cell: vec2<f32>, direction: vec2<f32>) -> f32 {
    var turn = fract(atan2(direction.y, direction.x) / TAU) * 16.0;
#ifdef LOOK_LOW
    turn += 0.5;
#endif
    let earlier = u32(turn) & 15u;
    let words = vec3(earlier >> 2u, ((earlier + 1u) & 15u) >> 2u, earlier & 3u);
    let at = clamp(cell * 0.25, vec2(0.0), vec2(16.0));
    let low = min(floor(at), vec2(15.0));
    let f = at - low;
    let node = vec2<u32>(low);
    let first = slot * WORDS + HORIZONS;
    let between = fract(turn);
    let north = mix(
        horizon_node(first, node, words, between),
        horizon_node(first, node + vec2(1u, 0u), words, between),
        f.x,
    );
    let south = mix(
        horizon_node(first, node + vec2(0u, 1u), words, between),
        horizon_node(first, node + vec2(1u, 1u), words, between),
        f.x,
    );
    let root = mix(north, south, f.y);
    return root * root;
}
