//! Losses of power at any moment of a session with edits and checkpoints: store and log on one disk that
//! forgets whatever was not synced.

use std::{io, path::PathBuf};

use bluemarble_store::StoreOptions;
use bluemarble_store::log::{
    Durability,
    disk::{Disk, DiskFile},
    sim::Event,
};
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStoreExt, PutPayload, path::Path};

use super::*;

const LOG: &str = "log/";
const OBJECT: &str = "object/";
const ISSUED: u64 = 1 << 32;

/// The files of a disk that belong to the log.
#[derive(Clone, Debug)]
struct LogDisk(SimDisk);

impl LogDisk {
    fn name(name: &str) -> String {
        format!("{LOG}{name}")
    }
}

impl Disk for LogDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let names = self.0.list()?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(LOG)).map(str::to_owned).collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.read(&Self::name(name))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.0.create(&Self::name(name))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.0.open(&Self::name(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(&Self::name(from), &Self::name(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(&Self::name(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.0.sync_dir()
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }
}

/// Puts an object the way a file system store with fsync does.
fn put(disk: &SimDisk, path: &Path, payload: &PutPayload) -> io::Result<()> {
    let (name, unfinished) = (format!("{OBJECT}{path}"), format!("unfinished/{path}"));
    let mut file = disk.create(&unfinished)?;
    let mut offset = 0;
    for bytes in payload {
        file.write_at(offset, bytes)?;
        offset += bytes.len() as u64;
    }
    file.sync()?;
    disk.rename(&unfinished, &name)?;
    disk.sync_dir()
}

/// The objects that are on a disk.
fn objects_of(disk: &SimDisk) -> Arc<dyn ObjectStore> {
    let objects = InMemory::new();
    for name in disk.list().expect("lists") {
        if let Some(path) = name.strip_prefix(OBJECT) {
            let bytes = disk.read(&name).expect("a file");
            block_on(objects.put(&Path::from(path), bytes.into())).expect("puts");
        }
    }
    Arc::new(objects)
}

fn open_on(disk: &SimDisk, objects: &Arc<dyn ObjectStore>) -> Result<HybridWorld, WorldError> {
    let durability = Durability::Group { window: std::time::Duration::ZERO };
    let options = LogOptions { durability, segment_bytes: 2048 };
    open(objects, &plain()).with_log(Arc::new(LogDisk(disk.clone())), options)
}

/// Every batch touches all these chunks, and leaves its number in each of them.
const CHUNKS: [ChunkKey; 3] = [
    ChunkKey { region: 0, lod: 0, pos: IVec3::ZERO },
    ChunkKey { region: 0, lod: 0, pos: IVec3::NEG_ONE },
    ChunkKey { region: 0, lod: 0, pos: ivec3(9, 0, -5) },
];

fn numbered(number: u64) -> EditBatch {
    let material = MaterialId(1 + (number % 15) as u16);
    let mut batch = EditBatch::new();
    for key in CHUNKS {
        let corner = key.min_voxel();
        let slab = IVec3::new(32, 2, 32);
        let at = corner + ivec3(0, (number % 20) as i32 * 3, 0);
        batch.fill_box(VoxelBox::new(0, LatticeBox::new(at, at + slab)), material);
        for digit in 0..8 {
            let bit = material_of_bit(number >> digit & 1);
            batch.set(VoxelPos::new(0, corner + ivec3(40 + digit, 60, 40)), bit);
        }
    }
    batch
}

fn material_of_bit(bit: u64) -> MaterialId {
    if bit == 1 { BRICK } else { GRANITE }
}

/// How many batches a chunk has seen, by the number that the last one left there.
fn batches_in(chunk: &Chunk) -> u64 {
    let digit = |digit: i32| match chunk.get(ivec3(40 + digit, 60, 40)) {
        BRICK => 1 << digit,
        GRANITE => 0,
        _ => u64::MAX / 8,
    };
    let number: u64 = (0..8).map(digit).fold(0, u64::wrapping_add);
    if number > 255 { 0 } else { number + 1 }
}

#[test]
fn after_any_loss_of_power_a_world_is_a_prefix_of_its_edits_with_everything_acknowledged() {
    const BATCHES: u64 = 24;
    let disk = SimDisk::new();
    let faulty = faulty::Faulty::over(objects());
    let watched = disk.clone();
    faulty.watch_puts(move |path, payload| put(&watched, path, payload).expect("written"));
    let objects: Arc<dyn ObjectStore> = faulty;
    // What the chunks are after each number of batches.
    let oracle = in_memory(&plain());
    let mut states = vec![CHUNKS.map(|key| read(&oracle, key))];
    let mut number = 0;
    for _session in 0..3 {
        let world = open_on(&disk, &objects).expect("opens");
        for step in 0..BATCHES / 3 {
            disk.mark(ISSUED + number + 1);
            edit(&world, &numbered(number));
            number += 1;
            disk.mark(number);
            edit(&oracle, &numbered(number - 1));
            states.push(CHUNKS.map(|key| read(&oracle, key)));
            if step == 3 {
                update_parents(&world);
            }
            if step % 3 == 2 {
                flush(&world);
            }
        }
    }
    let (mut issued, mut acknowledged, mut images) = (0, 0, 0);
    let mut playback = disk.playback();
    for (at, event) in disk.journal().iter().enumerate() {
        playback.play(event);
        match event {
            Event::Mark(mark) if *mark > ISSUED => issued = mark - ISSUED,
            Event::Mark(mark) => acknowledged = *mark,
            _ => {
                for crash in 0..2 {
                    let seed = at as u64 * 2 + crash;
                    let image = playback.crash(seed);
                    check_image(&image, seed, &states, acknowledged..=issued);
                    images += 1;
                }
            }
        }
    }
    assert!(images > 1000, "{images} images are too few to tell");
}

/// A reader that comes before the writer finds a whole Zarr hierarchy: all documents, and nothing damaged below them.
fn check_store(objects: &Arc<dyn ObjectStore>, seed: u64) {
    let store = match ChunkStore::with_read_only_objects(objects.clone(), &StoreOptions::default())
    {
        Ok(store) => store,
        // The world was not made yet: there is nothing but perhaps its first manifest.
        Err(StoreError::NoWorld { .. }) => {
            let listed: Vec<_> = block_on(objects.list(None).try_collect()).expect("lists");
            let is_manifest =
                |object: &ObjectMeta| object.location.as_ref().starts_with("manifest/");
            assert!(listed.iter().all(is_manifest), "crash {seed:#x}: objects of no world");
            return;
        }
        Err(error) => panic!("crash {seed:#x}: {error}"),
    };
    let listing = block_on(store.list_shards()).expect("lists");
    assert!(listing.strays.is_empty(), "crash {seed:#x}: {:?}", listing.strays);
    let mut damages = block_on(store.check_documents(&listing.arrays)).expect("reads");
    damages.extend(block_on(store.check_manifest(&listing)).expect("reads"));
    for shard in &listing.shards {
        damages.extend(block_on(store.check_shard(shard, |_| ())).expect("reads"));
    }
    assert_eq!(damages, [], "crash {seed:#x}");
}

fn check_image(
    image: &SimDisk,
    seed: u64,
    states: &[[Chunk; 3]],
    expected: std::ops::RangeInclusive<u64>,
) {
    let objects = objects_of(image);
    check_store(&objects, seed);
    let world = open_on(image, &objects)
        .unwrap_or_else(|error| panic!("crash {seed:#x} cannot be opened: {error}"));
    let found = CHUNKS.map(|key| read(&world, key));
    let count = batches_in(&found[0]);
    assert!(expected.contains(&count), "crash {seed:#x}: {count} batches of {expected:?}");
    for (found, state) in found.iter().zip(&states[count as usize]) {
        assert!(same(found, state), "crash {seed:#x}: not what {count} batches make");
    }
    // The slow part, now and then: every lod shows it, and a checkpoint after the crash changes nothing.
    if seed.is_multiple_of(61) {
        flush(&world);
        parents::check(&world);
        drop(world);
        let again = open_on(image, &objects).expect("opens again");
        for (key, found) in CHUNKS.into_iter().zip(found) {
            assert!(same(&read(&again, key), &found), "crash {seed:#x}: changed by a checkpoint");
        }
    }
}
