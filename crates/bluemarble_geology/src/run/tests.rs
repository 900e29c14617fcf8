use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use bluemarble_core::{
    CHUNK_EDGE, CancelToken, Chunk, ChunkKey, EditBatch, LatticeBox, MaterialId, MaterialTable,
    Shape, VoxelBox, VoxelPos,
};
use bluemarble_terrain::NoiseBaseline;
use bluemarble_world::{Baseline, Classification, HybridWorld, WorldBuilder};
use futures::executor::block_on;
use glam::{IVec3, ivec3};

use super::*;
use crate::{
    process::{GeologicalProcess, Halo, Rivers, Slides, SoilCreep, Tile, Uplift},
    scenario::Scenario,
};

/// All ground goes down, or up, by so much a year.
struct Shift(f64);

impl GeologicalProcess for Shift {
    fn number(&self) -> u8 {
        200
    }

    fn name(&self) -> &'static str {
        "shift"
    }

    fn halo(&self) -> Halo {
        Halo::Nodes(0)
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("sediment")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        tile.land.ground_m.iter_mut().for_each(|ground| *ground += self.0 * years);
        Budget::default()
    }
}

/// Each node becomes the mean of those up to two columns and rows away.
struct Blur;

impl GeologicalProcess for Blur {
    fn number(&self) -> u8 {
        201
    }

    fn name(&self) -> &'static str {
        "blur"
    }

    fn halo(&self) -> Halo {
        Halo::Nodes(2)
    }

    fn step(&self, tile: &mut Tile<'_>, _: f64) -> Budget {
        let grid = tile.land.grid;
        let before = tile.land.ground_m.clone();
        for row in 0..grid.rows() {
            for column in 0..grid.columns() {
                let (mut sum, mut count) = (0.0, 0);
                for row in row.saturating_sub(2)..(row + 3).min(grid.rows()) {
                    for column in column.saturating_sub(2)..(column + 3).min(grid.columns()) {
                        sum += before[grid.node(column, row)];
                        count += 1;
                    }
                }
                tile.land.ground_m[grid.node(column, row)] = sum / f64::from(count);
            }
        }
        Budget::default()
    }
}

fn rated(process: impl GeologicalProcess + 'static) -> Rated {
    Rated { process: Box::new(process), rate: 1.0 }
}

/// Rivers that cut fast.
fn rivers() -> Rivers {
    let mut rivers = Rivers::default();
    rivers.incision.erodibility = 2e-4;
    rivers
}

fn hills() -> WorldBuilder {
    let table = MaterialTable::standard();
    let baseline = NoiseBaseline::new(1.0, 5, &table).expect("hills");
    WorldBuilder::new(Arc::new(baseline), table)
}

/// Where hills rise above their sea.
const MIDDLE: [i32; 2] = [900, 300];

fn area(lod: u8, nodes: usize) -> Area {
    let half = (nodes / 2) as i32;
    Area { region: 0, lod, first: MIDDLE.map(|at| (at >> lod) - half), size: [nodes; 2] }
}

fn material(world: &HybridWorld, voxel: IVec3) -> MaterialId {
    block_on(world.material(VoxelPos::new(0, voxel))).expect("read")
}

fn id(world: &HybridWorld, name: &str) -> MaterialId {
    world.materials().id(name).expect("shipped")
}

/// The highest voxel that is neither air nor water nor built.
fn top_y(world: &HybridWorld, x: i32, z: i32) -> i32 {
    let is_ground = |y: &i32| {
        let row = world.materials().get(material(world, ivec3(x, *y, z))).cloned().expect("known");
        row.phase == bluemarble_core::Phase::Opaque && !row.built
    };
    (-400..400).rev().find(is_ground).expect("ground")
}

