//! What every log must do, on a real disk.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bluemarble_core::{Cause, EditBatch, LatticeBox, LatticePos, MaterialId, VoxelBox, VoxelPos};
use futures::executor::block_on;
use glam::{DVec3, IVec3, ivec3};
use proptest::prelude::*;

use super::{
    disk::{Disk, real_disk},
    payload::tests::any_batch,
    repair::repair,
    sim::{Event, Fault, SimDisk},
    *,
};
use crate::StoreError;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory for temporary files")
}

fn options(segment_bytes: u64) -> LogOptions {
    LogOptions { durability: Durability::Sync, segment_bytes }
}

/// Opens a log and returns what it replays.
fn open(dir: &Path, options: LogOptions) -> Result<(DeltaLog, Vec<LoggedBatch>), StoreError> {
    open_disk(real_disk(dir)?, options)
}

fn open_on(
    disk: &SimDisk,
    options: LogOptions,
) -> Result<(DeltaLog, Vec<LoggedBatch>), StoreError> {
    open_disk(Arc::new(disk.clone()), options)
}

fn open_disk(
    disk: Arc<dyn Disk>,
    options: LogOptions,
) -> Result<(DeltaLog, Vec<LoggedBatch>), StoreError> {
    let mut replayed = Vec::new();
    let log = DeltaLog::open(disk, options, |batch| {
        replayed.push(batch);
        Ok(())
    })?;
    Ok((log, replayed))
}

fn append(log: &DeltaLog, batch: &EditBatch) -> Lsn {
    block_on(log.append(batch).expect("taken").acknowledged()).expect("acknowledged")
}

/// Batches that differ from each other, of all kinds of edits.
fn batch(number: i32) -> EditBatch {
    let mut batch = EditBatch::new()
        .caused_by(Cause::Process { process: number as u8, year: number as u32 * 1000 });
    let material = MaterialId(number as u16);
    for x in 0..number % 5 {
        batch.set(VoxelPos::new(1, ivec3(x, number, -number)), material);
    }
    let voxels = LatticeBox::new(IVec3::splat(number), IVec3::splat(number + 9));
    batch.fill_box(VoxelBox::new(2, voxels), material);
    batch.fill_sphere(LatticePos::new(0, DVec3::splat(0.5)), f64::from(number), material);
    batch
}

fn segments(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries =
        fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.clone(), fs::read(path).expect("a file"))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn what_is_appended_is_replayed_in_order_after_any_number_of_starts(
        sessions in prop::collection::vec(prop::collection::vec(any_batch(), 0..6), 1..5),
        segment_bytes in 200u64..9000,
    ) {
        let dir = directory();
        let mut expected = Vec::new();
        for session in &sessions {
            let (log, replayed) = open(dir.path(), options(segment_bytes)).expect("opens");
            prop_assert_eq!(&replayed, &expected);
            for batch in session {
                let lsn = append(&log, batch);
                expected.push(LoggedBatch { lsn, batch: batch.clone() });
            }
        }
        let (_, replayed) = open(dir.path(), options(segment_bytes)).expect("opens");
        prop_assert_eq!(replayed, expected);
    }
}

#[test]
fn only_what_follows_the_last_checkpoint_is_replayed_and_older_segments_are_removed() {
    let dir = directory();
    {
        let (log, _) = open(dir.path(), options(4096)).expect("opens");
        let lsns: Vec<_> = (0..100).map(|number| append(&log, &batch(number))).collect();
        let before = segments(dir.path()).len();
        assert_eq!(log.statistics().segments, before as u64);
        assert!(before > 3, "{before} segments");
        block_on(log.checkpointed(lsns[89]).expect("taken").acknowledged()).expect("noted");
        assert!(segments(dir.path()).len() <= 3);
        append(&log, &batch(100));
    }
    let (log, replayed) = open(dir.path(), options(4096)).expect("opens");
    let expected: Vec<_> = (90..=100).map(batch).collect();
    assert_eq!(replayed.into_iter().map(|logged| logged.batch).collect::<Vec<_>>(), expected);
    let all: u64 = segments(dir.path()).values().map(|bytes| bytes.len() as u64).sum();
    assert_eq!(log.statistics().bytes_allocated, all);
}

