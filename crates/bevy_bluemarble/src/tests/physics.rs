//! Bodies on voxels.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use avian3d::{physics_transform::PhysicsTransformConfig, prelude::*};
use bluemarble_core::{EditBatch, GeoPosition, LatticePos, MaterialId, VoxelBox};
use bluemarble_terrain::{Baseline, EarthBaseline, EarthSources};
use glam::{DVec3, IVec3};

use super::*;
use crate::physics::{ColliderStatistics, CollidesWithVoxels, VoxelCollider, Walker, WorldBody};

fn add_physics(app: &mut App) {
    app.add_plugins(PhysicsPlugins::default()).insert_resource(Time::<Fixed>::from_hz(60.0));
}

/// Places a walker and waits for ground under its feet.
fn put_down(stage: &mut Stage, at: DVec3) -> Entity {
    let body = (Walker::default(), CollidesWithVoxels { radius_m: 12.0 }, WorldPosition(at));
    let body = stage.app.world_mut().spawn(body).id();
    stage.until("ground", |app| {
        // It waits for it.
        let place = app.world().get::<WorldPosition>(body).expect("it has a place").0;
        let statistics = app.world().resource::<ColliderStatistics>();
        assert!(statistics.ready > 2 || place.distance(at) < 0.01, "{place}");
        statistics.is_ready()
    });
    stage.until("standing", |app| {
        app.world().get::<Walker>(body).is_some_and(|walker| walker.is_grounded)
    });
    for _ in 0..60 {
        stage.step();
    }
    body
}

fn place(stage: &Stage, body: Entity) -> DVec3 {
    stage.app.world().get::<WorldPosition>(body).expect("it has a place").0
}

/// Half of the height of a walker.
const HALF_M: f64 = 0.85;

#[test]
fn somebody_walks_over_hills_and_falls_into_a_pit_that_is_dug() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 20.0, 0.0), add_physics);
    stage.settle();
    let body = put_down(&mut stage, DVec3::new(0.0, 9.0, 0.0));
    let above_m = |at: DVec3| at.y - HALF_M - ground_y(at.x * 2.0, at.z * 2.0) * 0.5;
    assert!((-0.1..0.9).contains(&above_m(place(&stage, body))), "{}", place(&stage, body));
    let start = place(&stage, body);
    for _ in 0..300 {
        let mut walker = stage.app.world_mut().get_mut::<Walker>(body).expect("it walks");
        walker.velocity_m_s = DVec3::new(3.0, 0.0, -1.0);
        stage.step();
        let at = place(&stage, body);
        assert!((-0.3..2.0).contains(&above_m(at)), "{at} is {} above the ground", above_m(at));
    }
    let end = place(&stage, body);
    assert!(end.x - start.x > 10.0, "from {start} to {end}");
    // A pit of 6 voxels.
    stage.app.world_mut().get_mut::<Walker>(body).expect("it walks").velocity_m_s = DVec3::ZERO;
    for _ in 0..30 {
        stage.step();
    }
    let before = place(&stage, body);
    let feet = ((before - DVec3::Y * HALF_M) * 2.0).floor().as_ivec3();
    let mut batch = EditBatch::new();
    let pit = LatticeBox::new(feet - IVec3::new(4, 6, 4), feet + IVec3::new(5, 3, 5));
    batch.fill_box(VoxelBox::new(0, pit), MaterialId::AIR);
    stage.edit(batch);
    stage.until("it falls", |app| {
        let at = app.world().get::<WorldPosition>(body).expect("it has a place").0;
        before.y - at.y > 2.0
    });
}

#[test]
fn ground_that_could_not_be_built_is_built_later_and_nobody_falls_through_it_meanwhile() {
    std::panic::set_hook(Box::new(|_| ()));
    let panics_left = Arc::new(AtomicUsize::new(usize::MAX));
    let left = panics_left.clone();
    let mesher = Panicking::at(move |_| {
        left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
    });
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), add_physics);
    let world = stage.world;
    let meshing = Meshing { mesher: Some(Arc::new(mesher)), ..Meshing::default() };
    stage.app.world_mut().entity_mut(world).insert(meshing);
    let walker = (Walker::default(), CollidesWithVoxels { radius_m: 6.0 });
    let walker = stage.app.world_mut().spawn((walker, WorldPosition::new(0.0, 9.0, 0.0))).id();
    stage.until("every collider has failed", |_| usize::MAX - panics_left.load(SeqCst) > 20);
    (0..60).for_each(|_| stage.step());
    assert!(!stage.app.world().resource::<ColliderStatistics>().is_ready());
    assert!((place(&stage, walker).y - 9.0).abs() < 0.01, "{}", place(&stage, walker));
    panics_left.store(0, SeqCst);
    stage.until("it stands", |app| {
        app.world().get::<Walker>(walker).is_some_and(|walker| walker.is_grounded)
    });
    _ = std::panic::take_hook();
    assert!(place(&stage, walker).y > ground_y(0.0, 0.0) * 0.5);
}

