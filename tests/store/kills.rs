//! A process that edits, folds and reads a world is killed again and again, and never loses an edit that
//! it has acknowledged.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use bluemarble_core::{
    Chunk, ChunkKey, EditBatch, LatticeBox, MaterialId, MaterialTable, VoxelBox, VoxelPos,
};
use bluemarble_store::{
    ChunkStore, SnapshotPolicy, StoreError, StoreOptions, WorldLocation,
    log::{Durability, LogOptions},
};
use bluemarble_terrain::Superflat;
use bluemarble_world::{HybridWorld, WorldError};
use futures::executor::block_on;
use glam::{IVec3, ivec3};

/// The directory of the world; set in the process that is killed.
const WORLD: &str = "BLUEMARBLE_TEST_WORLD";
/// Set if that process takes snapshots, too.
const SNAPSHOTS: &str = "BLUEMARBLE_TEST_SNAPSHOTS";
/// Where the world is copied to; set in a second process that is killed.
const COPY: &str = "BLUEMARBLE_TEST_COPY";
const ROUNDS: u32 = 200;
/// Everything in these chunks tells how many batches they have seen.
const CHUNKS: [ChunkKey; 3] = [
    ChunkKey { region: 0, lod: 0, pos: IVec3::ZERO },
    ChunkKey { region: 0, lod: 0, pos: IVec3::NEG_ONE },
    ChunkKey { region: 0, lod: 0, pos: ivec3(70, 3, -50) },
];
const SLABS: u32 = 20;
const SET: MaterialId = MaterialId(2);
const UNSET: MaterialId = MaterialId(3);

fn open(dir: &Path) -> Result<HybridWorld, WorldError> {
    let baseline = Superflat::new(1.0, vec![(MaterialId(1), 64)]).expect("layers");
    // Small segments, so that many of them come and go.
    let durability = Durability::Group { window: Duration::from_millis(1) };
    let options = LogOptions { durability, segment_bytes: 16 << 10 };
    HybridWorld::builder(Arc::new(baseline), MaterialTable::standard()).log(options).open(dir)
}

/// The batch with this number: a slab and the number itself, in every chunk.
fn batch(number: u32) -> EditBatch {
    let mut batch = EditBatch::new();
    for key in CHUNKS {
        let corner = key.min_voxel();
        let slab = corner + ivec3(0, (number % SLABS) as i32 * 3, 0);
        let voxels = LatticeBox::new(slab, slab + ivec3(32, 2, 32));
        batch.fill_box(VoxelBox::new(0, voxels), slab_material(number));
        for digit in 0..20 {
            let material = if (number + 1) >> digit & 1 == 1 { SET } else { UNSET };
            batch.set(VoxelPos::new(0, corner + ivec3(40 + digit, 61, 40)), material);
        }
    }
    batch
}

fn slab_material(number: u32) -> MaterialId {
    MaterialId(4 + (number % 11) as u16)
}

/// How many batches a chunk has seen; every slab must agree with that.
fn batches_in(chunk: &Chunk) -> Result<u32, String> {
    let mut count = 0;
    for digit in 0..20 {
        match chunk.get(ivec3(40 + digit, 61, 40)) {
            SET => count |= 1 << digit,
            UNSET => {}
            _ if digit == 0 => break,
            other => return Err(format!("digit {digit} is {other:?}")),
        }
    }
    for slab in 0..SLABS.min(count) {
        // The last batch before `count` that wrote this slab.
        let number = (count - 1) - (count - 1 + SLABS - slab) % SLABS;
        let corner = ivec3(0, slab as i32 * 3, 0);
        for cell in [corner, corner + ivec3(31, 1, 31), corner + ivec3(16, 0, 7)] {
            let (found, expected) = (chunk.get(cell), slab_material(number));
            if found != expected {
                return Err(format!("{cell} is {found:?} after {count} batches, not {expected:?}"));
            }
        }
    }
    Ok(count)
}

/// How many batches a world has seen; all chunks must agree.
fn batches(world: &HybridWorld) -> Result<u32, String> {
    let mut counts = Vec::new();
    for key in CHUNKS {
        let chunk = block_on(world.read(key)).map_err(|error| error.to_string())?;
        counts.push(batches_in(&chunk)?);
    }
    match counts[..] {
        [one, two, three] if one == two && two == three => Ok(one),
        _ => Err(format!("half a batch: {counts:?}")),
    }
}

