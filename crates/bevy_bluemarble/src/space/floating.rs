//! The floating origin: one `big_space` root, under which every entity with a [`WorldPosition`] is placed.

use bevy::prelude::*;
use big_space::prelude::{BigSpaceRootBundle, CellCoord, FloatingOrigin, Grid};

use super::{FollowsTransform, Viewer, WorldFrame, WorldPosition, WorldRoot};

/// Edge of a cell of the floating origin's grid, in metres.
const CELL_EDGE_M: f32 = 2_000.0;

/// Spawns the root of world space.
pub(super) fn spawn_root(mut commands: Commands) {
    commands.spawn((
        BigSpaceRootBundle { grid: Grid::new(CELL_EDGE_M, 0.0), ..default() },
        WorldRoot,
        Name::new("World space"),
    ));
}

/// Gives worlds a grid of their own, in which their chunks are placed, and a position to worlds and viewers that have a
/// `Transform` only.
pub(super) fn adopt(
    mut commands: Commands,
    worlds: Query<Entity, (With<WorldFrame>, Without<Grid>)>,
    unplaced: Query<
        (Entity, &Transform),
        (Or<(With<WorldFrame>, With<Viewer>)>, Without<WorldPosition>, Without<ChildOf>),
    >,
) {
    for world in &worlds {
        let grid = (Grid::new(CELL_EDGE_M, 0.0), CellCoord::default());
        commands.entity(world).try_insert_if_new(grid);
    }
    for (entity, transform) in &unplaced {
        let placed = FollowsTransform::from_translation(transform.translation);
        commands.entity(entity).try_insert(placed);
    }
}

/// Lets positions follow the `Transform`s that tell them.
pub(super) fn read_transforms(
    root: Query<&Grid, With<WorldRoot>>,
    mut moved: Query<
        (&Transform, &CellCoord, &mut WorldPosition, &mut FollowsTransform),
        Changed<Transform>,
    >,
) {
    let Ok(grid) = root.single() else { return };
    for (transform, cell, mut position, mut follows) in &mut moved {
        if follows.is_told(position.0, transform.translation) {
            position.0 = cell.as_dvec3(grid) + transform.translation.as_dvec3();
            follows.agree(position.0, transform.translation);
        }
    }
}

/// Gives the floating origin to the first viewer if nothing has it yet.
pub(super) fn ensure_floating_origin(
    mut commands: Commands,
    origins: Query<Option<&ChildOf>, With<FloatingOrigin>>,
    viewers: Query<Entity, With<Viewer>>,
    root: Query<Entity, With<WorldRoot>>,
) {
    let is_elsewhere =
        |parent: Option<&ChildOf>| parent.is_some_and(|of| !root.contains(of.parent()));
    if origins.iter().any(is_elsewhere) {
        error_once!(
            "voxel worlds are drawn in the wrong place: the entity with the FloatingOrigin is a child of another one; give \
             the FloatingOrigin to an entity with a WorldPosition and no parent of its own"
        );
    }
    if origins.is_empty()
        && let Some(viewer) = viewers.iter().next()
    {
        commands.entity(viewer).try_insert(FloatingOrigin);
    }
}

/// Puts entities with a new or changed [`WorldPosition`] where they belong.
pub(super) fn place_entities(
    mut commands: Commands,
    root: Query<(Entity, &Grid), With<WorldRoot>>,
    mut placed: Query<
        (
            Entity,
            &WorldPosition,
            Option<&mut CellCoord>,
            &mut Transform,
            Option<&mut FollowsTransform>,
            Option<&ChildOf>,
        ),
        Changed<WorldPosition>,
    >,
) {
    let Ok((root, grid)) = root.single() else { return };
    for (entity, position, cell, mut transform, follows, parent) in &mut placed {
        let (new_cell, offset) = grid.translation_to_grid(position.0);
        transform.translation = offset;
        if let Some(mut follows) = follows {
            follows.agree(position.0, offset);
        }
        match cell {
            Some(mut cell) => *cell = new_cell,
            None => _ = commands.entity(entity).try_insert(new_cell),
        }
        if parent.is_none() {
            commands.entity(entity).try_insert(ChildOf(root));
        }
    }
}

/// Lets positions follow the `Transform`s that tell them, without a floating origin; a child's is in world space a frame
/// later.
pub(super) fn read_without_origin(
    mut moved: Query<
        (&Transform, &GlobalTransform, Has<ChildOf>, &mut WorldPosition, &mut FollowsTransform),
        Or<(Changed<Transform>, Changed<GlobalTransform>)>,
    >,
) {
    for (transform, global, is_child, mut position, mut follows) in &mut moved {
        let told = if is_child { global.translation() } else { transform.translation };
        if follows.is_told(position.0, told) {
            position.0 = told.as_dvec3();
            follows.agree(position.0, told);
        }
    }
}

/// The same as [`place_entities`] without a floating origin.
pub(super) fn place_without_origin(
    mut placed: Query<
        (&WorldPosition, &mut Transform, Option<&mut FollowsTransform>),
        Changed<WorldPosition>,
    >,
) {
    for (position, mut transform, follows) in &mut placed {
        let translation = position.0.as_vec3();
        if let Some(mut follows) = follows {
            if follows.is_agreed(position.0) {
                continue;
            }
            follows.agree(position.0, translation);
        }
        transform.translation = translation;
    }
}
