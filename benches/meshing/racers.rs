//! The meshers in the race.

use std::collections::BTreeSet;

use binary_greedy_meshing as bgm;
use block_mesh::{
    GreedyQuadsBuffer, OrientedBlockFace, RIGHT_HANDED_Y_UP_CONFIG, UnitQuadBuffer, greedy_quads,
    ndshape::ConstShape3u32, visible_block_faces,
};
use block_mesh_bgm::{BinaryGreedyQuadsBuffer, binary_greedy_quads, binary_greedy_quads_ao_safe};
use bluemarble_core::{CHUNK_VOLUME, Chunk, Face, MaterialId, MaterialTable};
use bluemarble_mesh::{BlockyMesher, ChunkMesh, MeshOptions, Mesher};

use crate::{
    areas::Cover,
    corpus::{Cell, INNER_EDGE, Sample, to_block_mesh},
};

/// A mesher in the race.
pub trait Racer {
    /// Heading of its column, and what is timed.
    fn name(&self) -> (&'static str, &'static str);
    /// What is timed. The quads stay until the next call.
    fn mesh(&mut self, sample: &Sample);
    /// What they show of the cells `low..high` along each axis.
    fn cover(&self, sample: &Sample, low: i32, high: i32) -> Cover;
    /// The cells inside the padding that it meshes, along each axis.
    fn inner_edge(&self) -> usize {
        INNER_EDGE
    }
    /// Whether it merges only what has light that a quad's corners can tell.
    fn shades(&self) -> bool {
        false
    }
    /// Voxels that it meshes.
    fn voxels(&self) -> usize {
        self.inner_edge().pow(3)
    }
}

/// Everyone, ours first.
pub fn racers(materials: &MaterialTable) -> Vec<Box<dyn Racer>> {
    let with_light = MeshOptions { ambient_occlusion: true, ..MeshOptions::default() };
    let with_skirts = MeshOptions { skirts: true, ..MeshOptions::default() };
    vec![
        Box::new(Ours::new(materials, MeshOptions::default())),
        Box::new(BinaryGreedy::new(Input::Native)),
        Box::new(BinaryGreedy::new(Input::Masks)),
        Box::new(BinaryGreedy::new(Input::Cells)),
        Box::new(BinaryGreedy::new(Input::Chunk)),
        Box::new(BlockMesh::new(Algorithm::Binary, Input::Native)),
        Box::new(BlockMesh::new(Algorithm::Binary, Input::Chunk)),
        Box::new(BlockMesh::new(Algorithm::Greedy, Input::Native)),
        Box::new(BlockMesh::new(Algorithm::Greedy, Input::Chunk)),
        Box::new(BlockMesh::new(Algorithm::Faces, Input::Native)),
        Box::new(BlockMesh::new(Algorithm::Faces, Input::Chunk)),
        Box::new(BlockMesh::new(Algorithm::BinaryAo, Input::Native)),
        Box::new(BlockMesh::new(Algorithm::BinaryAo, Input::Chunk)),
        Box::new(Ours::new(materials, with_light)),
        Box::new(Ours::new(materials, with_skirts)),
    ]
}

/// What a peer starts from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    /// All that it wants, made beforehand.
    Native,
    /// Its cells; it makes bit masks of them within the time.
    Masks,
    /// Its cells, by its function that wants no bit masks.
    Cells,
    /// Our chunk: unpacking it to the peer's cells (and masks) counts.
    Chunk,
}

/// A chunk's cells, unpacked into memory that stays.
#[derive(Default)]
struct Unpacked(Vec<MaterialId>);

impl Unpacked {
    fn of(&mut self, chunk: &Chunk) -> &[MaterialId] {
        self.0.resize(CHUNK_VOLUME, MaterialId::AIR);
        chunk.write_cells(&mut self.0);
        &self.0
    }
}

struct Ours {
    mesher: BlockyMesher,
    options: MeshOptions,
    mesh: ChunkMesh,
}

impl Ours {
    fn new(materials: &MaterialTable, options: MeshOptions) -> Self {
        Self { mesher: BlockyMesher::new(materials), options, mesh: ChunkMesh::default() }
    }
}

impl Racer for Ours {
    fn name(&self) -> (&'static str, &'static str) {
        if self.options.skirts {
            ("skirts", "BlockyMesher with skirts, from a packed chunk, 64³")
        } else if self.options.ambient_occlusion {
            ("AO", "BlockyMesher with ambient occlusion, from a packed chunk, 64³")
        } else {
            ("ours", "BlockyMesher, from a packed chunk, 64³")
        }
    }

