//! Several worlds in one app: they come, move, change and go.

use bevy::ecs::system::RunSystemOnce;
use bluemarble_core::{EditBatch, MaterialId, Ray, VoxelPos};
use bluemarble_terrain::Superflat;
use glam::{DVec3, IVec3, ivec3};

use super::*;
use crate::{
    render::{DrawnNode, WorldDrawings},
    world::ClosingWorlds,
};

const GRANITE: MaterialId = MaterialId(8);
const BRICK: MaterialId = MaterialId(18);

/// Level ground in voxels of half a metre, its surface at y = 0.
fn deck() -> HybridWorld {
    let materials = MaterialTable::standard();
    let layers = Superflat::new(0.5, vec![(GRANITE, 4)]).expect("it is one");
    HybridWorld::in_memory(Arc::new(layers), materials)
}

fn material(world: &HybridWorld, voxel: IVec3) -> MaterialId {
    bevy::tasks::block_on(world.material(VoxelPos::new(0, voxel))).expect("it is read")
}

fn statistics(app: &App, world: Entity) -> StreamingStatistics {
    app.world().get::<StreamingStatistics>(world).cloned().unwrap_or_default()
}

/// Entities that draw chunks.
fn drawn_entities(app: &mut App) -> usize {
    app.world_mut().query::<&DrawnNode>().iter(app.world()).count()
}

fn pick(app: &mut App, origin: DVec3, direction: DVec3) -> Option<VoxelPick> {
    let ray = Ray { origin, direction };
    let find = move |picker: WorldPicker| picker.pick(&ray);
    app.world_mut().run_system_once(find).expect("it runs")
}

#[test]
fn a_ship_that_moves_and_turns_over_hills_is_picked_edited_and_saved_beside_them() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 30.0, 0.0), |_| ());
    let (ship_world, hills_world) = (deck(), stage.voxels());
    let hills = stage.world;
    let at = |frame: i32| DVec3::new(f64::from(frame) * 0.05, 20.0, -10.0);
    let turned =
        |frame: i32| Quat::from_rotation_y(frame as f32 * 0.01) * Quat::from_rotation_z(0.3);
    let ship = (VoxelWorld(ship_world.clone()), Airless, WorldPosition(at(0)));
    let ship = (ship, Transform::from_rotation(turned(0)));
    let ship = stage.app.world_mut().spawn(ship).id();
    stage.settle();
    stage.until("the ship is there", |app| statistics(app, ship).settled);
    for frame in 1..40 {
        let placed = (WorldPosition(at(frame)), Transform::from_rotation(turned(frame)));
        stage.app.world_mut().entity_mut(ship).insert(placed);
        stage.step();
        let frame_now = *stage.app.world().get::<WorldFrame>(ship).expect("it has one");
        assert_eq!(frame_now.position, at(frame));
        // Straight down onto the deck, in its own direction, and beside it onto the hills.
        let above = frame_now.world_from_local(DVec3::new(1.2, 5.0, 1.2));
        let down = frame_now.world_direction(DVec3::NEG_Y);
        let on_deck = pick(&mut stage.app, above, down).expect("the deck");
        assert_eq!((on_deck.world, on_deck.pos.voxel.y), (ship, -1), "{on_deck:?}");
        let in_front = VoxelPos::new(0, on_deck.pos.voxel + IVec3::Y);
        assert_eq!((on_deck.lod, on_deck.adjacent), (0, Some(in_front)));
        assert!((on_deck.distance_m - 5.0).abs() < 1e-3, "{on_deck:?}");
        assert!(on_deck.local_point.distance(DVec3::new(1.2, 0.0, 1.2)) < 1e-3);
        let on_hills = pick(&mut stage.app, DVec3::new(0.0, 14.0, 0.0), DVec3::NEG_Y);
        assert!(on_hills.is_none_or(|pick| pick.world == hills || pick.world == ship));
    }
    // The same voxel of both, each with its own material.
    let voxel = ivec3(2, 30, 2);
    for (world, material) in [(ship, BRICK), (hills, GRANITE)] {
        let mut batch = EditBatch::new();
        batch.set(VoxelPos::new(0, voxel), material);
        stage.app.world_mut().write_message(EditVoxels { world, batch });
        stage.app.world_mut().write_message(SaveVoxelWorld { world });
    }
    let (mut saved, mut seen) = (Vec::new(), 0);
    stage.until("both are saved", |app| {
        let mut messages = app.world_mut().resource_mut::<Messages<VoxelWorldSaved>>();
        saved.extend(messages.drain().map(|saved| saved.world));
        seen += 1;
        saved.contains(&ship) && saved.contains(&hills) && seen > 10
    });
    assert_eq!(material(&ship_world, voxel), BRICK);
    assert_eq!(material(&hills_world, voxel), GRANITE);
    // Chunks of each are children of their own world.
    let mut query = stage.app.world_mut().query::<(&DrawnNode, &ChildOf)>();
    let world = stage.app.world();
    let of_ship = query.iter(world).filter(|(_, parent)| parent.parent() == ship).count();
    let of_hills = query.iter(world).filter(|(_, parent)| parent.parent() == hills).count();
    assert!(of_ship > 0 && of_hills > 0, "{of_ship} {of_hills}");
}

