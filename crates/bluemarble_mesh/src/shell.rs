//! The cells all around a chunk, edges and corners included.

use bluemarble_core::{Cells, Face, FacePlane, MaterialId};
use glam::{IVec3, ivec3};

use crate::quad::axes_of;

/// The cells around a chunk, two deep: -2..66 along each axis, without those of the chunk itself.
///
/// It has 26 parts, named by their direction: the neighbour in the direction (1, 0, -1) gives the cells
/// with x 64..66, y 0..64 and z -2..0.
#[derive(Clone, Debug, PartialEq)]
pub struct Shell {
    /// By direction, see [`part_index`]; the middle one is not used.
    parts: [Part; 27],
}

/// What one neighbour gives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    Uniform(MaterialId),
    /// In rows along the first of [`Part::axes`].
    Cells(Box<[MaterialId]>),
}

impl Part {
    /// The axes of a part, the fastest in memory first: whichever of x, z, y is 64 long comes first.
    pub fn axes(direction: IVec3) -> [usize; 3] {
        match direction {
            IVec3 { x: 0, .. } => [0, 2, 1],
            IVec3 { z: 0, .. } => [2, 1, 0],
            _ => [1, 2, 0],
        }
    }
}

/// The lowest cell of a part and how many it has along each axis.
pub(crate) fn bounds(direction: IVec3) -> (IVec3, IVec3) {
    let low = |along: i32| [-Shell::DEPTH, 0, 64][(along + 1) as usize];
    let size = |along: i32| if along == 0 { 64 } else { Shell::DEPTH };
    let [x, y, z] = direction.to_array();
    (ivec3(low(x), low(y), low(z)), ivec3(size(x), size(y), size(z)))
}

fn part_index(direction: IVec3) -> usize {
    (direction + IVec3::ONE).dot(ivec3(1, 9, 3)) as usize
}

impl Shell {
    /// How many cells deep it is.
    pub const DEPTH: i32 = 2;

    /// The same material all around.
    pub fn uniform(material: MaterialId) -> Self {
        Self { parts: std::array::from_fn(|_| Part::Uniform(material)) }
    }

    /// What planes tell: cells that they do not hold are as the nearest one that they do.
    pub fn of_planes(planes: &[FacePlane; 6]) -> Self {
        let mut shell = Self::uniform(MaterialId::AIR);
        for direction in Self::directions() {
            let is_towards = |face: &Face| direction.dot(face.normal()) == 1;
            let Some(face) = Face::ALL.into_iter().find(is_towards) else { continue };
            match &planes[face as usize] {
                FacePlane::Uniform(material) => shell.set_uniform(direction, *material),
                plane @ FacePlane::Cells(_) => shell.set_cells(direction, |cell| {
                    let (u, v) = axes_of(face);
                    let cell = cell.clamp(IVec3::ZERO, IVec3::splat(63));
                    plane.get(cell[u] as usize, cell[v] as usize)
                }),
            }
        }
        shell
    }

    /// The directions of the 26 parts.
    pub fn directions() -> impl Iterator<Item = IVec3> {
        let middle = part_index(IVec3::ZERO);
        let direction = |index: i32| ivec3(index % 3, index / 9, index / 3 % 3) - IVec3::ONE;
        (0..27).filter(move |&index| index != middle as i32).map(direction)
    }

    /// Makes a part of one material.
    pub fn set_uniform(&mut self, direction: IVec3, material: MaterialId) {
        self.parts[part_index(direction)] = Part::Uniform(material);
    }

    /// Asks each cell of a part, in coordinates of the chunk: -2..66.
    pub fn set_cells(&mut self, direction: IVec3, mut cell: impl FnMut(IVec3) -> MaterialId) {
        let (low, size) = bounds(direction);
        let [run, middle, slow] = Part::axes(direction);
        let mut cells = Vec::with_capacity(size.element_product() as usize);
        let mut at = low;
        for k in 0..size[slow] {
            at[slow] = low[slow] + k;
            for j in 0..size[middle] {
                at[middle] = low[middle] + j;
                for i in 0..size[run] {
                    at[run] = low[run] + i;
                    cells.push(cell(at));
                }
            }
        }
        self.parts[part_index(direction)] = if cells.iter().all(|&cell| cell == cells[0]) {
            Part::Uniform(cells[0])
        } else {
            Part::Cells(cells.into())
        };
    }

    /// Takes a part from the chunk that lies in its direction, axes alike.
    pub fn set_chunk(&mut self, direction: IVec3, neighbour: &impl Cells) {
        match neighbour.as_uniform() {
            Some(material) => self.set_uniform(direction, material),
            None => self.set_cells(direction, |cell| neighbour.get(cell & 63)),
        }
    }

    /// A cell of the shell, in coordinates of the chunk.
    pub fn get(&self, cell: IVec3) -> MaterialId {
        let direction = cell >> 6;
        match self.part(direction) {
            Part::Uniform(material) => *material,
            Part::Cells(cells) => {
                let (low, size) = bounds(direction);
                let [run, middle, slow] = Part::axes(direction);
                let at = cell - low;
                cells[(at[run] + size[run] * (at[middle] + size[middle] * at[slow])) as usize]
            }
        }
    }

    pub(crate) fn part(&self, direction: IVec3) -> &Part {
        &self.parts[part_index(direction)]
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::Chunk;

    use super::*;

    fn material(cell: IVec3) -> MaterialId {
        MaterialId(cell.dot(ivec3(7, 131, 1201)).rem_euclid(3001) as u16)
    }

    #[test]
    fn every_cell_around_is_found_again() {
        let mut shell = Shell::uniform(MaterialId::AIR);
        assert_eq!(Shell::directions().count(), 26);
        Shell::directions().for_each(|direction| shell.set_cells(direction, material));
        let mut count = 0;
        for (x, y) in (-2..66).flat_map(|x| (-2..66).map(move |y| (x, y))) {
            for cell in (-2..66).map(|z| ivec3(x, y, z)).filter(|&cell| !Chunk::is_cell(cell)) {
                assert_eq!(shell.get(cell), material(cell), "{cell}");
                count += 1;
            }
        }
        assert_eq!(count, 68 * 68 * 68 - 64 * 64 * 64);
    }

    #[test]
    fn neighbours_give_their_nearest_cells() {
        let mut neighbour = Chunk::uniform(MaterialId(3));
        neighbour.set(ivec3(1, 62, 5), MaterialId(4));
        let mut shell = Shell::uniform(MaterialId::AIR);
        shell.set_chunk(ivec3(1, -1, 0), &neighbour);
        assert_eq!(shell.get(ivec3(65, -2, 5)), MaterialId(4));
        assert_eq!(shell.get(ivec3(65, -2, 6)), MaterialId(3));
        assert_eq!(shell.get(ivec3(65, 0, 5)), MaterialId::AIR);
    }

    #[test]
    fn planes_are_continued() {
        let mut planes = std::array::from_fn(|_| FacePlane::uniform(MaterialId::AIR));
        planes[Face::PosX as usize] = FacePlane::from_fn(|u, v| MaterialId((u + 64 * v) as u16));
        let shell = Shell::of_planes(&planes);
        assert_eq!(shell.get(ivec3(64, 3, 9)), MaterialId(9 + 64 * 3));
        assert_eq!(shell.get(ivec3(65, 66 - 1, -2)), MaterialId(64 * 63));
        assert_eq!(shell.get(ivec3(-1, 3, 9)), MaterialId::AIR);
    }
}
