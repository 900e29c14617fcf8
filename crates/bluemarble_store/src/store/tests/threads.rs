//! Many threads at one shard.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use super::{
    faulty::{Faulty, Moment},
    *,
};

const WRITERS: u64 = 4;

/// A chunk that says whose it is and how often it was written, in as many bytes as that takes.
fn version(writer: u64, version: u64) -> Chunk {
    let mut chunk = Chunk::uniform(MaterialId(writer as u16));
    for cell in 0..version * 7 % 60 + 1 {
        chunk.set_index((cell * cell * 71) as usize, MaterialId(1000 + version as u16));
    }
    chunk
}

fn version_of(chunk: &Chunk) -> u64 {
    u64::from(chunk.get_index(0).0) - 1000
}

/// Writers of one shard, each with chunks of its own, and readers of all of them.
fn check_threads(objects: &Arc<dyn ObjectStore>, chunk_edge: ChunkEdge, versions: u64) {
    let storage = StorageOptions { chunk_edge, ..StorageOptions::default() };
    let store = open_stored(objects, EARTH, storage);
    // Slots between each other in one shard, and one shard more behind the same locks.
    let key = |writer: u64| {
        let x = if writer == WRITERS - 1 { 5 } else { writer as i32 };
        ChunkKey::new(2, 0, ivec3(x, 3, 2))
    };
    let acknowledged: [AtomicU64; WRITERS as usize] = Default::default();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (store, acknowledged) = (&store, &acknowledged);
                scope.spawn(move || {
                    for number in 1..=versions {
                        write(store, &[(key(writer), version(writer, number))]).expect("writes");
                        acknowledged[writer as usize].store(number, SeqCst);
                    }
                })
            })
            .collect();
        for start in 0..2 {
            let (store, acknowledged, done) = (&store, &acknowledged, &done);
            scope.spawn(move || {
                let mut seen = [0; WRITERS as usize];
                let mut writer = start;
                while !done.load(SeqCst) {
                    writer = (writer + 1) % WRITERS;
                    let least = acknowledged[writer as usize].load(SeqCst);
                    let found = read(store, key(writer)).expect("reads");
                    let number = found.as_ref().map_or(0, version_of);
                    assert!(number >= least, "version {number} is older than {least}");
                    assert!(number >= seen[writer as usize], "version {number} was newer before");
                    if let Some(found) = found {
                        assert!(found == version(writer, number), "version {number} is torn");
                    }
                    seen[writer as usize] = number;
                }
            });
        }
        let failed = writers.into_iter().filter_map(|writer| writer.join().err()).count();
        done.store(true, SeqCst);
        assert_eq!(failed, 0, "writers failed");
    });
    for store in [store, open(objects, EARTH)] {
        assert_eq!(store.keys_blocking().expect("lists").len(), WRITERS as usize);
        for writer in 0..WRITERS {
            let found = read(&store, key(writer)).expect("reads");
            assert_eq!(found, Some(version(writer, versions)), "chunk of writer {writer}");
        }
    }
}

#[test]
fn threads_that_share_a_shard_in_memory_lose_nothing_and_read_nothing_torn_or_old() {
    check_threads(&in_memory(), ChunkEdge::Cells64, 60);
}

#[test]
fn threads_that_share_a_shard_on_disk_lose_nothing_and_read_nothing_torn_or_old() {
    let dir = directory();
    check_threads(&on_disk(dir.path()), ChunkEdge::Cells64, 25);
}

#[test]
fn threads_that_share_a_stored_chunk_lose_nothing_and_read_nothing_torn_or_old() {
    check_threads(&in_memory(), ChunkEdge::Cells128, 25);
}

#[test]
fn threads_that_share_a_shard_of_small_stored_chunks_lose_nothing_and_read_nothing_torn_or_old() {
    check_threads(&in_memory(), ChunkEdge::Cells32, 40);
}

/// A store in which three chunks share a shard, and the keys of the first, the middle and the last.
fn interrupted() -> (Arc<Faulty>, Arc<ChunkStore>, [ChunkKey; 3]) {
    let faulty = Faulty::over(in_memory());
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let keys = [0, 1, 2].map(|x| ChunkKey::new(0, 0, ivec3(x, 0, 0)));
    let store = open(&objects, EARTH);
    let chunks = keys.map(|key| (key, version(key.pos.x as u64, 1)));
    write(&store, &chunks).expect("writes");
    (faulty, Arc::new(store), keys)
}

#[test]
fn a_shard_that_is_replaced_between_its_index_and_a_chunk_is_read_once_more() {
    // With the index read just now, and with one that was remembered.
    for moment in [Moment::AfterGet, Moment::BeforeGet] {
        let (faulty, store, [first, _, last]) = interrupted();
        if moment == Moment::BeforeGet {
            read(&store, last).expect("remembers the index");
        }
        let again = Arc::clone(&store);
        faulty.interrupt(moment, move || {
            // Longer than before: everything behind it moves.
            write(&again, &[(first, version(0, 8)), (last, version(2, 2))]).expect("writes");
        });
        assert_eq!(read(&store, last).expect("reads"), Some(version(2, 2)), "{moment:?}");
        assert_eq!(read(&store, first).expect("reads"), Some(version(0, 8)), "{moment:?}");
    }
}

#[test]
fn what_is_read_in_the_middle_of_a_write_is_whole_and_soon_forgotten() {
    for (moment, number) in [(Moment::BeforePut, 1), (Moment::AfterPut, 2)] {
        let (faulty, store, [first, middle, last]) = interrupted();
        let new = ChunkKey::new(0, 0, IVec3::Y);
        let again = Arc::clone(&store);
        faulty.interrupt(moment, move || {
            assert_eq!(again.keys_blocking().expect("lists").len(), 2 + number as usize);
            assert_eq!(read(&again, middle).expect("reads"), Some(version(1, 1)));
            assert_eq!(read(&again, last).expect("reads"), Some(version(2, number)));
        });
        let chunks = [(first, version(0, 8)), (last, version(2, 2)), (new, chunk(1))];
        write(&store, &chunks).expect("writes");
        assert_eq!(store.keys_blocking().expect("lists").len(), 4, "{moment:?}");
        assert_eq!(read(&store, last).expect("reads"), Some(version(2, 2)), "{moment:?}");
        assert_eq!(read(&store, middle).expect("reads"), Some(version(1, 1)), "{moment:?}");
    }
}
