//! Picking: which drawn voxel of which world a ray hits.
//!
//! The R-tree over drawn nodes gives candidates front to back; in each the ray walks its cells exactly.
//! What is picked is what is drawn: a node far away answers with cells of its own lod.

use bevy::{
    ecs::system::SystemParam,
    picking::{
        PickingSystems,
        backend::{HitData, PointerHits, ray::RayMap},
    },
    prelude::*,
};
use bluemarble_core::{CellPos, Face, GeoPosition, LatticePos, MaterialId, Ray, Shape, VoxelPos};
use bluemarble_world::first_hit_in_chunk;
use glam::DVec3;
use serde::Serialize;

use crate::{
    render::WorldDrawings,
    space::{WorldFrame, WorldSpace},
    streaming::WorldStreaming,
    world::VoxelWorld,
};

/// A drawn voxel that a ray has hit. In a `bevy_picking` hit it is the extra data:
/// `hit.extra_as::<VoxelPick>()`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VoxelPick {
    /// The world's entity.
    #[serde(skip)]
    pub world: Entity,
    /// Lowest voxel of the cell that was hit.
    #[serde(flatten)]
    pub pos: VoxelPos,
    /// The side that was hit.
    pub face: Face,
    /// The voxel in front of that side, the lowest one of a cell of the same lod: where a block is put. `None` outside of
    /// the lattice.
    #[serde(skip)]
    pub adjacent: Option<VoxelPos>,
    /// What it is made of.
    pub material: MaterialId,
    /// Lod of the node that draws it; the cell is `2^lod` voxels wide.
    pub lod: u8,
    /// Where the ray met it: latitude, longitude and altitude.
    pub geo: GeoPosition,
    /// The same in world space, in metres.
    pub point: DVec3,
    /// The same in the world's local space, in metres: for its shape.
    pub local_point: DVec3,
    /// The same in the lattice, in the region of the voxel: for brushes and edits.
    #[serde(skip)]
    pub lattice_pos: LatticePos,
    /// Distance from the ray's origin in metres.
    pub distance_m: f64,
}

/// Rays are followed this far, in metres: through a planet and some.
const REACH_M: f64 = 1e8;

/// Adds the picking backend: every pointer's ray finds the voxel that it points at.
pub struct VoxelPickingPlugin;

impl Plugin for VoxelPickingPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(PreUpdate, update_hits.in_set(PickingSystems::Backend));
    }
}

/// Casts rays at what is drawn, in every world.
#[derive(SystemParam)]
pub struct WorldPicker<'w, 's> {
    worlds: Query<
        'w,
        's,
        (
            Entity,
            &'static VoxelWorld,
            &'static WorldFrame,
            &'static WorldStreaming,
            &'static WorldDrawings,
        ),
    >,
    space: WorldSpace<'w, 's>,
}

impl WorldPicker<'_, '_> {
    /// The first drawn voxel along a ray in world space.
    pub fn pick(&self, ray: &Ray) -> Option<VoxelPick> {
        self.pick_entity(ray).map(|(_, pick)| pick)
    }

    /// The first drawn voxel in the middle of what a camera sees.
    pub fn pick_from(&self, camera: &GlobalTransform) -> Option<VoxelPick> {
        let origin = self.space.world_from_render(camera.translation())?;
        self.pick(&Ray { origin, direction: camera.forward().as_vec3().as_dvec3() })
    }

    /// The first drawn voxel under a point of a camera's viewport, in logical pixels: under the cursor.
    pub fn pick_in_viewport(
        &self,
        camera: &Camera,
        transform: &GlobalTransform,
        viewport_position: Vec2,
    ) -> Option<VoxelPick> {
        let ray = camera.viewport_to_world(transform, viewport_position).ok()?;
        self.pick(&world_ray(&self.space, &ray)?)
    }

