//! Worlds to shape, and what they hold, told voxel by voxel.

use std::sync::Arc;

use bluemarble_core::{
    CellPos, Edit, EditBatch, LatticeBox, MaterialId, MaterialTable, REGION_EDGE, Shape, VoxelPos,
};
use bluemarble_terrain::{Baseline, Empty, NoiseBaseline, Superflat};
use bluemarble_world::{EditReport, HybridWorld};
use futures::executor::block_on;
use glam::{IVec3, ivec3};
use proptest::prelude::*;
use rustc_hash::FxHashMap;

use crate::batch::voxels_of;

pub const AIR: MaterialId = MaterialId::AIR;
pub const WATER: MaterialId = MaterialId(1);
pub const ROCK: MaterialId = MaterialId(8);
pub const GRANITE: MaterialId = MaterialId(15);
pub const BRICK: MaterialId = MaterialId(18);
pub const SEA: i32 = REGION_EDGE / 2;

pub fn world_of(baseline: impl Baseline + 'static) -> HybridWorld {
    HybridWorld::in_memory(Arc::new(baseline), MaterialTable::standard())
}

/// Granite below y = 0.
pub fn plain() -> HybridWorld {
    world_of(Superflat::new(1.0, vec![(GRANITE, 200)]).expect("layers"))
}

pub fn hills() -> HybridWorld {
    world_of(NoiseBaseline::new(1.0, 7, &MaterialTable::standard()).expect("hills"))
}

pub fn planet() -> HybridWorld {
    world_of(Empty::new(Shape::earth()).expect("a planet"))
}

pub fn edit(world: &HybridWorld, batch: &EditBatch) -> EditReport {
    block_on(world.edit(batch)).expect("edits")
}

pub fn material(world: &HybridWorld, region: u8, voxel: IVec3) -> MaterialId {
    block_on(world.material(VoxelPos::new(region, voxel))).expect("reads")
}

pub fn cube(middle: IVec3, reach: i32) -> LatticeBox {
    LatticeBox::new(middle - reach, middle + reach + 1)
}

/// A voxel in its own region.
pub type Place = (u8, IVec3);

/// Where the voxels of a box lie, each once.
pub fn places(shape: &Shape, region: u8, voxels: LatticeBox) -> Vec<Place> {
    let place =
        |at| shape.fold(CellPos::new(region, 0, at)).map(|place| (place.region, place.cell));
    let mut places: Vec<Place> = voxels_of(voxels).filter_map(place).collect();
    places.sort_unstable_by_key(|(region, at)| (*region, at.to_array()));
    places.dedup();
    places
}

/// What places hold.
pub fn held(world: &HybridWorld, places: &[Place]) -> FxHashMap<Place, MaterialId> {
    let voxels: Vec<_> =
        places.iter().map(|&(region, voxel)| VoxelPos::new(region, voxel)).collect();
    let found = world.read_many(&voxels).expect("reads");
    places.iter().copied().zip(found).collect()
}

/// Places of a planet: where chunks meet, where two regions do, where three do, and at the bottom of the
/// lattice beside another region.
pub fn any_place() -> impl Strategy<Value = (u8, IVec3)> {
    let middle = prop::sample::select(vec![
        ivec3(SEA, SEA, SEA),
        ivec3(0, SEA, SEA),
        ivec3(SEA, SEA, REGION_EDGE),
        ivec3(REGION_EDGE, SEA, 0),
        ivec3(0, 0, SEA),
    ]);
    (0u8..6, middle)
}

pub fn any_material() -> impl Strategy<Value = MaterialId> {
    prop::sample::select(vec![AIR, AIR, WATER, ROCK, GRANITE, BRICK, MaterialId(20)])
}

/// Boxes and single voxels around the origin, to be moved to where they are wanted.
pub fn any_clutter(reach: i32) -> impl Strategy<Value = Vec<(IVec3, IVec3, MaterialId)>> {
    let near = move || {
        (-reach..=reach, -reach..=reach, -reach..=reach).prop_map(|(x, y, z)| ivec3(x, y, z))
    };
    let part =
        (near(), near(), any_material(), any::<bool>()).prop_map(|(one, two, material, is_box)| {
            let other = if is_box { two } else { one };
            (one.min(other), one.max(other) + 1, material)
        });
    prop::collection::vec(part, 1..25)
}

/// Puts clutter into a world, cell by cell.
pub fn clutter(
    world: &HybridWorld,
    (region, middle): (u8, IVec3),
    parts: &[(IVec3, IVec3, MaterialId)],
) {
    let mut batch = EditBatch::new();
    for &(low, high, material) in parts {
        for at in voxels_of(LatticeBox::new(low, high)) {
            if let Some(place) = world.shape().fold(CellPos::new(region, 0, middle + at)) {
                let edit = Edit { pos: place.min_voxel(), material };
                batch.push(bluemarble_core::EditOp::Set(edit));
            }
        }
    }
    edit(world, &batch);
}
