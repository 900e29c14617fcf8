//! The index follows the edits, whatever goes wrong meanwhile.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{Exactness, RebuildManager, RebuildOptions, RebuildPace};

const PATIENCE: Duration = Duration::from_secs(60);

fn manage(world: &HybridWorld, pace: RebuildPace, workers: usize) -> RebuildManager {
    RebuildManager::start(world, RebuildOptions { pace, workers }).expect("threads")
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn on_demand_nothing_is_looked_at_until_somebody_asks() {
    let world = with_log(in_memory(&plain()), &SimDisk::new());
    let manager = manage(&world, RebuildPace::OnDemand, 2);
    let lsn = edit(&world, &row(100)).lsn;
    thread::sleep(Duration::from_millis(50));
    assert_eq!((world.unindexed(), manager.progress().indexed), (100, 0));
    assert_eq!(world.index_statistics().lsn, 0);
    manager.rebuild_now();
    assert!(manager.wait(PATIENCE), "the round ends");
    let progress = manager.progress();
    assert_eq!((progress.indexed, progress.left, progress.failed), (100, 0, 0));
    assert!(!progress.is_running && progress.rounds == 1, "{progress:?}");
    let statistics = world.index_statistics();
    assert_eq!((statistics.lsn, statistics.newest_lsn), (lsn, lsn));
    assert_eq!((statistics.summaries, statistics.leaves), (100, 100));
    assert_eq!((statistics.looks, statistics.waiting), (100, 0));
}

#[test]
fn the_index_follows_edits_by_itself_and_a_change_of_pace_is_heeded() {
    let world = in_memory(&plain());
    let manager = manage(&world, RebuildPace::Lazy, 1);
    edit(&world, &row(40));
    manager.set_pace(RebuildPace::Aggressive);
    wait_until("the first edits are indexed", || world.unindexed() == 0);
    edit(&world, &row(60));
    wait_until("and so are the next", || world.unindexed() == 0);
    assert_eq!(world.index_statistics().summaries, 60);
}

#[test]
fn a_chunk_that_can_not_be_read_is_counted_and_tried_again() {
    let baseline = plain();
    let objects = objects();
    let world = open(&objects, &baseline);
    edit(&world, &row(40));
    flush(&world);
    let faulty = faulty::Faulty::over(objects);
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let world = open(&objects, &baseline);
    all_edited(&world);
    faulty.fail_gets();
    let manager = manage(&world, RebuildPace::OnDemand, 1);
    manager.rebuild_now();
    assert!(manager.wait(PATIENCE), "failures do not keep a round from ending");
    let failed = world.index_statistics();
    assert_eq!((manager.progress().indexed, failed.lsn), (0, 0));
    assert!(failed.failures > 0 && failed.resting == world.unindexed(), "{failed:?}");
    let error = failed.last_error.expect("the error is kept");
    assert!(error.contains("no space left"), "{error}");
    faulty.heal();
    assert!(
        block_on(world.rebuild_index(usize::MAX)).is_ok(),
        "who asks does not wait for the rest"
    );
    assert_eq!(world.unindexed(), 0);
}

#[test]
fn what_a_query_had_to_do_without_is_looked_at_first() {
    let world = in_memory(&plain());
    edit(&world, &row(50));
    let far = ivec3(64 * 42, -20, 5);
    let mut reader = world.reader();
    let dominant = Exactness::Dominant { threshold: 0.9 };
    let before = reader.query_material(VoxelPos::new(0, far), 0, dominant).expect("answers");
    block_on(world.rebuild_index(1)).expect("indexes");
    assert!(world.summary(VoxelPos::new(0, far).chunk(0)).is_some(), "it came first");
    assert_eq!(reader.query_material(VoxelPos::new(0, far), 0, dominant).expect("answers"), before);
}

#[test]
fn a_manager_that_is_dropped_leaves_the_rest_of_the_queue_and_ends() {
    let world = in_memory(&hills());
    let mut batch = EditBatch::new();
    batch.fill_box(VoxelBox::new(0, LatticeBox::new(IVec3::splat(-700), IVec3::splat(700))), BRICK);
    edit(&world, &batch);
    let all = world.unindexed();
    let manager = manage(&world, RebuildPace::OnDemand, 2);
    manager.rebuild_now();
    wait_until("the workers begin", || world.unindexed() < all);
    drop(manager);
    assert!(world.unindexed() > 0, "it did not wait for all {all} chunks");
    assert_eq!(world.index_statistics().claimed, 0, "nothing stays claimed");
}
