//! Many threads: nobody ever reads an older chunk than one that was acknowledged.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU16, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use bluemarble_core::CompactChunk;
use futures::StreamExt;

use super::*;

const COUNTERS: usize = 5;
const BITS: i32 = 10;
const LAST: u16 = 40;

/// Counters lie in chunks beside each other and in one far away.
fn place(counter: usize) -> IVec3 {
    ivec3([3, 70, -5, 140, 5000][counter], -2, 11)
}

/// Shows a number as a row of bricks and air, changed as one batch.
fn show(world: &HybridWorld, counter: usize, number: u16) {
    let mut batch = EditBatch::new();
    for bit in 0..BITS {
        let material = if number >> bit & 1 == 1 { BRICK } else { AIR };
        batch.set(VoxelPos::new(0, place(counter) + IVec3::Z * bit), material);
    }
    edit(world, &batch);
}

fn shown(world: &HybridWorld, counter: usize) -> u16 {
    let chunk = read(world, VoxelPos::new(0, place(counter)).chunk(0));
    let cell = place(counter) & 63;
    (0..BITS).map(|bit| u16::from(chunk.get(cell + IVec3::Z * bit) == BRICK) << bit).sum()
}

/// One thread counts, two watch, one flushes and one keeps changing how much may be remembered.
fn check_counters(world: &HybridWorld) {
    let acknowledged: [AtomicU16; COUNTERS] = Default::default();
    let done = AtomicBool::new(false);
    (0..COUNTERS).for_each(|counter| show(world, counter, 0));
    thread::scope(|scope| {
        let (acknowledged, done) = (&acknowledged, &done);
        let writer = scope.spawn(move || {
            for number in 1..=LAST {
                for (counter, acknowledged) in acknowledged.iter().enumerate() {
                    show(world, counter, number);
                    acknowledged.store(number, SeqCst);
                }
            }
        });
        for start in 0..2 {
            scope.spawn(move || {
                let mut seen = [0; COUNTERS];
                let mut counter = start;
                while !done.load(SeqCst) {
                    counter = (counter + 1) % COUNTERS;
                    let least = acknowledged[counter].load(SeqCst).max(seen[counter]);
                    let number = shown(world, counter);
                    assert!(number >= least, "counter {counter} shows {number} after {least}");
                    seen[counter] = number;
                }
            });
        }
        scope.spawn(move || {
            while !done.load(SeqCst) {
                flush(world);
            }
        });
        scope.spawn(move || {
            for budget in [0, 40_000, 200_000, 1 << 20].into_iter().cycle() {
                if done.load(SeqCst) {
                    break;
                }
                world.set_cache_budget_bytes(budget);
                thread::sleep(Duration::from_millis(3));
            }
        });
        let outcome = writer.join();
        done.store(true, SeqCst);
        assert!(outcome.is_ok(), "the writer failed");
    });
    for counter in 0..COUNTERS {
        assert_eq!(shown(world, counter), LAST);
    }
}

#[test]
fn readers_never_see_an_older_chunk_than_they_could_have_seen() {
    let (objects, baseline) = (objects(), plain());
    let world = open(&objects, &baseline);
    check_counters(&world);
    flush(&world);
    let reopened = open(&objects, &baseline);
    for counter in 0..COUNTERS {
        assert_eq!(shown(&reopened, counter), LAST);
    }
    parents::check(&world);
    parents::check(&reopened);
}

#[test]
fn a_chunk_filled_while_it_was_edited_and_flushed_is_not_remembered() {
    let baseline = Interrupted::new(plain());
    let dynamic: Arc<dyn Baseline> = baseline.clone();
    let world = open(&objects(), &dynamic);
    let voxel = ivec3(9, 3, 9);
    let key = VoxelPos::new(0, voxel).chunk(0);
    let again = world.clone();
    baseline.at(key, move || {
        set(&again, 0, voxel, BRICK);
        flush(&again);
        again.set_cache_budget_bytes(0);
        again.set_cache_budget_bytes(1 << 20);
    });
    read(&world, key);
    assert_eq!(material(&world, 0, voxel), BRICK);
}

#[test]
fn an_edited_chunk_too_large_to_be_remembered_leaves_no_older_one_behind() {
    let world = open(&objects(), &plain());
    let voxel = ivec3(9, 300, 9);
    let key = VoxelPos::new(0, voxel).chunk(0);
    world.set_cache_budget_bytes(4000);
    for material in [BRICK, AIR, GRANITE] {
        read(&world, key);
        set(&world, 0, voxel, material);
        flush(&world);
        assert_eq!(read(&world, key).get(voxel & 63), material);
    }
}

