//! Volumes imported: ours with all lods against zarr-python writing lod 0 alone.

use std::{
    fs::File,
    io::{BufWriter, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use bluemarble_benches::{random::Random, table};
use bluemarble_core::{CancelToken, LatticeBox, MaterialId, REGION_EDGE, VoxelBox};
use bluemarble_store::log::Durability;
use bluemarble_world::{VolumeError, VoxelVolume};
use glam::{IVec3, ivec3};

use crate::{
    Scale,
    input::{folder, open_ours},
    scattered::disk_bytes,
};

/// Bytes of the header of a .npy file.
const HEADER_BYTES: u64 = 128;

/// What a volume holds.
#[derive(Clone, Copy, Debug)]
enum Contents {
    /// Strata below hills, with ore and caves.
    Hills,
    /// Nine materials without any order: no real volume is worse.
    Noise,
}

/// A .npy file of u16, axes y, z, x, around the origin of the lattice.
struct Volume {
    file: File,
    path: PathBuf,
    edge: i32,
}

pub fn run(scale: &Scale) {
    let mut rows = Vec::new();
    for &(edge, contents) in
        &[(512, Contents::Hills), (512, Contents::Noise), (1024, Contents::Hills)]
    {
        let edge = edge / scale.smaller_volumes;
        let dir = folder();
        let volume = Volume::write(dir.path(), edge, contents);
        let (mut ours, mut theirs, mut ours_bytes) = (Vec::new(), Vec::new(), 0);
        for round in 0..scale.rounds {
            for turn in table::turns(2, round) {
                let world = dir.path().join("world");
                if turn == 0 {
                    std::fs::remove_dir_all(&world).ok();
                    ours.push(import(&world, &volume));
                    ours_bytes = disk_bytes(&world);
                } else {
                    // Whoever comes first, ours is compared once.
                    let compared = (world.exists() && round < 2).then_some(world.as_path());
                    theirs.push(write_in_python(dir.path(), &volume, compared));
                }
            }
        }
        let (ours_s, theirs_s) = (table::median(ours), table::median(theirs));
        rows.push(vec![
            format!("{edge}³, {contents:?}"),
            format!("{ours_s:.2}"),
            format!("{theirs_s:.2}"),
            table::ratio(theirs_s / ours_s),
            format!("{:.1}", f64::from(edge).powi(3) / 1e6 / ours_s),
            format!("{:.1}", ours_bytes as f64 / 1e6),
        ]);
    }
    table::print(
        "Volumes of u16 imported",
        &format!(
            "From a .npy file in the system's cache. Ours: all lods, durable, all or nothing, on all cores; zarr-python: lod 0 \
             alone, not synced, into the same shards with the same codecs. Ratio: its time / ours. Median of {}; ours is read \
             back by zarr-python and compared.",
            scale.rounds
        ),
        &["volume", "ours s", "zarr-python s", "ratio", "ours M voxels/s", "ours MB"],
        &rows,
    );
}

/// Seconds for all of it.
fn import(world: &Path, volume: &Volume) -> f64 {
    let world = open_ours(world, Durability::default());
    let start = Instant::now();
    let report = world.import(volume, &CancelToken::never(), &|_| ()).expect("our import is made");
    assert_eq!(report.voxels, volume.voxels().voxels.volume());
    start.elapsed().as_secs_f64()
}

/// Seconds as zarr-python counts them, without its start.
fn write_in_python(dir: &Path, volume: &Volume, ours: Option<&Path>) -> f64 {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/store/zarr_python.py");
    let python = std::env::var_os("BLUEMARBLE_PYTHON")
        .expect("BLUEMARBLE_PYTHON names a Python with zarr: ./scripts/test.sh makes one");
    let target = dir.join("peer.zarr");
    std::fs::remove_dir_all(&target).ok();
    let ours = ours.map_or("-".into(), |world| world.join("region0/lod0"));
    let ran = Command::new(python)
        .arg(script)
        .args([&volume.path, &target, &ours])
        .arg((REGION_EDGE - volume.edge / 2).to_string())
        .output()
        .expect("Python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().parse().expect("seconds")
}

impl Volume {
    fn write(dir: &Path, edge: i32, contents: Contents) -> Self {
        let path = dir.join("volume.npy");
        let mut file = BufWriter::new(File::create(&path).expect("a file is made"));
        let mut header = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        header.extend(
            format!(
                "{{'descr': '<u2', 'fortran_order': False, 'shape': ({edge}, {edge}, {edge}), }}"
            )
            .bytes(),
        );
        header.resize(HEADER_BYTES as usize - 1, b' ');
        header.push(b'\n');
        file.write_all(&header).expect("the header is written");
        let mut random = Random(7);
        for y in 0..edge {
            for z in 0..edge {
                for x in 0..edge {
                    let number = match contents {
                        Contents::Hills => hills(ivec3(x, y, z), edge, &mut random),
                        Contents::Noise => random.below(9) as u16,
                    };
                    file.write_all(&number.to_le_bytes()).expect("a number is written");
                }
            }
        }
        file.into_inner().expect("all is written");
        Self { file: File::open(&path).expect("it opens"), path, edge }
    }
}

fn hills(at: IVec3, edge: i32, random: &mut Random) -> u16 {
    let [x, y, z] = at.as_vec3().to_array();
    let wide = edge as f32;
    let top = wide * (0.55 + 0.06 * (x / 37.0).sin() + 0.05 * (z / 29.0).cos());
    let depth = top - y;
    let is_cave = depth > 8.0 && (x / 13.0 + y / 17.0).sin() * (z / 15.0 - y / 19.0).cos() > 0.8;
    match depth {
        _ if depth <= 0.0 || is_cave => 0,
        _ if depth < 4.0 => 3,
        _ if depth < 20.0 => 4,
        _ if random.below(500) == 0 => 8,
        _ => 5 + (at.y / 16 % 3) as u16,
    }
}

impl VoxelVolume for Volume {
    fn voxels(&self) -> VoxelBox {
        let half = IVec3::splat(self.edge / 2);
        VoxelBox::new(0, LatticeBox::new(-half, half))
    }

    fn fingerprint(&self) -> String {
        format!("{}", self.path.display())
    }

    fn read(&self, part: LatticeBox, cells: &mut [MaterialId]) -> Result<(), VolumeError> {
        let edge = self.edge as u64;
        let low = (part.min + self.edge / 2).as_u64vec3();
        let size = part.size().as_u64vec3();
        let mut rows = cells.chunks_exact_mut(size.x as usize);
        let mut bytes = vec![0; (((size.z - 1) * edge + size.x) * 2) as usize];
        for y in low.y..low.y + size.y {
            let first = (y * edge + low.z) * edge + low.x;
            self.file.read_exact_at(&mut bytes, HEADER_BYTES + first * 2)?;
            for from in bytes.chunks((edge * 2) as usize) {
                let row = rows.next().expect("a row for each row of cells");
                for (cell, &pair) in row.iter_mut().zip(from.as_chunks().0) {
                    *cell = MaterialId(u16::from_le_bytes(pair));
                }
            }
        }
        Ok(())
    }
}
