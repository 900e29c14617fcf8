//! How long queries take while somebody edits and the index looks at 10,000 chunks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use bluemarble_benches::{random::Random, table};
use bluemarble_core::{EditBatch, MaterialId, MaterialTable, Ray, VoxelPos};
use bluemarble_terrain::{Baseline, NoiseBaseline};
use bluemarble_world::{
    Exactness, HybridWorld, RayOptions, RebuildManager, RebuildOptions, RebuildPace,
};
use futures::executor::block_on;
use glam::{DVec3, IVec3, dvec3, ivec3};

const BRICK: MaterialId = MaterialId(13);
/// Edited chunks along x and z, one above the other: 10,000.
const EDGE: i32 = 100;
const QUERIES: usize = 200_000;

fn edited(baseline: &Arc<dyn Baseline>) -> HybridWorld {
    let world = HybridWorld::in_memory(Arc::clone(baseline), MaterialTable::standard());
    let mut batch = EditBatch::new();
    for i in 0..EDGE * EDGE {
        batch.set(VoxelPos::new(0, ivec3(i % EDGE, 0, i / EDGE) * 64 + 5), BRICK);
    }
    block_on(world.edit(&batch)).expect("edits");
    world
}

/// Microseconds of each of many queries: of places, and of rays straight down.
fn latencies_us(world: &HybridWorld) -> Vec<f64> {
    let (mut reader, mut random) = (world.reader(), Random(3));
    let place = |random: &mut Random| {
        // A ninth of the chunks, so that most queries find them at hand.
        let axis = |random: &mut Random| random.below(EDGE * 64 / 3);
        ivec3(axis(random), random.below(64), axis(random))
    };
    let mut query = |random: &mut Random, number: usize| {
        let at: IVec3 = place(random);
        if number.is_multiple_of(4) {
            let ray =
                Ray { origin: at.as_dvec3() + dvec3(0.5, 300.0, 0.5), direction: DVec3::NEG_Y };
            reader.first_hit(&ray, &RayOptions::default()).expect("casts");
        } else {
            reader.query_material(VoxelPos::new(0, at), 0, Exactness::DOMINANT).expect("answers");
        }
    };
    for number in 0..QUERIES / 4 {
        query(&mut random, number);
    }
    let mut latencies = Vec::with_capacity(QUERIES);
    for number in 0..QUERIES {
        let start = Instant::now();
        query(&mut random, number);
        latencies.push(start.elapsed().as_nanos() as f64 / 1e3);
    }
    latencies
}

pub fn measure() {
    let hills = NoiseBaseline::new(1.0, 7, &MaterialTable::standard()).expect("hills");
    let baseline: Arc<dyn Baseline> = Arc::new(hills);
    let mut rows = Vec::new();
    for (name, writes, rebuilds) in [
        ("alone", false, false),
        ("an edit a millisecond", true, false),
        ("and a rebuild", true, true),
    ] {
        let world = edited(&baseline);
        let options = RebuildOptions { pace: RebuildPace::OnDemand, workers: 1 };
        let manager = RebuildManager::start(&world, options).expect("threads");
        let ends = AtomicBool::new(false);
        let (mut latencies, indexed) = thread::scope(|scope| {
            if writes {
                scope.spawn(|| {
                    let mut random = Random(9);
                    while !ends.load(Relaxed) {
                        let at = ivec3(random.below(EDGE), 0, random.below(EDGE)) * 64;
                        block_on(world.edit(
                            EditBatch::new().set(VoxelPos::new(0, at + random.below(64)), BRICK),
                        ))
                        .expect("edits");
                        thread::sleep(Duration::from_millis(1));
                    }
                });
            }
            if rebuilds {
                manager.rebuild_now();
            }
            let latencies = latencies_us(&world);
            ends.store(true, Relaxed);
            (latencies, manager.progress().indexed)
        });
        let mut row = vec![name.to_owned(), indexed.to_string()];
        let shares = [0.5, 0.99, 0.999, 1.0];
        row.extend(shares.map(|share| format!("{:.1}", table::quantile(&mut latencies, share))));
        rows.push(row);
    }
    table::print(
        "Queries beside a writer and a rebuild",
        &format!(
            "{QUERIES} queries of one thread, a quarter of them rays, 10,000 edited chunks; microseconds a query"
        ),
        &["beside", "chunks indexed meanwhile", "median", "99 %", "99.9 %", "longest"],
        &rows,
    );
}