    /// The first drawn voxel along a ray in world space, with the entity that draws it.
    pub fn pick_entity(&self, ray: &Ray) -> Option<(Entity, VoxelPick)> {
        let picks = self.worlds.iter().filter_map(|(world, voxels, frame, streaming, drawings)| {
            let shape = voxels.0.shape();
            pick_in(world, &shape, frame, streaming, drawings, ray)
        });
        picks.min_by(|(_, a), (_, b)| a.distance_m.total_cmp(&b.distance_m))
    }

    /// Direction in world space of the normal of a picked face.
    pub fn normal(&self, pick: &VoxelPick) -> Option<DVec3> {
        let (_, world, frame, ..) = self.worlds.get(pick.world).ok()?;
        let normal = world.0.shape().face_normal(pick.pos.region, pick.local_point, pick.face);
        Some(frame.world_direction(normal))
    }
}

fn pick_in(
    world: Entity,
    shape: &Shape,
    frame: &WorldFrame,
    streaming: &WorldStreaming,
    drawings: &WorldDrawings,
    ray: &Ray,
) -> Option<(Entity, VoxelPick)> {
    let ray = &frame.local_ray(ray);
    let mut best: Option<(Entity, VoxelPick)> = None;
    for (key, enter_m) in streaming.drawn.along_ray(ray, REACH_M) {
        // Boxes overlap a little, so the first box need not hold the first hit.
        if best.as_ref().is_some_and(|(_, best)| best.distance_m < enter_m) {
            break;
        }
        let Some(resident) = streaming.residents.get(&key) else { continue };
        let entity = drawings.nodes.get(&key).and_then(|node| node.entity());
        let (Some(chunk), Some(entity)) = (&resident.chunk, entity) else { continue };
        let Some(span_m) = resident.bounds.ray_span_m(ray) else { continue };
        let solid = |material: MaterialId| !material.is_air();
        let Some(hit) = first_hit_in_chunk(shape, ray, key, chunk, span_m, solid) else { continue };
        if best.as_ref().is_none_or(|(_, best)| hit.distance_m < best.distance_m) {
            // Up if the ray starts in the cell.
            let face = hit.face.unwrap_or(Face::PosY);
            let pick = VoxelPick {
                world,
                pos: hit.pos,
                face,
                adjacent: adjacent(shape, hit.pos, key.lod, face),
                material: hit.material,
                lod: key.lod,
                geo: hit.geo(shape),
                point: frame.world_from_local(hit.point),
                local_point: hit.point,
                lattice_pos: shape.lattice_from_local_in(key.region, hit.point),
                distance_m: hit.distance_m,
            };
            best = Some((entity, pick));
        }
    }
    best
}

/// A ray of the renderer's space in world space; its direction is a unit vector in f64, too.
fn world_ray(space: &WorldSpace, ray: &Ray3d) -> Option<Ray> {
    let direction = ray.direction.as_vec3().as_dvec3().normalize_or(DVec3::NEG_Z);
    Some(Ray { origin: space.world_from_render(ray.origin)?, direction })
}

/// The lowest voxel of the cell beside the one at a voxel.
fn adjacent(shape: &Shape, pos: VoxelPos, lod: u8, face: Face) -> Option<VoxelPos> {
    let CellPos { region, lod, cell } = pos.cell(lod);
    Some(shape.fold(CellPos::new(region, lod, cell + face.normal()))?.min_voxel())
}

/// The picking backend: answers every pointer's ray.
fn update_hits(
    rays: Res<RayMap>,
    cameras: Query<&Camera>,
    picker: WorldPicker,
    space: WorldSpace,
    mut hits: MessageWriter<PointerHits>,
) {
    for (&id, ray) in rays.iter() {
        let Ok(camera) = cameras.get(id.camera) else { continue };
        let Some(ray) = world_ray(&space, ray) else { continue };
        let Some((entity, pick)) = picker.pick_entity(&ray) else { continue };
        let position = space.render_from_world(pick.point);
        let normal = picker.normal(&pick).map(|normal| normal.as_vec3());
        let depth = pick.distance_m as f32;
        let data = HitData::new_with_extra(id.camera, depth, position, normal, pick);
        hits.write(PointerHits::new(id.pointer, vec![(entity, data)], camera.order as f32));
    }
}