/// Edits without end and says after each edit that it is acknowledged, while one thread folds and another
/// reads. Ends only with an error.
fn edit_until_killed(dir: &Path) -> Result<(), String> {
    let world = open(dir).map_err(|error| error.to_string())?;
    let first = batches(&world)?;
    say(format!("> {first}"))?;
    let folding = || -> Result<(), String> {
        loop {
            block_on(world.checkpoint()).map_err(|error| error.to_string())?;
            thread::sleep(Duration::from_millis(3));
        }
    };
    let reading = || -> Result<(), String> {
        let mut last = 0;
        for key in CHUNKS.into_iter().cycle() {
            let chunk = block_on(world.read(key)).map_err(|error| error.to_string())?;
            let count = batches_in(&chunk)?;
            // Another chunk may be one batch ahead for a moment.
            if count + 1 < last {
                return Err(format!("{count} batches after {last}"));
            }
            last = last.max(count);
        }
        Ok(())
    };
    let keeping = || -> Result<(), String> {
        let policy = SnapshotPolicy { last: 3, hourly: 0, daily: 0 };
        loop {
            let taken = block_on(world.take_snapshot(SystemTime::now(), &policy));
            taken.map_err(|error| error.to_string())?;
            thread::sleep(Duration::from_millis(11));
        }
    };
    thread::scope(|scope| {
        if env::var_os(SNAPSHOTS).is_some() {
            scope.spawn(|| end(keeping()));
        }
        scope.spawn(|| end(folding()));
        scope.spawn(|| end(reading()));
        end((first..).try_for_each(|number| {
            block_on(world.edit(&batch(number))).map_err(|error| error.to_string())?;
            say(format!("> {}", number + 1))
        }));
    });
    Ok(())
}

fn say(line: String) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// Ends the process, whatever its other threads do, if there is an error.
fn end(result: Result<(), String>) {
    if let Err(error) = result {
        // Where nobody listens any more there is nothing left to say.
        let _ = say(format!("! {error}"));
        std::process::exit(2);
    }
}

/// Not a test of its own: what the other tests start and kill.
#[test]
fn the_process_that_is_killed() {
    let (world, copy) = (env::var_os(WORLD), env::var_os(COPY));
    match (&world, &copy) {
        (Some(world), None) => end(edit_until_killed(Path::new(world))),
        (Some(world), Some(copy)) => {
            end(copy_until_killed(Path::new(world), Path::new(copy)));
        }
        _ => {}
    }
}

/// Copies the newest snapshot of a world that is open elsewhere, as often as it changes: what is there of the copy goes on.
fn copy_until_killed(dir: &Path, target: &Path) -> Result<(), String> {
    let said = |error: StoreError| error.to_string();
    let location = |dir: &Path| WorldLocation::Directory(dir.to_owned());
    loop {
        let options = StoreOptions::default();
        let source = match ChunkStore::open_read_only(&location(dir), &options) {
            Ok(source) => source,
            // The one that edits it was killed in the middle, or has not made it yet.
            Err(StoreError::NoWorld { .. } | StoreError::UnfinishedJob { .. }) => continue,
            Err(error) => return Err(said(error)),
        };
        let Some(newest) = source.snapshots().map_err(said)?.last().copied() else { continue };
        let mut options = StoreOptions::default();
        options.resume_copy = true;
        let copy =
            ChunkStore::open(&location(target), source.metadata(), &options).map_err(said)?;
        match block_on(copy.copy_from(&source, Some(newest.number), &["bluemarble.json"], |_| ())) {
            Ok(_) => say(format!("= {}", newest.number))?,
            // Snapshots are dropped under it, and what only they need.
            Err(StoreError::LostVersion { .. } | StoreError::NoSnapshot { .. }) => {}
            Err(StoreError::DamagedManifest { reason, .. }) if reason == "it is missing" => {}
            Err(error) => return Err(said(error)),
        }
    }
}

/// Starts the process, perhaps unable to write files of more than some KiB.
fn start(dir: &Path, limit_kib: Option<u32>) -> Child {
    start_with(dir, limit_kib, &[])
}

