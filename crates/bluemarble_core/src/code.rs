//! Codes that put chunk positions on a line so that what is near in space stays near on the line.
//!
//! Both codes work on 21 bits an axis, biased so that the positions of a flat world, which may be
//! negative, fit as well: at lod L an axis holds positions `-2^(20-L) .. 2^(20-L)`.

use glam::{IVec3, UVec3};

use crate::key::{ChunkKey, MAX_LOD};

/// Bits an axis of a code.
pub const AXIS_BITS: u32 = 21;

/// Spreads the low 21 bits of `v` so that two zero bits follow each.
#[inline]
fn spread(v: u32) -> u64 {
    let mut v = u64::from(v) & 0x1f_ffff;
    v = (v | v << 32) & 0x001f_0000_0000_ffff;
    v = (v | v << 16) & 0x001f_0000_ff00_00ff;
    v = (v | v << 8) & 0x100f_00f0_0f00_f00f;
    v = (v | v << 4) & 0x10c3_0c30_c30c_30c3;
    (v | v << 2) & 0x1249_2492_4924_9249
}

/// Undoes [`spread`].
#[inline]
fn compact(v: u64) -> u32 {
    let mut v = v & 0x1249_2492_4924_9249;
    v = (v | v >> 2) & 0x10c3_0c30_c30c_30c3;
    v = (v | v >> 4) & 0x100f_00f0_0f00_f00f;
    v = (v | v >> 8) & 0x001f_0000_ff00_00ff;
    v = (v | v >> 16) & 0x001f_0000_0000_ffff;
    ((v | v >> 32) & 0x1f_ffff) as u32
}

/// Interleaves three 21-bit numbers: bit 0 of x, then of y, then of z.
#[inline]
pub fn morton_encode(v: UVec3) -> u64 {
    spread(v.x) | spread(v.y) << 1 | spread(v.z) << 2
}

/// Undoes [`morton_encode`].
#[inline]
pub fn morton_decode(code: u64) -> UVec3 {
    UVec3::new(compact(code), compact(code >> 1), compact(code >> 2))
}

#[inline]
fn bias(lod: u8) -> i32 {
    1 << (MAX_LOD - lod)
}

/// The Morton code of a chunk among the chunks of its region and lod.
#[inline]
pub fn morton_of(key: ChunkKey) -> u64 {
    morton_encode((key.pos + bias(key.lod)).as_uvec3())
}

/// The chunk of a region and lod that has a Morton code.
#[inline]
pub fn key_of_morton(region: u8, lod: u8, code: u64) -> ChunkKey {
    ChunkKey::new(region, lod, morton_decode(code).as_ivec3() - IVec3::splat(bias(lod)))
}

/// The position along a Hilbert curve of `bits` bits an axis (Skilling, "Programming the Hilbert
/// curve", AIP 2004). Neighbours on the curve are neighbours in space.
pub fn hilbert_encode(v: UVec3, bits: u32) -> u64 {
    let mut axes = v.to_array();
    let mut mask = 1u32 << (bits - 1);
    while mask > 1 {
        for i in 0..3 {
            undo_excess(&mut axes, i, mask);
        }
        mask >>= 1;
    }
    axes[1] ^= axes[0];
    axes[2] ^= axes[1];
    let mut flip = 0;
    let mut mask = 1u32 << (bits - 1);
    while mask > 1 {
        if axes[2] & mask != 0 {
            flip ^= mask - 1;
        }
        mask >>= 1;
    }
    let [x, y, z] = axes.map(|axis| axis ^ flip);
    spread(z) | spread(y) << 1 | spread(x) << 2
}

/// Inverts or exchanges the bits below `mask`, as Skilling's curve turns in each octant.
fn undo_excess(axes: &mut [u32; 3], i: usize, mask: u32) {
    let low = mask - 1;
    if axes[i] & mask != 0 {
        axes[0] ^= low;
    } else {
        let swap = (axes[0] ^ axes[i]) & low;
        axes[0] ^= swap;
        axes[i] ^= swap;
    }
}

/// Undoes [`hilbert_encode`].
pub fn hilbert_decode(code: u64, bits: u32) -> UVec3 {
    let mut axes = [compact(code >> 2), compact(code >> 1), compact(code)];
    let carry = axes[2] >> 1;
    axes[2] ^= axes[1];
    axes[1] ^= axes[0];
    axes[0] ^= carry;
    let mut mask = 2u32;
    while mask != 1 << bits {
        for i in (0..3).rev() {
            undo_excess(&mut axes, i, mask);
        }
        mask <<= 1;
    }
    UVec3::from_array(axes)
}

/// The Hilbert position of a chunk among the chunks of its region and lod.
pub fn hilbert_of(key: ChunkKey) -> u64 {
    hilbert_encode((key.pos + bias(key.lod)).as_uvec3(), AXIS_BITS - u32::from(key.lod))
}

/// The chunk of a region and lod that has a Hilbert position.
pub fn key_of_hilbert(region: u8, lod: u8, code: u64) -> ChunkKey {
    let pos = hilbert_decode(code, AXIS_BITS - u32::from(lod)).as_ivec3();
    ChunkKey::new(region, lod, pos - IVec3::splat(bias(lod)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use glam::ivec3;

    use super::*;

    /// The definition of a Morton code, bit by bit.
    fn morton_oracle(v: UVec3) -> u64 {
        (0..AXIS_BITS).fold(0, |code, bit| {
            let take = |axis: u32, slot: u32| u64::from(axis >> bit & 1) << (3 * bit + slot);
            code | take(v.x, 0) | take(v.y, 1) | take(v.z, 2)
        })
    }

    proptest! {
        #[test]
        fn morton_inverts_and_matches_its_definition(x in 0u32..1 << 21, y in 0u32..1 << 21, z in 0u32..1 << 21) {
            let v = UVec3::new(x, y, z);
            prop_assert_eq!(morton_encode(v), morton_oracle(v));
            prop_assert_eq!(morton_decode(morton_encode(v)), v);
        }

        #[test]
        fn hilbert_inverts(x in 0u32..1 << 21, y in 0u32..1 << 21, z in 0u32..1 << 21) {
            let v = UVec3::new(x, y, z);
            prop_assert_eq!(hilbert_decode(hilbert_encode(v, 21), 21), v);
        }

        #[test]
        fn keys_invert_at_every_lod(lod in 0u8..=20, x in any::<i32>(), y in any::<i32>(), z in any::<i32>()) {
            let end = 1i32 << (20 - lod);
            let pos = ivec3(x, y, z).rem_euclid(IVec3::splat(2 * end)) - end;
            let key = ChunkKey::new(3, lod, pos);
            prop_assert_eq!(key_of_morton(3, lod, morton_of(key)), key);
            prop_assert_eq!(key_of_hilbert(3, lod, hilbert_of(key)), key);
        }
    }

    #[test]
    fn hilbert_visits_every_cell_once_in_unit_steps() {
        let cells: Vec<UVec3> = (0..1u64 << 12).map(|code| hilbert_decode(code, 4)).collect();
        for pair in cells.windows(2) {
            let step = (pair[1].as_ivec3() - pair[0].as_ivec3()).abs();
            assert_eq!(step.element_sum(), 1, "{} -> {}", pair[0], pair[1]);
        }
        let distinct: std::collections::HashSet<_> = cells.iter().collect();
        assert_eq!(distinct.len(), 1 << 12);
    }
}
