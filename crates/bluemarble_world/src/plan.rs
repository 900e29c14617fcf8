//! Which cells of which chunks a batch touches.
//!
//! A plan is made, and everything wrong with a batch found, before a single voxel is read.

use std::sync::Arc;

use bluemarble_core::{
    CHUNK_EDGE, CellEdit, Chunk, ChunkKey, Edit, EditBatch, EditOp, LatticeBox, MaterialId,
    MaterialTable, Shape, chunk::cell_index,
};
use glam::{DVec2, DVec3, I64Vec3, IVec3, ivec3};
use rustc_hash::FxHashMap;

use crate::WorldError;

/// A batch may touch this many chunks: what is held of each is little until it is read.
pub const MAX_CHUNKS: u64 = 1 << 20;

/// What is done to one chunk in one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stroke {
    /// Cells, one after the other.
    Cells(Arc<[CellEdit]>),
    /// The cells of a box within the chunk.
    Box {
        /// The cells.
        bounds: LatticeBox,
        /// What they become.
        material: MaterialId,
    },
    /// The cells of a box whose centre lies in a sphere.
    Sphere {
        /// The cells.
        bounds: LatticeBox,
        /// The centre, in cells from the chunk's corner.
        centre: DVec3,
        /// In cells.
        radius: f64,
        /// What they become.
        material: MaterialId,
    },
}

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
            EditOp::Sphere { region, centre, radius, material } => {
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
        let mut places = Vec::with_capacity(counts.len());
        let mut end = 0;
        for &(_, count) in &counts {
            places.push(end);
            end += count as usize;
        }
        let mut sorted = vec![CellEdit::default(); cells.len()];
        for (number, edit) in cells {
            let place = &mut places[number as usize];
            sorted[*place] = edit;
            *place += 1;
        }
        let chunks = counts.into_iter().zip(places);
        chunks.map(|((key, count), end)| (key, sorted[end - count as usize..end].into())).collect()
    }
}

impl Planner<'_> {
    fn check_size(&mut self) -> Result<(), WorldError> {
        let most = MAX_CHUNKS;
        if (self.plan.len() + self.cells.counts.len()) as u64 > most {
            // Some chunks may have been counted twice.
            self.end_run();
            let chunks = self.plan.len() as u64;
            if chunks > most {
                return Err(WorldError::TooLarge { chunks, most });
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
        let Edit { region, voxel, material } = edit;
        let lattice = self.shape.region_box();
        let Some((key, cell)) = place(self.shape, region, voxel) else {
            return Err(WorldError::VoxelOutside { region, voxel, lattice });
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
            return Err(WorldError::TooLarge { chunks: count as u64, most: MAX_CHUNKS });
        }
        self.end_run();
        for y in low.y..=high.y {
            for z in low.z..=high.z {
                for x in low.x..=high.x {
                    let key = ChunkKey::new(region, 0, ivec3(x, y, z));
                    self.fill_chunk(key, voxels, material, sphere);
                }
            }
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
            let voxel = corner + bluemarble_core::chunk::cell_position(cell as usize);
            if let Some((key, cell)) = place(self.shape, key.region, voxel) {
                self.cells.push(key, CellEdit { cell, material });
            }
        });
    }
}

/// The chunk and the index of the cell that hold a voxel, which may lie beyond a side of the region; `None`
/// where there is no lattice.
pub fn place(shape: &Shape, region: u8, voxel: IVec3) -> Option<(ChunkKey, u32)> {
    let around = shape.region_box();
    if around.contains(voxel) {
        return Some(key_and_cell(region, voxel));
    }
    // Nothing folds from further away than a region; beyond that, sums would overflow.
    let (size, voxel_64) = (around.size().as_i64vec3(), voxel.as_i64vec3());
    if voxel_64.cmplt(around.min.as_i64vec3() - size).any()
        || voxel_64.cmpge(around.max.as_i64vec3() + size).any()
    {
        return None;
    }
    let place = shape.place(region, 0, voxel)?;
    Some(key_and_cell(place.region, place.cell))
}

