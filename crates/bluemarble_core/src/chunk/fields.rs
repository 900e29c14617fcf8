//! Words of equal fields of 1, 2, 4 or 8 bits, and eight bytes of which each is a field.

/// A word full of one slot.
#[inline]
pub fn repeat(slot: u64, bits: u32) -> u64 {
    slot * (u64::MAX / ((1 << bits) - 1))
}

/// Moves 32 bits in fields of `bits` to the low halves of fields of twice as many.
#[inline]
pub fn spread(half: u64, bits: u32) -> u64 {
    let mut word = half;
    for (step, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        if step >= bits {
            word = (word | word << step) & mask;
        }
    }
    word
}

/// Moves eight bytes, each below 2^`BITS`, to the lowest 8 x `BITS` bits.
#[inline]
pub fn narrow<const BITS: u32>(bytes: u64) -> u64 {
    let low = |fields: u64, bits: u32| fields * ((1 << bits) - 1);
    let pairs = (bytes | bytes >> (8 - BITS)) & low(0x0001_0001_0001_0001, 2 * BITS);
    let fours = (pairs | pairs >> (16 - 2 * BITS)) & low(0x0000_0001_0000_0001, 4 * BITS);
    let eight = fours | fours >> (32 - 4 * BITS);
    eight & (u64::MAX >> (64 - 8 * BITS))
}

/// Undoes [`narrow`]: moves the lowest eight fields of `BITS` bits to a byte each.
#[inline]
fn widen<const BITS: u32>(fields: u64) -> u64 {
    let low = |ones: u64, bits: u32| ones * ((1 << bits) - 1);
    let eight = fields & (u64::MAX >> (64 - 8 * BITS));
    let fours = (eight | eight << (32 - 4 * BITS)) & low(0x0000_0001_0000_0001, 4 * BITS);
    let pairs = (fours | fours << (16 - 2 * BITS)) & low(0x0001_0001_0001_0001, 2 * BITS);
    (pairs | pairs << (8 - BITS)) & low(0x0101_0101_0101_0101, BITS)
}

/// Moves the lowest eight fields to a byte each, for a number of bits that is not known before.
#[inline]
pub fn widen_from(fields: u64, bits: u32) -> u64 {
    match bits {
        1 => widen::<1>(fields),
        2 => widen::<2>(fields),
        4 => widen::<4>(fields),
        _ => fields,
    }
}

/// [`narrow`] to a number of bits that is not known before.
#[inline]
pub fn narrow_to(bytes: u64, bits: u32) -> u64 {
    match bits {
        1 => narrow::<1>(bytes),
        2 => narrow::<2>(bytes),
        4 => narrow::<4>(bytes),
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widening_undoes_narrowing() {
        for (bits, bytes) in [
            (1, 0x0100_0101_0000_0100),
            (2, 0x0302_0100_0203_0102),
            (4, 0x0F0E_0102_0A0B_0C00),
            (8, 0xFF01_0280_1234_5678),
        ] {
            assert_eq!(widen_from(narrow_to(bytes, bits), bits), bytes, "{bits} bits");
        }
    }
}
