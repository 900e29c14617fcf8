//! Picking rays, and rays through ten kilometres of sky.

use std::{fs, hint::black_box, path::Path, sync::Arc, time::Instant};

use bluemarble_benches::table;
use bluemarble_core::{MaterialTable, Ray};
use bluemarble_terrain::{Baseline, NoiseBaseline};
use bluemarble_world::{HybridWorld, RayHit, RayOptions, WorldReader};
use glam::{DVec3, IVec3, dvec3, ivec3};

use crate::{
    corpus::{Corpus, SIZE},
    peer::Peer,
    walker::Walker,
};

/// What of the rays may be answered otherwise by a peer that counts in single precision.
const MAX_DIFFERENT: f64 = 0.002;

/// The voxel in which a ray of a peer ends; the first number says so if there is none.
type Answer = Option<IVec3>;

/// How far the ground goes: there the others end, too.
fn end(ray: &Ray) -> f64 {
    let far = DVec3::select(ray.direction.cmpgt(DVec3::ZERO), SIZE.as_dvec3(), DVec3::ZERO);
    ((far - ray.origin) / ray.direction).min_element()
}

fn ours(reader: &mut WorldReader, rays: &[Ray], hits: &mut Vec<Option<RayHit>>) -> f64 {
    hits.clear();
    let start = Instant::now();
    for ray in rays {
        let options = RayOptions { max_m: end(ray), ..RayOptions::default() };
        hits.push(reader.first_hit(ray, &options).expect("the world reads"));
    }
    start.elapsed().as_nanos() as f64
}

fn walked<const KEEPS: bool>(
    walker: &Walker,
    rays: &[Ray],
    hits: &mut Vec<Option<(IVec3, f64)>>,
) -> f64 {
    hits.clear();
    let start = Instant::now();
    for ray in rays {
        hits.push(walker.first_hit::<KEEPS>(ray, IVec3::ZERO, SIZE));
    }
    start.elapsed().as_nanos() as f64
}

fn answers(path: &Path) -> Vec<Answer> {
    let bytes = fs::read(path).expect("the peer's answers");
    let number = |at: &[u8]| i32::from_le_bytes([at[0], at[1], at[2], at[3]]);
    let voxel = |hit: &[u8]| ivec3(number(hit), number(&hit[4..]), number(&hit[8..]));
    bytes.chunks_exact(24).map(|hit| Some(voxel(hit)).filter(|voxel| voxel.x != i32::MIN)).collect()
}

/// What share of the answers is another one.
fn different(ours: &[Answer], theirs: &[Answer]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let count = ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs).count();
    count as f64 / ours.len() as f64
}