#[test]
fn checkpoints_and_starts_without_edits_do_not_grow_the_log() {
    let dir = directory();
    let mut sizes = Vec::new();
    for _ in 0..200 {
        let (log, _) = open(dir.path(), options(4096)).expect("opens");
        let lsn = append(&log, &batch(1));
        block_on(log.checkpointed(lsn).expect("taken").acknowledged()).expect("noted");
        sizes.push(segments(dir.path()).len());
    }
    assert!(sizes.iter().all(|&count| count <= 2), "{sizes:?}");
    let before = segments(dir.path());
    for _ in 0..5 {
        drop(open(dir.path(), options(4096)).expect("opens"));
    }
    assert!(segments(dir.path()) == before);
}

#[test]
fn a_batch_larger_than_a_segment_is_one_batch() {
    let dir = directory();
    let mut large = EditBatch::new();
    for x in 0..30_000 {
        large.set(VoxelPos::new(0, ivec3(x, x / 3, -x)), MaterialId(x as u16 % 50));
    }
    {
        let (log, _) = open(dir.path(), options(4096)).expect("opens");
        append(&log, &batch(1));
        append(&log, &large);
        append(&log, &batch(2));
    }
    let (_, replayed) = open(dir.path(), options(4096)).expect("opens");
    let replayed: Vec<_> = replayed.into_iter().map(|logged| logged.batch).collect();
    assert!(replayed == [batch(1), large, batch(2)]);
}

