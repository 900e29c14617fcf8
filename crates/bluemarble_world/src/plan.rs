//! Which cells of which chunks a batch touches.
//!
//! A plan is made, and everything wrong with a batch found, before a single voxel is read.

use bluemarble_core::{
    CHUNK_EDGE, Chunk, ChunkKey, LatticeBox, MaterialId, MaterialTable, Shape, chunk::cell_index,
};
use glam::{DVec3, I64Vec3, IVec3, ivec3};
use rustc_hash::FxHashMap;

use crate::{
    WorldError,
    batch::{Edit, EditBatch, EditOp},
};

/// A batch may touch this many chunks.
pub const MAX_CHUNKS: u64 = 1 << 13;

/// What is done to one chunk in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    cells: Cells,
    material: MaterialId,
}

#[derive(Clone, Debug, PartialEq)]
enum Cells {
    /// The cells of a box within the chunk.
    Box(LatticeBox),
    /// The cells of a box whose centre lies in a sphere, in cells from the chunk's corner.
    Sphere { bounds: LatticeBox, centre: DVec3, radius: f64 },
    /// Cells by their index.
    List(Vec<u32>),
}

/// Strokes for each chunk, in the order in which they are made.
pub type Plan = FxHashMap<ChunkKey, Vec<Stroke>>;

/// Checks a batch and finds the chunks it touches.
///
/// # Errors
/// Everything but [`WorldError::Store`]: what is wrong with the batch.
pub fn plan(shape: &Shape, materials: &MaterialTable, batch: &EditBatch) -> Result<Plan, WorldError> {
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
    let mut plan = Plan::default();
    for (operation, op) in batch.ops().iter().enumerate() {
        match *op {
            EditOp::Set(edit) => set(shape, &mut plan, edit)?,
            EditOp::Box { region, voxels, material } => {
                if voxels.is_empty() {
                    let reason = format!("the box {voxels:?} is empty");
                    return Err(WorldError::EmptyShape { operation, reason });
                }
                fill(shape, &mut plan, region, voxels, material, None)?;
            }
            EditOp::Sphere { region, centre, radius, material } => {
                if !(radius > 0.0 && radius.is_finite() && centre.is_finite()) {
                    let reason = format!("radius {radius} around {centre}");
                    return Err(WorldError::EmptyShape { operation, reason });
                }
                // Casts saturate; a sphere that large is refused for its size.
                let voxels = LatticeBox::new(
                    (centre - radius - 0.5).ceil().as_ivec3(),
                    (centre + radius + 0.5).floor().as_ivec3(),
                );
                if !voxels.is_empty() {
                    fill(shape, &mut plan, region, voxels, material, Some((centre, radius)))?;
                }
            }
        }
        let chunks = plan.len() as u64;
        if chunks > MAX_CHUNKS {
            return Err(WorldError::TooLarge { chunks, most: MAX_CHUNKS });
        }
    }
    Ok(plan)
}

fn set(shape: &Shape, plan: &mut Plan, edit: Edit) -> Result<(), WorldError> {
    let Edit { region, voxel, material } = edit;
    let lattice = shape.region_box();
    let place = place(shape, region, voxel);
    let Some((key, cell)) = place else {
        return Err(WorldError::VoxelOutside { region, voxel, lattice });
    };
    let strokes = plan.entry(key).or_default();
    // Voxels set one by one are mostly neighbours of the same material.
    if let Some(Stroke { cells: Cells::List(list), material: last }) = strokes.last_mut()
        && *last == material
    {
        list.push(cell);
    } else {
        strokes.push(Stroke { cells: Cells::List(vec![cell]), material });
    }
    Ok(())
}

/// The chunk and the index of the cell that hold a voxel, which may lie beyond a side.
fn place(shape: &Shape, region: u8, voxel: IVec3) -> Option<(ChunkKey, u32)> {
    let around = shape.region_box();
    // Nothing folds from further away than a region; beyond that, sums would overflow.
    let (size, voxel_64) = (around.size().as_i64vec3(), voxel.as_i64vec3());
    if voxel_64.cmplt(around.min.as_i64vec3() - size).any()
        || voxel_64.cmpge(around.max.as_i64vec3() + size).any()
    {
        return None;
    }
    let place = shape.place(region, 0, voxel)?;
    let key = ChunkKey::of_voxel(place.region, 0, place.cell);
    let cell = place.cell & (CHUNK_EDGE - 1);
    Some((key, cell_index(cell.x as usize, cell.y as usize, cell.z as usize) as u32))
}

