//! The cells just beyond the faces of a chunk.

use bluemarble_core::{Face, MaterialId};

/// The 64×64 cells beyond one face.
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
        Self::Cells((0..4096).map(|index| cell(index & 63, index >> 6)).collect())
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
    pub(crate) fn rows(&self, test: impl Fn(MaterialId) -> bool) -> [u64; 64] {
        match self {
            Self::Uniform(material) => [if test(*material) { u64::MAX } else { 0 }; 64],
            Self::Cells(cells) => std::array::from_fn(|v| {
                let row = &cells[64 * v..64 * (v + 1)];
                row.iter().rev().fold(0, |word, &cell| word << 1 | u64::from(test(cell)))
            }),
        }
    }
}

/// What lies beyond the six faces of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// One plane a face, in the order of [`Face::ALL`].
    pub planes: [FacePlane; 6],
}

impl Surroundings {
    /// The same material all around.
    pub fn uniform(material: MaterialId) -> Self {
        Self {
            planes: [const { FacePlane::uniform(MaterialId::AIR) }; 6]
                .map(|_| FacePlane::uniform(material)),
        }
    }

    /// The plane beyond a face.
    pub fn plane(&self, face: Face) -> &FacePlane {
        &self.planes[face as usize]
    }
}
