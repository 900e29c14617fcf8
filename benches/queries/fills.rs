//! Boxes and spheres of one material: against voxel by voxel, and against the builder of `NanoVDB`.

use std::{sync::Arc, time::Instant};

use bluemarble_benches::table;
use bluemarble_core::{
    EditBatch, Flat, LatticeBox, LatticePos, MaterialId, MaterialTable, Shape, VoxelBox, VoxelPos,
};
use bluemarble_terrain::{Baseline, Empty};
use bluemarble_world::HybridWorld;
use futures::executor::block_on;
use glam::{DVec3, IVec3, dvec3, ivec3};

use crate::peer::Peer;

const MATERIAL: MaterialId = MaterialId(10);
const BOX: LatticeBox = LatticeBox { min: ivec3(13, 7, 21), max: ivec3(213, 107, 221) };
const CENTRE: DVec3 = dvec3(130.3, 128.1, 127.6);
const RADIUS: f64 = 100.0;

fn is_in_sphere(voxel: IVec3) -> bool {
    (voxel.as_dvec3() + 0.5).distance_squared(CENTRE) <= RADIUS * RADIUS
}

fn voxels(around: LatticeBox, is_in: impl Fn(IVec3) -> bool) -> Vec<IVec3> {
    let size = around.size();
    (0..size.element_product())
        .map(|i| around.min + ivec3(i % size.x, i / size.x / size.z, i / size.x % size.z))
        .filter(|&voxel| is_in(voxel))
        .collect()
}

/// Makes a batch and edits a new world with it; then makes every chunk that it touches.
fn filled(batch: impl FnOnce() -> EditBatch, baseline: &Arc<dyn Baseline>) -> ([f64; 2], u64) {
    let world = HybridWorld::in_memory(Arc::clone(baseline), MaterialTable::standard());
    let start = Instant::now();
    let batch = batch();
    let report = block_on(world.edit(&batch)).expect("edits");
    let edited_ns = start.elapsed().as_nanos() as f64;
    let chunks = report.chunks.iter().map(|&key| block_on(world.read(key)).expect("reads"));
    let chunks: Vec<_> = chunks.collect();
    let read_ns = start.elapsed().as_nanos() as f64;
    let counts = chunks.iter().flat_map(|chunk| chunk.counts_unsorted());
    let count = counts.filter(|(material, _)| *material == MATERIAL).map(|(_, count)| count);
    ([edited_ns, read_ns], count.map(u64::from).sum())
}

pub fn race(mut nanovdb: Option<&mut Peer>, rounds: usize) {
    let baseline: Arc<dyn Baseline> =
        Arc::new(Empty::new(Shape::Flat(Flat { voxel_m: 1.0 })).expect("a shape"));
    let [low, high] = [BOX.min, BOX.max].map(|at| format!("{} {} {}", at.x, at.y, at.z));
    let reach = IVec3::splat(RADIUS as i32 + 2);
    let around = LatticeBox::new(CENTRE.as_ivec3() - reach, CENTRE.as_ivec3() + reach);
    let shapes = [
        ("box", voxels(BOX, |_| true), format!("fill_box {low} {high} {}", MATERIAL.0)),
        (
            "sphere",
            voxels(around, is_in_sphere),
            format!("fill_sphere {} {} {} {RADIUS} {}", CENTRE.x, CENTRE.y, CENTRE.z, MATERIAL.0),
        ),
    ];
    let mut rows = Vec::new();
    for (name, voxels, question) in shapes {
        let whole = || {
            let mut batch = EditBatch::new();
            match name {
                "box" => batch.fill_box(VoxelBox::new(0, BOX), MATERIAL),
                _ => batch.fill_sphere(LatticePos::new(0, CENTRE), RADIUS, MATERIAL),
            };
            batch
        };
        let single = || {
            let mut batch = EditBatch::new();
            for &voxel in &voxels {
                batch.set(VoxelPos::new(0, voxel), MATERIAL);
            }
            batch
        };
        let count = voxels.len() as u64;
        assert_eq!(filled(whole, &baseline).1, count, "{name}: other voxels");
        if let Some(peer) = &mut nanovdb {
            assert_eq!(peer.ask(&question, "voxels") as u64, count, "{name}: other voxels");
        }
        let mut times_ns = [const { Vec::new() }; 4];
        for round in 0..rounds {
            for turn in table::turns(3, round) {
                match (turn, &mut nanovdb) {
                    (0, _) => {
                        let ([edited_ns, read_ns], _) = filled(whole, &baseline);
                        times_ns[0].push(edited_ns);
                        times_ns[1].push(read_ns);
                    }
                    (1, _) => times_ns[2].push(filled(single, &baseline).0[1]),
                    (_, Some(peer)) => times_ns[3].push(peer.ask(&question, "elapsed_ns")),
                    (_, None) => times_ns[3].push(f64::NAN),
                }
            }
        }
        let [edited, made, single, vdb] = times_ns.map(table::median).map(|ns| ns / count as f64);
        let mut row = vec![name.to_owned(), format!("{:.1}", count as f64 / 1e6)];
        row.extend([edited, made, single, vdb].map(|ns| format!("{ns:.3}")));
        row.extend([single / made, vdb / made].map(table::ratio));
        rows.push(row);
    }
    table::print(
        "Fills",
        "One material, one thread; ns a voxel. Edited: readers see it; made: every chunk is there as cells",
        &[
            "shape",
            "million voxels",
            "edited",
            "made",
            "voxel by voxel, made",
            "NanoVDB",
            "voxel by voxel / made",
            "NanoVDB / made",
        ],
        &rows,
    );
}
