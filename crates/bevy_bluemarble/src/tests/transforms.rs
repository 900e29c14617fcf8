//! A game with Bevy's own `TransformPlugin`, in which nothing is disabled.

use bluemarble_core::{EditBatch, MaterialId, VoxelPos};
use glam::{DVec3, ivec3};

use super::*;
use crate::{render::DrawnNode, streaming::WorldStreaming};

fn game(set_up: impl FnOnce(&mut App)) -> App {
    let mut app = App::new();
    app.add_plugins(engine()).insert_resource(TimeUpdateStrategy::ManualDuration(FRAME));
    set_up(&mut app);
    make_ready(&mut app);
    app
}

fn run_until_settled(app: &mut App, world: Entity) {
    let start = Instant::now();
    app.update();
    while !app.world().get::<StreamingStatistics>(world).is_some_and(|known| known.settled) {
        assert!(start.elapsed() < PATIENCE, "it does not settle");
        app.update();
        std::thread::sleep(Duration::from_millis(4));
    }
}

#[test]
fn a_flat_world_streams_in_a_game_with_plain_transforms() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut app = game(|app| _ = app.add_plugins(BluemarblePlugins));
    // The world is moved up, the viewer hangs on something that moves.
    let world = (VoxelWorld(hills()), Transform::from_xyz(0.0, 100.0, 0.0));
    let world = app.world_mut().spawn(world).id();
    let mast = app.world_mut().spawn(Transform::from_xyz(0.0, 110.0, 0.0)).id();
    let looking =
        Transform::from_xyz(0.0, 4.0, 0.0).looking_to(Vec3::new(0.0, -0.4, -1.0), Vec3::Y);
    app.world_mut().spawn((Viewer::default(), looking, ChildOf(mast)));
    run_until_settled(&mut app, world);
    let streaming = app.world().get::<WorldStreaming>(world).expect("it streams");
    let below = streaming.cut.progress(DVec3::new(0.0, 2.0, -8.0), 20.0);
    assert_eq!(below.coarsest_lod, Some(0), "{below:?}");
    // What draws a node stands in render space where the node lies in the moved world.
    let shape = hills().shape();
    let mut query = app.world_mut().query::<(&DrawnNode, &GlobalTransform, &ViewVisibility)>();
    let mut count = 0;
    for (node, transform, _) in query.iter(app.world()) {
        let centre = crate::meshing::NodeFrame::new(&shape.node_bounds(node.0)).centre;
        let expected = (centre + DVec3::Y * 100.0).as_vec3();
        let apart = transform.translation().distance(expected);
        assert!(apart <= expected.length() * 1e-6 + 1e-4, "{} is {apart} m off", node.0);
        count += 1;
    }
    assert!(count > 20);
    let mut batch = EditBatch::new();
    let voxel = ivec3(1, 20, -8);
    batch.set(VoxelPos::new(0, voxel), MaterialId(18));
    app.world_mut().write_message(EditVoxels { world, batch });
    run_until_settled(&mut app, world);
    let key = VoxelPos::new(0, voxel).chunk(0);
    let streaming = app.world().get::<WorldStreaming>(world).expect("it streams");
    let chunk = streaming.residents[&key].chunk.as_ref().expect("it shows something");
    assert_eq!(chunk.get(voxel - key.min_voxel()), MaterialId(18));
}

#[test]
fn a_viewer_with_a_transform_alone_is_moved_by_it_and_by_its_position() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let camera = (Viewer::default(), Transform::from_xyz(1.0, 20.0, 3000.0));
    let camera = stage.app.world_mut().spawn(camera).id();
    let position = |stage: &Stage| stage.app.world().get::<WorldPosition>(camera).map(|at| at.0);
    (0..3).for_each(|_| stage.step());
    assert_eq!(position(&stage), Some(DVec3::new(1.0, 20.0, 3000.0)));
    // Its game looks around and moves it, as a game with a planet does.
    for _ in 0..10 {
        let mut entity = stage.app.world_mut().entity_mut(camera);
        entity.get_mut::<WorldPosition>().expect("it has one").0.x += 1.0;
        entity.get_mut::<Transform>().expect("it has one").rotate_y(0.1);
        stage.step();
    }
    assert_eq!(position(&stage), Some(DVec3::new(11.0, 20.0, 3000.0)));
    for _ in 0..10 {
        let mut entity = stage.app.world_mut().entity_mut(camera);
        entity.get_mut::<Transform>().expect("it has one").translation.y += 1.0;
        stage.step();
    }
    assert_eq!(position(&stage), Some(DVec3::new(11.0, 30.0, 3000.0)));
}

#[test]
#[should_panic(expected = "add BluemarblePlugins after DefaultPlugins")]
fn plugins_in_the_wrong_order_say_so() {
    let mut app = App::new();
    app.add_plugins(BluemarblePlugins).add_plugins(TransformPlugin);
    app.finish();
}