/// The chunks of an area, those with ground in them and around it.
fn digest(world: &HybridWorld, area: &Area) -> u64 {
    let mut hasher = DefaultHasher::new();
    for [x, z] in area.squares() {
        for y in -5..5 {
            let key = ChunkKey::new(area.region, 0, ivec3(x, y, z));
            block_on(world.read(key)).expect("read").to_cells().hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Columns are whole voxels, and land is not.
fn is_near(land_m: f64, column_m: i32) -> bool {
    (land_m - f64::from(column_m)).abs() <= 1.0
}

fn never() -> CancelToken {
    CancelToken::never()
}

#[test]
fn after_writing_every_column_is_as_high_as_its_node_says_to_one_voxel() {
    let world = hills().in_memory();
    let processes = vec![rated(rivers()), rated(SoilCreep::default()), rated(Slides::default())];
    let mut run =
        Run::begin(world.clone(), RunOptions::new(area(0, 96), processes)).expect("begins");
    let begun_m = run.begun_m().to_vec();
    for _ in 0..3 {
        for _ in 0..4 {
            run.step(2_000.0, &never()).expect("steps");
        }
        let report = run.write(&never()).expect("written");
        assert!(report.voxels > 500, "{report:?}");
    }
    let mut changed = 0;
    for (node, begun_m) in begun_m.iter().enumerate() {
        let [x, z] = area(0, 96).cell(node % 96, node / 96);
        let top_m = f64::from(top_y(&world, x, z) + 1);
        let land_m = run.land().ground_m[node];
        assert!((top_m - land_m).abs() <= 1.0, "{x} {z}: {top_m} m in voxels, {land_m} m on land");
        changed += usize::from((land_m - begun_m).abs() > 2.0);
    }
    assert!(changed > 1_000, "only {changed} columns have moved by more than two voxels");
}

#[test]
fn columns_between_nodes_rise_and_sink_as_the_land_between_them() {
    let (world, before) = (hills().in_memory(), hills().in_memory());
    let area = area(3, 24);
    let mut run =
        Run::begin(world.clone(), RunOptions::new(area, vec![rated(rivers())])).expect("begins");
    let begun_m = run.begun_m().to_vec();
    for _ in 0..5 {
        run.step(5_000.0, &never()).expect("steps");
        run.write(&never()).expect("written");
    }
    let change = |column: i32, row: i32| {
        let node = (row.clamp(0, 23) * 24 + column.clamp(0, 23)) as usize;
        run.land().ground_m[node] - begun_m[node]
    };
    let ([x0, z0], _) = area.columns();
    let mut largest = 0;
    for index in 0..600 {
        let [x, z] = [index * 37 % 192, index * 61 % 192];
        let at = [x, z].map(|at| (f64::from(at) + 0.5) / 8.0 - 0.5);
        let low = at.map(|at| at.floor() as i32);
        let [across, down] = [at[0] - at[0].floor(), at[1] - at[1].floor()];
        let expected_m = change(low[0], low[1]) * (1.0 - across) * (1.0 - down)
            + change(low[0] + 1, low[1]) * across * (1.0 - down)
            + change(low[0], low[1] + 1) * (1.0 - across) * down
            + change(low[0] + 1, low[1] + 1) * across * down;
        let risen = top_y(&world, x0 + x, z0 + z) - top_y(&before, x0 + x, z0 + z);
        assert!((f64::from(risen) - expected_m).abs() <= 0.5 + 1e-9, "{risen} for {expected_m}");
        largest = largest.max(risen.abs());
    }
    assert!(largest > 5);
}

#[test]
fn a_house_stands_and_a_cave_stays_where_the_ground_around_sinks() {
    let world = hills().in_memory();
    let [x, z] = MIDDLE;
    let brick = id(&world, "brick");
    let floor_y = (0..6).map(|at| top_y(&world, x + at, z)).max().expect("some") + 1;
    let mut batch = EditBatch::new();
    batch.fill_box(
        VoxelBox::new(0, LatticeBox::new(ivec3(x, floor_y, z), ivec3(x + 6, floor_y + 5, z + 6))),
        brick,
    );
    // A wall in the ground, which reaches into the air.
    let wall = [x - 20, z - 20];
    let wall_top_y = top_y(&world, wall[0], wall[1]);
    batch.fill_column(VoxelPos::new(0, ivec3(wall[0], wall_top_y - 8, wall[1])), 6, brick);
    // A cave a little below the ground, and one further down.
    let cave = [x + 20, z + 20];
    let cave_y = top_y(&world, cave[0], cave[1]);
    batch.fill_column(VoxelPos::new(0, ivec3(cave[0], cave_y - 9, cave[1])), 6, MaterialId::AIR);
    batch.fill_column(VoxelPos::new(0, ivec3(cave[0], cave_y - 60, cave[1])), 9, MaterialId::AIR);
    block_on(world.edit(&batch)).expect("edited");
    let below_house = top_y(&world, x + 2, z + 2);

    let area = area(0, 64);
    let mut run =
        Run::begin(world.clone(), RunOptions::new(area, vec![rated(Shift(-1.0))])).expect("begins");
    run.step(5.0, &never()).expect("steps");
    run.write(&never()).expect("written");
    assert_eq!(material(&world, ivec3(x + 2, floor_y, z + 2)), brick, "the house");
    assert_eq!(top_y(&world, x + 2, z + 2), below_house, "the ground below it");
    for y in wall_top_y - 8..wall_top_y - 2 {
        assert_eq!(material(&world, ivec3(wall[0], y, wall[1])), brick, "the wall at {y}");
    }
    assert!(material(&world, ivec3(wall[0], wall_top_y - 1, wall[1])).is_air(), "ground over it");
    assert_eq!(top_y(&world, cave[0], cave[1]), cave_y - 10, "its roof has gone");
    for y in cave_y - 60..cave_y - 51 {
        assert!(material(&world, ivec3(cave[0], y, cave[1])).is_air(), "the deep cave at {y}");
    }
    let land_m = |[x, z]: [i32; 2]| run.land().ground_m[area.node_of(x, z).expect("inside")];
    assert!(is_near(land_m(cave), cave_y - 9), "the land knows the cave's floor");
    assert!(is_near(land_m([x + 2, z + 2]), below_house + 1), "and that the house stands");
}

#[test]
fn what_others_dig_between_two_writes_stays_dug() {
    let world = hills().in_memory();
    let [x, z] = MIDDLE;
    let mut run = Run::begin(world.clone(), RunOptions::new(area(0, 64), vec![rated(Shift(0.5))]))
        .expect("begins");
    run.step(4.0, &never()).expect("steps");
    run.write(&never()).expect("written");
    let before = top_y(&world, x, z);
    let mut pit = EditBatch::new();
    pit.fill_column(VoxelPos::new(0, ivec3(x, before - 9, z)), 10, MaterialId::AIR);
    block_on(world.edit(&pit)).expect("edited");
    run.step(4.0, &never()).expect("steps");
    run.write(&never()).expect("written");
    assert_eq!(top_y(&world, x, z), before - 10 + 2, "the pit has risen with the ground");
    let node = area(0, 64).node_of(x, z).expect("inside");
    assert!(is_near(run.land().ground_m[node], before - 10 + 2 + 1));
}

#[test]
fn threads_and_tiles_of_any_size_give_the_same_bits() {
    let run = |threads: usize, tile_nodes: usize| {
        let world = hills().in_memory();
        let processes =
            vec![rated(Uplift::default()), rated(rivers()), rated(Blur), rated(Slides::default())];
        let options = RunOptions { threads, tile_nodes, ..RunOptions::new(area(1, 96), processes) };
        let mut run = Run::begin(world.clone(), options).expect("begins");
        for _ in 0..2 {
            run.step(1_000.0, &never()).expect("steps");
            run.step(1_000.0, &never()).expect("steps");
            run.write(&never()).expect("written");
        }
        (run.fields.clone(), digest(&world, &area(1, 96)))
    };
    let expected = run(1, 1000);
    for (threads, tile_nodes) in [(2, 1000), (1, 12), (2, 12), (3, 7)] {
        let found = run(threads, tile_nodes);
        assert!(found == expected, "{threads} threads, tiles of {tile_nodes} nodes");
    }
}

#[test]
fn every_process_acts_on_the_shipped_materials_and_leaves_rock_where_it_says() {
    let scenario = "(
        area: Lattice(region: 0, x: 900, z: 300, size_m: 96, node_m: 2),
        years: 10, step_years: 10, write_years: 10,
        processes: [
            Uplift(m_per_year: 0.05, radius_m: 40), Rivers(rain: ()), Weathering(), Creep(), Slides(), Ice(), Bending(),
            Eruption(volume_m3: 2000, days: 2, every_years: 10, vent: (0.4, 0.5)),
            Ash(vent: (0.6, 0.5), fall: (volume_m3: 4000, reach_m: 20, wind: (0.3, 0)), every_years: 10),
            Storms(rain_m: 0.02, rain_s: 20, drain_s: 10, per_year: 0.1),
        ],
        rates: { \"ice\": 0.5 },
    )";
    let scenario = Scenario::parse(scenario, "all.ron").expect("fine");
    let world = hills().in_memory();
    let mut run = scenario.begin(world.clone(), None).expect("begins");
    assert!(scenario.go_on(&mut run, &never()).expect("goes on"));
    assert!(!scenario.go_on(&mut run, &never()).expect("ended"));
    let at =
        |part: [f64; 2]| [848.0 + 104.0 * part[0], 248.0 + 104.0 * part[1]].map(|at| at as i32);
    let surface = |part: [f64; 2]| {
        let [x, z] = at(part);
        material(&world, ivec3(x, top_y(&world, x, z), z))
    };
    assert_eq!(surface([0.4, 0.5]), id(&world, "basalt"), "at the vent");
    assert_eq!(surface([0.62, 0.5]), id(&world, "ash"), "where ash has fallen");
    let balance = &run.written().balance;
    assert!(
        balance[&id(&world, "basalt").0] > 1000 && balance[&id(&world, "ash").0] > 1000,
        "{balance:?}"
    );
}

const SCENARIO: &str = "(
    area: Lattice(region: 0, x: 900, z: 300, size_m: 300, node_m: 1),
    years: 4000, step_years: 500, write_years: 1000,
    processes: [Uplift(m_per_year: 0.002), Rivers(deposition: (settling: 0.5)), Slides()],
)";

fn go_on(dir: &Path, cancel: &CancelToken) -> Result<(Run, u64), GeologyError> {
    let scenario = Scenario::parse(SCENARIO, "test.ron")?;
    let world = hills().open(dir.join("world"))?;
    let mut run = scenario.begin(world.clone(), Some(dir.join("run")))?;
    while scenario.go_on(&mut run, cancel)? {}
    let digest = digest(&world, run.area());
    Ok((run, digest))
}

#[test]
fn a_run_that_is_stopped_anywhere_and_gone_on_with_gives_the_same_voxels() {
    let dir = tempfile::tempdir().expect("a directory");
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let cancel = CancelToken::new().with_pause(move || _ = count.fetch_add(1, Relaxed));
    let (expected, expected_digest) = go_on(dir.path(), &cancel).expect("runs");
    let expected = expected.fields.clone();
    let asked = asked.load(Relaxed);
    assert!(asked > 40, "stopped at {asked} places at most");
    let mut all_stops = 0;
    for round in 0..24 {
        let dir = tempfile::tempdir().expect("a directory");
        // Each round is stopped elsewhere first, and then more often.
        let mut stop = round * asked / 24 + 1;
        let mut stops = 0;
        let (run, digest) = loop {
            let cancel = CancelToken::new();
            let (own, left) = (cancel.clone(), Arc::new(AtomicU32::new(stop)));
            let cancel = cancel.with_pause(move || {
                if left.fetch_sub(1, Relaxed) == 1 {
                    own.cancel();
                }
            });
            match go_on(dir.path(), &cancel) {
                Ok(done) => break done,
                Err(GeologyError::Cancelled(_)) => stops += 1,
                Err(error) => panic!("{error}"),
            }
            stop = stop / 2 + asked / 8;
            assert!(stops < 100, "no end");
        };
        assert!(stops > 0 && run.fields == expected && digest == expected_digest, "round {round}");
        all_stops += stops;
    }
    assert!(all_stops >= 50, "stopped {all_stops} times");
}

#[test]
fn what_is_kept_of_another_run_or_is_damaged_is_refused_by_its_name() {
    let dir = tempfile::tempdir().expect("a directory");
    go_on(dir.path(), &never()).expect("runs");
    let scenario = Scenario::parse(&SCENARIO.replace("0.002", "0.003"), "test.ron").expect("fine");
    let world = hills().open(dir.path().join("world")).expect("opens");
    let begun = scenario.begin(world.clone(), Some(dir.path().join("run")));
    let error = begun.err().expect("another one").to_string();
    assert!(error.contains("state.bin") && error.contains("other parameters"), "{error}");
    let path = dir.path().join("run/state.bin");
    let mut bytes = std::fs::read(&path).expect("read");
    bytes[5_000] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let scenario = Scenario::parse(SCENARIO, "test.ron").expect("fine");
    let begun = scenario.begin(world, Some(dir.path().join("run")));
    let error = begun.err().expect("damaged").to_string();
    assert!(error.contains("state.bin: it is damaged; remove it"), "{error}");
}

#[test]
fn what_comes_and_goes_of_each_material_is_what_the_world_has_more_or_less_of() {
    let count = |world: &HybridWorld| {
        let mut counts = std::collections::BTreeMap::<u16, i64>::new();
        for [x, z] in area(0, 96).squares() {
            for y in -5..5 {
                let chunk =
                    block_on(world.read(ChunkKey::new(0, 0, ivec3(x, y, z)))).expect("read");
                chunk.to_cells().iter().for_each(|id| *counts.entry(id.0).or_default() += 1);
            }
        }
        counts
    };
    let world = hills().in_memory();
    let before = count(&world);
    let processes = vec![rated(rivers()), rated(SoilCreep::default())];
    let mut run =
        Run::begin(world.clone(), RunOptions::new(area(0, 96), processes)).expect("begins");
    run.step(20_000.0, &never()).expect("steps");
    run.write(&never()).expect("written");
    let after = count(&world);
    for (id, balance) in &run.written().balance {
        let of =
            |counts: &std::collections::BTreeMap<u16, i64>| counts.get(id).copied().unwrap_or(0);
        assert_eq!(
            of(&after) - of(&before),
            *balance,
            "{}",
            world.materials().name(MaterialId(*id))
        );
    }
    assert!(run.written().balance.values().any(|voxels| *voxels != 0));
}

/// A planet of granite with grass, round but for waves of 40 voxels that run over its edges.
struct RoundPlanet(Shape);

impl RoundPlanet {
    fn ground_y(&self, region: u8, x: i32, z: i32) -> i32 {
        let at = LatticePos::new(
            region,
            glam::DVec3::new(f64::from(x), f64::from(1 << 25), f64::from(z)),
        );
        let direction = self.0.local_from_lattice(at).normalize();
        let wave = (direction * 1e6).to_array().iter().map(|at| at.sin()).sum::<f64>();
        (1 << 25) + 100 + (wave * 20.0) as i32
    }
}

impl Baseline for RoundPlanet {
    fn shape(&self) -> Shape {
        self.0
    }

    fn fill(&self, key: ChunkKey, chunk: &mut Chunk) {
        let cell = key.cell_voxels();
        let corner = key.min_voxel();
        *chunk = Chunk::default();
        for z in 0..CHUNK_EDGE {
            for x in 0..CHUNK_EDGE {
                let ground = self.ground_y(key.region, corner.x + x * cell, corner.z + z * cell);
                for y in 0..CHUNK_EDGE {
                    let bottom = corner.y + y * cell;
                    if bottom < ground {
                        let is_top = bottom + cell >= ground;
                        chunk.set(ivec3(x, y, z), MaterialId(if is_top { 5 } else { 15 }));
                    }
                }
            }
        }
    }

    fn classify(&self, voxels: VoxelBox, _: u8) -> Classification {
        match voxels.voxels {
            voxels if voxels.min.y > (1 << 25) + 170 => Classification::Uniform(MaterialId::AIR),
            _ => Classification::Mixed,
        }
    }

    fn surface_y(&self, region: u8, x: f64, z: f64) -> f64 {
        self.ground_y(region, x as i32, z as i32).into()
    }

    fn fingerprint(&self) -> String {
        "round planet".to_owned()
    }
}

#[test]
fn an_area_over_the_edge_of_a_cubes_face_is_shaped_as_any_other() {
    let world = WorldBuilder::new(Arc::new(RoundPlanet(Shape::earth())), MaterialTable::standard())
        .in_memory();
    let edge = world.shape().region_box().max.x;
    for region in [0, 4] {
        let area = Area { region, lod: 0, first: [edge - 40, 3_000_000], size: [80, 40] };
        let mut run = Run::begin(world.clone(), RunOptions::new(area, vec![rated(Shift(-0.149))]))
            .expect("begins");
        let begun_m = run.begun_m().to_vec();
        run.step(6.0, &never()).expect("steps");
        run.write(&never()).expect("written");
        let again = Run::begin(world.clone(), RunOptions::new(area, Vec::new())).expect("begins");
        let voxel_m = world.shape().voxel_m();
        let steps = |node: usize| (begun_m[node] - again.begun_m()[node]) / voxel_m;
        let expected = (6.0 * 0.149 / voxel_m).round();
        for node in 0..area.nodes() {
            assert!(
                (steps(node) - expected).abs() < 1e-6,
                "{region}: node {node} sank {}",
                steps(node)
            );
        }
        let jumps = (0..area.nodes() - 1).filter(|node| node % 80 != 79);
        let steepest =
            jumps.map(|node| (begun_m[node + 1] - begun_m[node]).abs()).fold(0.0, f64::max);
        assert!(steepest < 8.0, "the ground goes on over the edge: {steepest}");
    }
}

#[test]
fn land_is_flooded_where_a_rising_sea_reaches_it_and_dry_again_when_it_has_gone() {
    let world = hills().in_memory();
    let water = id(&world, "water");
    // A shore: from deep water to dry land.
    let surface_y = |x: i32, z: i32| world.baseline().surface_y(0, f64::from(x), f64::from(z));
    let is_shore = |[x, z]: &[i32; 2]| surface_y(x - 30, *z) < 0.5 && surface_y(x + 30, *z) > 6.0;
    let mut places = (0..100_000).map(|at| [at * 7 % 40_000 - 20_000, at * 13 % 40_000 - 20_000]);
    let is_deep = |[x, z]: &[i32; 2]| is_shore(&[*x, *z]) && top_y(&world, x - 30, *z) < -4;
    let [x, z] = places.find(is_deep).expect("a shore");
    let area = Area { region: 0, lod: 0, first: [x - 48, z - 48], size: [96, 96] };
    let mut run =
        Run::begin(world.clone(), RunOptions::new(area, vec![rated(Shift(0.0))])).expect("begins");
    assert_eq!(run.sea_level_m(), Some(0.0));
    let wet = |world: &HybridWorld, level: i32| {
        let ([x0, z0], [x1, z1]) = area.columns();
        let columns = (x0..x1).flat_map(|x| (z0..z1).map(move |z| (x, z)));
        columns.filter(|&(x, z)| material(world, ivec3(x, level - 1, z)) == water).count()
    };
    let before = (digest(&world, &area), wet(&world, 0));
    run.set_sea_level_m(4.0);
    run.write(&never()).expect("written");
    let flooded = (0..area.nodes()).filter(|&node| run.begun_m()[node] < 4.0 - 0.5).count();
    let risen = wet(&world, 4);
    assert!(risen > before.1 + 50 && risen <= flooded + 200, "{before:?} {risen} {flooded}");
    assert!(material(&world, ivec3(x - 30, 4, z)).is_air(), "no higher than that");
    run.set_sea_level_m(-2.0);
    run.write(&never()).expect("written");
    assert!(material(&world, ivec3(x - 30, -1, z)).is_air(), "it has fallen");
    run.set_sea_level_m(0.0);
    run.write(&never()).expect("written");
    assert_eq!((digest(&world, &area), wet(&world, 0)), before, "as it was");
}
