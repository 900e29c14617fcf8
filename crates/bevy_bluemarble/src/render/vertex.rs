//! The vertices of chunks: everything about one in a few words.
//!
//! | word | of a quad, [`ATTRIBUTE_QUAD`] | of a rounded surface, [`ATTRIBUTE_SMOOTH`] |
//! |---|---|---|
//! | 0 | x and y in the frame of the node: signed 16 bits each, ±32767 is ±1 | the same |
//! | 1 | z likewise, material in bits 16..32 | z likewise, first material in bits 16..32 |
//! | 2 | x of the cell in bits 0..7, y + 64 in 7..15, z in 15..22, face in 22..25, light in 25..27 | octahedral normal in bits 0..16, share of the second material in 16..19 (7 is a half), low bits of the cell in 19..32 |
//! | 3 | | second material in bits 0..16; high bits of the cell in 16..30 |
//!
//! The frame of a node is a box around all that is drawn of it, with its axes along those of the lattice at the middle.
//! The cell of a rounded surface is a number of 27 bits: x, y and z in sevenths of a cell, counted from -1, 9 bits each.
//! `shaders/vertex.wgsl` reads all this.

use bevy::mesh::{MeshVertexAttribute, VertexFormat};
use bluemarble_core::{Face, MaterialId};
use bluemarble_mesh::SmoothVertex;
use glam::{DVec3, IVec3, Vec2, Vec3, Vec3Swizzles, vec2};

/// A corner of a quad.
pub const ATTRIBUTE_QUAD: MeshVertexAttribute =
    MeshVertexAttribute::new("Quad", 0x626c_7565_6d61_7262, VertexFormat::Uint32x3);
/// A corner of a rounded surface.
pub const ATTRIBUTE_SMOOTH: MeshVertexAttribute =
    MeshVertexAttribute::new("Smooth", 0x626c_7565_6d61_7263, VertexFormat::Uint32x4);

/// Parts of a cell that the place on a rounded surface is told in.
const CELL_PARTS: f32 = 7.0;

/// -1..=1 to signed 16 bits.
fn signed_16(v: f64) -> u32 {
    u32::from((v.clamp(-1.0, 1.0) * 32_767.0).round() as i16 as u16)
}

/// -1..=1 to signed 8 bits.
fn signed_8(v: f32) -> u32 {
    u32::from((v.clamp(-1.0, 1.0) * 127.0).round() as i8 as u8)
}

fn place(local: DVec3, material: MaterialId) -> [u32; 2] {
    [
        signed_16(local.x) | signed_16(local.y) << 16,
        signed_16(local.z) | u32::from(material.0) << 16,
    ]
}

/// Packs a corner of a quad: where it lies in the frame of its node, and in its chunk.
pub(super) fn quad(
    local: DVec3,
    cell: IVec3,
    face: Face,
    light: u8,
    material: MaterialId,
) -> [u32; 3] {
    let [a, b] = place(local, material);
    let c = cell.x as u32
        | ((cell.y + 64) as u32) << 7
        | (cell.z as u32) << 15
        | (face as u32) << 22
        | u32::from(light & 3) << 25;
    [a, b, c]
}

/// The octahedral code of a unit vector (Meyer et al., "On Floating-Point Normal Vectors", 2010).
fn octahedral(normal: Vec3) -> Vec2 {
    let flat = normal.xz() / (normal.abs().element_sum().max(1e-12));
    if normal.y >= 0.0 {
        return flat;
    }
    let sign = |v: f32| if v < 0.0 { -1.0 } else { 1.0 };
    vec2((1.0 - flat.y.abs()) * sign(flat.x), (1.0 - flat.x.abs()) * sign(flat.y))
}

/// Packs a corner of a rounded surface: where it lies in the frame of its node, and its normal there.
pub(super) fn smooth(local: DVec3, normal: Vec3, vertex: &SmoothVertex) -> [u32; 4] {
    let [a, b] = place(local, vertex.materials[0]);
    let normal = octahedral(normal);
    let share = (vertex.blend.clamp(0.0, 0.5) * 14.0).round() as u32;
    let part = |v: f32| ((v + 1.0) * CELL_PARTS).round().clamp(0.0, 511.0) as u32;
    let cell =
        part(vertex.position.x) | part(vertex.position.y) << 9 | part(vertex.position.z) << 18;
    let c = signed_8(normal.x) | signed_8(normal.y) << 8 | share << 16 | (cell & 0x1fff) << 19;
    let d = u32::from(vertex.materials[1].0) | (cell >> 13) << 16;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use glam::{dvec3, ivec3, vec3};

    use super::*;

    fn signed(bits: u32) -> f64 {
        f64::from(bits as u16 as i16) / 32_767.0
    }

    fn local(words: &[u32]) -> DVec3 {
        dvec3(signed(words[0]), signed(words[0] >> 16), signed(words[1]))
    }

    /// What the shader does.
    fn normal(word: u32) -> Vec3 {
        let x = f32::from(word as u8 as i8) / 127.0;
        let z = f32::from((word >> 8) as u8 as i8) / 127.0;
        let y = 1.0 - x.abs() - z.abs();
        let fold = (-y).max(0.0);
        let away = |v: f32| if v >= 0.0 { v - fold } else { v + fold };
        vec3(away(x), y, away(z)).normalize()
    }

    #[test]
    fn a_corner_of_a_quad_is_read_back_as_it_was() {
        let at = dvec3(-1.0, 0.25, 0.999);
        let words = quad(at, ivec3(64, -64, 63), Face::NegZ, 2, MaterialId(40_000));
        assert!((local(&words) - at).abs().max_element() < 2e-5);
        assert_eq!(words[1] >> 16, 40_000);
        let [.., c] = words;
        assert_eq!([c & 127, c >> 7 & 255, c >> 15 & 127], [64, 0, 63]);
        assert_eq!([c >> 22 & 7, c >> 25 & 3], [Face::NegZ as u32, 2]);
    }

    #[test]
    fn a_corner_of_a_rounded_surface_is_read_back_as_it_was() {
        for (i, j) in (0..20).flat_map(|i| (0..20).map(move |j| (i, j))) {
            let (a, b) = (i as f32 * 0.3 + 0.1, j as f32 * 0.16);
            let direction = vec3(a.cos() * b.sin(), b.cos(), a.sin() * b.sin());
            let position = vec3(a * 9.0, b * 20.0, 64.5);
            let vertex = SmoothVertex {
                position,
                normal: direction,
                materials: [MaterialId(7), MaterialId(65_000)],
                blend: 0.5,
            };
            let words = smooth(DVec3::ZERO, direction, &vertex);
            assert!(normal(words[2]).dot(direction) > 0.999, "{direction} {}", normal(words[2]));
            assert_eq!((words[1] >> 16, words[3] & 0xffff), (7, 65_000));
            assert_eq!(words[2] >> 16 & 7, 7);
            let cell = words[2] >> 19 | (words[3] >> 16) << 13;
            let part = |shift: u32| (cell >> shift & 511) as f32 / CELL_PARTS - 1.0;
            let found = vec3(part(0), part(9), part(18));
            assert!((found - position).abs().max_element() < 0.08, "{found} {position}");
        }
    }
}
