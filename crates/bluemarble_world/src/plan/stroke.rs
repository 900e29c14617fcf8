//! [`Stroke`]: what is done to one chunk in one step.

use std::sync::Arc;

use bluemarble_core::{
    CHUNK_EDGE, CellColumn, CellEdit, Chunk, LatticeBox, MaterialId, cell_index,
};
use glam::{DVec2, DVec3, IVec3, ivec3};

/// Cells of one layer of a chunk.
const LAYER: u32 = (CHUNK_EDGE * CHUNK_EDGE) as u32;

/// What is done to one chunk in one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stroke {
    /// Cells, one after the other.
    Cells(Arc<[CellEdit]>),
    /// Cells that stand on each other. Those over the same place in the plane lie together, in the order in which they are
    /// changed, and places are sorted.
    Columns(Arc<[CellColumn]>),
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

impl Stroke {
    /// Bytes that the stroke takes in memory.
    pub fn size_bytes(&self) -> usize {
        let listed = match self {
            Self::Cells(cells) => size_of_val(&**cells),
            Self::Columns(columns) => size_of_val(&**columns),
            Self::Box { .. } | Self::Sphere { .. } => 0,
        };
        size_of::<Self>() + listed
    }

    /// What a cell of the chunk becomes; `None` if the stroke leaves it as it is.
    pub(crate) fn material_at(&self, cell: IVec3) -> Option<MaterialId> {
        match self {
            Self::Cells(cells) => {
                let index = cell_index(cell.x as usize, cell.y as usize, cell.z as usize) as u32;
                // The last one counts.
                let edit = cells.iter().rfind(|edit| edit.cell == index)?;
                Some(edit.material)
            }
            Self::Columns(columns) => {
                let place = cell_index(cell.x as usize, 0, cell.z as usize) as u32;
                let end = columns.partition_point(|column| place_of(*column) <= place);
                let here = columns[..end].iter().rev();
                let mut here = here.take_while(|column| place_of(**column) == place);
                // The last one counts.
                let holds = |column: &&CellColumn| {
                    let low = (column.cell / LAYER) as i32;
                    (low..low + i32::from(column.height)).contains(&cell.y)
                };
                Some(here.find(holds)?.material)
            }
            Self::Box { bounds, material } => bounds.contains(cell).then_some(*material),
            Self::Sphere { bounds, centre, radius, material } => {
                let is_in = sphere_holds(*centre, *radius, cell);
                (is_in && bounds.contains(cell)).then_some(*material)
            }
        }
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
            Self::Columns(columns) => columns.iter().for_each(|column| {
                let cells = cells_of(*column);
                cells.for_each(|cell| each(cell, 1, column.material));
            }),
            Self::Box { bounds, material } => {
                rows(bounds, *material, &|_, _| (bounds.min.x, bounds.max.x));
            }
            Self::Sphere { bounds, centre, radius, material } => {
                rows(bounds, *material, &|y, z| sphere_row(bounds, *centre, *radius, y, z));
            }
        }
    }

    /// Calls `each` for every cell.
    pub(super) fn for_each(&self, mut each: impl FnMut(CellEdit)) {
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
            Self::Columns(columns) => columns.iter().for_each(|column| {
                cells_of(*column).for_each(|cell| _ = chunk.set_index(cell, column.material));
            }),
            _ => self.for_each_run(|first, count, material| chunk.fill_run(first, count, material)),
        }
    }
}

/// Where in the plane a column stands: the index of the lowest cell of the chunk there.
pub(super) fn place_of(column: CellColumn) -> u32 {
    column.cell % LAYER
}

/// The cells of a column, upwards.
fn cells_of(column: CellColumn) -> impl Iterator<Item = usize> {
    (column.cell as usize..).step_by(LAYER as usize).take(column.height.into())
}

/// The part of a row whose cells have their middle in a sphere.
fn sphere_row(bounds: &LatticeBox, centre: DVec3, radius: f64, y: i32, z: i32) -> (i32, i32) {
    let is_in = |x: i32| sphere_holds(centre, radius, ivec3(x, y, z));
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

/// Whether a sphere holds the middle of a cell.
fn sphere_holds(centre: DVec3, radius: f64, cell: IVec3) -> bool {
    (cell.as_dvec3() + 0.5).distance_squared(centre) <= radius * radius
}

/// A chunk after some strokes.
pub fn apply<'a>(mut chunk: Chunk, strokes: impl IntoIterator<Item = &'a Stroke>) -> Chunk {
    strokes.into_iter().for_each(|stroke| stroke.apply(&mut chunk));
    chunk
}
