//! One rectangle of a mesh.

use bluemarble_core::{Face, MaterialId};
use glam::{IVec3, ivec3};

/// A rectangle of cell faces of one material in 64 bits.
///
/// | bits | field |
/// |---|---|
/// | 0..7 | x of the lowest corner, 0..=64 |
/// | 7..15 | y of the lowest corner plus 64: -64..=64 |
/// | 15..22 | z of the lowest corner, 0..=64 |
/// | 22..28 | width along u, minus 1 |
/// | 28..34 | height along v, minus 1 |
/// | 34..37 | face |
/// | 37 | whether it is part of a skirt |
/// | 38..46 | light that reaches each of its corners, 2 bits each in the order of [`Self::corners`]: 3 is all |
/// | 48..64 | material |
///
/// The axes of the rectangle: on x faces u is z and v is y; on y faces u is x and v is z; on z faces u
/// is x and v is y. The lowest corner lies on the face itself, so a +x face of cell 3 has x = 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackedQuad(pub u64);

/// The axes (0 is x, 1 is y, 2 is z) along which a face's rectangles have width and height.
pub(crate) const fn axes_of(face: Face) -> (usize, usize) {
    match face.axis() {
        0 => (2, 1),
        1 => (0, 2),
        _ => (0, 1),
    }
}

/// Whether the second corner of a face's rectangles is the one along u, and not the one along v.
pub(crate) const fn winds_along_u(face: Face) -> bool {
    // z × y = -x and x × z = -y, but x × y = +z.
    let towards_positive = face.axis() == 2;
    towards_positive == face.is_positive()
}

impl PackedQuad {
    /// Packs a rectangle; `corner` is its lowest corner, in cells.
    pub fn new(
        corner: IVec3,
        (width, height): (u32, u32),
        face: Face,
        material: MaterialId,
        skirt: bool,
    ) -> Self {
        debug_assert!((1..=64).contains(&width) && (1..=64).contains(&height));
        Self(
            corner.x as u64
                | ((corner.y + 64) as u64) << 7
                | (corner.z as u64) << 15
                | u64::from(width - 1) << 22
                | u64::from(height - 1) << 28
                | (face as u64) << 34
                | u64::from(skirt) << 37
                | 0xff << 38
                | u64::from(material.0) << 48,
        )
    }

    /// The lowest corner, in cells.
    pub fn corner(self) -> IVec3 {
        ivec3((self.0 & 127) as i32, (self.0 >> 7 & 255) as i32 - 64, (self.0 >> 15 & 127) as i32)
    }

    /// Width along u and height along v, in cells.
    pub fn size(self) -> (u32, u32) {
        ((self.0 >> 22 & 63) as u32 + 1, (self.0 >> 28 & 63) as u32 + 1)
    }

    /// The face that its cells show.
    pub fn face(self) -> Face {
        Face::ALL[(self.0 >> 34 & 7) as usize % 6]
    }

    /// Whether it is part of a skirt: hidden inside the ground unless the neighbour has another lod.
    pub fn is_skirt(self) -> bool {
        self.0 >> 37 & 1 == 1
    }

    /// The same with the light that reaches its corners, 0..=3 each, in the order of
    /// [`Self::corners`].
    pub fn with_light(self, light: [u8; 4]) -> Self {
        let bits =
            (0..4).fold(0, |bits, corner| bits | u64::from(light[corner] & 3) << (38 + 2 * corner));
        Self(self.0 & !(0xff << 38) | bits)
    }

    /// Ambient light at its corners: 0 where it is occluded most, 3 where it is not.
    pub fn light(self) -> [u8; 4] {
        std::array::from_fn(|corner| (self.0 >> (38 + 2 * corner) & 3) as u8)
    }

    /// Whether its triangles should meet along the diagonal from the second to the fourth corner rather
    /// than from the first to the third: then the light falls off alike whichever corner is dark.
    pub fn flips_diagonal(self) -> bool {
        let [a, b, c, d] = self.light();
        a + c < b + d
    }

    /// The material of its cells.
    pub fn material(self) -> MaterialId {
        MaterialId((self.0 >> 48) as u16)
    }

    /// Its four corners in cells, counter-clockwise seen from outside.
    pub fn corners(self) -> [IVec3; 4] {
        let (u_axis, v_axis) = axes_of(self.face());
        let (width, height) = self.size();
        let low = self.corner();
        let (mut u, mut v) = (IVec3::ZERO, IVec3::ZERO);
        u[u_axis] = width as i32;
        v[v_axis] = height as i32;
        if winds_along_u(self.face()) {
            [low, low + u, low + u + v, low + v]
        } else {
            [low, low + v, low + u + v, low + u]
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quads_unpack_to_what_was_packed(
            x in 0..=64i32, y in -64..=64i32, z in 0..=64i32, w in 1u32..=64, h in 1u32..=64,
            face in 0usize..6, material in any::<u16>(), skirt in any::<bool>(),
        ) {
            let quad = PackedQuad::new(ivec3(x, y, z), (w, h), Face::ALL[face], MaterialId(material), skirt);
            prop_assert_eq!(quad.corner(), ivec3(x, y, z));
            prop_assert_eq!((quad.size(), quad.face()), ((w, h), Face::ALL[face]));
            prop_assert_eq!((quad.material(), quad.is_skirt()), (MaterialId(material), skirt));
        }
    }

    #[test]
    fn corners_wind_counter_clockwise_seen_from_outside() {
        for face in Face::ALL {
            let [a, b, c, _] =
                PackedQuad::new(IVec3::ONE, (2, 3), face, MaterialId(1), false).corners();
            let normal = (b - a).cross(c - b);
            assert_eq!(normal.signum(), face.normal(), "{face:?}");
        }
    }
}
