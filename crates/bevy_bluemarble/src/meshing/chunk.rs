//! [`ChunkMeshing`]: a chunk is read, with what lies beside it, and meshed.

use std::sync::Arc;

use bluemarble_core::{
    CHUNK_EDGE, CancelToken, CellPos, Cells, Chunk, ChunkKey, CompactChunk, Face, FacePlane,
    MaterialId, Shape,
};
use bluemarble_mesh::{ChunkMesh, MeshOptions, Mesher, Reach, Shell, Surroundings};
use bluemarble_terrain::Survey;
use bluemarble_world::HybridWorld;
use glam::{IVec3, ivec3};

use super::Meshing;
use crate::world::WorkError;

/// What has become of a chunk that was to be meshed.
pub(crate) enum Meshed {
    /// Nothing of it can be seen; it was not read.
    Hidden,
    /// Its cells, the same to be kept, and what can be seen of it, perhaps nothing.
    Surface(
        #[cfg_attr(
            not(feature = "render"),
            expect(dead_code, reason = "bodies need the mesh only")
        )]
        Chunk,
        #[cfg_attr(
            not(feature = "render"),
            expect(dead_code, reason = "bodies need the mesh only")
        )]
        CompactChunk,
        ChunkMesh,
    ),
}

/// What makes meshes of a world's chunks.
#[derive(Clone)]
pub(crate) struct ChunkMeshing {
    /// Where voxels come from.
    pub world: HybridWorld,
    /// What makes meshes of them.
    pub mesher: Arc<dyn Mesher>,
}

impl ChunkMeshing {
    /// Meshes a world as its settings say.
    pub fn new(world: &HybridWorld, meshing: &Meshing) -> Self {
        Self { world: world.clone(), mesher: meshing.mesher(world.materials()) }
    }

