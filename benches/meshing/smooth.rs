//! Rounded surfaces: `SmoothMesher` against `fast-surface-nets`, a field of -1 and 1 given.
//!
//! Both mesh 64³ cells and look at those beyond. The peer makes places and normals of the field; ours
//! starts from a packed chunk and its shell, and makes places, normals of unit length and materials. Before
//! anything is timed, triangles are counted: ours must have two for each visible face of an opaque cell,
//! the peer's are printed. It draws the faces towards smaller coordinates on the border, whoever's they
//! are, and not those towards larger ones.

use std::{hint::black_box, time::Instant};

use bluemarble_core::{CHUNK_EDGE, MaterialTable, Surface};
use bluemarble_mesh::{ChunkMesh, MeshOptions, Mesher, SmoothMesher};
use fast_surface_nets::{SurfaceNetsBuffer, ndshape::ConstShape3u32, surface_nets};

use crate::{
    areas::counted,
    corpus::{FIELD_EDGE, Sample},
};

const EDGE: u32 = FIELD_EDGE as u32;
const COLUMNS: [&str; 3] = ["smooth", "skirts", "fsn"];

/// The meshers, and their triangles by chunk.
pub struct Smooth {
    mesher: SmoothMesher,
    mesh: ChunkMesh,
    peer: SurfaceNetsBuffer,
    triangles: Vec<[usize; 3]>,
}

impl Smooth {
    /// Stops unless ours draws exactly the visible faces.
    pub fn new(materials: &MaterialTable, samples: &[Sample]) -> Self {
        let mut smooth = Self {
            mesher: SmoothMesher::new(&materials.clone().with_surface(|_| Surface::Smooth)),
            mesh: ChunkMesh::default(),
            peer: SurfaceNetsBuffer::default(),
            triangles: Vec::new(),
        };
        for sample in samples {
            let row = std::array::from_fn(|index| smooth.mesh(index, sample));
            let faces: u64 = counted(sample, materials, 0, CHUNK_EDGE).opaque.iter().sum();
            assert_eq!(row[0] as u64, 2 * faces, "smooth draws other faces of `{}`", sample.name);
            smooth.triangles.push(row);
        }
        smooth
    }

    /// What is timed; returns the number of triangles of opaque cells.
    fn mesh(&mut self, index: usize, sample: &Sample) -> usize {
        if index == 2 {
            let shape = ConstShape3u32::<EDGE, EDGE, EDGE>;
            surface_nets(&sample.field, &shape, [0; 3], [EDGE - 1; 3], &mut self.peer);
            return self.peer.indices.len() / 3;
        }
        let options = MeshOptions { skirts: index == 1, ..MeshOptions::default() };
        self.mesh.clear();
        self.mesher.mesh(&sample.chunk, &sample.around, &options, &mut self.mesh);
        self.mesh.smooth.indices.len() / 3
    }

    /// Times and prints, in turns.
    pub fn race(&mut self, samples: &[Sample], rounds: usize) {
        println!("\nrounded surfaces, median of {rounds}: fsn is fast-surface-nets, field given");
        let columns = ["ours us", "+skirts", "fsn us", "fsn/ours", "tri ours", "tri fsn"];
        crate::print_row("", columns.iter().map(|&column| column.to_owned()));
        let mut logarithms = Vec::new();
        let mut times_us = vec![[const { Vec::new() }; COLUMNS.len()]; samples.len()];
        for round in 0..rounds {
            for (sample, times_us) in samples.iter().zip(&mut times_us) {
                for turn in 0..COLUMNS.len() {
                    let turn = if round % 2 == 0 { turn } else { COLUMNS.len() - 1 - turn };
                    let index = (turn + round) % COLUMNS.len();
                    let start = Instant::now();
                    black_box(self.mesh(index, black_box(sample)));
                    times_us[index].push(start.elapsed().as_secs_f64() * 1e6);
                }
            }
        }
        for ((sample, times_us), triangles) in samples.iter().zip(times_us).zip(&self.triangles) {
            let [ours, skirts, peer] = times_us.map(crate::median);
            let ratio = peer / ours;
            if sample.is_mixed() {
                logarithms.push(ratio.ln());
            }
            let times = [ours, skirts, peer].map(|time| format!("{time:.1}"));
            let counts = [triangles[0], triangles[2]].map(|count| count.to_string());
            let values = times.into_iter().chain([format!("{ratio:.2}")]).chain(counts);
            crate::print_row(sample.name, values);
        }
        let mean = (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp();
        crate::print_row(
            "geomean",
            ["", "", ""].map(String::from).into_iter().chain([format!("{mean:.2}")]),
        );
        println!("(of all chunks but the uniform one)");
    }
}
