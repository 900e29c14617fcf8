//! Geological processes: steps are seen, frames have no hole, and a world that is taken away ends them.

use bluemarble_geology::{
    Area,
    process::{Budget, GeologicalProcess, Halo, Tile},
    run::{Rated, RunOptions},
};
use glam::ivec3;

use super::*;

/// All ground sinks by so much a year.
struct Sink(f64);

impl GeologicalProcess for Sink {
    fn number(&self) -> u8 {
        200
    }

    fn name(&self) -> &'static str {
        "sink"
    }

    fn halo(&self) -> Halo {
        Halo::Nodes(0)
    }

    fn leaves(&self) -> Option<&'static str> {
        Some("sediment")
    }

    fn step(&self, tile: &mut Tile<'_>, years: f64) -> Budget {
        tile.land.ground_m.iter_mut().for_each(|ground| *ground -= self.0 * years);
        Budget::default()
    }
}

fn sinking() -> RunOptions {
    let area = Area { region: 0, lod: 0, first: [-32, -32], size: [64, 64] };
    RunOptions::new(area, vec![Rated { process: Box::new(Sink(0.5)), rate: 1.0 }])
}

fn paused() -> GeologyClock {
    GeologyClock { is_paused: true, ..GeologyClock::default() }
}

/// Ground that does not sink yet, around a viewer.
fn stage() -> (Stage, Entity) {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let world = stage.world;
    let run = stage.app.world_mut().spawn((GeologyRun::new(world, sinking()), paused())).id();
    stage.settle();
    (stage, run)
}

fn progress(app: &App, run: Entity) -> GeologyProgress {
    app.world().get::<GeologyProgress>(run).expect("the run has it").clone()
}

#[test]
fn a_step_that_is_asked_for_is_made_drawn_and_told_of_and_no_other_one() {
    let (mut stage, run) = stage();
    stage.until("its beginning", |app| progress(app, run).is_begun);
    for _ in 0..30 {
        stage.step();
    }
    assert_eq!(progress(&stage.app, run).years, 0.0, "its clock is paused");
    let ground = ground_y(0.5, 0.5).round() as i32 - 1;
    assert_ne!(stage.drawn_material(ivec3(0, ground, 0)), Some(MaterialId::AIR));
    stage.app.world_mut().write_message(StepGeology { run, years: 3.0 }).expect("taken");
    stage.until("the step", |app| progress(app, run).years == 3.0);
    let stepped: Vec<GeologyStepped> = stage.take();
    assert_eq!(stepped.len(), 1);
    assert!(stepped[0].written.voxels >= 3 * 64 * 64 - 64, "{stepped:?}");
    let drawn = |app: &mut App, world: Entity, y: i32| {
        let voxel = ivec3(0, y, 0);
        let key = VoxelPos::new(0, voxel).chunk(0);
        let streamer = app.world().get::<WorldStreaming>(world).expect("it streams");
        let chunk = streamer.residents.get(&key).and_then(|resident| resident.chunk.as_ref());
        chunk.map(|chunk| chunk.get(voxel - key.min_voxel()))
    };
    // Half a metre a year in voxels of half a metre.
    let world = stage.world;
    stage.until("the picture of it", |app| {
        drawn(app, world, ground - 2) == Some(MaterialId::AIR)
            && drawn(app, world, ground - 3).is_some_and(|material| !material.is_air())
    });
}

#[test]
fn the_clock_lets_steps_follow_each_other_until_it_is_paused() {
    let clock = GeologyClock {
        years_per_second: 60.0,
        step_years: 1.0,
        share: 1.0,
        ..GeologyClock::default()
    };
    let (mut stage, run) = stage();
    stage.app.world_mut().entity_mut(run).insert(clock);
    stage.until("five years", |app| progress(app, run).years >= 5.0);
    stage.app.world_mut().entity_mut(run).insert(paused());
    stage.until("rest", |app| !progress(app, run).is_working);
    let years = progress(&stage.app, run).years;
    for _ in 0..30 {
        stage.step();
    }
    assert_eq!(progress(&stage.app, run).years, years);
    // The coarser lods and the store follow as after any edit.
    let world = stage.world;
    stage.until("all that follows", |app| {
        app.world().get::<WorldUpkeep>(world).is_some_and(|upkeep| upkeep.pending() == 0)
    });
    let top = ground_y(0.5, 0.5).round() as i32 - 1 - years as i32;
    let world = stage.voxels();
    let found = |y| bevy::tasks::block_on(world.material(VoxelPos::new(0, ivec3(0, y, 0))));
    assert_eq!(found(top + 1).expect("read"), MaterialId::AIR);
    assert_ne!(found(top).expect("read"), MaterialId::AIR);
}

#[test]
fn a_world_that_is_taken_away_in_the_middle_of_a_step_is_closed() {
    let (mut stage, run) = stage();
    stage.until("its beginning", |app| progress(app, run).is_begun);
    stage.app.world_mut().write_message(StepGeology { run, years: 3.0 }).expect("taken");
    stage.step();
    let world = stage.world;
    stage.app.world_mut().entity_mut(world).remove::<VoxelWorld>();
    stage.until("that it is closed", |app| {
        let closed = app.world().resource::<Messages<VoxelWorldClosed>>();
        closed.iter_current_update_messages().any(|closed| closed.world == world)
    });
    for _ in 0..10 {
        stage.step();
    }
    let run = stage.app.world().get::<GeologyRun>(run).expect("it stays");
    assert!(run.get().is_none(), "it holds no world any more");
}
