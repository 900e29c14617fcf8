//! From lattice quads and rounded surfaces to vertices.

use bevy::{
    asset::RenderAssetUsages,
    mesh::{Indices, Mesh, PrimitiveTopology},
};
use bluemarble_core::{CancelToken, Cancelled, ChunkKey, Face, MaterialTable, Shape};
use bluemarble_mesh::{PackedQuad, SmoothMesh};
use glam::{DVec3, Vec3};

use super::vertex::{self, ATTRIBUTE_QUAD, ATTRIBUTE_SMOOTH};
use crate::{
    meshing::{Corners, NodeFrame},
    streaming::Pass,
};

/// What vertices consist of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Vertices {
    /// A few words each, as the plugin's own material reads them: see [`super::vertex`].
    #[default]
    Packed,
    /// Position, normal, texture coordinates in cells, and the colour of the material: what any
    /// material of the engine reads. Four times as large.
    Standard,
}

/// Quads are drawn larger than they are by this share of a cell on each side, so that borders where
/// three or more quads meet leave no gap when the renderer rounds their corners. At lod 0 a cell may
/// fill the screen, so the share is smaller there, and where quads are blended: there it shows twice.
fn overlap_cells(lod: u8, pass: Pass) -> f64 {
    if lod == 0 || pass == Pass::SeeThrough { 0.01 } else { 0.05 }
}

/// From this lod up a chunk is so wide that its axes point elsewhere at its borders than in its middle: overlaps
/// along those would stand out of the ground on one side and leave a gap on the other.
const CURVED_LOD: u8 = 12;

/// Between two looks at whether the work is still wanted: some 0.3 ms.
const QUADS_PER_SLICE: usize = 1024;
/// Turns what a mesher made of one chunk into meshes.
pub(super) struct Baker<'a> {
    corners: Corners<'a>,
    lod: u8,
    materials: &'a MaterialTable,
    vertices: Vertices,
}

impl<'a> Baker<'a> {
    /// A baker for one chunk.
    pub fn new(
        shape: Shape,
        key: ChunkKey,
        frame: &'a NodeFrame,
        materials: &'a MaterialTable,
        vertices: Vertices,
    ) -> Self {
        Self { corners: Corners::new(shape, key, frame), lod: key.lod, materials, vertices }
    }

    /// The mesh of quads; `None` without quads.
    pub fn quads(
        &mut self,
        quads: &[PackedQuad],
        pass: Pass,
        cancel: &CancelToken,
    ) -> Result<Option<Mesh>, Cancelled> {
        if quads.is_empty() {
            return Ok(None);
        }
        let overlap = overlap_cells(self.lod, pass);
        // One cell along each axis, at the middle of the chunk, in the frame.
        let middle = DVec3::splat(32.0);
        let axes = [DVec3::X, DVec3::Y, DVec3::Z].map(|axis| {
            (self.corners.local(middle + axis * 32.0) - self.corners.local(middle - axis * 32.0))
                / 64.0
        });
        let mut mesh = QuadVertices::new(self.vertices, quads.len());
        for slice in quads.chunks(QUADS_PER_SLICE) {
            cancel.check()?;
            for quad in slice {
                let corners = quad.corners();
                let axes =
                    if self.lod < CURVED_LOD { axes } else { self.corners.axes_at(corners[0]) };
                let middle = (corners[0] + corners[2]).as_dvec3() * 0.5;
                let light = quad.light();
                let (flat, material) = (quad.face().axis(), quad.material());
                // A skirt is lit as the ground that it hangs from, so that it does not show.
                let face = if quad.is_skirt() { Face::PosY } else { quad.face() };
                for (corner, light) in corners.into_iter().zip(light) {
                    let mut local = self.corners.corner(corner);
                    let mut outwards = (corner.as_dvec3() - middle).signum() * overlap;
                    if quad.is_skirt() {
                        // It hangs from the ground and must not stick out of it.
                        outwards.y = outwards.y.min(0.0);
                    }
                    for axis in (0..3).filter(|&axis| axis != flat) {
                        local += axes[axis] * outwards[axis];
                    }
                    match &mut mesh {
                        QuadVertices::Packed(words) => {
                            words.push(vertex::quad(local, corner, face, light, material));
                        }
                        QuadVertices::Standard(standard) => {
                            let position = local * self.corners.frame.half_extent_m();
                            let shade = 0.4 + 0.2 * f32::from(light);
                            let cells = match flat {
                                0 => [corner.z as f32, -corner.y as f32],
                                1 => [corner.x as f32, corner.z as f32],
                                _ => [corner.x as f32, -corner.y as f32],
                            };
                            let colour = self.colour(material);
                            standard.push(position, normal(face), cells, colour * shade);
                        }
                    }
                }
            }
        }
        let mut corners = Vec::with_capacity(quads.len() * 6);
        for (number, quad) in (0u32..).zip(quads) {
            let order = if quad.flips_diagonal() { [1, 2, 3, 1, 3, 0] } else { [0, 1, 2, 0, 2, 3] };
            corners.extend(order.map(|corner| 4 * number + corner));
        }
        let count = quads.len() * 4;
        let mesh = match mesh {
            QuadVertices::Packed(words) => empty().with_inserted_attribute(ATTRIBUTE_QUAD, words),
            QuadVertices::Standard(standard) => standard.mesh(),
        };
        Ok(Some(mesh.with_inserted_indices(indices(corners, count))))
    }

