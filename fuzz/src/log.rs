//! The delta log: segments of any bytes, and a sound log of several segments that was tampered with.
//!
//! A log opens or is damaged. One that opens replays the same when it is opened again, and takes an edit;
//! one that is damaged opens after its repair.

use std::sync::{Arc, OnceLock};

use bluemarble_core::{
    Cause, CellEdit, ChunkKey, EditBatch, LatticeBox, LatticePos, MaterialId, VoxelBox, VoxelPos,
    cell_position,
};
use bluemarble_store::{
    StoreError,
    log::{
        Appended, DeltaLog, Durability, LogOptions, LoggedBatch, disk::Disk, repair, sim::SimDisk,
    },
};
use futures::executor::block_on;
use glam::{DVec3, IVec3, ivec3};

use super::{Verdict, segment as bytes_of};

const OPTIONS: LogOptions = LogOptions { durability: Durability::Sync, segment_bytes: 4096 };
/// Longer inputs find nothing that shorter ones do not.
const MAX_BYTES: usize = 1 << 17;
/// Bytes of one step of tampering.
const STEP_BYTES: usize = 8;

/// Target `log_segment`: the bytes are a segment, once as they are and once with true checksums.
pub fn segment(data: &[u8]) -> Verdict {
    let data = &data[..data.len().min(MAX_BYTES)];
    let mut made_true = [data.to_vec()];
    bytes_of::make_true(&mut made_true);
    let as_it_is = check(&disk_of([(bytes_of::name(data), data)]));
    let [made_true] = made_true;
    match as_it_is.or(check(&disk_of([(bytes_of::name(&made_true), made_true.as_slice())]))) {
        Some(_) => Verdict::Accepted,
        None => Verdict::Refused,
    }
}

/// Target `log_history`: the bytes tamper with the segments of a sound log. The first says whether
/// checksums are made true afterwards, then come steps: what to do, to which segment, at which offset
/// (u16), and three operands. Where no checksum was forged, nothing may be replayed that was not written.
pub fn history(data: &[u8]) -> Verdict {
    let sound = sound_log();
    let Some((&flags, steps)) = data.split_first() else { return Verdict::Refused };
    let forged = flags & 1 != 0;
    let mut files: Vec<Option<Vec<u8>>> = sound.segments.iter().cloned().map(Some).collect();
    for step in steps.as_chunks::<STEP_BYTES>().0.iter().take(32) {
        tamper(&mut files, *step);
    }
    let mut segments: Vec<_> = files.into_iter().flatten().collect();
    let names = if forged {
        bytes_of::make_true(&mut segments);
        segments.iter().map(|bytes| bytes_of::name(bytes)).collect()
    } else {
        sound.segments.iter().map(|bytes| bytes_of::name(bytes)).collect::<Vec<_>>()
    };
    let files = names.into_iter().zip(segments.iter().map(Vec::as_slice));
    match check(&disk_of(files)) {
        Some(replayed) => {
            let is_part = sound.batches.windows(replayed.len().max(1)).any(|part| part == replayed);
            assert!(forged || replayed.is_empty() || is_part, "replays what was never written");
            Verdict::Accepted
        }
        None => Verdict::Refused,
    }
}

/// One step of tampering.
fn tamper(files: &mut [Option<Vec<u8>>], step: [u8; STEP_BYTES]) {
    let [what, which, low, high, operands @ ..] = step;
    let which = usize::from(which) % files.len();
    let other = usize::from(operands[0]) % files.len();
    let Some(bytes) = &mut files[which] else { return };
    let at = usize::from(u16::from_le_bytes([low, high])) % bytes.len().max(1);
    let count = usize::from(operands[1]) * 8;
    match what % 7 {
        0 => bytes[at..].iter_mut().take(1).for_each(|byte| *byte ^= operands[0]),
        1 => bytes[at..].iter_mut().take(count).for_each(|byte| *byte = 0),
        2 => bytes.truncate(at),
        3 => {
            let to = usize::from(operands[0]) * 8 % bytes.len().max(1);
            let count = count.min(bytes.len() - at.max(to));
            bytes.copy_within(at..at + count, to);
        }
        4 => files[which] = None,
        5 => files.swap(which, other),
        _ => {
            let number = match operands[0] % 4 {
                0 => u64::MAX,
                1 => u64::MAX - u64::from(operands[1]),
                2 => 1 << (operands[1] % 64),
                _ => u64::from(operands[1]),
            };
            bytes[at..].iter_mut().zip(number.to_le_bytes()).for_each(|(byte, new)| *byte = new);
        }
    }
}

