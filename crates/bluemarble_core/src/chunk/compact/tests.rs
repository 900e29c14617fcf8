use proptest::prelude::*;

use super::*;
use crate::chunk::{Chunk, cell_position};

fn check(chunk: &Chunk) -> CompactChunk {
    let compact = CompactChunk::new(chunk);
    for cell in (0..CHUNK_VOLUME).map(cell_position) {
        assert_eq!(compact.get(cell), chunk.get(cell), "{cell}");
    }
    for cell in (0..CHUNK_VOLUME).step_by(61).map(cell_position) {
        let edge = 1 << compact.same_around(cell);
        let min = cell & -edge;
        for i in 0..edge * edge * edge {
            let other = min + IVec3::new(i % edge, i / edge % edge, i / edge / edge);
            assert_eq!(chunk.get(other), chunk.get(cell), "{cell} {other}");
        }
    }
    for (low, high) in
        [([0, 0, 0], [64, 64, 64]), ([3, 9, 8], [61, 10, 47]), ([8, 0, 5], [8, 9, 9])]
    {
        let (low, high) = (IVec3::from_array(low), IVec3::from_array(high));
        let size = high - low;
        // Rows and layers with something between them, which must stay.
        let (row, layer) = (size.x as usize + 1, (size.x as usize + 1) * size.z as usize + 3);
        let mut copied = vec![MaterialId::UNSTORED; layer * size.y as usize];
        compact.copy_box(low, high, &mut copied, row, layer);
        let mut expected = vec![MaterialId::UNSTORED; copied.len()];
        for i in 0..size.element_product() {
            let at = IVec3::new(i % size.x, i / size.x / size.z, i / size.x % size.z);
            let place = at.y as usize * layer + at.z as usize * row + at.x as usize;
            expected[place] = chunk.get(low + at);
        }
        assert!(copied == expected, "{low} {high}");
    }
    let again = compact.to_chunk();
    assert_eq!(again, *chunk);
    let sorted = |mut counts: Vec<_>| {
        counts.sort_unstable();
        counts
    };
    assert_eq!(sorted(again.counts_unsorted()), sorted(chunk.counts_unsorted()));
    compact
}

#[test]
fn a_chunk_of_one_material_holds_no_cells() {
    assert_eq!(check(&Chunk::uniform(MaterialId(7))).words.len(), 1);
}

#[test]
fn bricks_of_every_width_give_their_cells_back_with_and_without_a_palette() {
    // At most 4, 200, and 8 x 450 materials.
    for (kinds, others) in [([1, 2, 3, 4], 0), ([5, 16, 17, 200], 0), ([1, 3, 16, 450], 450)] {
        let cells: Vec<MaterialId> = (0..CHUNK_VOLUME)
            .map(|index| {
                let at = cell_position(index);
                let place = at.x % 8 + 8 * (at.z % 8) + 64 * (at.y % 8);
                let kinds = kinds[at.x as usize / EDGE % 4];
                MaterialId((place * 7 % kinds + at.y / 8 * others) as u16)
            })
            .collect();
        check(&Chunk::from_cells(&cells));
    }
}

#[test]
fn materials_that_no_cell_has_any_more_are_not_listed() {
    let mut chunk = Chunk::uniform(MaterialId(3));
    for material in 4..200 {
        chunk.set(IVec3::ZERO, MaterialId(material));
    }
    assert_eq!(check(&chunk).to_chunk().unique_count(), 2);
}

#[test]
fn hills_take_less_than_a_third_of_the_memory() {
    let cells: Vec<MaterialId> = (0..CHUNK_VOLUME)
        .map(|index| {
            let at = cell_position(index);
            let below = 20 + at.x / 3 + (at.z - 30).abs() / 2 - at.y;
            MaterialId([0, 4, 5, 5, 6][(below + 1).clamp(0, 4) as usize])
        })
        .collect();
    let chunk = Chunk::from_cells(&cells);
    let compact = check(&chunk);
    assert!(compact.size_bytes() * 3 < chunk.size_bytes(), "{}", compact.size_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_chunk_gives_its_cells_back(
        edits in prop::collection::vec((0..CHUNK_VOLUME, 0u16..700), 0..4000),
        ground in 0u16..3,
    ) {
        let mut chunk = Chunk::uniform(MaterialId(ground));
        for (index, material) in edits {
            chunk.set_index(index, MaterialId(material));
        }
        check(&chunk);
    }
}