    /// The mesh of a rounded surface; `None` without triangles.
    pub fn smooth(
        &mut self,
        surface: &SmoothMesh,
        cancel: &CancelToken,
    ) -> Result<Option<Mesh>, Cancelled> {
        if surface.indices.is_empty() {
            return Ok(None);
        }
        let half_extent_m = self.corners.frame.half_extent_m();
        let mut words = Vec::new();
        let mut standard = Standard::default();
        for slice in surface.vertices.chunks(QUADS_PER_SLICE) {
            cancel.check()?;
            for vertex in slice {
                let local = self.corners.local(vertex.position.as_dvec3());
                match self.vertices {
                    Vertices::Packed => words.push(vertex::smooth(local, vertex.normal, vertex)),
                    Vertices::Standard => {
                        let [first, second] = vertex.materials.map(|id| self.colour(id));
                        let cells = [vertex.position.x, vertex.position.z];
                        standard.push(
                            local * half_extent_m,
                            vertex.normal,
                            cells,
                            first.lerp(second, vertex.blend),
                        );
                    }
                }
            }
        }
        let count = surface.vertices.len();
        let mesh = match self.vertices {
            Vertices::Packed => empty().with_inserted_attribute(ATTRIBUTE_SMOOTH, words),
            Vertices::Standard => standard.mesh(),
        };
        Ok(Some(mesh.with_inserted_indices(indices(surface.indices.clone(), count))))
    }

    /// Linear colour of a material.
    fn colour(&self, material: bluemarble_core::MaterialId) -> Vec3 {
        let [r, g, b] = self.materials.get(material).map_or([1.0, 0.0, 1.0], |row| row.colour);
        let colour = bevy::color::Color::srgb(r, g, b).to_linear();
        Vec3::new(colour.red, colour.green, colour.blue)
    }
}

fn normal(face: Face) -> Vec3 {
    face.normal().as_vec3()
}

fn empty() -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::RENDER_WORLD)
}

/// Indices of two bytes each if that is enough.
fn indices(corners: Vec<u32>, vertices: usize) -> Indices {
    if vertices <= usize::from(u16::MAX) {
        Indices::U16(corners.into_iter().map(|corner| corner as u16).collect())
    } else {
        Indices::U32(corners)
    }
}

enum QuadVertices {
    Packed(Vec<[u32; 3]>),
    Standard(Standard),
}

impl QuadVertices {
    fn new(vertices: Vertices, quads: usize) -> Self {
        match vertices {
            Vertices::Packed => Self::Packed(Vec::with_capacity(quads * 4)),
            Vertices::Standard => Self::Standard(Standard::default()),
        }
    }
}

/// Vertices that any material reads, in metres from the middle of the frame.
#[derive(Default)]
struct Standard {
    positions: Vec<[f32; 3]>,
    normals: Vec<[f32; 3]>,
    cells: Vec<[f32; 2]>,
    colours: Vec<[f32; 4]>,
}

impl Standard {
    fn push(&mut self, position_m: DVec3, normal: Vec3, cells: [f32; 2], colour: Vec3) {
        self.positions.push(position_m.as_vec3().to_array());
        self.normals.push(normal.to_array());
        self.cells.push(cells);
        self.colours.push(colour.extend(1.0).to_array());
    }

    fn mesh(self) -> Mesh {
        empty()
            .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, self.positions)
            .with_inserted_attribute(Mesh::ATTRIBUTE_NORMAL, self.normals)
            .with_inserted_attribute(Mesh::ATTRIBUTE_UV_0, self.cells)
            .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, self.colours)
    }
}