/// Starts a process that copies the world.
fn start_copy(dir: &Path, copy: &Path) -> Child {
    start_with(dir, None, &[(COPY, copy.as_os_str())])
}

fn start_with(dir: &Path, limit_kib: Option<u32>, settings: &[(&str, &OsStr)]) -> Child {
    let program = env::current_exe().expect("this program");
    let mut command = match limit_kib {
        None => Command::new(&program),
        Some(limit) => {
            let mut shell = Command::new("bash");
            // A write beyond the limit then fails instead of killing the process.
            let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
            shell.arg("-c").arg(script).arg(&program);
            shell
        }
    };
    command.args(["--exact", "kills::the_process_that_is_killed", "--nocapture"]);
    command.env(WORLD, dir).envs(settings.iter().copied());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("starts")
}

/// What a process said before it ended.
#[derive(Debug, Default)]
struct Said {
    /// Batches that were there when it started.
    found: Option<u32>,
    /// Batches that were acknowledged at the end.
    acknowledged: u32,
    /// The last snapshot that was copied, and how many were.
    copied: Option<u64>,
    copies: u32,
    error: Option<String>,
}

/// Lets a process run and kills it.
fn run(dir: &Path, limit_kib: Option<u32>, life: Duration) -> Said {
    run_for(start(dir, limit_kib), life)
}

fn run_for(mut child: Child, life: Duration) -> Said {
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let reader = thread::spawn(move || {
        let mut said = Said::default();
        for line in out.lines().map_while(Result::ok) {
            // The harness of the tests writes before and behind it.
            if let Some((_, count)) = line.rsplit_once("> ") {
                let Ok(count) = count.parse() else { continue };
                said.found.get_or_insert(count);
                said.acknowledged = count;
            } else if let Some((_, number)) = line.rsplit_once("= ") {
                said.copied = number.parse().ok();
                said.copies += 1;
            } else if let Some((_, error)) = line.split_once("! ") {
                said.error = Some(error.to_owned());
            }
        }
        said
    });
    thread::sleep(life);
    // It may have ended by itself.
    drop(child.kill());
    child.wait().expect("ended");
    reader.join().expect("read")
}

#[test]
fn killed_200_times_a_world_has_every_acknowledged_edit_and_never_half_a_batch() {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let mut acknowledged = 0;
    let mut seed = 1u64;
    for round in 0..ROUNDS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let life = Duration::from_millis(20 + (seed >> 33) % 160);
        let said = run(dir.path(), None, life);
        assert_eq!(said.error, None, "round {round}");
        // Killed before it could say anything, perhaps while it recovered.
        let Some(found) = said.found else { continue };
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "round {round}: {found} batches found, {acknowledged} acknowledged"
        );
        acknowledged = said.acknowledged;
    }
    assert!(acknowledged > ROUNDS, "{acknowledged} batches are too few to tell");
    let world = open(dir.path()).expect("opens");
    let last = batches(&world).expect("whole");
    assert!((acknowledged..=acknowledged + 1).contains(&last));
    // Folded, the store alone holds the same.
    block_on(world.checkpoint()).expect("folds");
    drop(world);
    std::fs::remove_dir_all(dir.path().join("log")).expect("removed");
    assert_eq!(batches(&open(dir.path()).expect("opens")), Ok(last));
}

