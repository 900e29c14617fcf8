//! Shards that are deleted, cut, emptied, swapped or older than they were: each is noticed, wherever the world lies.

use std::{collections::BTreeMap, path::Path as FilePath, sync::Arc};

use bluemarble_core::{Chunk, ChunkKey, MaterialId};
use bluemarble_store::{
    ChunkStore, Damage, DamagedPart, Restored, StoreError, StoreOptions, WorldLocation, connect,
};
use futures::{TryStreamExt, executor::block_on};
use glam::ivec3;
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};

use crate::{
    moto,
    s3::{metadata, write},
};

/// Shards of the world.
const SHARDS: usize = 100;
/// What is done to a shard.
const HARM: [&str; 5] = ["deleted", "replaced by its older version", "swapped", "cut", "emptied"];

/// A world, its copy, and the objects below.
struct World {
    objects: Arc<dyn ObjectStore>,
    /// Where it is written.
    location: WorldLocation,
    options: StoreOptions,
    /// Where it is read.
    readers: WorldLocation,
    reader_options: StoreOptions,
    copy: tempfile::TempDir,
    chunks: Vec<(ChunkKey, Chunk)>,
    paths: Vec<Path>,
    older: BTreeMap<Path, Vec<u8>>,
    whole: BTreeMap<Path, Vec<u8>>,
}

/// A chunk of materials that the world has; never twice the same.
fn chunk(seed: u32) -> Chunk {
    let mut chunk = Chunk::uniform(MaterialId(seed as u16 % 40));
    let mut state = seed;
    for _ in 0..seed % 9 * 200 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        chunk.set_index(state as usize >> 14, MaterialId((state >> 5) as u16 % 50));
    }
    chunk
}

fn keys() -> Vec<ChunkKey> {
    let key = |number: i32| {
        let (region, lod) = ((number % 6) as u8, (number / 6 % 3) as u8);
        ChunkKey::new(region, lod, ivec3(number * 4, 9, number % 7 * 400))
    };
    (0..SHARDS as i32).map(key).collect()
}

fn shards(objects: &Arc<dyn ObjectStore>) -> BTreeMap<Path, Vec<u8>> {
    block_on(async {
        let listed: Vec<_> = objects.list(None).try_collect().await?;
        let mut shards = BTreeMap::new();
        for object in listed.into_iter().filter(|object| object.location.as_ref().contains("/c/")) {
            let bytes = objects.get(&object.location).await?.bytes().await?.to_vec();
            shards.insert(object.location, bytes);
        }
        Ok::<_, object_store::Error>(shards)
    })
    .expect("lists")
}

impl World {
    fn new(location: WorldLocation, readers: WorldLocation, options: StoreOptions) -> Self {
        let reader_options = match readers {
            WorldLocation::Http(_) => StoreOptions::default(),
            _ => options.clone(),
        };
        let objects = match &location {
            WorldLocation::Directory(dir) => {
                Arc::new(LocalFileSystem::new_with_prefix(dir).expect("a folder"))
            }
            _ => connect(&location, &options).expect("a client"),
        };
        let old: Vec<_> = keys().into_iter().zip((9..).step_by(9).map(chunk)).collect();
        let chunks: Vec<_> = keys().into_iter().zip((7..).step_by(9).map(chunk)).collect();
        let store = ChunkStore::open(&location, &metadata(), &options).expect("made");
        store.note_lsn(4);
        write(&store, &old).expect("writes");
        let older = shards(&objects);
        store.note_lsn(9);
        write(&store, &chunks).expect("writes");
        block_on(store.commit()).expect("commits");
        drop(store);
        let whole = shards(&objects);
        assert_eq!((older.len(), whole.len()), (SHARDS, SHARDS));
        let path = |key: &ChunkKey| {
            let (shard, _) =
                bluemarble_store::ShardKey::locate(&metadata().shape, *key).expect("inside");
            shard.path()
        };
        let paths = keys().iter().map(path).collect();
        let copy = tempfile::tempdir().expect("a folder");
        let copied = LocalFileSystem::new_with_prefix(copy.path()).expect("a folder");
        block_on(async {
            let listed: Vec<_> = objects.list(None).try_collect().await?;
            for object in listed {
                let bytes = objects.get(&object.location).await?.bytes().await?;
                copied.put(&object.location, bytes.into()).await?;
            }
            Ok::<_, object_store::Error>(())
        })
        .expect("copies");
        Self {
            objects,
            location,
            options,
            readers,
            reader_options,
            copy,
            chunks,
            paths,
            older,
            whole,
        }
    }

    fn put(&self, path: &Path, bytes: &[u8]) {
        block_on(self.objects.put(path, bytes.to_vec().into())).expect("put");
    }

    /// Harms a shard; gives what is harmed besides.
    fn harm(&self, number: usize, how: usize) -> Option<usize> {
        let path = &self.paths[number];
        let whole = &self.whole[path];
        match HARM[how] {
            "deleted" => block_on(self.objects.delete(path)).expect("deletes"),
            "cut" => self.put(path, &whole[..whole.len() / 2]),
            "emptied" => self.put(path, &[]),
            "swapped" => {
                let other = (number + 1) % SHARDS;
                self.put(path, &self.whole[&self.paths[other]]);
                self.put(&self.paths[other], whole);
                return Some(other);
            }
            _ => self.put(path, &self.older[path]),
        }
        None
    }

    fn heal(&self, number: usize) {
        for number in [number, (number + 1) % SHARDS] {
            self.put(&self.paths[number], &self.whole[&self.paths[number]]);
        }
    }

    fn reader(&self) -> ChunkStore {
        ChunkStore::open_read_only(&self.readers, &self.reader_options).expect("opens")
    }

