//! Reports tell what is so.

use bluemarble_core::{Ray, VoxelPos};
use metrics::{
    Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};

use super::*;
use crate::{Condition, DiskUse, Exactness, Health, RayOptions};

#[test]
fn a_report_counts_edits_chunks_and_what_waits() {
    let objects = objects();
    let world = with_log(open(&objects, &plain()), &SimDisk::new());
    edit(&world, &row(20));
    let lsn = edit(&world, &row(30)).lsn;
    let report = world.report();
    assert_eq!((report.edits.count, report.pending_chunks, report.awaiting_index), (2, 30, 30));
    assert_eq!((report.awaiting_parents, report.world.edited_chunks), (30, 30));
    assert_eq!((report.index.lsn, report.index.newest_lsn), (0, lsn));
    assert!(report.edits.median_us > 0.0 && report.edits.longest_us >= report.edits.median_us);
    let manifest_bytes = report.disk.manifest_bytes;
    let none = DiskUse { manifest_bytes, ..DiskUse::default() };
    assert_eq!((report.disk, report.compression_ratio), (none, 0.0));
    flush(&world);
    block_on(world.rebuild_index(usize::MAX)).expect("indexes");
    let disk = block_on(world.measure_disk()).expect("lists");
    let report = world.report();
    assert_eq!((report.pending_chunks, report.awaiting_index, report.awaiting_parents), (0, 0, 0));
    assert_eq!(report.index.lsn, lsn, "the index knows everything");
    assert_eq!((report.disk, disk.chunks), (disk, all_edited(&world).len() as u64));
    assert!(disk.shards > 0 && report.compression_ratio > 10.0, "{report:?}");
    let classes = disk.classes;
    assert_eq!(classes.iter().map(|class| class.chunks).sum::<u64>(), disk.chunks);
    let ground = classes[bluemarble_core::ContentClass::Ground as usize];
    assert!(ground.chunks > 0 && ground.saved_share() > 0.9, "{classes:?}");
    assert!(disk.manifest_bytes > 0);
    assert!(report.health.is_good(), "{:?}", report.health);
    drop(world);
    let opened = open(&objects, &plain()).report().disk;
    assert_eq!((opened.shards, opened.shard_bytes), (disk.shards, disk.shard_bytes), "at once");
    assert_eq!((opened.listed_shards, disk.listed_shards), (0, disk.shards));
}

#[test]
fn queries_are_counted_with_the_share_that_needed_no_chunk() {
    let world = in_memory(&plain());
    set(&world, 0, ivec3(3, -20, 5), BRICK);
    let mut reader = world.reader();
    for x in 0..100 {
        // Far above the ground, and in the edited chunk.
        for at in [ivec3(64 * x, 5000, 0), ivec3(x % 64, -20, 5)] {
            reader.query_material(VoxelPos::new(0, at), 0, Exactness::Exact).expect("answers");
        }
    }
    let up = Ray { origin: DVec3::new(0.5, 9000.5, 0.5), direction: DVec3::Y };
    let down = Ray { origin: DVec3::new(3.5, 50.5, 5.5), direction: DVec3::NEG_Y };
    for ray in [up, down] {
        reader.first_hit(&ray, &RayOptions::default()).expect("casts");
    }
    assert_eq!(world.report().queries.count, 0, "readers tell now and then");
    drop(reader);
    let report = world.report();
    assert_eq!(report.queries.count, 202);
    assert!((report.octree_share - 101.0 / 202.0).abs() < 1e-9, "{}", report.octree_share);
    let voxels: Vec<_> = (0..50).map(|x| VoxelPos::new(0, ivec3(x, -20, 5))).collect();
    world.read_many(&voxels).expect("reads");
    assert_eq!(world.report().queries.count, 252);
}

#[test]
fn a_world_whose_store_fails_is_not_healthy_and_says_why() {
    let faulty = faulty::Faulty::over(objects());
    let objects: Arc<dyn ObjectStore> = faulty.clone();
    let world = open(&objects, &plain());
    edit(&world, &row(5));
    faulty.fail_puts_after(0);
    assert!(block_on(world.checkpoint()).is_err());
    let Health { storage, .. } = world.report().health;
    assert!(
        matches!(&storage, Condition::Failed(why) if why.contains("no space left")),
        "{storage:?}"
    );
    faulty.heal();
    flush(&world);
    assert_eq!(world.report().health.storage, Condition::Good);
    let world = open(&objects, &plain());
    all_edited(&world);
    faulty.fail_gets();
    assert!(block_on(world.index_some(usize::MAX)).1.is_some());
    let Health { rebuild_queue, .. } = world.report().health;
    assert!(
        matches!(&rebuild_queue, Condition::Degraded(why) if why.contains("no space left")),
        "{rebuild_queue:?}"
    );
}

/// Remembers gauges.
#[derive(Clone, Default)]
struct Remembered(Arc<Mutex<HashMap<String, f64>>>);

struct Named(Remembered, String);

impl GaugeFn for Named {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.0.0.lock().expect("whole").insert(self.1.clone(), value);
    }
}

impl Recorder for Remembered {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Arc::new(Named(self.clone(), key.name().to_owned())))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn every_number_of_a_report_reaches_the_programs_own_recorder() {
    let world = in_memory(&plain());
    edit(&world, &row(7));
    let (report, recorder) = (world.report(), Remembered::default());
    metrics::with_local_recorder(&recorder, || report.publish());
    let found = recorder.0.lock().expect("whole").clone();
    assert_eq!((found["bluemarble_chunks_edited"], found["bluemarble_edits"]), (7.0, 1.0));
    for (name, number) in report.numbers() {
        assert_eq!(found.get(&format!("bluemarble_{name}")), Some(&number), "{name}");
    }
    assert_eq!(found.len(), report.numbers().len(), "every name is used once");
}
