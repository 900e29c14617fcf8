//! The chunks that all meshers get, in the format that each wants.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use binary_greedy_meshing as bgm;
use block_mesh::{MergeVoxel, Voxel, VoxelVisibility};
use bluemarble_core::{
    CHUNK_VOLUME, Chunk, ChunkKey, Face, FacePlane, GeoPosition, MaterialId, MaterialTable, Shape,
    cell_position,
};
use bluemarble_mesh::{Shell, Surroundings};
use bluemarble_terrain::{Baseline, FirstEarth, NoiseBaseline};
use glam::{DVec3, IVec3, Vec3, dvec3, ivec3};

/// Peers take the outermost cells of 64³ as padding and mesh what is left.
pub const INNER_EDGE: usize = 62;

/// A cell as the `block-mesh` family wants it: 0 is air, the highest bit marks what is seen through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cell(u16);

impl Cell {
    const SEE_THROUGH: u16 = 1 << 15;
}

/// Turns cells into those of the `block-mesh` family.
pub fn to_block_mesh(cells: &[MaterialId], see_through: &BTreeSet<u16>, out: &mut Vec<Cell>) {
    out.clear();
    if see_through.is_empty() {
        out.extend(cells.iter().map(|material| Cell(material.0)));
        return;
    }
    let mut flags = [0; 256];
    see_through.iter().for_each(|&id| flags[usize::from(id)] = Cell::SEE_THROUGH);
    out.extend(cells.iter().map(|material| Cell(material.0 | flags[usize::from(material.0)])));
}

impl Voxel for Cell {
    #[inline]
    fn get_visibility(&self) -> VoxelVisibility {
        match self.0 {
            0 => VoxelVisibility::Empty,
            1..Self::SEE_THROUGH => VoxelVisibility::Opaque,
            _ => VoxelVisibility::Translucent,
        }
    }
}

impl MergeVoxel for Cell {
    type MergeValue = u16;

    #[inline]
    fn merge_value(&self) -> u16 {
        self.0
    }
}

/// A chunk in everybody's format.
pub struct Sample {
    pub name: &'static str,
    /// Ours.
    pub chunk: Chunk,
    pub around: Surroundings,
    /// The see-through materials that occur.
    pub see_through: BTreeSet<u16>,
    /// For `binary-greedy-meshing`.
    pub ids: Vec<u16>,
    pub opaque_mask: Box<[u64]>,
    pub see_through_mask: Box<[u64]>,
    /// For `block-mesh` and `block-mesh-bgm`.
    pub cells: Vec<Cell>,
    /// For `fast-surface-nets`: -1 in opaque cells, 1 elsewhere, of the cells -1..=64 along each axis.
    pub field: Vec<f32>,
}

/// Cells along each axis of a field.
pub const FIELD_EDGE: usize = 66;

impl Sample {
    /// Asks each of the cells -2..66 along each axis.
    fn new(
        name: &'static str,
        materials: &MaterialTable,
        mut cell: impl FnMut(IVec3) -> MaterialId,
    ) -> Self {
        let cells: Vec<_> = (0..CHUNK_VOLUME).map(|index| cell(cell_position(index))).collect();
        let chunk = Chunk::from_cells(&cells);
        let planes = Face::ALL.map(|face| {
            let beyond = if face.is_positive() { 64 } else { -1 };
            FacePlane::from_fn(|u, v| {
                let (u, v) = (u as i32, v as i32);
                cell(match face.axis() {
                    0 => ivec3(beyond, v, u),
                    1 => ivec3(u, beyond, v),
                    _ => ivec3(u, v, beyond),
                })
            })
        });
        let mut shell = Shell::uniform(MaterialId::AIR);
        for direction in Shell::directions() {
            shell.set_cells(direction, &mut cell);
        }
        let field = (0..FIELD_EDGE.pow(3)).map(|index| {
            let edge = FIELD_EDGE;
            let place = [index % edge, index / edge.pow(2), index / edge % edge];
            let cell = IVec3::from(place.map(|along| along as i32 - 1));
            let is_own = cell >> 6 == IVec3::ZERO;
            let material = if is_own { chunk.get(cell) } else { shell.get(cell) };
            if materials.is_opaque(material) { -1.0 } else { 1.0 }
        });
        let field = field.collect();
        let see_through: BTreeSet<u16> = (chunk.counts_unsorted().into_iter())
            .filter(|&(material, _)| materials.is_see_through(material))
            .map(|(material, _)| material.0)
            .collect();
        let unpacked = chunk.to_cells();
        let ids: Vec<u16> = unpacked.iter().map(|material| material.0).collect();
        let mut block_mesh_cells = Vec::new();
        to_block_mesh(&unpacked, &see_through, &mut block_mesh_cells);
        Self {
            name,
            around: Surroundings::new(planes).with_shell(shell),
            opaque_mask: bgm::compute_opaque_mask::<INNER_EDGE>(&ids, &see_through),
            see_through_mask: bgm::compute_transparent_mask::<INNER_EDGE>(&ids, &see_through),
            cells: block_mesh_cells,
            field,
            ids,
            chunk,
            see_through,
        }
    }

    /// Whether there is something else than one material.
    pub fn is_mixed(&self) -> bool {
        self.chunk.as_uniform().is_none()
    }
}

