//! Snapshots of a world that is edited meanwhile.

use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bluemarble_store::{SnapshotPolicy, StoreOptions, WorldLocation};

use super::*;

/// Chunks that every batch changes, in shards of their own.
const CHUNKS: i32 = 12;

fn voxel(number: i32) -> VoxelPos {
    VoxelPos::new(0, ivec3(number * 300, 40 + number, 7))
}

/// Batch `number` makes all voxels this material.
fn material(number: u64) -> MaterialId {
    MaterialId(1 + (number % 60) as u16)
}

#[test]
fn a_snapshot_has_all_of_its_batch_and_nothing_later_while_edits_go_on() {
    let dir = tempfile::tempdir().expect("a folder");
    let open = || HybridWorld::open(dir.path(), plain(), MaterialTable::standard()).expect("opens");
    // Checkpoints have numbers in the log as well.
    let numbers = Mutex::new(HashMap::new());
    let taken: Vec<_> = {
        let world = open();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 1.. {
                    let mut batch = EditBatch::new();
                    for at in 0..CHUNKS {
                        batch.set(voxel(at), material(number));
                    }
                    let report = block_on(world.edit(&batch)).expect("edits");
                    numbers.lock().expect("whole").insert(report.lsn, number);
                    if is_over.load(SeqCst) {
                        break;
                    }
                }
            });
            let take = |second: u64| {
                thread::sleep(Duration::from_millis(20));
                let now = UNIX_EPOCH + Duration::from_secs(second);
                let taken = block_on(world.take_snapshot(now, &SnapshotPolicy::ALL));
                taken.expect("takes").0.expect("it has a store").snapshot
            };
            let taken = (0..8).map(take).collect();
            is_over.store(true, SeqCst);
            taken
        })
    };
    assert!(taken.windows(2).all(|pair| pair[0].lsn < pair[1].lsn), "{taken:?}");
    let numbers = numbers.into_inner().expect("whole");
    for snapshot in taken.iter().rev() {
        // A snapshot from before the first edit has nothing to tell.
        let Some(&number) = numbers.get(&snapshot.lsn) else {
            assert_eq!(snapshot.lsn, 0);
            continue;
        };
        block_on(open().checkpoint()).expect("folds");
        let location = WorldLocation::Directory(dir.path().to_owned());
        let metadata =
            WorldMetadata::new(plain().shape(), plain().fingerprint(), &MaterialTable::standard());
        let store =
            ChunkStore::open(&location, &metadata, &StoreOptions::default()).expect("opens");
        block_on(store.restore_snapshot(snapshot.number, SystemTime::now())).expect("restores");
        drop(store);
        let world = open();
        for at in 0..CHUNKS {
            let found = block_on(world.material(voxel(at))).expect("reads");
            assert_eq!(found, material(number), "voxel {at} of batch {}", snapshot.lsn);
        }
        // Coarser lods are those of the same moment.
        assert_eq!(update_parents(&world), []);
    }
}
