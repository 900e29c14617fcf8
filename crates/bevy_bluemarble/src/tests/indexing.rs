//! The index and the diagnostics follow what happens in an app.

use bevy::diagnostic::DiagnosticsStore;
use bluemarble_core::{EditBatch, LatticePos, MaterialId, VoxelPos};
use bluemarble_world::RebuildPace;
use glam::{DVec3, ivec3};

use super::*;

#[test]
fn edits_reach_the_index_by_themselves_and_the_diagnostics_show_it() {
    let mut stage = Stage::new(hills(), DVec3::new(0.0, 14.0, 0.0), |app| {
        let mut paces = app.world_mut().query::<&mut IndexPace>();
        let mut pace = paces.single_mut(app.world_mut()).expect("there is one world");
        *pace = IndexPace(RebuildPace::OnDemand);
    });
    stage.settle();
    let mut batch = EditBatch::new();
    batch.fill_sphere(LatticePos::new(0, DVec3::new(0.0, 0.0, -20.0)), 12.0, MaterialId(18));
    batch.set(VoxelPos::new(0, ivec3(500, 3, 500)), MaterialId(18));
    stage.edit(batch);
    let world = stage.voxels();
    stage.until("the edit is made", |_| world.unindexed() > 1);
    let pace = IndexPace(RebuildPace::Aggressive);
    stage.app.world_mut().entity_mut(stage.world).insert(pace);
    stage.until("the index follows", |_| world.unindexed() == 0);
    let progress = stage.of::<WorldIndex>().progress().expect("there is a world");
    assert!(progress.indexed > 1 && progress.failed == 0, "{progress:?}");
    let shown = |app: &mut App, name: &str| {
        let store = app.world().resource::<DiagnosticsStore>();
        let path = WorldDiagnosticsPlugin::path(name);
        store.get(&path).expect("it is registered").value()
    };
    stage.until("the diagnostics show it", |app| shown(app, "edits") == Some(1.0));
    stage.until("and the index, too", |app| {
        shown(app, "chunks_awaiting_index") == Some(0.0) && shown(app, "index_nodes") > Some(1.0)
    });
    assert_eq!(shown(&mut stage.app, "health_storage"), Some(0.0));
}
