//! Damaged worlds: an error that names what is damaged, never other voxels and never a panic.

use std::fs;

use super::*;

/// A world in a directory whose only shard can be damaged at will.
struct Damaged {
    dir: tempfile::TempDir,
    shard: PathBuf,
    whole: Vec<u8>,
    chunks: Vec<(ChunkKey, Chunk)>,
}

impl Damaged {
    fn new(lod: u8, places: &[IVec3]) -> Self {
        let dir = directory();
        let chunks: Vec<_> = (places.iter().zip(1..))
            .map(|(&pos, seed)| (ChunkKey::new(3, lod, pos), chunk(seed * 7)))
            .collect();
        let store = open(&on_disk(dir.path()), EARTH);
        write(&store, &chunks).expect("writes");
        block_on(store.commit()).expect("commits");
        let shard = dir.path().join(format!("region3/lod{lod}/c/0/0/0"));
        let whole = fs::read(&shard).expect("one shard");
        Self { dir, shard, whole, chunks }
    }

    fn put(&self, bytes: &[u8]) {
        // Much faster than to write over a file.
        fs::remove_file(&self.shard).expect("removed");
        fs::write(&self.shard, bytes).expect("written");
    }

    fn path(&self) -> String {
        self.shard.strip_prefix(self.dir.path()).expect("below").display().to_string()
    }

    /// Whether an error says which chunk or shard is damaged.
    fn is_named(&self, error: &StoreError, key: Option<ChunkKey>) -> bool {
        match error {
            StoreError::DamagedShard { path, .. }
            | StoreError::OtherShard { path, .. }
            | StoreError::Object { path, .. } => *path == self.path(),
            StoreError::DamagedChunk { key: named, path, .. } => {
                key == Some(*named) && *path == self.path()
            }
            _ => false,
        }
    }

    /// Reads every chunk of a damaged shard: each is the right one or reported, at least one is reported.
    fn check(&self, bytes: &[u8], what: &str) {
        self.put(bytes);
        let store = open(&on_disk(self.dir.path()), EARTH);
        let mut reported = 0;
        for (key, chunk) in &self.chunks {
            match read(&store, *key) {
                Ok(found) => assert_eq!(found.as_ref(), Some(chunk), "{what} changes {key}"),
                Err(error) => {
                    assert!(self.is_named(&error, Some(*key)), "{what}: {error}");
                    reported += 1;
                }
            }
        }
        assert!(reported > 0, "{what} goes unnoticed");
        match store.keys_blocking() {
            Ok(keys) => assert_eq!(keys.len(), self.chunks.len(), "{what} loses a key"),
            Err(error) => assert!(self.is_named(&error, None), "{what}: {error}"),
        }
    }
}

#[test]
fn every_flipped_byte_of_a_shard_is_reported() {
    let world = Damaged::new(20, &[IVec3::ZERO]);
    for at in 0..world.whole.len() {
        let mut bytes = world.whole.clone();
        bytes[at] ^= 1 << (at % 8);
        world.check(&bytes, &format!("a bit of byte {at}"));
    }
}

#[test]
fn damage_to_one_chunk_of_a_shard_leaves_the_others() {
    let world = Damaged::new(19, &[IVec3::ZERO, IVec3::ONE, IVec3::Y]);
    for at in (0..world.whole.len()).step_by(97) {
        let mut bytes = world.whole.clone();
        bytes[at] ^= 0xff;
        world.check(&bytes, &format!("byte {at}"));
    }
    let mut bytes = world.whole.clone();
    bytes[5] ^= 1;
    fs::write(&world.shard, bytes).expect("written");
    let store = open(&on_disk(world.dir.path()), EARTH);
    let read = |at: usize| read(&store, world.chunks[at].0);
    let error = read(0).expect_err("damaged");
    assert!(matches!(&error, StoreError::DamagedChunk { key, .. } if *key == world.chunks[0].0));
    assert!(error.to_string().contains("r3/l19/0,0,0 in region3/lod19/c/0/0/0"), "{error}");
    assert_eq!(read(1).expect("whole").as_ref(), Some(&world.chunks[1].1));
    assert_eq!(read(2).expect("whole").as_ref(), Some(&world.chunks[2].1));
}

