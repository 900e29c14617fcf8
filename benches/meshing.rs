//! Blocky meshing against its peers: same chunks, same flags, in turns.
//!
//! `cargo bench -p bluemarble_benches --bench meshing`
//!
//! Every mesher gets the same 64³ cells in its own format, made beforehand. Peers take the outermost
//! cells as padding and mesh 62³, so times are per meshed voxel. Rows of the peers say whether the bit
//! masks that they want are made within the time; ours are. Before anything is timed, the area of the
//! quads is compared with a count of the visible faces.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::{collections::BTreeSet, hint::black_box, path::Path, time::Instant};

use binary_greedy_meshing as bgm;
use block_mesh::{
    GreedyQuadsBuffer, MergeVoxel, RIGHT_HANDED_Y_UP_CONFIG, Voxel, VoxelVisibility, greedy_quads,
    ndshape::ConstShape3u32,
};
use block_mesh_bgm::{BinaryGreedyQuadsBuffer, binary_greedy_quads};
use bluemarble_core::{
    CHUNK_VOLUME, Chunk, ChunkKey, Face, GeoPosition, MaterialId, MaterialTable, Shape,
    chunk::cell_position,
};
use bluemarble_mesh::{BlockyMesher, ChunkMesh, FacePlane, MeshOptions, Mesher, Surroundings};
use bluemarble_terrain::{Baseline, EarthBaseline, NoiseBaseline};
use glam::ivec3;

/// Turns that every mesher gets on every chunk.
const ROUNDS: usize = 60;
const PADDED: usize = 64;
const INNER: usize = 62;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cell(u16);

impl Voxel for Cell {
    fn get_visibility(&self) -> VoxelVisibility {
        if self.0 == 0 { VoxelVisibility::Empty } else { VoxelVisibility::Opaque }
    }
}

impl MergeVoxel for Cell {
    type MergeValue = u16;

    fn merge_value(&self) -> u16 {
        self.0
    }
}

/// A chunk in everybody's format.
struct Sample {
    name: &'static str,
    chunk: Chunk,
    around: Surroundings,
    ids: Vec<u16>,
    cells: Vec<Cell>,
    opaque: Box<[u64]>,
    see_through: Box<[u64]>,
}

impl Sample {
    /// A chunk whose see-through cells are air, so that there is one pass to compare.
    fn new(name: &'static str, chunk: &Chunk, materials: &MaterialTable) -> Self {
        let cells = chunk.to_cells();
        let solid =
            |material| if materials.is_opaque(material) { material } else { MaterialId::AIR };
        let chunk = Chunk::from_cells(&cells.into_iter().map(solid).collect::<Vec<_>>());
        let ids: Vec<u16> = chunk.to_cells().into_iter().map(|material| material.0).collect();
        // Beyond each side lies what lies at it: no wall is drawn there.
        let planes = Face::ALL.map(|face| {
            let edge = if face.is_positive() { 63 } else { 0 };
            FacePlane::from_fn(|u, v| {
                let (u, v) = (u as i32, v as i32);
                chunk.get(match face.axis() {
                    0 => ivec3(edge, v, u),
                    1 => ivec3(u, edge, v),
                    _ => ivec3(u, v, edge),
                })
            })
        });
        Self {
            name,
            around: Surroundings { planes },
            cells: ids.iter().map(|&id| Cell(id)).collect(),
            opaque: bgm::compute_opaque_mask::<INNER>(&ids, &BTreeSet::new()),
            see_through: vec![0; PADDED * PADDED].into(),
            ids,
            chunk,
        }
    }

    /// Visible faces of the cells `low..high` along each axis, counted one by one.
    fn visible_faces(&self, low: i32, high: i32) -> u64 {
        let id = |x: i32, y: i32, z: i32| {
            let [x, y, z] = [x, y, z].map(|v| v.clamp(0, 63) as usize);
            self.ids[x + 64 * z + 4096 * y]
        };
        let mut faces = 0;
        for index in 0..CHUNK_VOLUME {
            let p = cell_position(index);
            let inside = p.min_element() >= low && p.max_element() < high;
            if !inside || id(p.x, p.y, p.z) == 0 {
                continue;
            }
            for face in Face::ALL {
                let beside = p + face.normal();
                faces += u64::from(id(beside.x, beside.y, beside.z) == 0);
            }
        }
        faces
    }
}

