//! From lattice quads to vertices in metres.
//!
//! Positions are baked in `f64` and stored relative to the centre of the node, so that they are exact
//! at any distance from the planet's centre.

use bevy::{
    asset::RenderAssetUsages,
    mesh::{Indices, Mesh, MeshVertexAttribute, PrimitiveTopology, VertexFormat},
    prelude::*,
};
use bluemarble_core::{ChunkKey, Shape};
use bluemarble_mesh::PackedQuad;
use glam::DVec3;

/// Where a vertex lies in its chunk and what it is made of, two `u32`:
/// - cell x in bits 0..7, cell y + 64 in bits 7..15, cell z in bits 15..22, face in bits 22..25;
/// - material id in bits 0..16, lod in bits 16..21.
pub const ATTRIBUTE_VOXEL: MeshVertexAttribute =
    MeshVertexAttribute::new("Voxel", 0x626c_7565_6d61_7262, VertexFormat::Uint32x2);

/// Quads are drawn larger than they are by this share of a cell on each side, so that borders where
/// three or more quads meet leave no gap when the renderer rounds their corners. At lod 0 a cell may
/// fill the screen, so the share is smaller there.
fn overlap_cells(lod: u8) -> f64 {
    if lod == 0 { 0.01 } else { 0.05 }
}

/// World positions of the points of one chunk.
struct Baker {
    shape: Shape,
    key: ChunkKey,
    origin: DVec3,
}

impl Baker {
    /// The position of a point, in cells of the chunk, relative to the origin of the mesh.
    fn position(&self, cell: DVec3) -> Vec3 {
        let voxel = self.key.min_voxel().as_dvec3() + cell * f64::from(self.key.cell_voxels());
        (self.shape.to_world(self.key.region, voxel) - self.origin).as_vec3()
    }
}

/// Makes a mesh of quads, its vertices in metres relative to `origin`; `None` without quads.
///
/// See-through quads must not `overlap`: they would show twice.
pub fn bake(
    shape: Shape,
    key: ChunkKey,
    origin: DVec3,
    quads: &[PackedQuad],
    overlap: bool,
) -> Option<Mesh> {
    if quads.is_empty() {
        return None;
    }
    let baker = Baker { shape, key, origin };
    let overlap = if overlap { overlap_cells(key.lod) } else { 0.0 };
    let mut positions = Vec::with_capacity(quads.len() * 4);
    let mut voxels = Vec::with_capacity(quads.len() * 4);
    let mut indices = Vec::with_capacity(quads.len() * 6);
    for quad in quads {
        let corners = quad.corners();
        let middle = (corners[0] + corners[2]).as_dvec3() * 0.5;
        let first = positions.len() as u32;
        for corner in corners {
            let outwards = (corner.as_dvec3() - middle).signum() * overlap;
            let flat = DVec3::from_array(quad.face().normal().abs().as_dvec3().to_array());
            let point = corner.as_dvec3() + outwards * (DVec3::ONE - flat);
            positions.push(baker.position(point).to_array());
            voxels.push([
                corner.x as u32
                    | ((corner.y + 64) as u32) << 7
                    | (corner.z as u32) << 15
                    | (quad.face() as u32) << 22,
                u32::from(quad.material().0) | u32::from(key.lod) << 16,
            ]);
        }
        indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
    }
    let mesh = Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, positions)
        .with_inserted_attribute(ATTRIBUTE_VOXEL, voxels)
        .with_inserted_indices(Indices::U32(indices));
    Some(mesh)
}
