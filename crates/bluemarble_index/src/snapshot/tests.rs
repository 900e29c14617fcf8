use glam::{IVec3, ivec3};
use proptest::prelude::*;
use std::sync::Arc;

use bluemarble_core::{CHUNK_VOLUME, MaterialId};

use super::*;
use crate::NodeSummary;

const NAME: &str = "region0/lod3/1.2.3";

fn summary(kind: u16) -> Option<Arc<NodeSummary>> {
    let volume = CHUNK_VOLUME as u32;
    let all = Some((IVec3::ZERO, IVec3::splat(64)));
    match kind {
        0 => None,
        1 => Some(NodeSummary::new(vec![(MaterialId::AIR, volume)], None)),
        2 => Some(NodeSummary::new(vec![(MaterialId(300), volume)], all)),
        _ => {
            let counts = (1..kind).map(|id| (MaterialId(id * 99), 7 + u32::from(id)));
            let rest = volume - counts.clone().map(|(_, count)| count).sum::<u32>();
            let counts = counts.chain([(MaterialId::AIR, rest)]).collect();
            Some(NodeSummary::new(counts, Some((ivec3(1, 0, 3), IVec3::splat(64)))))
        }
    }
    .map(Arc::new)
}

fn any_tile() -> impl Strategy<Value = SnapshotTile> {
    let chunks = prop::collection::btree_map(0u8..64, 0u16..20, 0..=64);
    let group = (any::<u128>(), chunks).prop_map(|(stamp, chunks)| SnapshotGroup {
        stamp,
        chunks: chunks.into_iter().map(|(number, kind)| (number, summary(kind))).collect(),
    });
    prop::collection::btree_map(0u16..4096, group, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_written_is_there_again_and_only_for_its_world_and_place(tile in any_tile(), other in any_tile()) {
        let dir = tempfile::tempdir().expect("a folder");
        let snapshot = IndexSnapshot::new(dir.path(), "world".to_owned());
        prop_assert_eq!((snapshot.read(NAME).expect("reads"), snapshot.bytes()), (SnapshotTile::new(), 0));
        snapshot.write(NAME, &other).expect("writes");
        snapshot.write(NAME, &tile).expect("writes");
        snapshot.write("region0/lod3/0.0.0", &other).expect("writes");
        prop_assert_eq!(&snapshot.read(NAME).expect("reads"), &tile);
        let bytes = fs::read(dir.path().join(NAME)).expect("bytes");
        let others = fs::read(dir.path().join("region0/lod3/0.0.0")).expect("bytes");
        prop_assert_eq!(snapshot.bytes(), (bytes.len() + others.len()) as u64);
        let another = IndexSnapshot::new(dir.path(), "another".to_owned());
        prop_assert_eq!(another.read(NAME).expect("reads"), SnapshotTile::new());
        fs::write(dir.path().join(NAME), others).expect("writes");
        prop_assert_eq!(snapshot.read(NAME).expect("reads"), SnapshotTile::new(), "of another place");
    }

    #[test]
    fn a_damaged_tile_is_of_no_use_and_is_replaced(
        tile in any_tile(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let dir = tempfile::tempdir().expect("a folder");
        let snapshot = IndexSnapshot::new(dir.path(), "world".to_owned());
        snapshot.write(NAME, &tile).expect("writes");
        let path = dir.path().join(NAME);
        let whole = fs::read(&path).expect("bytes");
        let mut bytes = whole.clone();
        for (place, bits) in damage {
            let place = place.index(bytes.len());
            bytes[place] ^= bits;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&path, &bytes).expect("writes");
        let found = snapshot.read(NAME).expect("reads");
        prop_assert!(found.is_empty() || bytes == whole);
        snapshot.write(NAME, &tile).expect("writes");
        prop_assert_eq!(snapshot.read(NAME).expect("reads"), tile);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut whole = tile::encode(7, &SnapshotTile::new());
        whole.extend(&bytes);
        let checksum = crc32c::crc32c(&bytes);
        whole[24..28].copy_from_slice(&checksum.to_le_bytes());
        let _ = tile::decode(7, &whole);
        let _ = tile::decode(7, &bytes);
    }
}

#[test]
fn a_chunk_of_one_material_takes_three_bytes_and_one_of_the_surface_sixteen_at_most() {
    let bytes = |kind| {
        let group = SnapshotGroup { stamp: 1, chunks: vec![(5, summary(kind))] };
        let empty = SnapshotGroup { stamp: 1, chunks: Vec::new() };
        let length = |group| tile::encode(1, &SnapshotTile::from([(0, group)])).len();
        length(group) - length(empty)
    };
    assert_eq!(bytes(2), 3, "material 300 has a number of two bytes");
    assert_eq!(bytes(1), 3);
    assert!(bytes(3) <= 16, "{}", bytes(3));
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("file");
    fs::write(&file, "no folder").expect("writes");
    let snapshot = IndexSnapshot::new(&file, "world".to_owned());
    let error = snapshot.write(NAME, &SnapshotTile::new()).expect_err("no folder");
    assert!(error.to_string().contains("region0/lod3/1.2.3: "), "{error}");
}