    fn mesh(&mut self, sample: &Sample) {
        self.mesh.clear();
        self.mesher.mesh(&sample.chunk, &sample.around, &self.options, &mut self.mesh);
    }

    fn cover(&self, _: &Sample, low: i32, high: i32) -> Cover {
        let mut cover = Cover::default();
        for &quad in &self.mesh.opaque {
            if quad.is_skirt() {
                cover.quads += 1;
            } else {
                cover.add_clipped(quad, false, low, high);
            }
        }
        self.mesh.see_through.iter().for_each(|&quad| cover.add_clipped(quad, true, low, high));
        cover
    }

    fn shades(&self) -> bool {
        self.options.ambient_occlusion
    }

    fn voxels(&self) -> usize {
        CHUNK_VOLUME
    }
}

struct BinaryGreedy {
    input: Input,
    mesher: bgm::Mesher<INNER_EDGE>,
    unpacked: Unpacked,
    ids: Vec<u16>,
    no_mask: Box<[u64]>,
}

impl BinaryGreedy {
    fn new(input: Input) -> Self {
        Self {
            input,
            mesher: bgm::Mesher::new(),
            unpacked: Unpacked::default(),
            ids: Vec::new(),
            no_mask: vec![0; 64 * 64].into(),
        }
    }
}

/// Makes the masks that `fast_mesh` wants; nothing is spent on a second one that would be empty.
fn fast_mesh(
    mesher: &mut bgm::Mesher<INNER_EDGE>,
    ids: &[u16],
    see_through: &BTreeSet<u16>,
    no_mask: &[u64],
) {
    let opaque = bgm::compute_opaque_mask::<INNER_EDGE>(ids, see_through);
    if see_through.is_empty() {
        mesher.fast_mesh(ids, &opaque, no_mask);
    } else {
        let mask = bgm::compute_transparent_mask::<INNER_EDGE>(ids, see_through);
        mesher.fast_mesh(ids, &opaque, &mask);
    }
}

impl Racer for BinaryGreedy {
    fn name(&self) -> (&'static str, &'static str) {
        match self.input {
            Input::Native => ("BGM", "binary-greedy-meshing fast_mesh, masks given, 62³"),
            Input::Masks => ("BGM+m", "binary-greedy-meshing fast_mesh, masks made within, 62³"),
            Input::Cells => ("BGM slow", "binary-greedy-meshing mesh, needs no masks, 62³"),
            Input::Chunk => ("BGM+c", "binary-greedy-meshing fast_mesh, from a packed chunk, 62³"),
        }
    }

    fn mesh(&mut self, sample: &Sample) {
        let Self { mesher, unpacked, ids, no_mask, .. } = self;
        mesher.clear();
        match self.input {
            Input::Native => {
                mesher.fast_mesh(&sample.ids, &sample.opaque_mask, &sample.see_through_mask);
            }
            Input::Masks => fast_mesh(mesher, &sample.ids, &sample.see_through, no_mask),
            Input::Cells => mesher.mesh(&sample.ids, &sample.see_through),
            Input::Chunk => {
                ids.clear();
                ids.extend(unpacked.of(&sample.chunk).iter().map(|material| material.0));
                fast_mesh(mesher, ids, &sample.see_through, no_mask);
            }
        }
    }

