//! [`FacePlane`]: one layer of cells.

use glam::ivec3;

use super::Cells;
use crate::{
    key::{CHUNK_EDGE, Face},
    material::MaterialId,
};

/// 64×64 cells: those of a chunk next to one of its faces, or those just beyond it.
///
/// Positions (u, v) follow the axes of the face: on x faces u is z and v is y; on y faces u is x and v
/// is z; on z faces u is x and v is y.
#[derive(Clone, Debug, PartialEq)]
pub enum FacePlane {
    /// All of one material.
    Uniform(MaterialId),
    /// One material each, u fastest.
    Cells(Box<[MaterialId]>),
}

impl FacePlane {
    /// A plane of one material.
    pub const fn uniform(material: MaterialId) -> Self {
        Self::Uniform(material)
    }

    /// A plane whose cells are asked one by one as (u, v).
    pub fn from_fn(mut cell: impl FnMut(usize, usize) -> MaterialId) -> Self {
        Self::from_cells((0..4096).map(|index| cell(index & 63, index >> 6)).collect())
    }

    /// A plane from 64×64 cells, u fastest.
    pub fn from_cells(cells: Box<[MaterialId]>) -> Self {
        let first = cells[0];
        if cells.iter().all(|&cell| cell == first) {
            Self::Uniform(first)
        } else {
            Self::Cells(cells)
        }
    }

    /// The cells of a chunk next to one of its faces.
    pub fn of_chunk(chunk: &impl Cells, face: Face) -> Self {
        if let Some(material) = chunk.as_uniform() {
            return Self::Uniform(material);
        }
        let edge = if face.is_positive() { CHUNK_EDGE - 1 } else { 0 };
        Self::from_fn(|u, v| {
            let (u, v) = (u as i32, v as i32);
            chunk.get(match face.axis() {
                0 => ivec3(edge, v, u),
                1 => ivec3(u, edge, v),
                _ => ivec3(u, v, edge),
            })
        })
    }

    /// The cell at (u, v), both 0..64.
    #[inline]
    pub fn get(&self, u: usize, v: usize) -> MaterialId {
        match self {
            Self::Uniform(material) => *material,
            Self::Cells(cells) => cells[u + 64 * v],
        }
    }

    /// Whether `test` holds for every cell.
    pub fn all(&self, mut test: impl FnMut(MaterialId) -> bool) -> bool {
        match self {
            Self::Uniform(material) => test(*material),
            Self::Cells(cells) => cells.iter().all(|&cell| test(cell)),
        }
    }

    /// One word for each v with bit u set where `test` holds.
    pub fn rows(&self, test: impl Fn(MaterialId) -> bool) -> [u64; 64] {
        match self {
            Self::Uniform(material) => [if test(*material) { u64::MAX } else { 0 }; 64],
            Self::Cells(cells) => std::array::from_fn(|v| {
                let row = &cells[64 * v..64 * (v + 1)];
                row.iter().rev().fold(0, |word, &cell| word << 1 | u64::from(test(cell)))
            }),
        }
    }
}
