//! What a corner of the surface is made of.

use bluemarble_core::MaterialId;

/// The two materials that count most, and how much the second counts: 0..=0.5.
pub(super) type Blend = ([MaterialId; 2], f32);

/// The blend of one material.
pub(super) const fn pure(material: MaterialId) -> Blend {
    ([material; 2], 0.0)
}

/// Counts some of the cells around a corner, a bit each of `counted`: the two most frequent materials, of
/// equals the ones with the smaller ids. Without a branch, as any may be asked of any.
#[inline]
pub(super) fn blend(cells: [MaterialId; 8], counted: u64) -> Blend {
    let mut counts = [0u32; 8];
    for other in 0..8 {
        let is_counted = (counted >> other & 1) as u32;
        for (count, cell) in counts.iter_mut().zip(cells) {
            *count += u32::from(cell == cells[other]) & is_counted;
        }
    }
    // Equal if and only if the materials are.
    let scores: [u32; 8] = std::array::from_fn(|cell| {
        let is_counted = (counted >> cell & 1) as u32;
        (counts[cell] << 16 | u32::from(!cells[cell].0)) & is_counted.wrapping_neg()
    });
    let first = scores.into_iter().fold(0, u32::max);
    let rest = scores.map(|score| if score == first { 0 } else { score });
    let second = rest.into_iter().fold(0, u32::max);
    let material = |score: u32| MaterialId(!(score as u16));
    let count = |score: u32| (score >> 16) as f32;
    let share = count(second) / (count(first) + count(second)).max(1.0);
    ([material(first), material(if second == 0 { first } else { second })], share)
}