#[test]
fn killed_200_times_with_snapshots_and_copies_under_way_all_three_are_whole() {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let (ours, copy) = (dir.path().join("world"), dir.path().join("copy"));
    std::fs::create_dir(&ours).expect("a folder");
    let (mut acknowledged, mut copies, mut copied) = (0, 0, None);
    let mut seed = 7u64;
    for round in 0..ROUNDS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let life = |bits: u32| Duration::from_millis(20 + (seed >> bits) % 160);
        let (editing, copying) = thread::scope(|scope| {
            let copying = scope.spawn(|| run_for(start_copy(&ours, &copy), life(20)));
            let editing = run_for(start_with(&ours, None, &[(SNAPSHOTS, "1".as_ref())]), life(33));
            (editing, copying.join().expect("ended"))
        });
        assert_eq!((editing.error, copying.error), (None, None), "round {round}");
        copies += copying.copies;
        copied = copying.copied.or(copied);
        // Killed before it could say anything, perhaps while it recovered.
        let Some(found) = editing.found else { continue };
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "round {round}: {found} batches found, {acknowledged} acknowledged"
        );
        acknowledged = editing.acknowledged;
    }
    assert!(acknowledged > ROUNDS && copies > 20, "{acknowledged} batches, {copies} copies");
    let world = open(&ours).expect("opens");
    let last = batches(&world).expect("whole");
    assert!((acknowledged..=acknowledged + 1).contains(&last));
    // Every snapshot is as of one batch, the last one as well.
    let now = SystemTime::now();
    let (taken, _) = block_on(world.take_snapshot(now, &SnapshotPolicy::ALL)).expect("takes");
    let newest = taken.expect("it has a store").snapshot;
    drop(world);
    let location = |dir: &Path| WorldLocation::Directory(dir.to_owned());
    let metadata = ChunkStore::metadata_at(&location(&ours), &StoreOptions::default());
    let metadata = metadata.expect("reads").expect("a world");
    let mut seen = Vec::new();
    let open_store = |dir: &Path| {
        let mut options = StoreOptions::default();
        options.resume_copy = true;
        ChunkStore::open(&location(dir), &metadata, &options).expect("opens")
    };
    let snapshots = open_store(&ours).snapshots().expect("has some");
    for snapshot in &snapshots {
        let store = open_store(&ours);
        block_on(store.restore_snapshot(snapshot.number, now)).expect("restores");
        drop(store);
        seen.push(batches(&open(&ours).expect("opens")).expect("a snapshot is as of one batch"));
    }
    assert!(seen.is_sorted() && seen.last() == Some(&last), "{seen:?}, {last} at the end");
    // The copy, wherever it was killed, becomes the newest snapshot.
    let source = open_store(&ours);
    let (target, number) = (open_store(&copy), Some(newest.number));
    block_on(target.copy_from(&source, number, &["bluemarble.json"], |_| ())).expect("copies");
    drop((source, target));
    assert_eq!(batches(&open(&copy).expect("opens")), Ok(last), "{copied:?} was copied before");
}

#[test]
fn a_disk_that_takes_no_more_ends_the_edits_with_a_clear_error_and_loses_none_of_them() {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let mut acknowledged = 0;
    let mut refused = 0;
    for round in 0..32 {
        // Too small for a segment, for a shard, or for nothing.
        let limit_kib = [4, 12, 17, 40][round % 4];
        let said = run(dir.path(), Some(limit_kib), Duration::from_millis(220));
        if let Some(error) = &said.error {
            assert!(error.contains("check the disk"), "round {round}: {error}");
            refused += 1;
        }
        if let Some(found) = said.found {
            assert!((acknowledged..=acknowledged + 1).contains(&found), "round {round}: {said:?}");
            acknowledged = said.acknowledged;
        }
        // Every other time there is room again in between.
        if round % 2 == 1 {
            let said = run(dir.path(), None, Duration::from_millis(150));
            assert_eq!(said.error, None, "round {round}");
            if let Some(found) = said.found {
                assert!((acknowledged..=acknowledged + 1).contains(&found), "{round}: {said:?}");
                acknowledged = said.acknowledged;
            }
        }
    }
    assert!(refused > 3 && acknowledged > 20, "{refused} refused, {acknowledged} acknowledged");
    let last = batches(&open(dir.path()).expect("opens")).expect("whole");
    assert!((acknowledged..=acknowledged + 1).contains(&last));
}

#[test]
fn a_world_that_is_open_elsewhere_is_not_opened_and_not_changed() {
    let dir = tempfile::tempdir().expect("a directory for temporary files");
    let mut child = start(dir.path(), None);
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("> 3") {
        line.clear();
        assert!(out.read_line(&mut line).expect("says") > 0, "it has ended");
    }
    let error = open(dir.path()).expect_err("open elsewhere");
    assert!(matches!(error, WorldError::Store(StoreError::Locked { .. })), "{error}");
    drop(child.kill());
    child.wait().expect("ended");
    let world = open(dir.path()).expect("opens");
    assert!(batches(&world).expect("whole") >= 3);
}