#[test]
fn a_world_that_is_replaced_while_it_streams_loses_no_edit_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let baseline = || {
        let materials = MaterialTable::standard();
        let layers = Superflat::new(0.5, vec![(GRANITE, 4)]).expect("it is one");
        (Arc::new(layers), materials)
    };
    let open = || {
        let (layers, materials) = baseline();
        HybridWorld::open(dir.path(), layers, materials).expect("it opens")
    };
    let mut stage = Stage::new(open(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    (0..5).for_each(|_| stage.step());
    let voxel = ivec3(3, 3, -3);
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, voxel), BRICK);
    stage.edit(batch);
    // The edit is on its way when its world is replaced, and so is a save.
    let world = stage.world;
    stage.app.world_mut().write_message(SaveVoxelWorld { world });
    stage.app.world_mut().run_schedule(PostUpdate);
    stage.app.world_mut().entity_mut(world).insert(VoxelWorld(hills()));
    let (mut closed, mut saved) = (Vec::new(), Vec::new());
    stage.until("the old world is closed", |app| {
        closed.extend(app.world_mut().resource_mut::<Messages<VoxelWorldClosed>>().drain());
        saved.extend(app.world_mut().resource_mut::<Messages<VoxelWorldSaved>>().drain());
        !closed.is_empty()
    });
    assert_eq!((closed.len(), saved.len()), (1, 1));
    // Its directory is free, and holds the edit.
    let reopened = open();
    assert_eq!(material(&reopened, voxel), BRICK);
    drop(reopened);
    stage.settle();
    assert_eq!(stage.voxels().shape(), hills().shape());
    assert!(
        stage.drawn_material(ivec3(0, -20, 0)).is_some() || statistics(&stage.app, world).nodes > 8
    );
    stage.app.world_mut().entity_mut(world).despawn();
    stage.until("it is closed", |app| {
        app.update();
        app.world().resource::<ClosingWorlds>().is_empty()
    });
    (0..3).for_each(|_| stage.step());
    assert_eq!(drawn_entities(&mut stage.app), 0, "entities are left");
    let meshes = stage.app.world().resource::<Assets<Mesh>>().iter().count();
    assert!(meshes <= 4, "{meshes} meshes are left");
    assert!(
        stage.app.world_mut().query::<&WorldDrawings>().iter(stage.app.world()).next().is_none()
    );
}

#[test]
fn a_world_that_the_game_despawns_before_commands_for_it_are_applied_is_forgotten() {
    let despawn = |mut commands: Commands, new: Query<Entity, Added<VoxelWorld>>| {
        new.iter().for_each(|world| commands.entity(world).despawn());
    };
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        // In the same frame, and with its commands first.
        let despawn = despawn.before_ignore_deferred(BluemarbleSystems::Prepare);
        app.add_systems(PreUpdate, despawn);
    });
    let next = stage.app.world_mut().spawn(VoxelWorld(hills())).id();
    (0..3).for_each(|_| stage.step());
    stage.until("both are closed", |app| app.world().resource::<ClosingWorlds>().is_empty());
    assert!(stage.app.world().get_entity(next).is_err());
    assert_eq!(drawn_entities(&mut stage.app), 0);
}

#[test]
fn an_edit_of_a_world_that_is_not_there_is_refused() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    stage.step();
    let nowhere = stage.viewer;
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, IVec3::ZERO), BRICK);
    stage.app.world_mut().write_message(EditVoxels { world: nowhere, batch });
    let world = stage.world;
    stage.app.world_mut().write_message(UndoEdit { world });
    let mut refused = Vec::new();
    stage.until("both are refused", |app| {
        refused.extend(app.world_mut().resource_mut::<Messages<EditRefused>>().drain());
        refused.len() == 2
    });
    let reason = |world| {
        let of = refused.iter().find(|refused: &&EditRefused| refused.world == world);
        of.expect("it was refused").reason.to_string()
    };
    assert!(reason(nowhere).contains("no VoxelWorld"), "{}", reason(nowhere));
    assert!(reason(world).contains("KeepHistory"), "{}", reason(world));
}

#[test]
fn meshers_and_contents_that_change_take_effect_and_chunk_events_can_be_observed() {
    #[derive(Component)]
    struct Mark;
    #[derive(Resource, Default)]
    struct Counted(usize);
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        app.init_resource::<Counted>();
    });
    let world = stage.world;
    stage.app.world_mut().entity_mut(world).observe(
        |event: On<ChunkEvent>, mut counted: ResMut<Counted>| {
            counted.0 += usize::from(event.change == ChunkChange::Shown && event.entity.is_some());
        },
    );
    stage.settle();
    assert!(stage.app.world().resource::<Counted>().0 > 4);
    let marks = |app: &mut App| app.world_mut().query::<&Mark>().iter(app.world()).count();
    assert_eq!(marks(&mut stage.app), 0);
    let mut contents = ChunkContents::default();
    contents.add(|_: ChunkKey, _: &Chunk| Some(Mark));
    let before = drawn_entities(&mut stage.app);
    stage.app.world_mut().entity_mut(world).insert(contents);
    stage.step();
    stage.settle();
    assert!(marks(&mut stage.app) > 4);
    let after = drawn_entities(&mut stage.app) - marks(&mut stage.app);
    assert!(after.abs_diff(before) < 8, "{before} entities before, {after} after");
}

