//! The cells beyond a chunk that decide what is seen of it.

use bluemarble_core::{Face, FacePlane, MaterialId};

use crate::shell::Shell;

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
