//! Edits: how soon they are seen, and that none is lost.

use bevy::ecs::system::RunSystemOnce;
use bluemarble_core::{EditBatch, LatticePos, MaterialId, VoxelPos};
use bluemarble_edit::{Brush, BrushAction};
use glam::{DVec3, IVec3, ivec3};

use super::*;

const BRICK: MaterialId = MaterialId(18);

fn one(voxel: IVec3, material: MaterialId) -> EditBatch {
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, voxel), material);
    batch
}

/// A voxel two above the ground.
fn above_ground(x: i32, z: i32) -> IVec3 {
    ivec3(x, ground_y(f64::from(x), f64::from(z)).ceil() as i32 + 2, z)
}

#[test]
fn sixty_edits_a_second_in_flight_are_each_seen_within_three_frames_and_none_is_lost() {
    const SECONDS: i32 = 10;
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    stage.settle();
    let mut waiting: Vec<(IVec3, u32)> = Vec::new();
    let mut seen_after = vec![0u32; 12];
    for frame in 0..SECONDS * 60 {
        // 12 m/s, edits some metres ahead of the viewer.
        let z_m = -f64::from(frame) * 0.2;
        stage.move_to(DVec3::new(0.0, 14.0, z_m));
        let voxel = above_ground(frame % 7 - 3, (z_m * 2.0) as i32 - 8);
        stage.edit(one(voxel, BRICK));
        waiting.push((voxel, 0));
        stage.step();
        // Frames are counted, not the time that a busy machine gives its workers.
        stage.wait_for_edits();
        waiting.retain_mut(|(voxel, frames)| {
            *frames += 1;
            let is_seen = stage.drawn_material(*voxel) == Some(BRICK);
            if is_seen {
                seen_after[(*frames as usize).min(11)] += 1;
            }
            !is_seen
        });
    }
    for _ in 0..30 {
        stage.step();
        waiting.retain(|(voxel, _)| stage.drawn_material(*voxel) != Some(BRICK));
    }
    assert!(waiting.is_empty(), "{} edits were never seen", waiting.len());
    let late: u32 = seen_after[4..].iter().sum();
    assert_eq!(late, 0, "frames until edits were seen: {seen_after:?}");
    let world = stage.voxels();
    for frame in 0..SECONDS * 60 {
        let voxel = above_ground(frame % 7 - 3, (-f64::from(frame) * 0.4) as i32 - 8);
        let found =
            bevy::tasks::block_on(world.material(VoxelPos::new(0, voxel))).expect("it is read");
        assert_eq!(found, BRICK, "the edit of frame {frame} is lost");
    }
}

#[test]
fn a_chunk_that_is_edited_in_every_frame_is_drawn_anew_all_the_while() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    stage.settle();
    let base = above_ground(4, -10);
    let mut behind = 0;
    for frame in 0..120 {
        let voxel = base + ivec3(frame % 8, frame / 64, frame / 8 % 8);
        stage.edit(one(voxel, BRICK));
        stage.step();
        let seen = (0..=frame).rev().find(|&f| {
            let voxel = base + ivec3(f % 8, f / 64, f / 8 % 8);
            stage.drawn_material(voxel) == Some(BRICK)
        });
        behind = behind.max(frame - seen.unwrap_or(-1));
    }
    assert!(behind < 30, "the picture is {behind} frames behind");
}

#[test]
fn a_refused_batch_says_why_and_leaves_its_neighbours_alone() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    stage.settle();
    let (good, also_good) = (above_ground(1, -8), above_ground(2, -8));
    for batch in [one(good, BRICK), one(good, MaterialId(60_000)), one(also_good, BRICK)] {
        stage.edit(batch);
    }
    let mut refused = Vec::new();
    let world = stage.voxels();
    stage.until("both are seen", |app| {
        refused.extend(app.world_mut().resource_mut::<Messages<EditRefused>>().drain());
        let at = |voxel| bevy::tasks::block_on(world.material(VoxelPos::new(0, voxel))).ok();
        at(good) == Some(BRICK) && at(also_good) == Some(BRICK) && !refused.is_empty()
    });
    let reason = refused[0].reason.to_string();
    assert!(reason.contains("60000"), "{reason}");
}

#[test]
fn every_edit_undo_and_brush_is_answered_once_by_its_own_request() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    stage.settle();
    let world = stage.world;
    let sphere = Brush::sphere(LatticePos::new(0, DVec3::ZERO), 2.0, BrushAction::Fill(BRICK));
    let good = [
        stage.edit(one(above_ground(1, -8), BRICK)),
        stage.edit(one(above_ground(2, -8), BRICK)),
        stage.ask(BrushVoxels { world, brush: sphere }),
    ];
    let no_radius = Brush::sphere(LatticePos::new(0, DVec3::ZERO), 0.0, BrushAction::Dig);
    let bad = [
        stage.edit(one(above_ground(3, -8), MaterialId(60_000))),
        stage.ask(BrushVoxels { world, brush: no_radius }),
        // The world keeps no history.
        stage.ask(UndoEdit { world }),
        stage.ask(RedoEdit { world }),
        stage.ask(EditVoxels { world: stage.viewer, batch: EditBatch::new() }),
    ];
    let (mut applied, mut refused) = (Vec::new(), Vec::new());
    stage.until("all are answered", |app| {
        let mut messages = app.world_mut().resource_mut::<Messages<EditApplied>>();
        applied.extend(messages.drain().flat_map(|edit| edit.requests));
        let mut messages = app.world_mut().resource_mut::<Messages<EditRefused>>();
        refused.extend(messages.drain().map(|edit| edit.request));
        applied.len() + refused.len() >= good.len() + bad.len()
    });
    (0..5).for_each(|_| stage.step());
    applied.extend(stage.take::<EditApplied>().into_iter().flat_map(|edit| edit.requests));
    refused.extend(stage.take::<EditRefused>().into_iter().map(|edit| edit.request));
    let is_same = |a: &[EditRequest], b: &[EditRequest]| {
        a.len() == b.len() && a.iter().all(|request| b.contains(request))
    };
    assert!(is_same(&applied, &good), "{applied:?} of {good:?}");
    assert!(is_same(&refused, &bad), "{refused:?} of {bad:?}");
}