pub fn race(
    corpus: &Corpus,
    world: &HybridWorld,
    walker: &Walker,
    mut nanovdb: Option<&mut Peer>,
    dir: &Path,
    rounds: usize,
) {
    let mut reader = world.reader();
    let out = dir.join("hits");
    let mut rows = Vec::new();
    for (name, rays) in &corpus.rays {
        let question = format!("rays {name} {}", out.display());
        // What is timed writes where it has written before.
        let (mut found, mut hits) = (Vec::new(), Vec::new());
        ours(&mut reader, rays, &mut found);
        walked::<true>(walker, rays, &mut hits);
        let voxels: Vec<Answer> = found.iter().map(|hit| hit.map(|hit| hit.pos.voxel)).collect();
        let walked_voxels: Vec<Answer> = hits.iter().map(|hit| hit.map(|hit| hit.0)).collect();
        assert!(different(&voxels, &walked_voxels) < MAX_DIFFERENT / 10.0, "{name}: other voxels");
        if let Some(peer) = &mut nanovdb {
            peer.ask(&question, "elapsed_ns");
            let share = different(&voxels, &answers(&out));
            assert!(share < MAX_DIFFERENT, "{name}: {share} of the rays end elsewhere");
        }
        let mut times_ns = [const { Vec::new() }; 4];
        for round in 0..rounds {
            for turn in table::turns(4, round) {
                let elapsed_ns = match (turn, &mut nanovdb) {
                    (0, _) => black_box(ours(&mut reader, rays, &mut found)),
                    (1, _) => black_box(walked::<false>(walker, rays, &mut hits)),
                    (2, _) => black_box(walked::<true>(walker, rays, &mut hits)),
                    (_, Some(peer)) => peer.ask(&question, "elapsed_ns"),
                    (_, None) => f64::NAN,
                };
                times_ns[turn].push(elapsed_ns / rays.len() as f64);
            }
        }
        let [ours, hash, walk, vdb] = times_ns.map(table::median);
        let reached = hits.iter().flatten().count();
        let way = |(ray, hit): (&Ray, &Option<(IVec3, f64)>)| hit.map_or(end(ray), |hit| hit.1);
        let mean = rays.iter().zip(&hits).map(way).sum::<f64>() / rays.len() as f64;
        let mut row = vec![
            (*name).to_owned(),
            format!("{:.0} %", 100.0 * reached as f64 / rays.len() as f64),
            format!("{mean:.0}"),
        ];
        row.extend([ours, hash, walk, vdb].map(|ns| format!("{ns:.0}")));
        row.extend([hash / ours, walk / ours, vdb / ours].map(table::ratio));
        rows.push(row);
    }
    table::print(
        "Picking rays: the first voxel that is not air",
        &format!(
            "{} rays of each kind over 1024 x 256 x 1024 voxels, one thread; ns a ray",
            corpus.rays[0].1.len()
        ),
        &[
            "rays",
            "hit",
            "long",
            "ours",
            "hash walk",
            "walk",
            "NanoVDB",
            "hash walk / ours",
            "walk / ours",
            "NanoVDB / ours",
        ],
        &rows,
    );
}

/// Rays through ten kilometres of air over hills, at 0.25 m a voxel.
pub fn sky(rounds: usize) {
    const REACH_M: f64 = 10_000.0;
    let baseline = NoiseBaseline::new(0.25, 7, &MaterialTable::standard()).expect("hills");
    let baseline: Arc<dyn Baseline> = Arc::new(baseline);
    let world = HybridWorld::in_memory(Arc::clone(&baseline), MaterialTable::standard());
    let mut reader = world.reader();
    let walker = Walker::new(&[]);
    let options = RayOptions { max_m: REACH_M, ..RayOptions::default() };
    let mut rows = Vec::new();
    for (name, altitude_m, rise) in [
        ("level, 300 m up", 300.0, 0.0),
        ("level, 2 km up", 2000.0, 0.0),
        ("rising from 100 m", 100.0, 0.2),
    ] {
        let rays: Vec<Ray> = (0..16)
            .map(|i| {
                let angle = f64::from(i) * 0.39 + 0.1;
                let direction = dvec3(angle.cos(), rise, angle.sin()).normalize();
                Ray { origin: dvec3(13.1, altitude_m, -7.7), direction }
            })
            .collect();
        let mut times_ns = [const { Vec::new() }; 2];
        for round in 0..=rounds {
            for turn in table::turns(2, round) {
                let start = Instant::now();
                for ray in &rays {
                    if turn == 0 {
                        let hit = reader.first_hit(ray, &options).expect("the world reads");
                        assert_eq!(hit, None, "the sky is free");
                    } else {
                        // In voxels, as far as ours goes.
                        let origin: DVec3 = ray.origin * 4.0;
                        let reach = IVec3::splat((REACH_M * 4.0) as i32);
                        let middle = origin.as_ivec3();
                        let far = Ray { origin, direction: ray.direction };
                        black_box(walker.first_hit::<true>(&far, middle - reach, middle + reach));
                    }
                }
                // The first round is for finding out what the nodes are.
                if round > 0 {
                    times_ns[turn].push(start.elapsed().as_nanos() as f64 / rays.len() as f64);
                }
            }
        }
        let [ours, walk] = times_ns.map(table::median);
        rows.push(vec![
            name.to_owned(),
            format!("{:.2}", ours / 1e3),
            format!("{:.0}", walk / 1e3),
            table::ratio(walk / ours),
        ]);
    }
    table::print(
        "Ten kilometres of sky",
        "0.25 m a voxel, nothing in the way, one thread; microseconds a ray",
        &["rays", "ours", "walk", "walk / ours"],
        &rows,
    );
}