    /// Reads a chunk and what lies beside it and meshes it; uniform chunks never get skirts.
    ///
    /// # Errors
    /// What the world said of the chunk or of one beside it; [`WorkError::Cancelled`].
    pub async fn mesh(
        &self,
        key: ChunkKey,
        options: MeshOptions,
        cancel: &CancelToken,
    ) -> Result<Meshed, WorkError> {
        self.world.prepare(key, cancel).await?;
        let survey = self.world.survey(key);
        if survey == Survey::Uniform(MaterialId::AIR) {
            return Ok(Meshed::Hidden);
        }
        let mut planes = Vec::with_capacity(6);
        for face in Face::ALL {
            planes.push(self.plane(key, face, cancel).await?);
        }
        let Ok(planes) = planes.try_into() else { unreachable!("there are six faces") };
        let mut around = Surroundings::new(planes);
        if self.is_covered(survey, &around) {
            return Ok(Meshed::Hidden);
        }
        if self.mesher.reach() == Reach::Shell {
            let shell = self.shell(key, &around.planes, cancel).await?;
            around = around.with_shell(shell);
        }
        cancel.check()?;
        let (chunk, compact) = self.world.read_both(key, cancel).await?;
        cancel.check()?;
        let skirts = options.skirts && chunk.as_uniform().is_none();
        let mut mesh = ChunkMesh::default();
        self.mesher.mesh(&chunk, &around, &MeshOptions { skirts, ..options }, &mut mesh);
        Ok(Meshed::Surface(chunk, compact, mesh))
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
    async fn plane(
        &self,
        key: ChunkKey,
        face: Face,
        cancel: &CancelToken,
    ) -> Result<FacePlane, WorkError> {
        let shape = self.world.shape();
        let Some(beside) = shape.neighbour(key, face) else {
            // Above the lattice is air; what is below it is never seen.
            let beyond = if face == Face::PosY { MaterialId::AIR } else { self.solid() };
            return Ok(FacePlane::uniform(beyond));
        };
        cancel.check()?;
        // What lies above and below is cut from the same columns, perhaps the first time.
        if face.axis() == 1 {
            self.world.prepare(beside, cancel).await?;
        } else {
            // Where nobody has asked yet what is stored there is no quick way.
            self.world.look_up(beside).await?;
        }
        // Within a region the cell beyond an edge of the chunk is the first one of the next.
        if beside.region == key.region
            && let Some(plane) = self.world.quick_plane(beside, face.opposite())
        {
            return Ok(plane);
        }
        self.world.prepare(beside, cancel).await?;
        match self.world.survey(beside) {
            Survey::Uniform(material) => return Ok(FacePlane::uniform(material)),
            // Some opaque material, it does not matter which.
            Survey::Opaque => return Ok(FacePlane::uniform(self.solid())),
            Survey::Mixed => {}
        }
        cancel.check()?;
        let neighbour = self.world.read_compact(beside).await?;
        if beside.region == key.region {
            return Ok(FacePlane::of_chunk(&neighbour, face.opposite()));
        }
        Ok(match neighbour.as_uniform() {
            Some(material) => FacePlane::uniform(material),
            None => FacePlane::from_fn(|u, v| {
                neighbour.get(beyond_face(shape, key, beside, face, u as i32, v as i32))
            }),
        })
    }

    /// The cells all around a chunk.
    async fn shell(
        &self,
        key: ChunkKey,
        planes: &[FacePlane; 6],
        cancel: &CancelToken,
    ) -> Result<Shell, WorkError> {
        let shape = self.world.shape();
        let origin = key.pos * CHUNK_EDGE;
        // Where there is no neighbour, as at the corners of three regions, the planes must do.
        let mut shell = Shell::of_planes(planes);
        for direction in Shell::directions() {
            let nearest = |along: i32| [-1, CHUNK_EDGE / 2, CHUNK_EDGE][(along + 1) as usize];
            let cell = ivec3(nearest(direction.x), nearest(direction.y), nearest(direction.z));
            let Some(place) = shape.fold(CellPos::new(key.region, key.lod, origin + cell)) else {
                continue;
            };
            let beside = place.chunk();
            self.world.prepare(beside, cancel).await?;
            if let Survey::Uniform(material) = self.world.survey(beside) {
                shell.set_uniform(direction, material);
                continue;
            }
            cancel.check()?;
            let neighbour = self.world.read_compact(beside).await?;
            if beside.region == key.region {
                shell.set_chunk(direction, &neighbour);
                continue;
            }
            shell.set_cells(direction, |cell| {
                let cell = origin + cell;
                let place = shape.fold(CellPos::new(key.region, key.lod, cell));
                let inside = place.map_or(cell, |place| place.cell) - beside.pos * CHUNK_EDGE;
                neighbour.get(inside.clamp(IVec3::ZERO, IVec3::splat(CHUNK_EDGE - 1)))
            });
        }
        Ok(shell)
    }

    /// An opaque material.
    fn solid(&self) -> MaterialId {
        let materials = self.world.materials();
        materials.ids().map(MaterialId).find(|&id| materials.is_opaque(id)).unwrap_or(MaterialId(1))
    }
}

/// The cell beyond a face of a chunk at plane position (u, v), counted from the chunk's corner.
fn cell_beyond(face: Face, u: i32, v: i32) -> IVec3 {
    let edge = if face.is_positive() { CHUNK_EDGE } else { -1 };
    match face.axis() {
        0 => ivec3(edge, v, u),
        1 => ivec3(u, edge, v),
        _ => ivec3(u, v, edge),
    }
}

/// The cell of the chunk `beside` that lies beyond a face of `key` at plane position (u, v).
fn beyond_face(shape: Shape, key: ChunkKey, beside: ChunkKey, face: Face, u: i32, v: i32) -> IVec3 {
    let in_region = key.pos * CHUNK_EDGE + cell_beyond(face, u, v);
    let place = shape
        .fold(CellPos::new(key.region, key.lod, in_region))
        .map_or(in_region, |place| place.cell);
    (place - beside.pos * CHUNK_EDGE).clamp(IVec3::ZERO, IVec3::splat(CHUNK_EDGE - 1))
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{LatticePos, MAX_LOD};
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
                            if beside.region == key.region {
                                assert_eq!(theirs, cell_beyond(face, u, v) & (CHUNK_EDGE - 1));
                            }
                            let edge = if face.is_positive() { 63 } else { 0 };
                            let mine = if face.axis() == 0 {
                                ivec3(edge, v, u)
                            } else {
                                ivec3(u, v, edge)
                            };
                            let world = |key: ChunkKey, cell: IVec3| {
                                let centre = (cell.as_dvec3() + 0.5) * f64::from(key.cell_voxels());
                                shape.local_from_lattice(LatticePos::new(
                                    key.region,
                                    key.min_voxel().as_dvec3() + centre,
                                ))
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
