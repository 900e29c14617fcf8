//! World metres and the floating origin.
//!
//! The plugin keeps one `big_space` root. Whatever shall move with the world is a child of it and has
//! a [`WorldPosition`] in metres of world space; the renderer's origin follows the viewer.

use bevy::{ecs::system::SystemParam, prelude::*};
use big_space::prelude::{BigSpaceRootBundle, CellCoord, FloatingOrigin, Grid};
use bluemarble_world::HybridWorld;
use glam::DVec3;

/// Edge of a cell of the floating origin's grid, in metres.
const CELL_EDGE_M: f32 = 2_000.0;

/// The world that is streamed.
#[derive(Resource, Clone)]
pub struct VoxelWorld(pub HybridWorld);

/// The entity at the root of world space; everything placed by a [`WorldPosition`] is its child.
#[derive(Component, Debug)]
pub struct WorldRoot;

/// A position in world space, in metres. Write it to move an entity; its `Transform` and grid cell
/// follow. The rotation stays the entity's own.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
#[require(Transform, Visibility, CellCoord)]
pub struct WorldPosition(pub DVec3);

impl WorldPosition {
    /// A position from its coordinates in metres.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self(DVec3::new(x, y, z))
    }
}

/// Converts between world metres and the renderer's space.
#[derive(SystemParam)]
pub struct WorldSpace<'w, 's> {
    grids: Query<'w, 's, &'static Grid, With<WorldRoot>>,
    origins: Query<'w, 's, &'static CellCoord, With<FloatingOrigin>>,
}

impl WorldSpace<'_, '_> {
    /// The grid cell and the offset in it of a world position; `None` before start-up.
    pub fn place(&self, world: DVec3) -> Option<(CellCoord, Vec3)> {
        Some(self.grids.single().ok()?.translation_to_grid(world))
    }

    /// The world position of a point in the renderer's space (that of `GlobalTransform`).
    pub fn world_from_render(&self, point: Vec3) -> Option<DVec3> {
        let grid = self.grids.single().ok()?;
        let origin = self.origins.iter().next()?;
        Some(origin.as_dvec3(grid) + point.as_dvec3())
    }

    /// The point in the renderer's space of a world position.
    pub fn render_from_world(&self, world: DVec3) -> Option<Vec3> {
        let grid = self.grids.single().ok()?;
        let origin = self.origins.iter().next()?;
        Some((world - origin.as_dvec3(grid)).as_vec3())
    }
}

/// Spawns the root of world space.
pub fn spawn_root(mut commands: Commands) {
    commands.spawn((
        BigSpaceRootBundle { grid: Grid::new(CELL_EDGE_M, 0.0), ..default() },
        Visibility::default(),
        WorldRoot,
        Name::new("Voxel world"),
    ));
}

/// Puts entities with a new or changed [`WorldPosition`] where they belong.
pub fn place_entities(
    mut commands: Commands,
    root: Query<(Entity, &Grid), With<WorldRoot>>,
    mut placed: Query<
        (Entity, &WorldPosition, &mut CellCoord, &mut Transform, Option<&ChildOf>),
        Changed<WorldPosition>,
    >,
) {
    let Ok((root, grid)) = root.single() else { return };
    for (entity, position, mut cell, mut transform, parent) in &mut placed {
        let (new_cell, offset) = grid.translation_to_grid(position.0);
        *cell = new_cell;
        transform.translation = offset;
        if parent.is_none() {
            commands.entity(entity).insert(ChildOf(root));
        }
    }
}
