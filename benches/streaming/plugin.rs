//! Our side.

use std::sync::Arc;

use bevy::prelude::*;
use bevy_bluemarble::prelude::*;
use bluemarble_core::MaterialTable;
use bluemarble_terrain::{Ground, GroundClosure};
use bluemarble_world::HybridWorld;
use glam::DVec3;

use crate::{
    frames::{engine, make_ready, target},
    terrain::{BOUNDS_M, height_m},
};

/// The hills, in voxels of a metre.
pub fn hills() -> HybridWorld {
    let materials = MaterialTable::standard();
    let id = |name| materials.id(name).expect("the standard table has it");
    let (surface, below) = (id("grass"), id("granite"));
    let ground = move |x_m, z_m, _| Ground { height_m: height_m(x_m, z_m), surface, below };
    let baseline = GroundClosure::new(1.0, "hills", BOUNDS_M, ground).expect("a metre is a length");
    HybridWorld::in_memory(Arc::new(baseline), materials)
}

/// An app with a camera in a world.
pub fn app(world: HybridWorld, viewer: Viewer, at: DVec3, looking: Quat) -> (App, Entity) {
    let mut app = App::new();
    app.add_plugins(engine().disable::<TransformPlugin>()).add_plugins(BluemarblePlugins);
    app.world_mut().spawn(VoxelWorld(world));
    let target = target(&mut app);
    let transform = Transform::from_rotation(looking);
    let camera = (Camera3d::default(), target, viewer, WorldPosition(at), transform);
    let camera = app.world_mut().spawn(camera).id();
    make_ready(&mut app);
    (app, camera)
}

/// Whether everything in view is there.
pub fn is_settled(app: &App) -> bool {
    statistics(app).settled
}

/// Drawn nodes that show something, by lod.
pub fn drawn(app: &App) -> Vec<u64> {
    statistics(app).drawn_by_lod.to_vec()
}

/// What streaming of the one world has done.
pub fn statistics(app: &App) -> StreamingStatistics {
    let mut query = app.world().try_query::<&StreamingStatistics>().expect("it is registered");
    query.single(app.world()).expect("there is one world").clone()
}