fn key_and_cell(region: u8, voxel: IVec3) -> (ChunkKey, u32) {
    let cell = voxel & (CHUNK_EDGE - 1);
    let index = cell_index(cell.x as usize, cell.y as usize, cell.z as usize) as u32;
    (ChunkKey::of_voxel(region, 0, voxel), index)
}

impl Stroke {
    /// Bytes that the stroke takes in memory.
    pub fn size_bytes(&self) -> usize {
        let cells = if let Self::Cells(cells) = self { cells.len() } else { 0 };
        size_of::<Self>() + cells * size_of::<CellEdit>()
    }

    /// Calls `each` for every run of cells along x: the first cell, how many there are, and their material.
    fn for_each_run(&self, mut each: impl FnMut(usize, usize, MaterialId)) {
        let mut rows = |bounds: &LatticeBox, material, part: &dyn Fn(i32, i32) -> (i32, i32)| {
            for y in bounds.min.y..bounds.max.y {
                for z in bounds.min.z..bounds.max.z {
                    let (low, high) = part(y, z);
                    if low < high {
                        let first = cell_index(low as usize, y as usize, z as usize);
                        each(first, (high - low) as usize, material);
                    }
                }
            }
        };
        match self {
            Self::Cells(cells) => {
                cells.iter().for_each(|edit| each(edit.cell as usize, 1, edit.material));
            }
            Self::Box { bounds, material } => {
                rows(bounds, *material, &|_, _| (bounds.min.x, bounds.max.x));
            }
            Self::Sphere { bounds, centre, radius, material } => {
                rows(bounds, *material, &|y, z| sphere_row(bounds, *centre, *radius, y, z));
            }
        }
    }

    /// Calls `each` for every cell.
    fn for_each(&self, mut each: impl FnMut(CellEdit)) {
        self.for_each_run(|first, count, material| {
            (first..first + count).for_each(|cell| each(CellEdit { cell: cell as u32, material }));
        });
    }

    /// Applies the stroke.
    fn apply(&self, chunk: &mut Chunk) {
        let whole = LatticeBox::new(IVec3::ZERO, IVec3::splat(CHUNK_EDGE));
        match self {
            Self::Box { bounds, material } if *bounds == whole => {
                *chunk = Chunk::uniform(*material);
            }
            Self::Cells(cells) => cells.iter().for_each(|edit| {
                chunk.set_index(edit.cell as usize, edit.material);
            }),
            _ => self.for_each_run(|first, count, material| chunk.fill_run(first, count, material)),
        }
    }
}

/// The part of a row whose cells have their middle in a sphere.
fn sphere_row(bounds: &LatticeBox, centre: DVec3, radius: f64, y: i32, z: i32) -> (i32, i32) {
    let is_in =
        |x: i32| (ivec3(x, y, z).as_dvec3() + 0.5).distance_squared(centre) <= radius * radius;
    let aside = DVec2::new(f64::from(y) + 0.5 - centre.y, f64::from(z) + 0.5 - centre.z);
    let half = (radius * radius - aside.length_squared()).max(0.0).sqrt();
    // Good to a rounding, which the test itself settles.
    let estimate = |x: f64| (x as i32).clamp(bounds.min.x, bounds.max.x);
    let mut low = estimate(centre.x - half - 2.0);
    let mut high = estimate(centre.x + half + 2.0);
    while low < high && !is_in(low) {
        low += 1;
    }
    while low < high && !is_in(high - 1) {
        high -= 1;
    }
    (low, high)
}