/// A mesher in the race: what it is called, how many voxels it meshes, and how it does it; it returns
/// the area of its quads and their number.
struct Runner {
    name: &'static str,
    voxels: usize,
    mesh: Box<dyn FnMut(&Sample) -> (u64, usize)>,
}

fn ours(name: &'static str, skirts: bool) -> Runner {
    let mesher = BlockyMesher::new(&MaterialTable::standard());
    let mut mesh = ChunkMesh::default();
    let options = MeshOptions { max_edge: 64, skirts };
    let run = move |sample: &Sample| {
        mesh.clear();
        mesher.mesh(&sample.chunk, &sample.around, &options, &mut mesh);
        let area = mesh.opaque.iter().map(|quad| {
            let (width, height) = quad.size();
            u64::from(width * height)
        });
        (area.sum(), mesh.opaque.len())
    };
    Runner { name, voxels: CHUNK_VOLUME, mesh: Box::new(run) }
}

fn binary_greedy(name: &'static str, masks_within: bool) -> Runner {
    let mut mesher = bgm::Mesher::<INNER>::new();
    let run = move |sample: &Sample| {
        mesher.clear();
        if masks_within {
            let opaque = bgm::compute_opaque_mask::<INNER>(&sample.ids, &BTreeSet::new());
            mesher.fast_mesh(&sample.ids, &opaque, &sample.see_through);
        } else {
            mesher.fast_mesh(&sample.ids, &sample.opaque, &sample.see_through);
        }
        let quads = mesher.quads.iter().flatten();
        let area = quads.map(|quad| quad.width() * quad.height()).sum();
        (area, mesher.quads.iter().map(Vec::len).sum())
    };
    Runner { name, voxels: INNER.pow(3), mesh: Box::new(run) }
}

fn binary_greedy_slow() -> Runner {
    let mut mesher = bgm::Mesher::<INNER>::new();
    let run = move |sample: &Sample| {
        mesher.clear();
        mesher.mesh(&sample.ids, &BTreeSet::new());
        let quads = mesher.quads.iter().flatten();
        let area = quads.map(|quad| quad.width() * quad.height()).sum();
        (area, mesher.quads.iter().map(Vec::len).sum())
    };
    Runner { name: "binary-greedy-meshing mesh", voxels: INNER.pow(3), mesh: Box::new(run) }
}

type PaddedShape = ConstShape3u32<64, 64, 64>;

fn block_mesh_greedy() -> Runner {
    let mut buffer = GreedyQuadsBuffer::new(CHUNK_VOLUME);
    let run = move |sample: &Sample| {
        let faces = RIGHT_HANDED_Y_UP_CONFIG.faces;
        greedy_quads(&sample.cells, &PaddedShape {}, [0; 3], [63; 3], &faces, &mut buffer);
        let quads = buffer.quads.groups.iter().flatten();
        let area = quads.map(|quad| u64::from(quad.width * quad.height)).sum();
        (area, buffer.quads.num_quads())
    };
    Runner { name: "block-mesh greedy_quads", voxels: INNER.pow(3), mesh: Box::new(run) }
}

fn block_mesh_binary() -> Runner {
    let mut buffer = BinaryGreedyQuadsBuffer::new();
    let run = move |sample: &Sample| {
        let faces = RIGHT_HANDED_Y_UP_CONFIG.faces;
        binary_greedy_quads(&sample.cells, &PaddedShape {}, [0; 3], [63; 3], &faces, &mut buffer);
        let quads = buffer.quads.groups.iter().flatten();
        let area = quads.map(|quad| u64::from(quad.width * quad.height)).sum();
        (area, buffer.quads.num_quads())
    };
    Runner { name: "block-mesh-bgm", voxels: INNER.pow(3), mesh: Box::new(run) }
}

/// The chunk of the Earth's surface at a place.
fn on_earth(earth: &EarthBaseline, lat_deg: f64, lon_deg: f64, lod: u8) -> Chunk {
    let shape = Shape::earth();
    let world = shape.world_of(GeoPosition::new(lat_deg, lon_deg, 0.0));
    let (region, mut lattice) = shape.from_world(world);
    lattice.y = earth.surface_y(region, lattice.x, lattice.z) - 2.0;
    let mut chunk = Chunk::default();
    earth.fill(ChunkKey::of_voxel(region, lod, lattice.floor().as_ivec3()), &mut chunk);
    chunk
}

