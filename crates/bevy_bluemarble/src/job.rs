//! One unit of background work: read a chunk and what lies beside it, mesh it, bake it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bevy::mesh::Mesh;
use bluemarble_core::{
    Chunk, ChunkKey, Face, MaterialId, Shape, key::CHUNK_EDGE, shape::NodeBounds,
};
use bluemarble_mesh::{ChunkMesh, FacePlane, MeshOptions, Mesher, Surroundings};
use bluemarble_terrain::Survey;
use bluemarble_world::{HybridWorld, WorldError};
use glam::{IVec3, ivec3};

use crate::bake::bake;

/// A finished node, ready for the main thread.
pub struct BuiltNode {
    /// Which node.
    pub key: ChunkKey,
    /// Its voxels, for picking; `None` if it shows nothing.
    pub chunk: Option<Arc<Chunk>>,
    /// Where it lies.
    pub bounds: NodeBounds,
    /// What is drawn without see-through materials.
    pub opaque: Option<Mesh>,
    /// Liquids and glass.
    pub see_through: Option<Mesh>,
    /// Quads of both.
    pub quads: usize,
    /// Whether its chunk had to be read: without, a survey told that it shows nothing.
    pub read: bool,
}

impl BuiltNode {
    /// Bytes that go to the graphics card: 20 a vertex, 4 an index.
    pub fn upload_bytes(&self) -> usize {
        self.quads * (4 * 20 + 6 * 4)
    }

    /// Bytes kept in memory for picking.
    pub fn resident_bytes(&self) -> usize {
        self.chunk.as_ref().map_or(0, |chunk| chunk.size_bytes())
    }
}

/// Everything a job needs, shared by all jobs.
#[derive(Clone)]
pub struct Builder {
    /// Where voxels come from.
    pub world: HybridWorld,
    /// What makes quads of them.
    pub mesher: Arc<dyn Mesher>,
}

impl Builder {
    /// Builds a node; `None` if it was cancelled on the way.
    ///
    /// # Errors
    /// What the world said of the chunk or of one beside it.
    pub async fn build(
        &self,
        key: ChunkKey,
        cancelled: &AtomicBool,
    ) -> Result<Option<BuiltNode>, WorldError> {
        let shape = self.world.shape();
        let bounds = shape.node_bounds(key);
        let stop = || cancelled.load(Ordering::Relaxed);
        let mut node = BuiltNode {
            key,
            chunk: None,
            bounds,
            opaque: None,
            see_through: None,
            quads: 0,
            read: false,
        };
        let survey = self.world.survey(key);
        if survey == Survey::Uniform(MaterialId::AIR) {
            return Ok(Some(node));
        }
        let mut planes = Vec::with_capacity(6);
        for face in Face::ALL {
            if stop() {
                return Ok(None);
            }
            planes.push(self.plane(key, face).await?);
        }
        let Ok(planes) = planes.try_into() else { return Ok(None) };
        let around = Surroundings { planes };
        if self.is_covered(survey, &around) {
            return Ok(Some(node));
        }
        let chunk = self.world.read(key).await?;
        node.read = true;
        let skirts = chunk.as_uniform().is_none();
        let options = MeshOptions {
            max_edge: shape.max_straight_cells(key.lod),
            skirts,
            ..MeshOptions::default()
        };
        let mut mesh = ChunkMesh::default();
        self.mesher.mesh(&chunk, &around, &options, &mut mesh);
        if stop() {
            return Ok(None);
        }
        node.quads = mesh.opaque.len() + mesh.see_through.len();
        node.opaque = bake(shape, key, bounds.centre, &mesh.opaque, true);
        if stop() {
            return Ok(None);
        }
        node.see_through = bake(shape, key, bounds.centre, &mesh.see_through, false);
        node.chunk = (node.quads > 0).then_some(chunk);
        Ok(Some(node))
    }

    /// Whether nothing of a chunk can be seen, whatever it holds.
    fn is_covered(&self, survey: Survey, around: &Surroundings) -> bool {
        let materials = self.world.materials();
        let covers = |beyond: MaterialId| match survey {
            Survey::Mixed => false,
            Survey::Opaque => materials.is_opaque(beyond),
            Survey::Uniform(own) => materials.is_opaque(beyond) || beyond == own,
        };
        around.planes.iter().all(|plane| plane.all(covers))
    }

