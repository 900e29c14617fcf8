//! One unit of background work: read a chunk and what lies beside it, mesh it, and let the baker have it.

use std::sync::Arc;

use bevy::{mesh::Mesh, prelude::*};
use bluemarble_core::{CancelToken, Cancelled, Chunk, ChunkKey, CompactChunk, NodeBounds};
use bluemarble_mesh::{ChunkMesh, MeshOptions};
use bluemarble_terrain::Relief;
use bluemarble_world::HybridWorld;

use crate::{
    gate::FrameGate,
    meshing::{ChunkMeshing, Meshed},
    world::{WorkError, WorkToken},
};

/// When a mesh is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// First, hiding what is behind.
    Opaque,
    /// After that, blended over it: liquids and glass.
    SeeThrough,
}

/// A chunk that was read and meshed.
pub struct MeshedNode<'a> {
    /// Which node.
    pub key: ChunkKey,
    /// Where it lies in its world's local space.
    pub bounds: &'a NodeBounds,
    /// Its cells.
    pub chunk: &'a Chunk,
    /// What can be seen of it.
    pub mesh: &'a ChunkMesh,
    /// The world that it belongs to.
    pub world: &'a HybridWorld,
}

/// What is drawn of a node.
pub struct BakedNode {
    /// Meshes; none if it shows nothing.
    pub meshes: Vec<(Pass, Mesh)>,
    /// How the ground of its columns lies, if the material lights slopes.
    pub relief: Option<Arc<Relief>>,
    /// What the game adds to it.
    pub bundles: Vec<ChunkBundle>,
}

/// Puts components of a game onto the entity of a chunk, on the main thread.
pub type ChunkBundle = Box<dyn FnOnce(&mut EntityCommands) + Send + Sync>;

/// Makes of meshed chunks what is drawn, on workers.
pub trait NodeBaker: Send + Sync + 'static {
    /// Bakes a node.
    ///
    /// # Errors
    /// [`Cancelled`] if `cancel`, which is to be checked after every step of a millisecond, says so.
    fn bake(&self, node: &MeshedNode<'_>, cancel: &CancelToken) -> Result<BakedNode, Cancelled>;
}

/// What bakes the nodes of a world. Without it the world is not streamed; another one streams it anew.
#[derive(Component, Clone, Reflect)]
#[reflect(opaque, Component, Clone)]
pub struct NodeBaking(pub Arc<dyn NodeBaker>);

/// A finished node, ready for the main thread.
pub struct BuiltNode {
    /// Which node.
    pub key: ChunkKey,
    /// Its voxels, for picking; `None` if it shows nothing.
    pub chunk: Option<CompactChunk>,
    /// Where it lies in its world's local space.
    pub bounds: NodeBounds,
    /// What is drawn.
    pub baked: BakedNode,
    /// Whether its chunk had to be read: without, a survey told that it shows nothing.
    pub read: bool,
    /// Bytes that go to the graphics card.
    pub upload_bytes: usize,
}

impl BakedNode {
    fn upload_bytes(&self) -> usize {
        let bytes = |mesh: &Mesh| {
            let vertices = mesh.get_vertex_buffer_size();
            vertices + mesh.get_index_buffer_bytes().map_or(0, <[u8]>::len)
        };
        let relief = self.relief.as_ref().map_or(0, |relief| size_of_val(relief.words()));
        self.meshes.iter().map(|(_, mesh)| bytes(mesh)).sum::<usize>() + relief
    }
}

impl BuiltNode {
    /// Bytes kept in memory for picking.
    pub fn resident_bytes(&self) -> usize {
        self.chunk.as_ref().map_or(0, |chunk| chunk.size_bytes())
    }
}

/// The coarsest lod with ambient occlusion.
const OCCLUSION_MAX_LOD: u8 = 1;

/// Everything the jobs of a world need.
pub(super) struct Builder {
    pub meshing: ChunkMeshing,
    /// Whether corners of cubes get ambient occlusion.
    pub ambient_occlusion: bool,
    pub baker: Arc<dyn NodeBaker>,
    /// Lets the frame go first.
    pub gate: FrameGate,
    /// The world is not closed before the jobs have ended.
    pub _user: WorkToken,
}

impl Builder {
    /// Builds a node, in steps of about a millisecond at most.
    ///
    /// # Errors
    /// What the world said of the chunk or of one beside it; [`WorkError::Cancelled`].
    pub async fn build(&self, key: ChunkKey, cancel: CancelToken) -> Result<BuiltNode, WorkError> {
        let world = &self.meshing.world;
        let shape = world.shape();
        let bounds = shape.node_bounds(key);
        let gate = self.gate.clone();
        let cancel = cancel.with_pause(move || gate.pass());
        let options = MeshOptions {
            max_edge: shape.max_straight_cells(key.lod),
            skirts: true,
            // Coarser cells are drawn too small for their corners to be seen.
            ambient_occlusion: self.ambient_occlusion && key.lod <= OCCLUSION_MAX_LOD,
        };
        let nothing = BakedNode { meshes: Vec::new(), relief: None, bundles: Vec::new() };
        let (chunk, compact, mesh) = match self.meshing.mesh(key, options, &cancel).await? {
            Meshed::Hidden => {
                let (chunk, baked, read, upload_bytes) = (None, nothing, false, 0);
                return Ok(BuiltNode { key, chunk, bounds, baked, read, upload_bytes });
            }
            Meshed::Surface(chunk, compact, mesh) => (chunk, compact, mesh),
        };
        let node = MeshedNode { key, bounds: &bounds, chunk: &chunk, mesh: &mesh, world };
        let baked = self.baker.bake(&node, &cancel)?;
        let chunk = (!baked.meshes.is_empty()).then_some(compact);
        let upload_bytes = baked.upload_bytes();
        Ok(BuiltNode { key, chunk, bounds, baked, read: true, upload_bytes })
    }
}
