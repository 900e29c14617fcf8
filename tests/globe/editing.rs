//! Dig, quit, come back: everything is as it was left, in every lod and for every reader.

use std::{path::Path, process::Command, sync::Arc};

use bluemarble_core::{Chunk, ChunkKey, MaterialId, MaterialTable, VoxelPos};
use bluemarble_terrain::Baseline;
use bluemarble_world::HybridWorld;
use futures::executor::block_on;
use glam::{IVec3, ivec3};
use serde_json::Value;
use tempfile::TempDir;

use crate::viewer::{EARTH, Finished, Run, number, surface_m};

const RADIUS_M: f64 = 2.0;
const LAT_DEG: f64 = 46.5;
const LON_DEG: f64 = 8.0;

/// Looks straight down from 12 m above the ground.
fn look_down(world: &Path) -> Run {
    let altitude_m = surface_m(LAT_DEG, LON_DEG) + 12.0;
    Run::settled(&format!("{LAT_DEG},{LON_DEG},{altitude_m},0,-90"), "161x91")
        .pair("--world", world)
        .file("--picks", "80,45\n")
}

fn picked(run: &Finished) -> Value {
    let [pick] = &run.picks()[..] else { panic!("one pixel, one pick") };
    assert_eq!(pick["hit"], true, "{pick}");
    pick.clone()
}

fn voxel(pick: &Value) -> IVec3 {
    let axis = |axis: usize| pick["voxel"][axis].as_i64().expect("three numbers") as i32;
    ivec3(axis(0), axis(1), axis(2))
}

fn open(world: &Path) -> HybridWorld {
    let earth: Arc<dyn Baseline> = EARTH.clone();
    HybridWorld::open(world, earth, MaterialTable::standard()).expect("the viewer left a world")
}

/// What zarr-python reads of some chunks, cell after cell.
fn read_with_python(world: &Path, keys: &[ChunkKey]) -> Vec<MaterialId> {
    let python = std::env::var_os("BLUEMARBLE_PYTHON").expect(
        "BLUEMARBLE_PYTHON is not set: ./scripts/test.sh installs zarr-python and runs the tests",
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/globe/read_chunks.py");
    let mut command = Command::new(python);
    command.arg(script).arg(world);
    for key in keys {
        let pos = key.pos;
        command.arg(format!("{},{},{},{},{}", key.region, key.lod, pos.y, pos.z, pos.x));
    }
    let output = command.output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
        .stdout
        .chunks_exact(2)
        .map(|bytes| MaterialId(u16::from_le_bytes([bytes[0], bytes[1]])))
        .collect()
}

#[test]
fn a_hole_is_still_there_after_a_restart_in_all_lods_and_for_zarr_python() {
    let folder = TempDir::new().expect("a temporary folder");
    let world = folder.path().join("world");

    let before = picked(&look_down(&world).finish());
    let digging = look_down(&world).pair("--dig", RADIUS_M.to_string()).finish();
    assert_eq!(digging.report["edit"]["saved"], true, "{}", digging.report["edit"]);
    let in_hole = picked(&digging);
    let after = look_down(&world).finish();
    let depth_m = number(&before, "/altitude_m") - number(&in_hole, "/altitude_m");
    assert!((depth_m - RADIUS_M).abs() < 0.5, "the hole is {depth_m} m deep");
    assert_eq!(picked(&after), in_hole);
    assert_eq!(after.picture(), digging.picture());

    let world_now = open(&world);
    let read = |key| block_on(world_now.read(key)).expect("readable");
    let region = before["region"].as_u64().expect("a number") as u8;
    let centre = VoxelPos::new(region, voxel(&before));
    for lod in 0..=2 {
        let key = centre.chunk(lod);
        let cell = key.cell_of(centre).expect("inside");
        assert_eq!(read(key).get(cell), MaterialId::AIR, "the middle of the hole at lod {lod}");
    }
    let mut baseline = Chunk::default();
    for lod in 0..=4 {
        let key = centre.chunk(lod);
        EARTH.fill(key, &mut baseline);
        assert_ne!(read(key), baseline, "lod {lod} does not show the hole");
    }

    let mut keys = block_on(world_now.edited_unsorted()).expect("lists");
    keys.sort_by_key(|key| (key.lod, key.pos.to_array()));
    assert!(keys.len() >= 5, "{keys:?}");
    let ours: Vec<_> = keys.iter().flat_map(|&key| read(key).to_cells()).collect();
    // Readers need no lock.
    assert!(read_with_python(&world, &keys) == ours, "zarr-python reads other voxels");
}
