//! A world that the first version of this program made, as it lies in `fixtures/v1`.

use serde_json::{Value, json};

use super::*;

fn world() -> WorldMetadata {
    WorldMetadata {
        shape: Shape::Flat(Flat { voxel_m: 0.5 }),
        baseline: "superflat 7".to_owned(),
        materials: ["air", "rock", "soil", "sand", "water"].map(str::to_owned).to_vec(),
        // Not what it was made with: what it was made with counts.
        storage: StorageOptions { chunk_edge: ChunkEdge::Cells32, codec: ChunkCodec::Zstd },
    }
}

fn key(lod: u8, [x, y, z]: [i32; 3]) -> ChunkKey {
    ChunkKey::new(0, lod, ivec3(x, y, z))
}

fn keys() -> [ChunkKey; 5] {
    [
        key(0, [0, 0, 0]),
        key(0, [-1, 0, -1]),
        key(0, [4, 0, 0]),
        key(1, [0, 0, 0]),
        key(20, [-1, -1, -1]),
    ]
}

/// What every chunk of the fixture was filled with.
fn strata(lod: u8) -> Chunk {
    let mut chunk = Chunk::default();
    for index in 0..CHUNK_VOLUME {
        let cell = bluemarble_core::cell_position(index);
        let height = 20 + (cell.x / 8 + cell.z / 8 + i32::from(lod)) % 5;
        if cell.y < height {
            chunk.set_index(index, MaterialId((1 + (cell.y / 5) % 4) as u16));
        }
    }
    chunk
}

fn copy_of_fixture() -> tempfile::TempDir {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1");
    let copy = directory();
    for (path, bytes) in files(&fixture) {
        let path = copy.path().join(path.strip_prefix(&fixture).expect("below"));
        std::fs::create_dir_all(path.parent().expect("above")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }
    copy
}

fn document(dir: &Path, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(dir.join(path)).expect("a document")).expect("JSON")
}

#[test]
fn a_world_of_version_1_opens_with_its_voxels_and_only_its_own_document_is_renewed() {
    let dir = copy_of_fixture();
    let before = files(dir.path());
    let store = ChunkStore::create_or_open(dir.path(), &world()).expect("opens");
    assert_eq!(store.storage(), StorageOptions::VERSION_1);
    for key in keys() {
        assert_eq!(read(&store, key).expect("reads"), Some(strata(key.lod)), "{key}");
    }
    let found: HashSet<_> = store.keys_blocking().expect("lists").into_iter().collect();
    assert_eq!(found, HashSet::from(keys()));
    let mut after = files(dir.path());
    after.remove(&dir.path().join(".lock"));
    after.retain(|path, _| !path.starts_with(dir.path().join("manifest")));
    let mut changed: Vec<_> =
        after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes)).collect();
    assert_eq!((changed.len(), after.len()), (1, before.len()));
    assert_eq!(*changed.remove(0).0, dir.path().join("zarr.json"));
    let ours = &document(dir.path(), "zarr.json")["attributes"]["bluemarble"];
    assert_eq!(ours["format_version"], 3);
    assert_eq!(ours["storage"], json!({ "chunk_edge": 64, "codec": "numcodecs.lz4" }));
}

#[test]
fn a_world_of_version_1_takes_writes_and_then_names_its_lods() {
    let dir = copy_of_fixture();
    let new = key(0, [1, 0, 0]);
    {
        let store = ChunkStore::create_or_open(dir.path(), &world()).expect("opens");
        write(&store, &[(new, chunk(6))]).expect("writes");
    }
    let store = ChunkStore::create_or_open(dir.path(), &world()).expect("opens again");
    assert_eq!(store.storage(), StorageOptions::VERSION_1);
    assert_eq!(read(&store, new).expect("reads"), Some(chunk(6)));
    for key in keys() {
        assert_eq!(read(&store, key).expect("reads"), Some(strata(key.lod)), "{key}");
    }
    assert_eq!(store.keys_blocking().expect("lists").len(), 6);
    let region = document(dir.path(), "region0/zarr.json");
    let datasets = &region["attributes"]["ome"]["multiscales"][0]["datasets"];
    let paths: Vec<_> =
        datasets.as_array().expect("a list").iter().map(|one| &one["path"]).collect();
    assert_eq!(paths, ["lod0", "lod1", "lod20"]);
}

#[test]
fn a_world_of_version_1_with_another_baseline_is_refused_and_left_as_it_is() {
    let dir = copy_of_fixture();
    let before = files(dir.path());
    let other = WorldMetadata { baseline: "noise 3".to_owned(), ..world() };
    let error = ChunkStore::create_or_open(dir.path(), &other).expect_err("another baseline");
    let is_named = matches!(&error, StoreError::Mismatch { field, .. }
        if field == "attributes.bluemarble.baseline");
    assert!(is_named, "{error}");
    let mut after = files(dir.path());
    after.remove(&dir.path().join(".lock"));
    assert_eq!(after, before);
}