    fn cover(&self, sample: &Sample, _: i32, _: i32) -> Cover {
        // Its up is the slowest axis in memory, y; its right is z and its front is x.
        let faces = [Face::PosY, Face::NegY, Face::PosZ, Face::NegZ, Face::PosX, Face::NegX];
        let mut cover = Cover::default();
        for (face, quads) in faces.into_iter().zip(&self.mesher.quads) {
            for quad in quads {
                let is_see_through = sample.see_through.contains(&(quad.voxel_id() as u16));
                cover.add(face, is_see_through, quad.width() * quad.height());
            }
        }
        cover
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Binary,
    /// Merges as light at the corners allows; finding that light is left to the caller.
    BinaryAo,
    Greedy,
    Faces,
}

struct BlockMesh {
    algorithm: Algorithm,
    input: Input,
    binary: BinaryGreedyQuadsBuffer,
    greedy: GreedyQuadsBuffer,
    faces: UnitQuadBuffer,
    unpacked: Unpacked,
    cells: Vec<Cell>,
}

impl BlockMesh {
    fn new(algorithm: Algorithm, input: Input) -> Self {
        Self {
            algorithm,
            input,
            binary: BinaryGreedyQuadsBuffer::new(),
            greedy: GreedyQuadsBuffer::new(CHUNK_VOLUME),
            faces: UnitQuadBuffer::new(),
            unpacked: Unpacked::default(),
            cells: Vec::new(),
        }
    }
}

const SIDES: [OrientedBlockFace; 6] = RIGHT_HANDED_Y_UP_CONFIG.faces;

/// Our direction of one of [`SIDES`]: cells lie as ours do, x fastest, so its y is our z.
fn direction(side: &OrientedBlockFace) -> Face {
    let [x, y, z] = side.signed_normal().to_array();
    match (x, y, z) {
        (1, _, _) => Face::PosX,
        (-1, _, _) => Face::NegX,
        (_, 1, _) => Face::PosZ,
        (_, -1, _) => Face::NegZ,
        (_, _, 1) => Face::PosY,
        _ => Face::NegY,
    }
}

impl Racer for BlockMesh {
    fn name(&self) -> (&'static str, &'static str) {
        match (self.algorithm, self.input == Input::Chunk) {
            (Algorithm::Binary, false) => ("bm-bgm", "block-mesh-bgm binary_greedy_quads, 62³"),
            (Algorithm::Binary, true) => ("bm-bgm+c", "the same, from a packed chunk"),
            (Algorithm::BinaryAo, false) => {
                ("bgm-ao", "block-mesh-bgm binary_greedy_quads_ao_safe, 61³; finds no light")
            }
            (Algorithm::BinaryAo, true) => ("bgm-ao+c", "the same, from a packed chunk"),
            (Algorithm::Greedy, false) => ("greedy", "block-mesh greedy_quads, 62³"),
            (Algorithm::Greedy, true) => ("greedy+c", "the same, from a packed chunk"),
            (Algorithm::Faces, false) => ("faces", "block-mesh visible_block_faces, 62³"),
            (Algorithm::Faces, true) => ("faces+c", "the same, from a packed chunk"),
        }
    }

    fn shades(&self) -> bool {
        self.algorithm == Algorithm::BinaryAo
    }

    fn inner_edge(&self) -> usize {
        // At 62, version 0.2.4 masks everything in front of a face away and merges as if all were light.
        if self.algorithm == Algorithm::BinaryAo { INNER_EDGE - 1 } else { INNER_EDGE }
    }

    fn mesh(&mut self, sample: &Sample) {
        let high = [self.inner_edge() as u32 + 1; 3];
        let Self { unpacked, cells, .. } = self;
        let cells: &[Cell] = if self.input == Input::Chunk {
            to_block_mesh(unpacked.of(&sample.chunk), &sample.see_through, cells);
            cells
        } else {
            &sample.cells
        };
        let (shape, low) = (ConstShape3u32::<64, 64, 64>, [0; 3]);
        match self.algorithm {
            Algorithm::Binary => {
                binary_greedy_quads(cells, &shape, low, high, &SIDES, &mut self.binary);
            }
            Algorithm::BinaryAo => {
                binary_greedy_quads_ao_safe(cells, &shape, low, high, &SIDES, &mut self.binary);
            }
            Algorithm::Greedy => {
                greedy_quads(cells, &shape, low, high, &SIDES, &mut self.greedy);
            }
            Algorithm::Faces => {
                self.faces.reset();
                visible_block_faces(cells, &shape, low, high, &SIDES, &mut self.faces);
            }
        }
    }

    fn cover(&self, sample: &Sample, _: i32, _: i32) -> Cover {
        let mut cover = Cover::default();
        let mut add = |side: &OrientedBlockFace, [x, y, z]: [u32; 3], area: u32| {
            let material = sample.ids[(x + 64 * y + 4096 * z) as usize];
            let is_see_through = sample.see_through.contains(&material);
            cover.add(direction(side), is_see_through, u64::from(area));
        };
        let groups = match self.algorithm {
            Algorithm::Binary | Algorithm::BinaryAo => &self.binary.quads.groups,
            _ => &self.greedy.quads.groups,
        };
        for (side, quads) in SIDES.iter().zip(groups) {
            quads.iter().for_each(|quad| add(side, quad.minimum, quad.width * quad.height));
        }
        for (side, quads) in SIDES.iter().zip(&self.faces.groups) {
            quads.iter().for_each(|quad| add(side, quad.minimum, 1));
        }
        cover
    }
}
