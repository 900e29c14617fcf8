//! [`plan`]: a batch is checked, and taken apart into strokes on chunks.

use std::sync::Arc;

use bluemarble_core::{
    CHUNK_EDGE, CellEdit, ChunkKey, Edit, EditBatch, EditOp, LatticeBox, LatticePos, MaterialId,
    MaterialTable, Shape, VoxelBox, VoxelPos, cell_position,
};
use glam::{DVec3, I64Vec3, IVec3};
use rustc_hash::FxHashMap;

use super::{chunk_cell::chunk_cell, stroke::Stroke};
use crate::WorldError;

/// A batch may touch this many chunks: what is held of each is little until it is read.
pub const MAX_CHUNKS: u64 = 1 << 20;

/// Strokes for each chunk, in the order in which they are made.
pub type Plan = FxHashMap<ChunkKey, Vec<Stroke>>;

/// Checks a batch and finds the chunks it touches.
///
/// # Errors
/// Everything but [`WorldError::Store`]: what is wrong with the batch.
pub fn plan(
    shape: &Shape,
    materials: &MaterialTable,
    batch: &EditBatch,
) -> Result<Plan, WorldError> {
    for op in batch.ops() {
        let (region, material) = (op.region(), op.material());
        if region >= shape.regions() {
            return Err(WorldError::UnknownRegion { region, regions: shape.regions() });
        }
        if material == MaterialId::UNSTORED {
            return Err(WorldError::ReservedMaterial);
        }
        if materials.get(material).is_none() {
            return Err(WorldError::UnknownMaterial { material, known: materials.rows().len() });
        }
    }
    let mut plan = Planner { shape, plan: Plan::default(), cells: CellRun::default() };
    for (operation, op) in batch.ops().iter().enumerate() {
        match *op {
            EditOp::Set(edit) => plan.set(edit)?,
            EditOp::Box { region, voxels, material } => {
                if voxels.is_empty() {
                    let reason = format!("the box {voxels:?} is empty");
                    return Err(WorldError::EmptyShape { operation, reason });
                }
                plan.fill(region, voxels, material, None)?;
            }
            EditOp::Sphere { centre: LatticePos { region, lattice: centre }, radius, material } => {
                if !(radius > 0.0 && radius.is_finite() && centre.is_finite()) {
                    let reason = format!("radius {radius} around {centre}");
                    return Err(WorldError::EmptyShape { operation, reason });
                }
                // Casts saturate; what lies that far out is refused for its place or its size.
                let voxels = LatticeBox::new(
                    (centre - radius - 0.5).ceil().as_ivec3(),
                    (centre + radius + 0.5).floor().as_ivec3(),
                );
                let lattice = shape.region_box();
                if !voxels.is_empty() {
                    plan.fill(region, voxels, material, Some((centre, radius)))?;
                } else if !lattice.contains(centre.floor().as_ivec3()) {
                    return Err(WorldError::BoxOutside { region, voxels, lattice });
                }
            }
        }
        plan.check_size()?;
    }
    plan.end_run();
    plan.check_size()?;
    Ok(plan.plan)
}

/// What is planned so far.
struct Planner<'a> {
    shape: &'a Shape,
    plan: Plan,
    /// Single cells that came after everything in the plan.
    cells: CellRun,
}

/// Single cells of any chunks, in the order in which they came.
#[derive(Default)]
struct CellRun {
    /// A number for each chunk.
    chunks: FxHashMap<ChunkKey, u32>,
    /// The chunks by their numbers, and how many cells each has.
    counts: Vec<(ChunkKey, u32)>,
    /// Each cell and the number of its chunk.
    cells: Vec<(u32, CellEdit)>,
}

impl CellRun {
    fn push(&mut self, key: ChunkKey, edit: CellEdit) {
        let number = *self.chunks.entry(key).or_insert_with(|| {
            self.counts.push((key, 0));
            self.counts.len() as u32 - 1
        });
        self.counts[number as usize].1 += 1;
        self.cells.push((number, edit));
    }