#[test]
fn edits_of_many_threads_to_the_same_chunks_are_all_there() {
    const EACH: i32 = 200;
    let world = in_memory(&plain());
    let start = Barrier::new(4);
    let voxel = |thread: i32, i: i32| ivec3(i % 20 - 10, 5 + thread, i / 20);
    thread::scope(|scope| {
        for number in 0..4 {
            let (world, start) = (&world, &start);
            scope.spawn(move || {
                start.wait();
                (0..EACH).for_each(|i| drop(set(world, 0, voxel(number, i), BRICK)));
            });
        }
    });
    for number in 0..4 {
        for i in 0..EACH {
            assert_eq!(material(&world, 0, voxel(number, i)), BRICK);
        }
    }
}

/// Ends what others do, also when a check fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn a_checkpoint_ends_while_others_edit_without_a_pause_and_the_log_makes_up_the_rest() {
    let (memory, baseline, disk) = (Arc::new(InMemory::new()), plain(), SimDisk::new());
    let objects: Arc<dyn ObjectStore> = memory.clone();
    let world = with_log(open(&objects, &baseline), &disk);
    let done = AtomicBool::new(false);
    let patience = Instant::now() + Duration::from_secs(60);
    thread::scope(|scope| {
        let ends = Ends(&done);
        let editor = scope.spawn(|| {
            for i in 0.. {
                if done.load(SeqCst) || Instant::now() > patience {
                    break;
                }
                let at = ivec3(i * 5 % 200, -4, i * 11 % 200);
                let hole = LatticeBox::new(at, at + ivec3(9, 4, 9));
                let material = if i % 3 == 0 { SOIL } else { AIR };
                edit(&world, EditBatch::new().fill_box(VoxelBox::new(0, hole), material));
            }
        });
        for _ in 0..2 {
            while world.statistics().overlay_chunks == 0 {
                thread::yield_now();
            }
            assert!(flush(&world) > 0);
            assert!(!editor.is_finished(), "the flush waited until nobody edited any more");
        }
        // As if the process had ended right after a flush.
        let objects: Arc<dyn ObjectStore> = Arc::new(memory.fork());
        let reopened = with_log(open(&objects, &baseline), &disk.copy());
        update_parents(&reopened);
        parents::check(&reopened);
        drop(ends);
    });
    update_parents(&world);
    parents::check(&world);
}

#[test]
fn a_checkpoint_stores_the_same_bytes_on_any_number_of_threads() {
    let bytes_with = |threads: usize| {
        let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let world = open(&objects, &hills());
        world.set_threads(threads);
        // Every other box is taken back before anything is folded: those chunks are the baseline's again, while the parents
        // of the others change.
        let boxes: Vec<_> = (0..1500)
            .map(|number| {
                let low = ivec3(number % 40 * 64, 200, number / 40 * 64);
                VoxelBox::new(0, LatticeBox::new(low, low + 8))
            })
            .collect();
        for (material, every) in [(BRICK, 1), (AIR, 2)] {
            let mut batch = EditBatch::new();
            boxes.iter().step_by(every).for_each(|&at| _ = batch.fill_box(at, material));
            block_on(world.edit(&batch)).expect("edits");
        }
        block_on(world.checkpoint()).expect("folds");
        let shards = block_on(objects.list(None).collect::<Vec<_>>());
        let mut bytes = HashMap::new();
        for shard in shards {
            let path = shard.expect("lists").location;
            if path.as_ref().contains("/c/") {
                let found = block_on(async { objects.get(&path).await?.bytes().await });
                bytes.insert(path, found.expect("reads"));
            }
        }
        let edited: HashSet<ChunkKey> = all_edited(&world).into_iter().collect();
        (bytes, edited)
    };
    let one = bytes_with(1);
    assert!(one.0.len() > 30 && one.1.len() > 200, "{} shards, {}", one.0.len(), one.1.len());
    for threads in [2, 5] {
        assert!(bytes_with(threads) == one, "{threads} threads");
    }
}

#[test]
#[should_panic(expected = "a number of another time")]
fn nothing_is_published_under_a_number_that_somebody_may_have_gone_past() {
    let world = open(&objects(), &plain());
    let key = ChunkKey::new(0, 0, IVec3::ZERO);
    let mut state = world.state_mut();
    let older = state.next_change();
    state.next_change();
    // A reader that has seen the newer number takes this for seen as well, and would never show it.
    state.publish_whole(key, older, CompactChunk::new(&Chunk::default()));
}

/// Lets other threads end, also where this one panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn edits_between_changes_to_other_chunks_are_seen_at_once() {
    let world = open(&objects(), &plain());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let other = ChunkKey::new(0, 3, IVec3::ZERO);
            while !done.load(SeqCst) {
                let mut state = world.state_mut();
                let change = state.next_change();
                state.publish_whole(other, change, CompactChunk::new(&Chunk::default()));
            }
        });
        scope.spawn(|| {
            while !done.load(SeqCst) {
                shown(&world, 0);
            }
        });
        let _done = Done(&done);
        for number in 0..1000 {
            show(&world, 0, number);
            assert_eq!(shown(&world, 0), number);
        }
    });
}