fn corpus(materials: &MaterialTable) -> Vec<Sample> {
    let elevation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/earth/etopo5.tif");
    let earth =
        EarthBaseline::load(&elevation, materials, 1).expect("the repository has the Earth");
    let hills = NoiseBaseline::new(0.5, 7, materials).expect("the standard table has all it needs");
    let mut rolling = Chunk::default();
    let y = hills.surface_y(0, 900.0, 500.0) as i32;
    hills.fill(ChunkKey::of_voxel(0, 0, ivec3(900, y, 500)), &mut rolling);
    let random = |index: usize| {
        let mut bits = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits ^= bits >> 29;
        bits.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40
    };
    let build = |material: &dyn Fn(usize) -> u16| {
        Chunk::from_cells(&(0..CHUNK_VOLUME).map(|i| MaterialId(material(i))).collect::<Vec<_>>())
    };
    let caves = build(&|index| {
        let p = cell_position(index).as_vec3() * 0.19;
        let hollow = p.x.sin() + (p.y * 1.3).sin() + (p.z * 0.8).sin() + (p.x + p.z).cos() > 0.6;
        if hollow { 0 } else { 14 + u16::from(p.y > 6.0) }
    });
    let noise =
        build(&|index| if random(index) & 1 == 0 { 0 } else { 8 + random(index + 7) as u16 % 4 });
    let earth_at = |lat, lon, lod| on_earth(&earth, lat, lon, lod);
    [
        ("Earth, plain, lod 0", earth_at(52.0, 21.0, 0)),
        ("Earth, mountain, lod 0", earth_at(27.9, 86.9, 0)),
        ("Earth, mountain, lod 6", earth_at(27.9, 86.9, 6)),
        ("Earth, fjords, lod 8", earth_at(61.0, 6.7, 8)),
        ("Earth, Andes, lod 11", earth_at(-33.0, -70.0, 11)),
        ("hills, lod 0", rolling),
        ("caves", caves),
        ("white noise", noise),
    ]
    .into_iter()
    .map(|(name, chunk)| Sample::new(name, &chunk, materials))
    .collect()
}

fn main() {
    let samples = corpus(&MaterialTable::standard());
    let mut runners = [
        ours("bluemarble", false),
        binary_greedy("binary-greedy-meshing fast_mesh", false),
        binary_greedy("  the same, masks within", true),
        binary_greedy_slow(),
        block_mesh_binary(),
        block_mesh_greedy(),
        ours("bluemarble, with skirts", true),
    ];
    let last = runners.len() - 1;
    for sample in &samples {
        for runner in &mut runners[..last] {
            let inner = runner.voxels != CHUNK_VOLUME;
            let (low, high) = if inner { (1, 63) } else { (0, 64) };
            let (area, _) = (runner.mesh)(sample);
            let faces = sample.visible_faces(low, high);
            assert_eq!(area, faces, "{} covers other faces of {}", runner.name, sample.name);
        }
    }
    let mut log_ratios = vec![0.0; runners.len()];
    for sample in &samples {
        let mut times_ns = vec![Vec::with_capacity(ROUNDS); runners.len()];
        let mut quads = vec![0; runners.len()];
        for _ in 0..ROUNDS {
            for (i, runner) in runners.iter_mut().enumerate() {
                let start = Instant::now();
                let (_, count) = black_box((runner.mesh)(black_box(sample)));
                times_ns[i].push(start.elapsed().as_secs_f64() * 1e9 / runner.voxels as f64);
                quads[i] = count;
            }
        }
        let medians: Vec<f64> = times_ns
            .into_iter()
            .map(|mut times| {
                times.sort_by(f64::total_cmp);
                times[ROUNDS / 2]
            })
            .collect();
        println!("\n{:<34} ns/voxel  quads  ours is faster by", sample.name);
        for (i, runner) in runners.iter().enumerate() {
            let ratio = medians[i] / medians[0];
            log_ratios[i] += ratio.ln();
            println!("{:<34} {:8.3} {:6}  {ratio:6.2}", runner.name, medians[i], quads[i]);
        }
    }
    println!("\ngeometric mean over all chunks");
    for (runner, log_ratio) in runners.iter().zip(&log_ratios) {
        println!("{:<34} {:6.2}", runner.name, (log_ratio / samples.len() as f64).exp());
    }
}
