use std::collections::HashMap;

use glam::IVec3;
use proptest::prelude::*;

use super::*;
use crate::{key::CHUNK_VOLUME, material::MaterialId};

/// What a chunk must agree with: plain cells, counted anew each time.
fn check(chunk: &Chunk, oracle: &[MaterialId]) -> Result<(), TestCaseError> {
    let mut counts: HashMap<MaterialId, u32> = HashMap::new();
    for &cell in oracle {
        *counts.entry(cell).or_default() += 1;
    }
    prop_assert_eq!(chunk.to_cells(), oracle);
    prop_assert_eq!(chunk.unique_count(), counts.len());
    prop_assert_eq!(chunk.counts_unsorted().into_iter().collect::<HashMap<_, _>>(), counts.clone());
    let most = counts.values().copied().max().unwrap_or(0);
    prop_assert_eq!(counts.get(&chunk.dominant()).copied(), Some(most));
    prop_assert_eq!(chunk.homogeneity(), f64::from(most) / 262_144.0);
    prop_assert_eq!(chunk.as_uniform().is_some(), counts.len() == 1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn edits_agree_with_plain_cells(
        start in 0u16..3,
        kinds in prop_oneof![Just(2u16), Just(4), Just(9), Just(40), Just(300)],
        edits in prop::collection::vec((0..CHUNK_VOLUME, any::<u16>()), 1..900),
    ) {
        let mut chunk = Chunk::uniform(MaterialId(start));
        let mut oracle = vec![MaterialId(start); CHUNK_VOLUME];
        for (index, material) in edits {
            let material = MaterialId(material % kinds);
            let before = std::mem::replace(&mut oracle[index], material);
            prop_assert_eq!(chunk.set_index(index, material), before);
        }
        check(&chunk, &oracle)?;
        let packed = Chunk::from_cells(&oracle);
        check(&packed, &oracle)?;
        prop_assert_eq!(&packed, &chunk);
    }
}

#[test]
fn noise_of_any_number_of_materials_packs_and_unpacks() {
    let mut state = 1u64;
    for kinds in [2, 3, 4, 5, 16, 17, 256, 257] {
        let noise = (0..CHUNK_VOLUME).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            MaterialId((state >> 33) as u16 % kinds * 251)
        });
        let cells: Vec<_> = noise.collect();
        check(&Chunk::from_cells(&cells), &cells).expect("as the plain cells");
    }
}

#[test]
fn undoing_the_last_difference_makes_a_chunk_uniform_again() {
    let mut chunk = Chunk::uniform(MaterialId(7));
    chunk.set(IVec3::new(1, 2, 3), MaterialId(8));
    assert_eq!(chunk.as_uniform(), None);
    assert_eq!(chunk.get(IVec3::new(1, 2, 3)), MaterialId(8));
    chunk.set(IVec3::new(1, 2, 3), MaterialId(7));
    assert_eq!(chunk.as_uniform(), Some(MaterialId(7)));
}

#[test]
fn more_than_256_materials_fit_and_come_back() {
    let cells: Vec<_> = (0..CHUNK_VOLUME).map(|i| MaterialId((i % 5000) as u16)).collect();
    let chunk = Chunk::from_cells(&cells);
    assert_eq!(chunk.unique_count(), 5000);
    assert_eq!(chunk.to_cells(), cells);
}

#[test]
fn cell_positions_invert() {
    for index in [0, 1, 63, 64, 4095, 4096, 262_143, 123_456] {
        let p = cell_position(index);
        assert_eq!(cell_index(p.x as usize, p.y as usize, p.z as usize), index);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn a_run_is_as_if_its_cells_were_set_one_by_one(
        ground in 0u16..3,
        runs in prop::collection::vec((0..CHUNK_VOLUME, 1usize..200, 0u16..400), 1..300),
        kinds in prop_oneof![Just(2u16), Just(4), Just(16), Just(200), Just(400)],
        whole in any::<bool>(),
    ) {
        let mut by_run = Chunk::uniform(MaterialId(ground));
        let mut one_by_one = by_run.clone();
        let whole = whole.then_some((0, CHUNK_VOLUME, kinds - 1));
        for (first, count, material) in runs.into_iter().chain(whole) {
            let (count, material) = (count.min(CHUNK_VOLUME - first), MaterialId(material % kinds));
            by_run.fill_run(first, count, material);
            for index in first..first + count {
                one_by_one.set_index(index, material);
            }
        }
        prop_assert_eq!(by_run.as_uniform(), one_by_one.as_uniform());
        // Counts and cells.
        prop_assert!(by_run == one_by_one);
    }
}
