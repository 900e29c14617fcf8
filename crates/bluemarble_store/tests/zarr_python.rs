//! zarr-python reads what we write, cell for cell, and we read what zarr-python writes.

use std::{
    collections::HashMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bluemarble_core::{CHUNK_VOLUME, Chunk, ChunkKey, Flat, MaterialId, Shape};
use bluemarble_store::{
    ArrayLayout, ChunkCodec, ChunkEdge, ChunkStore, ShardKey, StorageOptions, WorldMetadata,
};
use futures::executor::block_on;
use glam::{IVec3, ivec3};
use serde_json::{Value, json};

const SHAPE: Shape = Shape::Flat(Flat { voxel_m: 0.25 });
const UNSTORED: u16 = u16::MAX;

/// Runs `zarr_python.py`; what it wrote to standard output.
fn python(request: &Value) -> Vec<u8> {
    const HINT: &str = "run scripts/test.sh, which installs Python with zarr and numcodecs";
    let python = std::env::var_os("BLUEMARBLE_PYTHON").map(PathBuf::from).unwrap_or_else(|| {
        let home = std::env::var_os("HOME").unwrap_or_default();
        Path::new(&home).join(".cache/bluemarble/python/bin/python")
    });
    let mut child = Command::new(&python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/zarr_python.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; {HINT}", python.display()));
    let mut stdin = child.stdin.take().expect("piped");
    // A script that fails before it reads says why on its standard error.
    let sent = stdin.write_all(request.to_string().as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && sent.is_ok(), "{}: {said}\n{HINT}", python.display());
    output.stdout
}

/// Cells of chunks, as they must be.
#[derive(Default)]
struct Oracle(HashMap<ChunkKey, Vec<u16>>);

impl Oracle {
    fn put(&mut self, key: ChunkKey, chunk: &Chunk) {
        self.0.insert(key, chunk.to_cells().into_iter().map(|cell| cell.0).collect());
    }

    fn chunk(&mut self, key: ChunkKey) -> &mut Vec<u16> {
        self.0.entry(key).or_insert_with(|| vec![UNSTORED; CHUNK_VOLUME])
    }

    /// Applies one step of a request as the script does.
    fn write(&mut self, lod: u8, start: IVec3, shape: IVec3, first: i64, step: i64) {
        for y in 0..shape.y {
            for z in 0..shape.z {
                for x in 0..shape.x {
                    let voxel = start + ivec3(x, y, z);
                    let at = i64::from((y * shape.z + z) * shape.x + x);
                    let cell = voxel & 63;
                    let index = bluemarble_core::cell_index(
                        cell.x as usize,
                        cell.y as usize,
                        cell.z as usize,
                    );
                    let key = ChunkKey::new(0, lod, voxel >> 6);
                    self.chunk(key)[index] = ((first + step * at) % 60_000) as u16;
                }
            }
        }
    }

    /// Whether zarr-python and we both read every chunk as it must be.
    fn check(&self, dir: &Path, storage: StorageOptions) {
        let mut keys: Vec<_> = self.0.keys().copied().collect();
        keys.sort_unstable_by_key(|key| (key.lod, key.pos.to_array()));
        let reads: Vec<_> =
            keys.iter().map(|key| place(key.lod, key.pos * 64, IVec3::splat(64))).collect();
        let bytes = python(&json!({ "world": dir, "read": reads }));
        assert_eq!(bytes.len(), keys.len() * CHUNK_VOLUME * 2);

        let store = ChunkStore::create_or_open(dir, &metadata(storage)).expect("opens");
        // What zarr-python has written belongs to the world from now on.
        let adopted = block_on(store.adopt()).expect("looks");
        assert_eq!(adopted.damaged, Vec::<String>::new(), "{storage:?}");
        for (key, theirs) in keys.iter().zip(bytes.chunks_exact(CHUNK_VOLUME * 2)) {
            let expected = &self.0[key];
            let theirs: Vec<_> =
                theirs.chunks_exact(2).map(|cell| u16::from_le_bytes([cell[0], cell[1]])).collect();
            assert!(&theirs == expected, "zarr-python reads other cells of {key}, {storage:?}");
            let ours = block_on(store.read(*key)).expect("reads");
            let is_stored = expected.iter().any(|&cell| cell != UNSTORED);
            assert_eq!(ours.is_some(), is_stored, "{key}, {storage:?}");
            let ours = ours.unwrap_or(Chunk::uniform(MaterialId::UNSTORED)).to_cells();
            assert!(
                ours.iter().map(|cell| &cell.0).eq(expected),
                "we read other cells of {key}, {storage:?}"
            );
        }
        let mut listed = store.keys_blocking().expect("lists");
        listed.sort_unstable_by_key(|key| (key.lod, key.pos.to_array()));
        keys.retain(|key| self.0[key].iter().any(|&cell| cell != UNSTORED));
        assert_eq!(listed, keys, "{storage:?}");
    }
}

fn metadata(storage: StorageOptions) -> WorldMetadata {
    WorldMetadata {
        shape: SHAPE,
        baseline: "superflat 7".to_owned(),
        materials: vec!["air".to_owned(), "rock".to_owned()],
        storage,
    }
}

/// A box of lattice in the words of the script.
fn place(lod: u8, start: IVec3, shape: IVec3) -> Value {
    let origin = ArrayLayout::new(&SHAPE, lod, ChunkEdge::default()).origin_cells;
    let start = start + origin;
    json!({
        "array": format!("region0/lod{lod}"),
        "start": [start.y, start.z, start.x],
        "shape": [shape.y, shape.z, shape.x],
    })
}

fn chunk(seed: usize) -> Chunk {
    let cells = (0..CHUNK_VOLUME).map(|index| match seed % 3 {
        0 => MaterialId(seed as u16),
        1 => MaterialId((index >> 12) as u16 % 7),
        _ => MaterialId((index * (seed + 77) % 59_999) as u16),
    });
    Chunk::from_cells(&cells.collect::<Vec<_>>())
}

fn check_both_ways(chunk_edge: ChunkEdge) {
    for codec in ChunkCodec::ALL {
        let storage = StorageOptions { chunk_edge, codec };
        let dir = tempfile::tempdir().expect("a directory for temporary files");
        let key = |lod, x, y, z| ChunkKey::new(0, lod, ivec3(x, y, z));
        let mut oracle = Oracle::default();

        let keys = [
            key(0, 0, 0, 0),
            key(0, 1, 0, 0),
            key(0, -1, 2, -3),
            key(5, 7, -9, 2),
            key(18, -4, 3, 0),
            key(19, 1, -2, 1),
            key(20, -1, 0, -1),
        ];
        let chunks: Vec<_> = keys.into_iter().zip((0..).map(chunk)).collect();
        {
            let store = ChunkStore::create_or_open(dir.path(), &metadata(storage)).expect("made");
            let chunks: Vec<_> = chunks.iter().map(|(key, chunk)| (*key, chunk)).collect();
            block_on(store.write(&chunks)).expect("writes");
        }
        for (key, chunk) in &chunks {
            oracle.put(*key, chunk);
            // What nobody stored, in the same shard and in none.
            for pos in [key.pos ^ IVec3::X, key.pos ^ IVec3::ONE] {
                let beside = ChunkKey { pos, ..*key };
                if ShardKey::locate(&SHAPE, beside).is_some() {
                    oracle.chunk(beside);
                }
            }
        }
        oracle.check(dir.path(), storage);

        // Whole chunks, single cells, and boxes across the borders of chunks and shards.
        let writes = [
            (0, ivec3(64, 0, 0), IVec3::splat(64), 5, 3),
            (0, ivec3(128, 64, 192), IVec3::splat(64), 900, 0),
            (0, ivec3(70, 5, 6), IVec3::ONE, 41, 0),
            (0, ivec3(-1000, 700, 3), IVec3::ONE, 42, 0),
            (0, ivec3(-7, -3, 250), ivec3(15, 6, 12), 1, 1),
            (5, ivec3(254, -70, 60), ivec3(4, 140, 9), 7, 11),
            (18, ivec3(-256, 255, -1), ivec3(40, 1, 2), 3, 0),
            (20, ivec3(-3, -3, -3), IVec3::splat(6), 100, 1),
        ];
        let mut steps = Vec::new();
        for (lod, start, shape, first, step) in writes {
            oracle.write(lod, start, shape, first, step);
            let mut place = place(lod, start, shape);
            place["first"] = json!(first);
            place["step"] = json!(step);
            steps.push(place);
        }
        // A lod that zarr-python makes, with codecs of its own choice.
        oracle.write(7, ivec3(-100, 3, 60), ivec3(120, 2, 8), 77, 5);
        let mut own = place(7, ivec3(-100, 3, 60), ivec3(120, 2, 8));
        own["first"] = json!(77);
        own["step"] = json!(5);
        steps.push(own);
        let make = json!([{
            "array": "region0/lod7",
            "like": "region0/lod5",
            "index_location": if codec == ChunkCodec::Lz4 { "start" } else { "end" },
        }]);
        python(&json!({ "world": dir.path(), "make": make, "write": steps }));
        oracle.check(dir.path(), storage);

        // And back: beside what zarr-python left, also in the lod that it made.
        let chunks = [(key(0, -1, 0, 3), chunk(50)), (key(7, 0, 0, 0), chunk(51))];
        {
            let store = ChunkStore::create_or_open(dir.path(), &metadata(storage)).expect("opens");
            let chunks: Vec<_> = chunks.iter().map(|(key, chunk)| (*key, chunk)).collect();
            block_on(store.write(&chunks)).expect("writes");
        }
        for (key, chunk) in &chunks {
            oracle.put(*key, chunk);
        }
        oracle.check(dir.path(), storage);
    }
}

#[test]
fn zarr_python_and_we_read_and_write_the_same_cells_in_chunks_of_32() {
    check_both_ways(ChunkEdge::Cells32);
}

#[test]
fn zarr_python_and_we_read_and_write_the_same_cells_in_chunks_of_64() {
    check_both_ways(ChunkEdge::Cells64);
}

#[test]
fn zarr_python_and_we_read_and_write_the_same_cells_in_chunks_of_128() {
    check_both_ways(ChunkEdge::Cells128);
}

#[test]
fn zarr_python_and_we_read_and_write_the_same_cells_in_chunks_of_256() {
    check_both_ways(ChunkEdge::Cells256);
}
