//! The cells beyond a chunk that decide what is seen of it.

use bluemarble_core::{Face, MaterialId};

use crate::shell::Shell;

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

/// What lies beyond a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// One plane a face, in the order of [`Face::ALL`].
    pub planes: [FacePlane; 6],
    /// The cells all around, for meshers with [`Reach::Shell`](crate::Reach::Shell). Next to the faces
    /// they are those of the planes.
    pub shell: Option<Box<Shell>>,
}

impl Surroundings {
    /// What lies beyond the six faces, in the order of [`Face::ALL`], and nothing else.
    pub const fn new(planes: [FacePlane; 6]) -> Self {
        Self { planes, shell: None }
    }

    /// The same material all around, edges and corners included.
    pub fn uniform(material: MaterialId) -> Self {
        Self {
            planes: std::array::from_fn(|_| FacePlane::uniform(material)),
            shell: Some(Box::new(Shell::uniform(material))),
        }
    }

    /// The same with the cells all around.
    pub fn with_shell(mut self, shell: Shell) -> Self {
        self.shell = Some(Box::new(shell));
        self
    }

    /// The plane beyond a face.
    pub fn plane(&self, face: Face) -> &FacePlane {
        &self.planes[face as usize]
    }
}