    /// The cells beyond a face of a chunk.
    async fn plane(&self, key: ChunkKey, face: Face) -> Result<FacePlane, WorldError> {
        let shape = self.world.shape();
        let Some(beside) = shape.neighbour(key, face) else {
            // Above the lattice is air; below it nobody looks.
            let beyond = if face == Face::PosY { MaterialId::AIR } else { self.solid() };
            return Ok(FacePlane::uniform(beyond));
        };
        match self.world.survey(beside) {
            Survey::Uniform(material) => return Ok(FacePlane::uniform(material)),
            // Some opaque material, it does not matter which.
            Survey::Opaque => return Ok(FacePlane::uniform(self.solid())),
            Survey::Mixed => {}
        }
        let neighbour = self.world.read(beside).await?;
        Ok(match neighbour.as_uniform() {
            Some(material) => FacePlane::uniform(material),
            None => FacePlane::from_fn(|u, v| {
                neighbour.get(beyond_face(shape, key, beside, face, u as i32, v as i32))
            }),
        })
    }

    /// An opaque material.
    fn solid(&self) -> MaterialId {
        let materials = self.world.materials();
        materials.ids().map(MaterialId).find(|&id| materials.is_opaque(id)).unwrap_or(MaterialId(1))
    }
}

/// The cell of the chunk `beside` that lies beyond a face of `key` at plane position (u, v).
fn beyond_face(shape: Shape, key: ChunkKey, beside: ChunkKey, face: Face, u: i32, v: i32) -> IVec3 {
    let edge = if face.is_positive() { CHUNK_EDGE } else { -1 };
    let cell = match face.axis() {
        0 => ivec3(edge, v, u),
        1 => ivec3(u, edge, v),
        _ => ivec3(u, v, edge),
    };
    let in_region = key.pos * CHUNK_EDGE + cell;
    let place = shape.place(key.region, key.lod, in_region).map_or(in_region, |place| place.cell);
    (place - beside.pos * CHUNK_EDGE).clamp(IVec3::ZERO, IVec3::splat(CHUNK_EDGE - 1))
}

#[cfg(test)]
mod tests {
    use bluemarble_core::MAX_LOD;
    use glam::DVec3;

    use super::*;

    #[test]
    fn the_plane_beyond_a_face_lies_beside_it_in_world_space_also_across_regions() {
        let shape = Shape::earth();
        for lod in [0u8, 4, 12] {
            let count = 1i32 << (MAX_LOD - lod);
            for region in 0..6 {
                for (x, z) in [(0, 3), (count - 1, 5), (7, 0), (9, count - 1), (0, 0)] {
                    let key = ChunkKey::new(region, lod, ivec3(x, count / 2, z));
                    for face in [Face::NegX, Face::PosX, Face::NegZ, Face::PosZ] {
                        let beside =
                            shape.neighbour(key, face).expect("planets have no side border");
                        for (u, v) in [(0, 0), (63, 0), (20, 40)] {
                            let theirs = beyond_face(shape, key, beside, face, u, v);
                            let edge = if face.is_positive() { 63 } else { 0 };
                            let mine = if face.axis() == 0 {
                                ivec3(edge, v, u)
                            } else {
                                ivec3(u, v, edge)
                            };
                            let world = |key: ChunkKey, cell: IVec3| {
                                let centre = (cell.as_dvec3() + 0.5) * f64::from(key.cell_voxels());
                                shape.to_world(key.region, key.min_voxel().as_dvec3() + centre)
                            };
                            let apart: DVec3 = world(key, mine) - world(beside, theirs);
                            let cell_m = shape.voxel_m() * f64::from(key.cell_voxels());
                            assert!(
                                apart.length() < cell_m * 1.01,
                                "{key} {face:?} {u},{v}: {} cells",
                                apart.length() / cell_m
                            );
                        }
                    }
                }
            }
        }
    }
}