    /// Reads some shards, of which some are harmed.
    fn check_reads(&self, numbers: impl Iterator<Item = usize>, harmed: &[usize], what: &str) {
        let reader = self.reader();
        for number in numbers {
            let (key, chunk) = &self.chunks[number];
            match block_on(reader.read(*key)) {
                Ok(found) => {
                    assert!(!harmed.contains(&number), "{what} of {number} goes unnoticed");
                    assert_eq!(found.as_ref(), Some(chunk), "{what} changes {key}");
                }
                Err(error @ (StoreError::MissingShard { .. } | StoreError::OtherShard { .. })) => {
                    assert!(harmed.contains(&number), "{what} takes {key} with it: {error}");
                    let error = error.to_string();
                    assert!(error.starts_with(self.paths[number].as_ref()), "{what}: {error}");
                    assert!(error.contains("`bluemarble repair --from"), "{what}: {error}");
                }
                Err(error) => panic!("{what} of {number}: {error}"),
            }
        }
    }

    /// What `verify` names.
    fn damages(&self, store: &ChunkStore) -> Vec<Damage> {
        let listing = block_on(async {
            match self.readers {
                WorldLocation::Http(_) => store.list_by_manifest().await,
                _ => store.list_shards().await,
            }
        })
        .expect("lists");
        let mut damages = block_on(store.check_documents(&listing.arrays)).expect("reads");
        damages.extend(block_on(store.check_manifest(&listing)).expect("reads"));
        for shard in &listing.shards {
            damages.extend(block_on(store.check_shard(shard, |_| {})).expect("reads"));
        }
        damages
    }

    fn check_verify(&self, harmed: &[usize], what: &str) -> Vec<Damage> {
        let damages = self.damages(&self.reader());
        let mut named: Vec<_> = damages.iter().map(|damage| damage.path.as_str()).collect();
        let mut expected: Vec<_> =
            harmed.iter().map(|&number| self.paths[number].as_ref()).collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{what}");
        for damage in &damages {
            let part =
                if what == "deleted" { DamagedPart::MissingShard } else { DamagedPart::OtherShard };
            assert!(damage.part == part || what == "everything", "{damage:?}");
        }
        damages
    }

    /// Brings everything that is damaged back from the copy.
    fn repair(&self, damages: &[Damage]) {
        let copy = WorldLocation::from(self.copy.path());
        let copy = ChunkStore::open_read_only(&copy, &StoreOptions::default()).expect("opens");
        let store = ChunkStore::open(&self.location, &metadata(), &self.options).expect("opens");
        for damage in damages {
            let restored = block_on(store.restore_file(&damage.path, &copy, false));
            assert_eq!(restored.expect("restores"), Restored::Same, "{damage}");
        }
        block_on(store.commit()).expect("commits");
    }

    /// One shard after the other: `read` says how many others are read each time, `verify` whether all is verified.
    fn check_one_at_a_time(&self, read: usize, verify: bool) {
        for number in 0..SHARDS {
            for (how, what) in HARM.into_iter().enumerate() {
                let harmed: Vec<_> =
                    [Some(number), self.harm(number, how)].into_iter().flatten().collect();
                let others = (0..read).map(|step| (number + step * 7) % SHARDS);
                self.check_reads(harmed.iter().copied().chain(others), &harmed, what);
                if verify && number % HARM.len() == how {
                    let damages = self.check_verify(&harmed, what);
                    self.repair(&damages);
                    assert_eq!(
                        shards(&self.objects).get(&self.paths[number]),
                        self.whole.get(&self.paths[number])
                    );
                } else {
                    self.heal(number);
                }
            }
        }
        self.check_reads(0..SHARDS, &[], "nothing");
    }

    /// All shards at once, each in another way, until each was harmed in every way.
    fn check_all_at_once(&self) {
        for round in 0..HARM.len() {
            let mut harmed = Vec::new();
            for number in (0..SHARDS).step_by(2) {
                harmed.push(number);
                harmed.extend(self.harm(number, (number / 2 + round) % HARM.len()));
            }
            self.check_reads(0..SHARDS, &harmed, "everything");
            let damages = self.check_verify(&harmed, "everything");
            self.repair(&damages);
            assert_eq!(self.check_verify(&[], "everything"), []);
        }
        self.check_reads(0..SHARDS, &[], "nothing");
        assert_eq!(
            shards(&self.objects)
                .into_iter()
                .filter(|(path, _)| !path.as_ref().starts_with("damaged"))
                .collect::<BTreeMap<_, _>>(),
            self.whole
        );
    }
}

fn in_directory(dir: &FilePath) -> World {
    World::new(dir.into(), dir.into(), StoreOptions::default())
}

fn in_bucket(over_http: bool) -> World {
    let bucket = moto::new_bucket();
    let options = moto::options(moto::port());
    let url = format!("http://127.0.0.1:{}/{bucket}/planets/earth", moto::port());
    let location = moto::location(&bucket);
    let readers = if over_http { url.parse().expect("a location") } else { location.clone() };
    World::new(location, readers, options)
}

#[test]
fn in_a_directory_every_harm_to_any_shard_is_noticed_named_and_repaired() {
    let dir = tempfile::tempdir().expect("a folder");
    in_directory(dir.path()).check_one_at_a_time(20, true);
}

#[test]
fn in_a_bucket_every_harm_to_any_shard_is_noticed_named_and_repaired() {
    let world = in_bucket(false);
    world.check_one_at_a_time(2, false);
    world.check_all_at_once();
}

#[test]
fn over_http_every_harm_to_any_shard_is_noticed_named_and_repaired() {
    let world = in_bucket(true);
    world.check_one_at_a_time(2, false);
    world.check_all_at_once();
}