#[test]
fn batches_of_many_threads_share_syncs_and_none_is_lost() {
    let dir = directory();
    let durability = Durability::Group { window: Duration::from_millis(5) };
    let all = LogOptions { durability, ..LogOptions::default() };
    let (log, _) = open(dir.path(), all).expect("opens");
    let mut lsns: Vec<Lsn> = std::thread::scope(|scope| {
        let one = |thread: i32| {
            let log = &log;
            move || (0..20).map(|n| append(log, &batch(thread * 100 + n))).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..16).map(|thread| scope.spawn(one(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("done")).collect()
    });
    let statistics = log.statistics();
    assert!(statistics.groups < 320 / 2, "{statistics:?}");
    assert!(statistics.durable_lsn >= *lsns.iter().max().expect("some"));
    drop(log);
    let (_, replayed) = open(dir.path(), all).expect("opens");
    lsns.sort_unstable();
    assert_eq!(replayed.iter().map(|logged| logged.lsn).collect::<Vec<_>>(), lsns);
}

#[test]
fn every_policy_keeps_what_it_acknowledged_when_the_log_is_closed() {
    let every = Duration::from_millis(20);
    for durability in [Durability::Sync, Durability::Interval { every }, Durability::None] {
        let dir = directory();
        let options = LogOptions { durability, segment_bytes: 4096 };
        {
            let (log, _) = open(dir.path(), options).expect("opens");
            let lsns: Vec<_> = (0..50).map(|number| append(&log, &batch(number))).collect();
            block_on(log.sync()).expect("synced");
            assert!(log.durable_lsn() >= lsns[49]);
        }
        assert_eq!(open(dir.path(), options).expect("opens").1.len(), 50, "{durability:?}");
    }
}

/// A log of three segments that was closed, and what it holds.
fn closed_log() -> (SimDisk, Vec<LoggedBatch>) {
    let disk = SimDisk::new();
    let (log, _) = open_on(&disk, options(1024)).expect("opens");
    let mut expected = Vec::new();
    let mut number = 0;
    while names(&disk).len() < 3 || number % 4 != 0 {
        let batch = batch(number);
        let lsn = append(&log, &batch);
        expected.push(LoggedBatch { lsn, batch });
        number += 1;
    }
    drop(log);
    (disk, expected)
}

fn names(disk: &SimDisk) -> Vec<String> {
    disk.list().expect("lists")
}

fn bytes(disk: &SimDisk, name: &str) -> Vec<u8> {
    disk.read(name).expect("a file")
}

/// Opens a damaged log: everything, or an error that names the damage, which repair ends without losing
/// what lies before it.
fn check_damaged(disk: &SimDisk, expected: &[LoggedBatch], what: &str) {
    match open_on(disk, options(1024)) {
        Ok((_, replayed)) => {
            assert!(replayed == expected, "{what}: {} of {}", replayed.len(), expected.len());
        }
        Err(error) => {
            let before = disk.copy();
            assert!(matches!(error, StoreError::DamagedLog { .. }), "{what}: {error}");
            let again = open_on(disk, options(1024)).expect_err("still damaged");
            assert_eq!(again.to_string(), error.to_string());
            let repair = repair(disk).expect("repairs").expect("was damaged");
            let (_, kept) = open_on(disk, options(1024)).expect("opens after a repair");
            let whole = expected.iter().filter(|logged| logged.lsn <= repair.kept_through);
            assert!(kept.iter().eq(whole), "{what}: {} kept", kept.len());
            for path in &repair.set_aside {
                let aside = path.display().to_string();
                let original = aside.trim_end_matches(".damaged");
                assert_eq!(bytes(disk, &aside), bytes(&before, original), "{what}");
            }
        }
    }
}

#[test]
fn no_byte_of_the_last_two_segments_can_turn_or_be_cut_off_unnoticed() {
    let (whole, expected) = closed_log();
    for name in names(&whole).into_iter().skip(1) {
        for at in 0..bytes(&whole, &name).len() {
            let turned = whole.copy();
            turned.damage(&name, |bytes| bytes[at] ^= 1 << (at % 8));
            check_damaged(&turned, &expected, &format!("{name}: byte {at} turned"));
            let cut = whole.copy();
            cut.damage(&name, |bytes| bytes.truncate(at));
            check_damaged(&cut, &expected, &format!("{name}: cut at {at}"));
        }
    }
}

#[test]
fn a_segment_that_is_gone_is_missed() {
    let (disk, expected) = closed_log();
    disk.remove(&names(&disk)[1]).expect("removed");
    let error = open_on(&disk, options(1024)).expect_err("a gap").to_string();
    assert!(error.contains("are missing or damaged"), "{error}");
    let repair = repair(&disk).expect("repairs").expect("was damaged");
    let (_, kept) = open_on(&disk, options(1024)).expect("opens");
    assert!(!kept.is_empty() && kept[..] == expected[..kept.len()]);
    assert!(kept.last().is_some_and(|last| last.lsn <= repair.kept_through));
}

#[test]
fn a_write_that_was_torn_is_cut_off_and_nothing_else() {
    let (disk, mut expected) = closed_log();
    let name = names(&disk).pop().expect("three");
    let whole = bytes(&disk, &name);
    let end = whole.iter().rposition(|&byte| byte != 0).expect("records") / 8 * 8 + 8;
    for torn in [vec![7; 100], [vec![0; 40], vec![3; 60]].concat()] {
        disk.damage(&name, |bytes| bytes[end..end + torn.len()].copy_from_slice(&torn));
        let (_, replayed) = open_on(&disk, options(1024)).expect("opens");
        assert!(replayed == expected);
        assert_eq!(bytes(&disk, &name), whole);
    }
    let (log, _) = open_on(&disk, options(1024)).expect("opens");
    let lsn = append(&log, &batch(77));
    expected.push(LoggedBatch { lsn, batch: batch(77) });
    drop(log);
    assert!(open_on(&disk, options(1024)).expect("opens").1 == expected);
}

/// What a loss of power leaves at any moment of a session with checkpoints: a prefix of what was
/// appended, and all that was acknowledged.
#[test]
fn after_any_loss_of_power_a_prefix_with_everything_acknowledged_is_replayed() {
    const ISSUED: u64 = 1 << 32;
    let group = Durability::Group { window: Duration::ZERO };
    for (seed, durability) in [Durability::Sync, group, Durability::None].into_iter().enumerate() {
        let options = LogOptions { durability, segment_bytes: 2048 };
        let disk = SimDisk::new();
        let mut lsns = Vec::new();
        for session in 0..3 {
            let (log, _) = open_on(&disk, options).expect("opens");
            for step in 0..30 {
                let number = lsns.len() as u64;
                disk.mark(ISSUED + number);
                let appended = log.append(&batch(number as i32)).expect("taken");
                lsns.push(appended.lsn());
                // Some wait and some do not: several batches then share a group.
                if step % 3 != session {
                    block_on(appended.acknowledged()).expect("acknowledged");
                    if durability != Durability::None {
                        disk.mark(number + 1);
                    }
                }
                if step % 11 == 10 {
                    let through = lsns[lsns.len() - 4];
                    let noted = log.checkpointed(through).expect("taken");
                    block_on(noted.acknowledged()).expect("acknowledged");
                }
            }
        }
        check_crashes(&disk, seed as u64, &lsns, options, |mark| match mark {
            issued if issued >= ISSUED => (0, issued - ISSUED + 1),
            acknowledged => (acknowledged, 0),
        });
    }
}

/// Crashes at every event of a journal, several times each. A mark says how many batches are acknowledged,
/// and how many are issued, from then on.
fn check_crashes(
    disk: &SimDisk,
    seed: u64,
    lsns: &[Lsn],
    options: LogOptions,
    counts: impl Fn(u64) -> (u64, u64),
) {
    let (mut acknowledged, mut issued) = (0, 0);
    let mut playback = disk.playback();
    for (at, event) in disk.journal().iter().enumerate() {
        playback.play(event);
        if let Event::Mark(mark) = event {
            let (a, i) = counts(*mark);
            (acknowledged, issued) = (acknowledged.max(a), issued.max(i));
            continue;
        }
        for crash in 0..12 {
            let seed = seed << 40 | (at as u64) << 8 | crash;
            let image = playback.crash(seed);
            let (log, replayed) =
                open_on(&image, options).unwrap_or_else(|error| panic!("crash {seed:#x}: {error}"));
            drop(log);
            // What comes first may be folded already; from there on nothing is missing.
            let last = replayed.last().map_or(0, |logged| logged.lsn);
            let count = lsns.partition_point(|&lsn| lsn <= last);
            let first = count - replayed.len();
            for (number, logged) in replayed.iter().enumerate() {
                let number = first + number;
                assert_eq!(logged.lsn, lsns[number], "crash {seed:#x}");
                assert!(logged.batch == batch(number as i32), "crash {seed:#x}: batch {number}");
            }
            assert!(count as u64 <= issued, "crash {seed:#x}: {count} of {issued}");
            // A checkpoint may leave nothing to replay; then everything was folded.
            let is_there = count as u64 >= acknowledged || replayed.is_empty();
            assert!(is_there, "crash {seed:#x}: {count} of {acknowledged} acknowledged");
            if crash == 0 {
                let (_, again) = open_on(&image, options).expect("opens again");
                assert!(again == replayed, "crash {seed:#x}: recovery is not idempotent");
            }
        }
    }
}

#[test]
fn a_disk_that_fails_at_any_operation_loses_nothing_acknowledged() {
    for operation in 0.. {
        for fault in [Fault::Error, Fault::Half] {
            let disk = SimDisk::new();
            disk.fail_at(operation, fault);
            let mut acknowledged = Vec::new();
            if let Ok((log, _)) = open_on(&disk, options(1024)) {
                for number in 0..20 {
                    let appended = log.append(&batch(number));
                    match appended.and_then(|appended| block_on(appended.acknowledged())) {
                        Ok(lsn) => acknowledged.push(LoggedBatch { lsn, batch: batch(number) }),
                        Err(error) => {
                            assert!(matches!(error, StoreError::LogFailed { .. }), "{error}");
                            // Poisoned: nothing more is taken, though the disk works again.
                            assert!(log.append(&batch(number)).is_err());
                        }
                    }
                }
            }
            let is_over = disk.operations() <= operation;
            let (_, replayed) = open_on(&disk, options(1024)).expect("opens");
            assert!(replayed.starts_with(&acknowledged), "operation {operation} {fault:?}");
            if is_over {
                return;
            }
        }
    }
}

#[test]
fn a_newer_format_is_refused_by_its_version() {
    let (disk, _) = closed_log();
    disk.damage(&names(&disk)[0], |bytes| bytes[7] = 9);
    let error = open_on(&disk, options(1024)).expect_err("newer").to_string();
    assert!(error.contains("format version 9, this program knows 1 to 2"), "{error}");
}

#[test]
fn a_log_is_verified_without_being_changed() {
    let dir = directory();
    assert_eq!(verify_log(&dir.path().join("none")).expect("read"), LogCheck::default());
    assert!(!dir.path().join("none").exists());
    let lsns: Vec<_> = {
        let (log, _) = open(dir.path(), options(4096)).expect("opens");
        let lsns = (0..20).map(|number| append(&log, &batch(number))).collect::<Vec<_>>();
        block_on(log.checkpointed(lsns[14]).expect("taken").acknowledged()).expect("noted");
        lsns
    };
    let before = segments(dir.path());
    let check = verify_log(dir.path()).expect("read");
    assert_eq!((check.pending_batches, check.checkpoint_lsn), (5, lsns[14]));
    // The record of the checkpoint comes last.
    assert!(check.last_lsn > lsns[19] && !check.is_torn, "{check:?}");
    assert!(check.batches >= 5 && check.damage.is_none(), "{check:?}");
    assert_eq!(check.segments, before.len() as u64);
    assert_eq!(check.bytes, before.values().map(Vec::len).sum::<usize>() as u64);

    let (path, whole) = before.iter().next_back().expect("a segment");
    let mut torn = whole.clone();
    let end = torn.iter().rposition(|&byte| byte != 0).expect("records");
    torn[end + 20] = 1;
    fs::write(path, &torn).expect("written");
    assert!(verify_log(dir.path()).expect("read").is_torn);
    let mut damaged = whole.clone();
    damaged[4] ^= 1;
    fs::write(path, &damaged).expect("written");
    let check = verify_log(dir.path()).expect("read");
    let damage = check.damage.expect("found");
    assert_eq!((&damage.path, damage.offset), (path, 0));
    assert!(!damage.reason.is_empty());
    assert_eq!(fs::read(path).expect("there"), damaged);
}

#[test]
fn a_checkpoint_of_what_is_yet_to_come_hides_no_later_edit() {
    let disk = SimDisk::new();
    let (log, _) = open_on(&disk, options(4096)).expect("opens");
    append(&log, &batch(1));
    let noted = log.checkpointed(Lsn::MAX).expect("taken").acknowledged();
    block_on(noted).expect("acknowledged");
    let lsn = append(&log, &batch(2));
    drop(log);
    let (_, replayed) = open_on(&disk, options(4096)).expect("opens");
    assert_eq!(replayed, [LoggedBatch { lsn, batch: batch(2) }]);
}

#[test]
fn a_segment_that_begins_where_no_log_reaches_is_damaged() {
    for base in [0, Lsn::MAX] {
        let header = segment::Header { salt: 1, base, previous: 0, length: 64 };
        let disk = SimDisk::new();
        segment::Segment::create(&disk, header, &[]).expect("made");
        let error = open_on(&disk, options(4096)).expect_err("refused");
        assert!(matches!(error, StoreError::DamagedLog { .. }), "{error}");
    }
}

#[test]
fn repairing_a_segment_that_claims_to_be_endless_ends() {
    let header = segment::Header { salt: 1, base: 1, previous: 0, length: 4096 };
    let disk = SimDisk::new();
    segment::Segment::create(&disk, header, &[]).expect("made");
    let endless = segment::Header { length: u64::MAX, ..header };
    disk.damage(&header.name(), |bytes| bytes[..64].copy_from_slice(&endless.encode()));
    open_on(&disk, options(4096)).expect_err("damaged");
    repair(&disk).expect("repaired").expect("was damaged");
    open_on(&disk, options(4096)).expect("opens");
}