/// Adds a box, or the sphere in it, to a plan.
fn fill(
    shape: &Shape,
    plan: &mut Plan,
    region: u8,
    voxels: LatticeBox,
    material: MaterialId,
    sphere: Option<(DVec3, f64)>,
) -> Result<(), WorldError> {
    let lattice = shape.region_box();
    if !voxels.intersects(&lattice) {
        return Err(WorldError::BoxOutside { region, voxels, lattice });
    }
    let (low, high): (IVec3, IVec3) = (voxels.min >> 6, (voxels.max - 1) >> 6);
    let size: I64Vec3 = high.as_i64vec3() - low.as_i64vec3() + I64Vec3::ONE;
    let count = size.as_dvec3().element_product();
    if count > MAX_CHUNKS as f64 {
        return Err(WorldError::TooLarge { chunks: count as u64, most: MAX_CHUNKS });
    }
    for y in low.y..=high.y {
        for z in low.z..=high.z {
            for x in low.x..=high.x {
                let key = ChunkKey::new(region, 0, ivec3(x, y, z));
                fill_chunk(shape, plan, key, voxels, material, sphere);
            }
        }
    }
    Ok(())
}

/// Adds the part of a box or sphere to a plan that lies in one chunk, which may lie beyond a side.
fn fill_chunk(
    shape: &Shape,
    plan: &mut Plan,
    key: ChunkKey,
    voxels: LatticeBox,
    material: MaterialId,
    sphere: Option<(DVec3, f64)>,
) {
    // The bounds are checked: chunk positions of boxes that met a region times 64 stay in range.
    let corner = key.min_voxel();
    let local = |voxel: IVec3| (voxel - corner).clamp(IVec3::ZERO, IVec3::splat(CHUNK_EDGE));
    let bounds = LatticeBox::new(local(voxels.min), local(voxels.max));
    let cells = match sphere {
        None => Cells::Box(bounds),
        Some((centre, radius)) => {
            let centre = centre - corner.as_dvec3();
            let near = centre.clamp(bounds.min.as_dvec3(), bounds.max.as_dvec3());
            if near.distance_squared(centre) > radius * radius {
                return;
            }
            Cells::Sphere { bounds, centre, radius }
        }
    };
    let stroke = Stroke { cells, material };
    let lattice = shape.region_box();
    if lattice.contains(corner) {
        plan.entry(key).or_default().push(stroke);
        return;
    }
    let mut folded: FxHashMap<ChunkKey, Vec<u32>> = FxHashMap::default();
    stroke.for_each(|cell| {
        let voxel = corner + bluemarble_core::chunk::cell_position(cell);
        if let Some((key, cell)) = place(shape, key.region, voxel) {
            folded.entry(key).or_default().push(cell);
        }
    });
    for (key, list) in folded {
        plan.entry(key).or_default().push(Stroke { cells: Cells::List(list), material });
    }
}

impl Stroke {
    /// Calls `each` with the index of every cell.
    fn for_each(&self, mut each: impl FnMut(usize)) {
        let mut rows = |bounds: &LatticeBox, inside: &dyn Fn(IVec3) -> bool| {
            for y in bounds.min.y..bounds.max.y {
                for z in bounds.min.z..bounds.max.z {
                    for x in bounds.min.x..bounds.max.x {
                        if inside(ivec3(x, y, z)) {
                            each(cell_index(x as usize, y as usize, z as usize));
                        }
                    }
                }
            }
        };
        match &self.cells {
            Cells::Box(bounds) => rows(bounds, &|_| true),
            Cells::Sphere { bounds, centre, radius } => rows(bounds, &|cell| {
                (cell.as_dvec3() + 0.5).distance_squared(*centre) <= radius * radius
            }),
            Cells::List(list) => list.iter().for_each(|&cell| each(cell as usize)),
        }
    }

    /// Applies the stroke.
    fn apply(&self, chunk: &mut Chunk) {
        let whole = LatticeBox::new(IVec3::ZERO, IVec3::splat(CHUNK_EDGE));
        if self.cells == Cells::Box(whole) {
            *chunk = Chunk::uniform(self.material);
        } else {
            self.for_each(|cell| {
                chunk.set_index(cell, self.material);
            });
        }
    }
}

/// A chunk after some strokes, and how many of its cells are different then; `None` if none is.
pub fn apply(before: &Chunk, strokes: &[Stroke]) -> Option<(Chunk, u64)> {
    let mut after = before.clone();
    let mut touched = 0;
    let changed = if let [Stroke { cells: Cells::List(list), material }] = strokes {
        for &cell in list {
            touched += u64::from(after.set_index(cell as usize, *material) != *material);
        }
        touched
    } else {
        strokes.iter().for_each(|stroke| stroke.apply(&mut after));
        difference(before, &after)
    };
    (changed > 0).then_some((after, changed))
}

/// How many cells differ.
fn difference(before: &Chunk, after: &Chunk) -> u64 {
    if let (Some(one), Some(two)) = (before.as_uniform(), after.as_uniform()) {
        return if one == two { 0 } else { bluemarble_core::CHUNK_VOLUME as u64 };
    }
    let (before, after) = (before.to_cells(), after.to_cells());
    before.iter().zip(&after).filter(|(one, two)| one != two).count() as u64
}
