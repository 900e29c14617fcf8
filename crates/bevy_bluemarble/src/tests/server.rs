//! A dedicated server: no renderer, no window, no assets.

use avian3d::prelude::*;
use bluemarble_core::{EditBatch, MaterialId, VoxelPos};
use glam::ivec3;

use super::*;
use crate::physics::{CollidesWithVoxels, WorldBody};

#[test]
fn a_server_edits_saves_and_lets_bodies_fall_without_a_renderer() {
    let dir = tempfile::tempdir().expect("a folder");
    let (baseline, materials) = hills_baseline();
    let open =
        || HybridWorld::open(dir.path(), baseline.clone(), materials.clone()).expect("it opens");
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, BluemarbleServerPlugins))
        .add_plugins(PhysicsPlugins::default())
        .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME))
        .insert_resource(Time::<Fixed>::from_hz(60.0));
    app.finish();
    app.cleanup();
    let world = app
        .world_mut()
        .spawn((VoxelWorld(open()), SaveDelay::PROMPT, KeepSnapshots::default()))
        .id();
    let body = (RigidBody::Dynamic, Collider::sphere(0.5), WorldBody::default());
    let body = (body, CollidesWithVoxels { radius_m: 12.0 }, Transform::from_xyz(0.0, 12.0, 0.0));
    let body = app.world_mut().spawn(body).id();
    app.update();
    let start_m = app.world().get::<WorldPosition>(body).expect("its Transform tells one").0;
    assert!(start_m.distance(DVec3::new(0.0, 12.0, 0.0)) < 0.1, "{start_m}");
    let mut batch = EditBatch::new();
    let voxel = ivec3(40, 3, 40);
    batch.set(VoxelPos::new(0, voxel), MaterialId(18));
    app.world_mut().write_message(EditVoxels { world, batch });
    let (mut is_saved, mut lowest_m) = (false, f64::INFINITY);
    let start = Instant::now();
    while !is_saved || start.elapsed() < Duration::from_secs(4) {
        assert!(start.elapsed() < PATIENCE, "the edit is not saved");
        app.update();
        let mut saved = app.world_mut().resource_mut::<Messages<VoxelWorldSaved>>();
        is_saved |= saved.drain().any(|saved| saved.world == world && saved.chunks > 0);
        lowest_m = app.world().get::<WorldPosition>(body).expect("it has one").0.y.min(lowest_m);
        std::thread::sleep(Duration::from_millis(2));
    }
    let ground_m = ground_y(0.0, 0.0) * 0.5;
    assert!((ground_m - 0.6..ground_m + 1.5).contains(&lowest_m), "{lowest_m} over {ground_m}");
    app.world_mut().write_message(AppExit::Success);
    app.update();
    drop(app);
    let found =
        bevy::tasks::block_on(open().material(VoxelPos::new(0, voxel))).expect("it is read");
    assert_eq!(found, MaterialId(18));
    let snapshots = open().snapshots().expect("it has them");
    let [snapshot] = snapshots.as_slice() else { panic!("not due twice: {snapshots:?}") };
    assert!(snapshot.lsn > 0, "{snapshot:?}");
}
