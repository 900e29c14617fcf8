//! [`plan`]: a batch is checked, and taken apart into strokes on chunks.

use bluemarble_core::{
    CHUNK_EDGE, CellColumn, CellEdit, ChunkKey, Edit, EditBatch, EditOp, LatticeBox, LatticePos,
    MaterialId, MaterialTable, Shape, VoxelBox, VoxelPos, cell_position,
};
use glam::{DVec3, I64Vec3, IVec3};
use rustc_hash::FxHashMap;

use super::{
    chunk_cell::chunk_cell,
    listed::Listed,
    stroke::{Stroke, place_of},
};
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
    let mut plan = Planner {
        shape,
        plan: Plan::default(),
        cells: Listed::default(),
        columns: Listed::default(),
    };
    for (operation, op) in batch.ops().iter().enumerate() {
        match *op {
            EditOp::Set(edit) => plan.set(edit)?,
            EditOp::Column { base, height, material } => {
                if height == 0 {
                    let reason = format!("the column at {base} has no height");
                    return Err(WorldError::EmptyShape { operation, reason });
                }
                plan.column(base, height, material)?;
            }
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
    cells: Listed<CellEdit>,
    /// Columns, likewise: one of the two is empty.
    columns: Listed<CellColumn>,
}

impl Planner<'_> {
    fn check_size(&mut self) -> Result<(), WorldError> {
        let max = MAX_CHUNKS;
        if (self.plan.len() + self.cells.chunks() + self.columns.chunks()) as u64 > max {
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
        let plan = &mut self.plan;
        self.cells.take(|key, cells| {
            plan.entry(key).or_default().push(Stroke::Cells((&*cells).into()));
        });
        self.columns.take(|key, columns| {
            // Stable: what is over the same place stays in order.
            columns.sort_by_key(|column| place_of(*column));
            plan.entry(key).or_default().push(Stroke::Columns((&*columns).into()));
        });
    }

    fn set(&mut self, edit: Edit) -> Result<(), WorldError> {
        let Edit { pos, material } = edit;
        let lattice = self.shape.region_box();
        let Some((key, cell)) = chunk_cell(self.shape, pos) else {
            return Err(WorldError::VoxelOutside { pos, lattice });
        };
        if self.columns.chunks() > 0 {
            self.end_run();
        }
        self.cells.push(key, CellEdit { cell, material });
        Ok(())
    }

    /// Adds voxels that stand on each other.
    fn column(
        &mut self,
        base: VoxelPos,
        height: u32,
        material: MaterialId,
    ) -> Result<(), WorldError> {
        let VoxelPos { region, voxel } = base;
        let lattice = self.shape.region_box();
        let end = i64::from(voxel.y) + i64::from(height);
        let low = voxel.y.max(lattice.min.y);
        let high = end.min(lattice.max.y.into()) as i32;
        let is_inside = lattice.contains(voxel.with_y(low));
        if low >= high || chunk_cell(self.shape, VoxelPos::new(region, voxel.with_y(low))).is_none()
        {
            return Err(WorldError::VoxelOutside { pos: base, lattice });
        }
        if self.cells.chunks() > 0 {
            self.end_run();
        }
        let mut y = low;
        while y < high {
            // Beyond a side each voxel has its own place.
            let top = if is_inside { high.min((y | (CHUNK_EDGE - 1)) + 1) } else { y + 1 };
            if let Some((key, cell)) =
                chunk_cell(self.shape, VoxelPos::new(region, voxel.with_y(y)))
            {
                self.columns.push(key, CellColumn { cell, height: (top - y) as u16, material });
            }
            y = top;
        }
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