#[test]
fn on_a_planet_somebody_stands_upright_wherever_it_is_and_walks_on() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    let sources = EarthSources::light(&assets);
    let materials = MaterialTable::standard();
    let earth = Arc::new(EarthBaseline::load(&sources, &materials, 1).expect("it loads"));
    let shape = earth.shape();
    // Near a corner of three faces, where the lattice is most askew, and below the equator.
    for (lat, lon) in [(35.0, 44.5), (-23.0, 133.0)] {
        let level = shape.local_from_geo(GeoPosition::new(lat, lon, 0.0));
        let LatticePos { region, lattice } = shape.lattice_from_local(level);
        let y = earth.surface_y(region, lattice.x, lattice.z);
        let ground_m = (y - f64::from(shape.sea_level_y())) * shape.voxel_m();
        let at = shape.local_from_geo(GeoPosition::new(lat, lon, ground_m + 2.0));
        let world = HybridWorld::in_memory(earth.clone(), materials.clone());
        let mut stage = Stage::new(world, at, add_physics);
        let body = put_down(&mut stage, at);
        let start = place(&stage, body);
        let (east, _) = shape.east_north(start);
        // However long the ground takes to come: it waits for it.
        stage.until("it walks on", |app| {
            let mut walker = app.world_mut().get_mut::<Walker>(body).expect("it walks");
            walker.velocity_m_s = east * 2.0;
            let end = app.world().get::<WorldPosition>(body).expect("it has a place").0;
            (end - start).dot(east) > 5.0
        });
        let end = place(&stage, body);
        let up = shape.up(end);
        let lean = stage.app.world().get::<Transform>(body).expect("it has one").up();
        assert!(lean.as_vec3().as_dvec3().dot(up) > 0.999);
        let LatticePos { region, lattice } = shape.lattice_from_local(end);
        let feet = lattice.y * 1.0 - HALF_M / shape.voxel_m();
        let ground = earth.surface_y(region, lattice.x, lattice.z);
        assert!((feet - ground).abs() < 12.0, "{} voxels above the ground", feet - ground);
    }
}

#[test]
fn with_plain_transforms_avian_stays_as_it_is_and_bodies_stand_on_voxels() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut app = App::new();
    app.add_plugins(engine())
        .add_plugins(BluemarblePlugins)
        .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME));
    add_physics(&mut app);
    make_ready(&mut app);
    assert_eq!(app.world().resource::<Gravity>().0, Gravity::default().0);
    let config = app.world().resource::<PhysicsTransformConfig>();
    assert_eq!(*config, PhysicsTransformConfig::default());
    let ball = || (RigidBody::Dynamic, Collider::sphere(0.5));
    // The game's own ground and ball, far from every voxel that collides.
    let ground = (RigidBody::Static, Collider::cuboid(9.0, 1.0, 9.0));
    app.world_mut().spawn((ground, Transform::from_xyz(500.0, 40.0, 0.0)));
    let own = app.world_mut().spawn((ball(), Transform::from_xyz(500.0, 44.0, 0.0))).id();
    let frame = Transform::from_xyz(0.0, 100.0, 0.0);
    app.world_mut().spawn((VoxelWorld(hills()), frame));
    let near = CollidesWithVoxels { radius_m: 12.0 };
    let start = Transform::from_xyz(0.0, 112.0, 0.0);
    let body = app.world_mut().spawn((ball(), WorldBody::default(), near, start)).id();
    let walker = (Walker::default(), near, WorldPosition::new(20.0, 112.0, 0.0));
    let walker = app.world_mut().spawn(walker).id();
    let of = |app: &App, body| app.world().get::<Transform>(body).expect("it has one").translation;
    let run = |app: &mut App, frames| {
        for _ in 0..frames {
            app.update();
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    let ground_m = |at: Vec3| 100.0 + ground_y(f64::from(at.x) * 2.0, f64::from(at.z) * 2.0) * 0.5;
    let stands = |app: &mut App, body, half_m: f64| {
        let start = Instant::now();
        loop {
            run(app, 20);
            let (at, speed) = (of(app, body), app.world().get::<LinearVelocity>(body));
            let above_m = f64::from(at.y) - half_m - ground_m(at);
            assert!(above_m > -0.6, "{body} at {at} fell through the ground");
            if above_m < 1.0 && speed.is_some_and(|speed| speed.length() < 0.5) {
                let position = app.world().get::<WorldPosition>(body).expect("it has one").0;
                assert!(position.distance(at.as_dvec3()) < 0.01, "{position} and {at}");
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{body} does not come to rest: {at}, {speed:?}");
        }
    };
    stands(&mut app, body, 0.5);
    stands(&mut app, walker, 0.85);
    assert!((of(&app, own).y - 41.0).abs() < 0.05, "{}", of(&app, own));
    let mut colliders =
        app.world_mut().query_filtered::<(&Position, &Transform), With<VoxelCollider>>();
    assert!(colliders.iter(app.world()).count() > 2);
    for (position, transform) in colliders.iter(app.world()) {
        assert!(position.0.distance(transform.translation) < 0.01, "{position:?}, {transform:?}");
    }
    // The game puts it elsewhere, either way; a pause gives it no speed.
    app.world_mut().get_mut::<Transform>(body).expect("it has one").translation += Vec3::Y * 30.0;
    app.world_mut().get_mut::<WorldPosition>(walker).expect("it has one").0 += DVec3::Y * 4.0;
    run(&mut app, 3);
    app.world_mut().resource_mut::<Time<Physics>>().pause();
    run(&mut app, 120);
    app.world_mut().resource_mut::<Time<Physics>>().unpause();
    run(&mut app, 3);
    let speed = app.world().get::<LinearVelocity>(body).expect("it moves").y;
    assert!((-2.0..-0.2).contains(&speed), "{speed} m/s after a tenth of a second");
    assert!(of(&app, body).y > 128.0, "{}", of(&app, body));
    stands(&mut app, walker, 0.85);
    stands(&mut app, body, 0.5);
}