/// Opens a log twice, appends to it and opens it again, or repairs it. Returns what is replayed, or
/// `None` if the log is damaged.
fn check(disk: &SimDisk) -> Option<Vec<String>> {
    let (log, first) = match open(disk) {
        Ok(opened) => opened,
        Err(StoreError::DamagedLog { .. }) => {
            repair(disk).expect("repairable").expect("something to repair");
            open(disk).expect("a repaired log opens");
            return None;
        }
        Err(error) => panic!("not about the log: {error}"),
    };
    drop(log);
    let (log, mut expected) = open(disk).expect("opens again");
    assert_eq!(first, expected, "another replay");
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, IVec3::ONE), MaterialId(1));
    let lsn = log.append(&batch).expect("taken").acknowledged();
    let lsn = block_on(lsn).expect("acknowledged");
    drop(log);
    expected.push(line(&LoggedBatch { lsn, batch }));
    let (_, replayed) = open(disk).expect("opens after an edit");
    assert_eq!(replayed, expected, "an edit is lost");
    Some(first)
}

/// Opens a log; every batch as a line, since positions that are not a number equal nothing.
fn open(disk: &SimDisk) -> Result<(DeltaLog, Vec<String>), StoreError> {
    let mut replayed = Vec::new();
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let log = DeltaLog::open(disk, OPTIONS, |batch| {
        replayed.push(line(&batch));
        Ok::<_, StoreError>(())
    })?;
    Ok((log, replayed))
}

fn line(batch: &LoggedBatch) -> String {
    format!("{batch:?}")
}

fn disk_of<'a>(files: impl IntoIterator<Item = (String, &'a [u8])>) -> SimDisk {
    let disk = SimDisk::new();
    for (name, bytes) in files {
        let mut file = disk.create(&name).expect("in memory");
        file.write_at(0, bytes).expect("in memory");
        file.sync().expect("in memory");
    }
    disk.sync_dir().expect("in memory");
    disk
}

/// A log as it is written, without anything of chance in it.
pub struct SoundLog {
    /// Oldest first.
    pub segments: Vec<Vec<u8>>,
    /// Every batch that was written, as a line.
    batches: Vec<String>,
}

/// The log that `log_history` tampers with.
pub fn sound_log() -> &'static SoundLog {
    static LOG: OnceLock<SoundLog> = OnceLock::new();
    LOG.get_or_init(|| {
        let disk = SimDisk::new();
        let mut batches = Vec::new();
        let mut first = 0;
        for number in 0..14 {
            // One session each: within one, where seals lie depends on how fast things go.
            let (log, _) = open(&disk).expect("opens");
            let (batch, appended) = match number {
                12.. => append_cells(&log, number),
                _ => (batch(number), log.append(&batch(number))),
            };
            let appended = appended.expect("taken");
            let lsn = block_on(appended.acknowledged()).expect("acknowledged");
            batches.push(line(&LoggedBatch { lsn, batch }));
            first = if number == 1 { lsn } else { first };
        }
        let (log, _) = open(&disk).expect("opens");
        block_on(log.checkpointed(first).expect("taken").acknowledged()).expect("acknowledged");
        drop(log);
        let mut names = disk.list().expect("in memory");
        names.sort_unstable();
        let mut segments: Vec<_> =
            names.iter().map(|name| disk.read(name).expect("in memory")).collect();
        bytes_of::make_plain(&mut segments, 0x5eed);
        SoundLog { segments, batches }
    })
}

/// A batch that is given chunk by chunk.
fn append_cells(log: &DeltaLog, number: i32) -> (EditBatch, Result<Appended, StoreError>) {
    let cell = |cell: u32| CellEdit { cell: cell * 7919, material: MaterialId(cell as u16) };
    let cells: Vec<_> = (0..30).map(cell).collect();
    let chunk = |region| (ChunkKey::new(region, 0, ivec3(number, -1, region.into())), &*cells);
    let mut batch = EditBatch::new().caused_by(Cause::Tool);
    for (key, cells) in [0, 1].map(chunk) {
        for edit in cells {
            let voxel = key.min_voxel() + cell_position(edit.cell as usize);
            batch.set(VoxelPos::new(key.region, voxel), edit.material);
        }
    }
    let appended = log.append_cells(batch.cause(), [0, 1].map(chunk).into_iter());
    (batch, appended)
}

/// Batches that differ from each other, of all kinds of edits and causes.
fn batch(number: i32) -> EditBatch {
    let cause = [Cause::Player, Cause::Tool, Cause::Process { process: number as u8, year: 7 }]
        [number as usize % 3];
    let mut batch = EditBatch::new().caused_by(cause);
    for voxel in 0..20 * (number % 4) {
        batch.set(
            VoxelPos::new((voxel / 30) as u8, ivec3(voxel, number, -voxel)),
            MaterialId(voxel as u16),
        );
    }
    let voxels = LatticeBox::new(IVec3::splat(-number), IVec3::splat(number * 100));
    batch.fill_box(VoxelBox::new(number as u8 % 6, voxels), MaterialId(7));
    batch.fill_sphere(
        LatticePos::new(0, DVec3::splat(0.5 * f64::from(number))),
        3.25,
        MaterialId(8),
    );
    batch
}
