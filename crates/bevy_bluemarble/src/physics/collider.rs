//! The collider of a chunk, made on a worker.

use avian3d::prelude::*;
use bevy::prelude::*;
use bluemarble_core::{CHUNK_EDGE, CancelToken, ChunkKey};
use bluemarble_mesh::{ChunkMesh, MeshOptions};
use glam::IVec3;
use rustc_hash::FxHashMap;

use crate::{
    gate::FrameGate,
    meshing::{ChunkMeshing, Corners, Meshed, NodeFrame},
    world::{WorkError, WorkToken},
};

/// A built collider: the shape and its triangles, or nothing to collide with.
pub(super) type Built = Option<(Collider, usize)>;

/// How a world's chunks become colliders.
#[derive(Clone)]
pub(super) struct Builder {
    pub meshing: ChunkMeshing,
    pub gate: FrameGate,
    /// The world is not closed before the jobs have ended.
    pub _user: WorkToken,
}

/// Makes the collider of a chunk.
pub(super) async fn build(builder: &Builder, key: ChunkKey) -> Result<Built, WorkError> {
    let options = MeshOptions { max_edge: CHUNK_EDGE as u32, ..MeshOptions::default() };
    let gate = builder.gate.clone();
    let cancel = CancelToken::never().with_pause(move || gate.pass());
    Ok(match builder.meshing.mesh(key, options, &cancel).await? {
        Meshed::Surface(_, _, mesh) => trimesh(builder, key, &mesh),
        Meshed::Hidden => None,
    })
}

/// The triangles of opaque voxels, in metres in the node's frame.
fn trimesh(builder: &Builder, key: ChunkKey, mesh: &ChunkMesh) -> Built {
    let shape = builder.meshing.world.shape();
    let frame = NodeFrame::new(&shape.node_bounds(key));
    let mut lattice = Corners::new(shape, key, &frame);
    let mut corners: FxHashMap<IVec3, u32> = FxHashMap::default();
    let (mut points, mut triangles) = (Vec::new(), Vec::new());
    for quad in &mesh.opaque {
        let [a, b, c, d] = quad.corners().map(|corner| {
            *corners.entry(corner).or_insert_with(|| {
                points.push(lattice.corner_m(corner));
                points.len() as u32 - 1
            })
        });
        triangles.extend([[a, b, c], [a, c, d]]);
    }
    let first = points.len() as u32;
    points.extend(mesh.smooth.vertices.iter().map(|vertex| lattice.place_m(vertex.position)));
    let (smooth, _) = mesh.smooth.indices.as_chunks::<3>();
    triangles.extend(smooth.iter().map(|corners| corners.map(|corner| first + corner)));
    if triangles.is_empty() {
        return None;
    }
    let count = triangles.len();
    match Collider::try_trimesh_with_config(points, triangles, TrimeshFlags::FIX_INTERNAL_EDGES) {
        Ok(collider) => Some((collider, count)),
        Err(error) => {
            error!("chunk {key} has no collider: {error}");
            None
        }
    }
}