    /// The cells of each chunk, and nothing is left.
    fn take(&mut self) -> Vec<(ChunkKey, Arc<[CellEdit]>)> {
        let Self { counts, cells, .. } = std::mem::take(self);
        // Counting sort: where the next cell of each chunk goes.
        let mut ends = Vec::with_capacity(counts.len());
        let mut end = 0;
        for &(_, count) in &counts {
            ends.push(end);
            end += count as usize;
        }
        let mut sorted = vec![CellEdit::default(); cells.len()];
        for (number, edit) in cells {
            let end = &mut ends[number as usize];
            sorted[*end] = edit;
            *end += 1;
        }
        let chunks = counts.into_iter().zip(ends);
        chunks.map(|((key, count), end)| (key, sorted[end - count as usize..end].into())).collect()
    }
}

impl Planner<'_> {
    fn check_size(&mut self) -> Result<(), WorldError> {
        let max = MAX_CHUNKS;
        if (self.plan.len() + self.cells.counts.len()) as u64 > max {
            // Some chunks may have been counted twice.
            self.end_run();
            let chunks = self.plan.len() as u64;
            if chunks > max {
                return Err(WorldError::TooLarge { chunks, max });
            }
        }
        Ok(())
    }

    /// Makes strokes of the cells: what comes next comes after them.
    fn end_run(&mut self) {
        for (key, cells) in self.cells.take() {
            self.plan.entry(key).or_default().push(Stroke::Cells(cells));
        }
    }

    fn set(&mut self, edit: Edit) -> Result<(), WorldError> {
        let Edit { pos, material } = edit;
        let lattice = self.shape.region_box();
        let Some((key, cell)) = chunk_cell(self.shape, pos) else {
            return Err(WorldError::VoxelOutside { pos, lattice });
        };
        self.cells.push(key, CellEdit { cell, material });
        Ok(())
    }

    /// Adds a box, or the sphere in it.
    fn fill(
        &mut self,
        region: u8,
        voxels: LatticeBox,
        material: MaterialId,
        sphere: Option<(DVec3, f64)>,
    ) -> Result<(), WorldError> {
        let lattice = self.shape.region_box();
        if !voxels.intersects(&lattice) {
            return Err(WorldError::BoxOutside { region, voxels, lattice });
        }
        let (low, high): (IVec3, IVec3) = (voxels.min >> 6, (voxels.max - 1) >> 6);
        let size: I64Vec3 = high.as_i64vec3() - low.as_i64vec3() + I64Vec3::ONE;
        let count = size.as_dvec3().element_product();
        if count > MAX_CHUNKS as f64 {
            return Err(WorldError::TooLarge { chunks: count as u64, max: MAX_CHUNKS });
        }
        self.end_run();
        for key in VoxelBox::new(region, voxels).cells(0).chunks() {
            self.fill_chunk(key, voxels, material, sphere);
        }
        self.end_run();
        Ok(())
    }

    /// Adds the part of a box or sphere that lies in one chunk, which may lie beyond a side.
    fn fill_chunk(
        &mut self,
        key: ChunkKey,
        voxels: LatticeBox,
        material: MaterialId,
        sphere: Option<(DVec3, f64)>,
    ) {
        // The bounds are checked: chunk positions of boxes that met a region times 64 stay in range.
        let corner = key.min_voxel();
        let local = |voxel: IVec3| (voxel - corner).clamp(IVec3::ZERO, IVec3::splat(CHUNK_EDGE));
        let bounds = LatticeBox::new(local(voxels.min), local(voxels.max));
        let stroke = match sphere {
            None => Stroke::Box { bounds, material },
            Some((centre, radius)) => {
                let centre = centre - corner.as_dvec3();
                let near = centre.clamp(bounds.min.as_dvec3(), bounds.max.as_dvec3());
                if near.distance_squared(centre) > radius * radius {
                    return;
                }
                Stroke::Sphere { bounds, centre, radius, material }
            }
        };
        if self.shape.region_box().contains(corner) {
            self.plan.entry(key).or_default().push(stroke);
            return;
        }
        stroke.for_each(|CellEdit { cell, material }| {
            let voxel = corner + cell_position(cell as usize);
            if let Some((key, cell)) = chunk_cell(self.shape, VoxelPos::new(key.region, voxel)) {
                self.cells.push(key, CellEdit { cell, material });
            }
        });
    }
}