#[test]
fn worlds_and_viewers_with_a_transform_only_move_with_it_under_a_floating_origin() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    let far = Transform::from_xyz(9_000.0, 40.0, -5_000.0);
    let deck = stage.app.world_mut().spawn((VoxelWorld(deck()), far)).id();
    (0..3).for_each(|_| stage.step());
    let position =
        |stage: &Stage| stage.app.world().get::<WorldFrame>(deck).expect("it has one").position;
    assert!(position(&stage).distance(DVec3::new(9_000.0, 40.0, -5_000.0)) < 0.01);
    for _ in 0..20 {
        stage.app.world_mut().get_mut::<Transform>(deck).expect("it has one").translation.x +=
            150.0;
        stage.step();
    }
    let moved = position(&stage);
    assert!(moved.distance(DVec3::new(12_000.0, 40.0, -5_000.0)) < 0.05, "{moved}");
}

#[test]
fn a_world_that_is_replaced_while_an_edit_is_on_its_way_still_answers_it() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |_| ());
    stage.step();
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, ivec3(3, 3, -3)), BRICK);
    stage.edit(batch);
    stage.app.world_mut().run_schedule(PostUpdate);
    let world = stage.world;
    stage.app.world_mut().entity_mut(world).insert(VoxelWorld(deck()));
    let mut applied = Vec::new();
    stage.until("the edit is answered", |app| {
        applied.extend(app.world_mut().resource_mut::<Messages<EditApplied>>().drain());
        !applied.is_empty()
    });
    assert_eq!((applied.len(), applied[0].world), (1, world));
}

#[test]
fn a_world_that_commands_despawn_in_the_middle_of_a_frame_leaves_no_entity_and_hides_what_it_unloads()
 {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        let end = |mut commands: Commands, ended: Query<Entity, With<Ended>>| {
            ended.iter().for_each(|world| commands.entity(world).despawn());
        };
        // Its commands and those that draw chunks are applied at the same moment.
        app.add_systems(PostUpdate, end.in_set(BluemarbleSystems::Receive));
    });
    #[derive(Component)]
    struct Ended;
    let mut visible = 0;
    let mut count = |app: &mut App| {
        for event in app.world_mut().resource_mut::<Messages<ChunkEvent>>().drain() {
            visible += i32::from(event.change == ChunkChange::Shown);
            visible -= i32::from(event.change == ChunkChange::Hidden);
        }
        visible
    };
    // Much is on its way.
    for _ in 0..20 {
        stage.step();
        count(&mut stage.app);
    }
    assert!(drawn_entities(&mut stage.app) > 4 && count(&mut stage.app) > 0);
    let world = stage.world;
    stage.app.world_mut().entity_mut(world).insert(Ended);
    for _ in 0..3 {
        stage.step();
        count(&mut stage.app);
    }
    assert_eq!(drawn_entities(&mut stage.app), 0, "entities are left");
    assert_eq!(count(&mut stage.app), 0, "chunks were unloaded that had not been hidden");
}

#[test]
fn a_save_that_fails_is_told_with_its_reason_and_made_up_for_once_the_disk_allows_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let layers = Superflat::new(0.5, vec![(GRANITE, 4)]).expect("it is one");
    let world = HybridWorld::open(dir.path(), Arc::new(layers), MaterialTable::standard());
    let mut stage = Stage::new(world.expect("it opens"), DVec3::new(0.0, 9.0, 0.0), |_| ());
    // A file stands where the arrays belong.
    let in_the_way = dir.path().join("region0");
    std::fs::write(&in_the_way, "").expect("it is written");
    let mut batch = EditBatch::new();
    batch.set(VoxelPos::new(0, ivec3(3, 3, -3)), BRICK);
    stage.edit(batch);
    let world = stage.world;
    let mut failed = Vec::new();
    stage.app.world_mut().write_message(SaveVoxelWorld { world });
    stage.until("the save fails", |app| {
        failed.extend(app.world_mut().resource_mut::<Messages<VoxelWorldSaveFailed>>().drain());
        !failed.is_empty()
    });
    assert_eq!(failed[0].world, world);
    assert!(failed[0].reason.to_string().contains("region0"), "{}", failed[0].reason);
    assert!(stage.take::<VoxelWorldSaved>().is_empty(), "nothing is saved");
    std::fs::remove_file(in_the_way).expect("it is removed");
    stage.until("it is saved", |app| {
        let mut saved = app.world_mut().resource_mut::<Messages<VoxelWorldSaved>>();
        saved.drain().any(|saved| saved.world == world && saved.chunks > 0)
    });
}