#[test]
fn every_truncation_of_a_shard_is_reported() {
    let world = Damaged::new(20, &[IVec3::ZERO]);
    for end in 0..world.whole.len() {
        world.check(&world.whole[..end], &format!("a cut at {end}"));
    }
}

#[test]
fn a_shard_of_another_lod_is_reported() {
    let small = Damaged::new(20, &[IVec3::ZERO]);
    let large = Damaged::new(19, &[IVec3::ZERO]);
    small.check(&large.whole, "a shard of another lod");
    large.check(&small.whole, "a shard of another lod");
}

#[test]
fn a_damaged_shard_is_not_written_over() {
    let world = Damaged::new(19, &[IVec3::ZERO, IVec3::ONE]);
    let mut bytes = world.whole.clone();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&world.shard, &bytes).expect("written");
    let store = open(&on_disk(world.dir.path()), EARTH);
    let beside = ChunkKey::new(3, 19, IVec3::X);
    let error = write(&store, &[(beside, chunk(9))]).expect_err("damaged");
    assert!(matches!(&error, StoreError::DamagedShard { path, .. } if *path == world.path()));
    assert_eq!(fs::read(&world.shard).expect("a shard"), bytes);
    fs::write(&world.shard, &world.whole).expect("restored");
    write(&store, &[(beside, chunk(9))]).expect("writes");
    assert_eq!(read(&store, world.chunks[1].0).expect("reads").as_ref(), Some(&world.chunks[1].1));
}

#[test]
fn a_shard_that_grew_without_bounds_is_not_read_into_memory() {
    let world = Damaged::new(20, &[IVec3::ZERO]);
    let file = fs::File::options().write(true).open(&world.shard).expect("a shard");
    file.set_len(1 << 40).expect("a sparse file");
    let store = open(&on_disk(world.dir.path()), EARTH);
    let error = write(&store, &[(world.chunks[0].0, chunk(2))]).expect_err("a TiB");
    assert!(matches!(error, StoreError::DamagedShard { .. }), "{error}");
    let error = read(&store, world.chunks[0].0).expect_err("no index");
    assert!(world.is_named(&error, None), "{error}");
}

#[test]
fn shards_without_the_document_of_their_array_are_reported() {
    let world = Damaged::new(19, &[IVec3::ZERO]);
    fs::remove_file(world.dir.path().join("region3/lod19/zarr.json")).expect("removed");
    let store = open(&on_disk(world.dir.path()), EARTH);
    for error in [
        store.keys_blocking().expect_err("missing"),
        read(&store, world.chunks[0].0).expect_err("missing"),
    ] {
        let is_named = matches!(&error, StoreError::MissingMetadata { path }
            if path == "region3/lod19/zarr.json");
        assert!(is_named, "{error}");
    }
    let elsewhere = ChunkKey::new(3, 0, IVec3::ZERO);
    assert_eq!(read(&store, elsewhere).expect("an unedited array has no document"), None);
}

#[test]
fn shards_without_the_document_of_their_world_are_reported() {
    let world = Damaged::new(19, &[IVec3::ZERO]);
    let document = world.dir.path().join("zarr.json");
    fs::remove_file(&document).expect("removed");
    let objects = on_disk(world.dir.path());
    let error = block_on(ChunkStore::with_objects(objects, &metadata(EARTH))).expect_err("missing");
    let is_named = matches!(&error, StoreError::MissingMetadata { path } if path == "zarr.json");
    assert!(is_named, "{error}");
    assert!(!document.exists(), "edits would be laid over a ground nobody has checked");
}

#[test]
fn a_file_among_the_shards_that_is_none_is_listed_as_a_stray_and_changes_nothing() {
    let world = Damaged::new(19, &[IVec3::ZERO]);
    let stranger = world.dir.path().join("region3/lod19/c/0/0/copy of 0");
    fs::write(&stranger, "mine").expect("written");
    let store = open(&on_disk(world.dir.path()), EARTH);
    let strays = block_on(store.list_shards()).expect("lists").strays;
    assert!(strays[0].starts_with("region3/lod19/c/0/0/copy"), "{strays:?}");
    assert_eq!(store.keys_blocking().expect("lists"), [world.chunks[0].0]);
}
