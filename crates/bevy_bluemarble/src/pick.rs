//! Picking: which drawn voxel a ray hits.
//!
//! The R-tree over drawn nodes gives candidates front to back; in each the ray walks its cells exactly.
//! What is picked is what is drawn: a node far away answers with cells of its own lod.

use bevy::{
    ecs::system::SystemParam,
    picking::backend::{HitData, PointerHits, ray::RayMap},
    prelude::*,
};
use bluemarble_core::{Face, GeoPosition, MaterialId, shape::Ray};
use bluemarble_world::pick::first_hit;
use glam::{DVec3, IVec3};
use serde::Serialize;

use crate::{
    space::{WorldPosition, WorldSpace},
    streaming::Streamer,
};

/// A drawn voxel that a ray has hit. In a `bevy_picking` hit it is the extra data:
/// `hit.extra_as::<VoxelPick>()`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VoxelPick {
    /// Region of the lattice.
    pub region: u8,
    /// Lowest voxel of the cell that was hit.
    pub voxel: IVec3,
    /// The side that was hit.
    pub face: Face,
    /// What it is made of.
    pub material: MaterialId,
    /// Lod of the node that draws it; the cell is `2^lod` voxels wide.
    pub lod: u8,
    /// Where the ray met it.
    pub place: GeoPosition,
    /// World position of the same, in metres.
    pub point: DVec3,
    /// Distance from the ray's origin in metres.
    pub distance_m: f64,
}

/// Rays are followed this far, in metres: through a planet and some.
const REACH_M: f64 = 1e8;

/// Casts rays at what is drawn.
#[derive(SystemParam)]
pub struct WorldPicker<'w> {
    streamer: Option<Res<'w, Streamer>>,
}

impl WorldPicker<'_> {
    /// The first drawn voxel along a ray in world space.
    pub fn pick(&self, ray: &Ray) -> Option<VoxelPick> {
        self.pick_entity(ray).map(|(_, pick)| pick)
    }

    /// The same, with the entity that draws it.
    pub fn pick_entity(&self, ray: &Ray) -> Option<(Entity, VoxelPick)> {
        let streamer = self.streamer.as_ref()?;
        let shape = streamer.world().shape();
        let mut best: Option<(Entity, VoxelPick)> = None;
        for (key, enter_m) in streamer.drawn.along_ray(ray, REACH_M) {
            // Boxes overlap a little, so the first box need not hold the first hit.
            if best.as_ref().is_some_and(|(_, best)| best.distance_m < enter_m) {
                break;
            }
            let Some(resident) = streamer.residents.get(&key) else { continue };
            let (Some(chunk), Some(entity)) = (&resident.chunk, resident.entity()) else {
                continue;
            };
            let Some(span_m) = resident.bounds().ray_span_m(ray) else { continue };
            let Some(hit) =
                first_hit(&shape, ray, key, chunk, span_m, |material| !material.is_air())
            else {
                continue;
            };
            if best.as_ref().is_none_or(|(_, best)| hit.distance_m < best.distance_m) {
                let pick = VoxelPick {
                    region: key.region,
                    voxel: hit.voxel,
                    face: hit.face,
                    material: hit.material,
                    lod: key.lod,
                    place: shape.place_of_world(hit.point),
                    point: hit.point,
                    distance_m: hit.distance_m,
                };
                best = Some((entity, pick));
            }
        }
        best
    }

    /// Direction in world space of the normal of a picked face.
    pub fn normal(&self, pick: &VoxelPick) -> Option<DVec3> {
        let shape = self.streamer.as_ref()?.world().shape();
        Some(shape.face_normal(pick.region, pick.point, pick.face))
    }
}

/// The picking backend: answers every pointer's ray.
pub fn update_hits(
    rays: Res<RayMap>,
    cameras: Query<(&Camera, Option<&WorldPosition>)>,
    picker: WorldPicker,
    space: WorldSpace,
    mut hits: MessageWriter<PointerHits>,
) {
    for (&id, ray) in rays.iter() {
        let Ok((camera, Some(_))) = cameras.get(id.camera) else { continue };
        let Some(origin) = space.world_from_render(ray.origin) else { continue };
        let ray = Ray {
            origin,
            direction: ray.direction.as_vec3().as_dvec3().normalize_or(DVec3::NEG_Z),
        };
        let Some((entity, pick)) = picker.pick_entity(&ray) else { continue };
        let position = space.render_from_world(pick.point);
        let normal = picker.normal(&pick).map(|normal| normal.as_vec3());
        let depth = pick.distance_m as f32;
        let data = HitData::new_with_extra(id.camera, depth, position, normal, pick);
        hits.write(PointerHits::new(id.pointer, vec![(entity, data)], camera.order as f32));
    }
}