#[test]
fn a_system_reads_a_voxel_without_waiting_where_the_world_lies_and_sees_edits() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let placed = (
        WorldPosition::new(5_000.0, 40.0, -3.0),
        Transform::from_rotation(Quat::from_rotation_y(1.0) * Quat::from_rotation_z(0.3)),
    );
    let far = stage.app.world_mut().spawn((VoxelWorld(hills()), placed)).id();
    (0..3).for_each(|_| stage.step());
    // Nothing is streamed so far below.
    let pos = VoxelPos::new(0, ivec3(70, -4_000, -300));
    let read = move |app: &mut App| {
        let find = move |voxels: VoxelReader| {
            let centre = voxels.centre_of(far, pos).expect("the world is there");
            assert_eq!(voxels.voxel_at(far, centre), Some(pos));
            voxels.material(far, pos)
        };
        app.world_mut().run_system_once(find).expect("it runs")
    };
    assert_eq!(read(&mut stage.app), None, "it was read on the main thread");
    stage.until("the voxel is read", |app| read(app).is_some());
    assert_ne!(read(&mut stage.app), Some(BRICK));
    let mut batch = EditBatch::new();
    batch.set(pos, BRICK);
    stage.ask(EditVoxels { world: far, batch });
    stage.until("the edit is applied", |app| {
        !app.world().resource::<Messages<EditApplied>>().is_empty()
    });
    assert_eq!(read(&mut stage.app), Some(BRICK));
    let nowhere = stage.viewer;
    let find = move |voxels: VoxelReader| {
        (voxels.material(nowhere, pos), voxels.material(far, VoxelPos::new(3, IVec3::ZERO)))
    };
    let found = stage.app.world_mut().run_system_once(find).expect("it runs");
    assert_eq!(found, (None, None));
}

#[test]
fn a_history_is_cut_down_or_forgotten_as_soon_as_the_game_says_so() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let world = stage.world;
    stage.app.world_mut().entity_mut(world).insert(KeepHistory::default());
    let steps = |app: &App| app.world().get::<EditHistory>(world).map(|known| known.0.undo_steps);
    for x in 0..4 {
        stage.edit(one(above_ground(x, -8), BRICK));
    }
    stage.until("four steps", |app| steps(app) == Some(4));
    let limits = HistoryLimits { steps: 1, ..HistoryLimits::default() };
    stage.app.world_mut().entity_mut(world).insert(KeepHistory(limits));
    stage.until("one step", |app| steps(app) == Some(1));
    stage.app.world_mut().entity_mut(world).remove::<KeepHistory>();
    stage.until("no step", |app| steps(app) == Some(0));
    stage.ask(UndoEdit { world });
    let mut refused = Vec::new();
    stage.until("it is refused", |app| {
        refused.extend(app.world_mut().resource_mut::<Messages<EditRefused>>().drain());
        !refused.is_empty()
    });
    assert!(matches!(*refused[0].reason, EditRefusal::NoHistory), "{:?}", refused[0].reason);
}

#[test]
fn what_a_brush_did_is_undone_in_one_step_and_done_again() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        let mut worlds = app.world_mut().query_filtered::<Entity, With<VoxelWorld>>();
        let world = worlds.single(app.world()).expect("there is one world");
        app.world_mut().entity_mut(world).insert(KeepHistory::default());
    });
    let world = stage.world;
    stage.settle();
    let centre = above_ground(0, -12);
    let sphere = |offset: i32| {
        let centre = centre.as_dvec3() + 0.5 + DVec3::X * f64::from(offset);
        Brush::sphere(LatticePos::new(0, centre), 2.0, BrushAction::Fill(BRICK))
    };
    stage.app.world_mut().write_message(GroupEdits::Begin(world));
    stage.app.world_mut().write_message(BrushVoxels { world, brush: sphere(0) });
    stage.app.world_mut().write_message(BrushVoxels { world, brush: sphere(5) });
    stage.app.world_mut().write_message(GroupEdits::End(world));
    let drawn = |stage: &Stage| {
        [0, 5].map(|x| stage.drawn_material(centre + ivec3(x, 0, 0)) == Some(BRICK))
    };
    let shows = |stage: &mut Stage, what: &str, expected: [bool; 2]| {
        for _ in 0..600 {
            if drawn(stage) == expected {
                return;
            }
            stage.step();
        }
        panic!("{what}: {:?}", drawn(stage));
    };
    shows(&mut stage, "painted", [true, true]);
    assert_eq!(stage.of::<EditHistory>().0.undo_steps, 1);
    stage.app.world_mut().write_message(UndoEdit { world });
    shows(&mut stage, "undone", [false, false]);
    stage.app.world_mut().write_message(RedoEdit { world });
    shows(&mut stage, "redone", [true, true]);
}