/// A chunk after some strokes.
pub fn apply<'a>(mut chunk: Chunk, strokes: impl IntoIterator<Item = &'a Stroke>) -> Chunk {
    strokes.into_iter().for_each(|stroke| stroke.apply(&mut chunk));
    chunk
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bluemarble_core::{CHUNK_VOLUME, Flat, REGION_EDGE, chunk::cell_position};
    use proptest::prelude::*;

    use super::*;

    const FLAT: Shape = Shape::Flat(Flat { voxel_m: 1.0 });
    const REACH: i32 = 9;
    /// No step makes anything of this.
    const BEFORE: MaterialId = MaterialId(15);

    /// Where eight chunks meet, where regions meet, where three of them do, and where the lattice ends.
    fn any_middle(shape: Shape) -> impl Strategy<Value = IVec3> {
        let low = shape.region_box().min.x;
        let axis = move || prop_oneof![Just(low), Just(low + 128), Just(REGION_EDGE)];
        (axis(), axis(), axis()).prop_map(|(x, y, z)| ivec3(x, y, z))
    }

    fn any_op(regions: u8) -> impl Strategy<Value = EditOp> {
        let near = || (-REACH..=REACH, -REACH..=REACH, -REACH..=REACH);
        (0..3, 0..regions, near(), near(), 0.1..f64::from(REACH), 0u16..4).prop_map(
            |(op, region, one, two, radius, material)| {
                let (one, two, material) =
                    (IVec3::from(one), IVec3::from(two), MaterialId(material));
                match op {
                    0 => EditOp::Set(Edit { region, voxel: one, material }),
                    1 => {
                        let voxels = LatticeBox::new(one.min(two), one.max(two) + 1);
                        EditOp::Box { region, voxels, material }
                    }
                    _ => {
                        let centre = one.as_dvec3() + two.as_dvec3() / 7.0;
                        EditOp::Sphere { region, centre, radius, material }
                    }
                }
            },
        )
    }

    fn moved(op: EditOp, by: IVec3) -> EditOp {
        match op {
            EditOp::Set(edit) => EditOp::Set(Edit { voxel: edit.voxel + by, ..edit }),
            EditOp::Box { region, voxels, material } => {
                let voxels = LatticeBox::new(voxels.min + by, voxels.max + by);
                EditOp::Box { region, voxels, material }
            }
            EditOp::Sphere { region, centre, radius, material } => {
                EditOp::Sphere { region, centre: centre + by.as_dvec3(), radius, material }
            }
        }
    }

    /// What a batch changes, voxel by voxel.
    struct Oracle {
        voxels: HashMap<(u8, IVec3), MaterialId>,
        /// A voxel or box has no place in its region.
        is_outside: bool,
        /// A sphere holds no voxel of its region.
        is_sphere_outside: bool,
    }

    fn oracle(shape: &Shape, middle: IVec3, ops: &[EditOp]) -> Oracle {
        let mut voxels = HashMap::new();
        let (mut is_outside, mut is_sphere_outside) = (false, false);
        for op in ops {
            let mut is_inside = false;
            let around = REACH * 2 + 2;
            for index in 0..(2 * around + 1).pow(3) {
                let edge = 2 * around + 1;
                let offset = ivec3(index % edge, index / edge % edge, index / edge / edge) - around;
                let voxel = middle + offset;
                let is_reached = match *op {
                    EditOp::Set(edit) => edit.voxel == voxel,
                    EditOp::Box { voxels, .. } => voxels.contains(voxel),
                    EditOp::Sphere { centre, radius, .. } => {
                        (voxel.as_dvec3() + 0.5).distance(centre) <= radius
                    }
                };
                if is_reached && let Some(place) = shape.place(op.region(), 0, voxel) {
                    is_inside |= shape.region_box().contains(voxel) || matches!(op, EditOp::Set(_));
                    voxels.insert((place.region, place.cell), op.material());
                }
            }
            let outside = match op {
                EditOp::Sphere { .. } => &mut is_sphere_outside,
                _ => &mut is_outside,
            };
            *outside |= !is_inside;
        }
        Oracle { voxels, is_outside, is_sphere_outside }
    }

    fn check(shape: &Shape, middle: IVec3, ops: Vec<EditOp>) -> Result<(), TestCaseError> {
        let ops: Vec<_> = ops.into_iter().map(|op| moved(op, middle)).collect();
        let mut batch = EditBatch::new();
        ops.iter().for_each(|&op| _ = batch.push(op));
        let found = plan(shape, &MaterialTable::standard(), &batch);
        let expected = oracle(shape, middle, &ops);
        let found = match found {
            Ok(found) => found,
            Err(WorldError::VoxelOutside { .. } | WorldError::BoxOutside { .. }) => {
                prop_assert!(expected.is_outside || expected.is_sphere_outside);
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        // A sphere may miss all voxels of its region though the box around it does not.
        prop_assert!(!expected.is_outside);
        let expected = expected.voxels;
        let mut changed = HashMap::new();
        for (key, strokes) in found {
            let after = apply(Chunk::uniform(BEFORE), &strokes);
            for (index, &material) in after.to_cells().iter().enumerate() {
                if material != BEFORE {
                    let voxel = key.min_voxel() + cell_position(index);
                    changed.insert((key.region, voxel), material);
                }
            }
        }
        prop_assert!(changed == expected, "{} voxels, expected {}", changed.len(), expected.len());
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn a_plan_for_a_planet_holds_exactly_the_voxels_of_its_steps(
            middle in any_middle(Shape::earth()), ops in prop::collection::vec(any_op(6), 1..5),
        ) {
            check(&Shape::earth(), middle, ops)?;
        }

        #[test]
        fn a_plan_for_a_plane_holds_exactly_the_voxels_of_its_steps(
            middle in any_middle(FLAT), ops in prop::collection::vec(any_op(1), 1..5),
        ) {
            check(&FLAT, middle, ops)?;
        }
    }

    #[test]
    fn as_many_chunks_as_are_allowed_are_planned() {
        let table = MaterialTable::standard();
        let cuboid = |x: i32| {
            let voxels = LatticeBox::new(IVec3::splat(-32), ivec3(x, 127 * 64 - 33, 63 * 64 - 33));
            EditBatch::new().fill_box(0, voxels, BEFORE).clone()
        };
        let fits = plan(&FLAT, &table, &cuboid(127 * 64)).expect("fits");
        assert_eq!(fits.len() as u64, MAX_CHUNKS);
        let error = plan(&FLAT, &table, &cuboid(127 * 64 + 1)).expect_err("one layer more");
        assert!(
            matches!(error, WorldError::TooLarge { chunks: 1_056_768, most: MAX_CHUNKS }),
            "{error}"
        );
    }

    #[test]
    fn a_whole_chunk_is_made_uniform_whatever_was_done_to_it_before() {
        let table = MaterialTable::standard();
        let whole = LatticeBox::new(IVec3::ZERO, IVec3::splat(64));
        let mut batch = EditBatch::new();
        batch.set(0, ivec3(5, 5, 5), MaterialId(3)).fill_box(0, whole, MaterialId(2));
        let strokes =
            plan(&FLAT, &table, &batch).expect("fits").remove(&ChunkKey::new(0, 0, IVec3::ZERO));
        let strokes = strokes.expect("touched");
        assert_eq!(apply(Chunk::default(), &strokes).as_uniform(), Some(MaterialId(2)));
    }

    #[test]
    fn a_sphere_too_small_for_a_voxel_is_nothing_and_one_on_a_centre_is_one() {
        let table = MaterialTable::standard();
        let ball = |centre, radius| EditBatch::new().fill_sphere(0, centre, radius, BEFORE).clone();
        let air = |chunk: &Chunk| {
            chunk.to_cells().iter().filter(|&&material| material == MaterialId::AIR).count()
        };
        let count = |batch: &EditBatch| {
            let plan = plan(&FLAT, &table, batch).expect("fits");
            let chunks = plan.values().map(|strokes| apply(Chunk::default(), strokes));
            chunks.map(|chunk| CHUNK_VOLUME - air(&chunk)).sum::<usize>()
        };
        assert_eq!(count(&ball(DVec3::ZERO, 0.5)), 0);
        assert_eq!(count(&ball(DVec3::splat(0.5), 0.01)), 1);
        assert_eq!(count(&ball(DVec3::splat(0.5), 1.0)), 7);
        assert_eq!(count(&ball(DVec3::ZERO, 0.9)), 8);
    }
}