/// 64³ cells of a lod with the surface at a lattice position in the middle. They are not a chunk of the
/// world: there the sea would lie in the outermost layer, which the peers leave out.
fn surface(
    name: &'static str,
    materials: &MaterialTable,
    baseline: &dyn Baseline,
    (region, place): (u8, DVec3),
    lod: u8,
) -> Sample {
    let y = baseline.surface_y(region, place.x, place.z);
    let first = (place.with_y(y).floor().as_ivec3() >> i32::from(lod)) - 32;
    let mut chunks = HashMap::new();
    Sample::new(name, materials, |cell| {
        let cell = first + cell;
        let fill = || {
            let mut chunk = Chunk::default();
            baseline.fill(ChunkKey::new(region, lod, cell >> 6), &mut chunk);
            chunk
        };
        chunks.entry(cell >> 6).or_insert_with(fill).get(cell & 63)
    })
}

fn on_earth(lat_deg: f64, lon_deg: f64) -> (u8, DVec3) {
    let shape = Shape::earth();
    let place =
        shape.lattice_from_local(shape.local_from_geo(GeoPosition::new(lat_deg, lon_deg, 0.0)));
    (place.region, place.lattice)
}

/// A place where the ground passes sea level, between one on land and one at sea.
fn shore(earth: &FirstEarth, land: (f64, f64), sea: (f64, f64)) -> (u8, DVec3) {
    let (region, mut dry) = on_earth(land.0, land.1);
    let (sea_region, mut wet) = on_earth(sea.0, sea.1);
    assert_eq!(region, sea_region, "the shore crosses regions");
    let is_dry = |place: DVec3| earth.ground_m(region, place.x, place.z, 0) > 0.0;
    assert!(is_dry(dry) && !is_dry(wet), "no shore between {land:?} and {sea:?}");
    while dry.distance(wet) > 1.0 {
        let middle = (dry + wet) * 0.5;
        *(if is_dry(middle) { &mut dry } else { &mut wet }) = middle;
    }
    (region, dry)
}

/// Scrambles 64 bits (the finaliser of `SplitMix64`, Steele et al. 2014).
fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// 64 random bits of a cell.
fn random(cell: IVec3, seed: u64) -> u64 {
    let [x, y, z] = cell.to_array().map(|axis| scramble(axis as u64 ^ seed));
    scramble(x ^ y.rotate_left(21) ^ z.rotate_left(42))
}

/// Smooth noise, 0..=1: random values at whole positions and blends between them.
fn smooth(position: Vec3, seed: u64) -> f32 {
    let low = position.floor();
    let t = position - low;
    let t = t * t * (3.0 - 2.0 * t);
    (0..8).fold(0.0, |sum, corner: i32| {
        let side = ivec3(corner & 1, corner >> 1 & 1, corner >> 2);
        let along = side.as_vec3();
        let weight = (t * along + (1.0 - t) * (1.0 - along)).element_product();
        sum + weight * (random(low.as_ivec3() + side, seed) >> 40) as f32 / (1u64 << 24) as f32
    })
}

/// All chunks, from the plainest terrain to the worst case.
pub fn corpus(materials: &MaterialTable) -> Vec<Sample> {
    let elevation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/earth/etopo5.tif");
    let earth = FirstEarth::load(&elevation, materials, 1).expect("the elevations are shipped");
    let hills = NoiseBaseline::new(0.5, 7, materials).expect("half a metre is a length");
    let id = |name| materials.id(name).expect("the standard table has it");
    let plain = on_earth(52.0, 21.0);
    let mountain = on_earth(27.9, 86.9);
    let coast = shore(&earth, (36.6, -5.9), (36.2, -7.0));
    let of_earth = |name, place, lod| surface(name, materials, &earth, place, lod);
    let of_hills = |name, x, z, lod| surface(name, materials, &hills, (0, dvec3(x, 0.0, z)), lod);
    let strata = ["soil", "sediment", "sandstone", "granite"].map(id);
    let layer = |y: i32| strata[y.rem_euclid(64) as usize / 16];
    let (granite, sandstone) = (id("granite"), id("sandstone"));
    vec![
        of_earth("plain, lod 0", plain, 0),
        of_earth("plain, lod 4", plain, 4),
        of_earth("plain, lod 8", plain, 8),
        of_earth("mountain, lod 0", mountain, 0),
        of_earth("mountain, lod 4", mountain, 4),
        of_earth("mountain, lod 8", mountain, 8),
        of_earth("coast, lod 0", coast, 0),
        of_earth("coast, lod 4", coast, 4),
        of_earth("coast, lod 8", coast, 8),
        of_hills("hills, lod 0", 900.0, 500.0, 0),
        of_hills("hills, lod 3", 900.0, 500.0, 3),
        Sample::new("caves", materials, |cell| {
            let at = cell.as_vec3();
            let wide = smooth(at / 17.0, 1);
            let fine = smooth(at / 7.0, 2);
            match wide * 0.7 + fine * 0.3 {
                density if density < 0.47 => MaterialId::AIR,
                _ if random(cell, 3).is_multiple_of(160) => sandstone,
                _ => layer(cell.y),
            }
        }),
        Sample::new("white noise", materials, |cell| match random(cell, 4) & 7 {
            kind @ 0..4 => strata[kind as usize],
            _ => MaterialId::AIR,
        }),
        Sample::new("uniform", materials, |_| granite),
    ]
}
