//! What a click does: read, dig, place.

use bevy::{
    picking::{
        events::{Click, Pointer},
        hover::HoverMap,
        pointer::{PointerButton, PointerId},
    },
    prelude::*,
};
use bevy_bluemarble::prelude::*;
use bluemarble_core::MaterialId;
use bluemarble_edit::{Brush, BrushAction};

use crate::panel::{PointerOverPanel, metres};

/// What a left click does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Tells what is there.
    #[default]
    Read,
    /// Takes a ball of voxels away.
    Dig,
    /// Puts a ball of voxels there.
    Place,
    /// Gives the ground another material.
    Paint,
    /// Rounds the ground.
    Smooth,
}

/// The tool in hand.
#[derive(Resource, Clone, Debug)]
pub struct Tool {
    pub mode: Mode,
    pub radius_m: f64,
    pub material: MaterialId,
}

/// What the pointer is over.
#[derive(Resource, Default)]
pub struct Hovered(pub Option<VoxelPick>);

/// Keeps what the pointer is over.
pub fn hover(map: Res<HoverMap>, mut hovered: ResMut<Hovered>) {
    let hits = map.get(&PointerId::Mouse);
    let pick =
        hits.and_then(|hits| hits.values().find_map(|hit| hit.extra_as::<VoxelPick>().cloned()));
    if hovered.0 != pick {
        hovered.0 = pick;
    }
}

/// A ball of voxels around a picked point; digging reaches into the ground, placing out of it.
pub fn ball(
    world: &VoxelWorld,
    pick: &VoxelPick,
    radius_m: f64,
    material: MaterialId,
) -> EditVoxels {
    let shape = world.0.shape();
    let radius_voxels = (radius_m / shape.voxel_m()).max(0.6);
    let centre = pick.lattice_pos;
    let inwards = pick.face.normal().as_dvec3() * 0.5;
    let centre = centre.offset(if material.is_air() { -inwards } else { inwards });
    let mut batch = EditBatch::default();
    batch.fill_sphere(centre, radius_voxels, material);
    EditVoxels { world: pick.world, batch }
}

/// Reads or edits where a drawn voxel was clicked.
pub fn click(
    mut click: On<Pointer<Click>>,
    worlds: Query<&VoxelWorld>,
    tool: Res<Tool>,
    over_panel: Res<PointerOverPanel>,
    mut edits: MessageWriter<EditVoxels>,
    mut brushes: MessageWriter<BrushVoxels>,
) {
    // Once, not once more for each entity above the one that was hit.
    click.propagate(false);
    if click.event.button != PointerButton::Primary || over_panel.0 {
        return;
    }
    let Some(pick) = click.event.hit.extra_as::<VoxelPick>() else { return };
    let Ok(world) = worlds.get(pick.world) else { return };
    let mut brush = |action| {
        let shape = world.0.shape();
        let radius = (tool.radius_m / shape.voxel_m()).max(0.6);
        let brush = Brush::sphere(pick.lattice_pos, radius, action);
        brushes.write(BrushVoxels { world: pick.world, brush });
    };
    match tool.mode {
        Mode::Read => info!(
            "{} at {:.5}°, {:.5}°, {}",
            world.0.materials().name(pick.material),
            pick.geo.lat_deg,
            pick.geo.lon_deg,
            metres(pick.geo.altitude_m)
        ),
        Mode::Dig => {
            edits.write(ball(world, pick, tool.radius_m, MaterialId::AIR));
        }
        Mode::Place => {
            edits.write(ball(world, pick, tool.radius_m, tool.material));
        }
        Mode::Paint => brush(BrushAction::Paint(tool.material)),
        Mode::Smooth => brush(BrushAction::Smooth { strength: 2 }),
    }
}

/// Ctrl+Z takes the last edit back, with Shift does it again.
pub fn undo(
    keys: Res<ButtonInput<KeyCode>>,
    world: Single<Entity, With<VoxelWorld>>,
    mut undos: MessageWriter<UndoEdit>,
    mut redos: MessageWriter<RedoEdit>,
) {
    let control = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]);
    if !control || !keys.just_pressed(KeyCode::KeyZ) {
        return;
    }
    if keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]) {
        redos.write(RedoEdit { world: *world });
    } else {
        undos.write(UndoEdit { world: *world });
    }
}
