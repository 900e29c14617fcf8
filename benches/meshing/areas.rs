//! What meshes cover: this must be equal before times may be compared.

use bluemarble_core::{CHUNK_EDGE, Face, MaterialId, MaterialTable, cell_position};
use bluemarble_mesh::PackedQuad;

use crate::corpus::Sample;

/// Unit faces of each direction, in the order of [`Face::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    pub opaque: [u64; 6],
    pub see_through: [u64; 6],
}

/// A mesh, seen on some of its cells only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cover {
    pub areas: Areas,
    /// Quads that show one of the cells.
    pub quads: usize,
}

impl Areas {
    fn add(&mut self, face: Face, is_see_through: bool, area: u64) {
        let side = if is_see_through { &mut self.see_through } else { &mut self.opaque };
        side[face as usize] += area;
    }
}

impl Cover {
    pub fn add(&mut self, face: Face, is_see_through: bool, area: u64) {
        self.areas.add(face, is_see_through, area);
        self.quads += usize::from(area > 0);
    }

    /// Adds what a quad shows of the cells `low..high` along each axis.
    pub fn add_clipped(&mut self, quad: PackedQuad, is_see_through: bool, low: i32, high: i32) {
        let face = quad.face();
        let mut first = quad.corner();
        if face.is_positive() {
            first -= face.normal();
        }
        let (u, v) = [(2, 1), (0, 2), (0, 1)][face.axis()];
        let mut size = [1; 3];
        (size[u], size[v]) = (quad.size().0 as i32, quad.size().1 as i32);
        let within = |axis: usize| {
            ((first[axis] + size[axis]).min(high) - first[axis].max(low)).max(0) as u64
        };
        self.add(face, is_see_through, within(0) * within(1) * within(2));
    }
}

/// The visible faces of the cells `low..high` along each axis, counted one by one.
pub fn counted(sample: &Sample, materials: &MaterialTable, low: i32, high: i32) -> Areas {
    let cells: Vec<MaterialId> = sample.chunk.to_cells();
    let mut areas = Areas::default();
    for (index, &material) in cells.iter().enumerate() {
        let cell = cell_position(index);
        let is_within = cell.min_element() >= low && cell.max_element() < high;
        if !is_within || material.is_air() {
            continue;
        }
        for face in Face::ALL {
            let next = cell + face.normal();
            let beyond = if next.min_element() >= 0 && next.max_element() < CHUNK_EDGE {
                sample.chunk.get(next)
            } else {
                let (u, v) = [(2, 1), (0, 2), (0, 1)][face.axis()];
                sample.around.plane(face).get(cell[u] as usize, cell[v] as usize)
            };
            let is_opaque = materials.is_opaque(material);
            if !materials.is_opaque(beyond) && (is_opaque || beyond != material) {
                areas.add(face, !is_opaque, 1);
            }
        }
    }
    areas
}
