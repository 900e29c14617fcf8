//! [`RayCast`]: a ray on its way through nodes, chunks and regions.

use bluemarble_core::{
    AnyCrossings, Around, CellPos, Cells, ChunkKey, Crossings, Face, LatticeBox, MAX_LOD,
    MaterialId, Ray, Shape, SizedBox, VoxelBox, VoxelPos,
};
use glam::IVec3;

use super::{
    hit::RayHit,
    options::RayOptions,
    position::{Position, arrive, side, start, turned},
};
use crate::{
    WorldError, WorldReader,
    reader::{Sight, UniformNode},
};

/// A chunk is `1 << CHUNK_LOG2` cells wide.
const CHUNK_LOG2: u32 = 6;
/// A longer leap is tried after this many leaps over free nodes, down to a part of the way.
const FIRST_STRIDE: u32 = 6;
const STRIDE_HALVINGS: u32 = 3;
/// And if at least this many nodes are ahead.
const WORTH_LEAPS: f64 = 16.0;
/// A ray crosses fewer borders of regions than this: a planet has twelve edges.
const MAX_REGIONS: u32 = 64;

/// A ray on its way. Every call of [`RayCast::next_hit`] takes it to the next material that stops it.
#[derive(Clone, Debug)]
pub struct RayCast {
    ray: Ray,
    options: RayOptions,
    at: Option<Position>,
    crossings: AnyCrossings,
    /// The lod of the last free node: the next one is probably of a similar size.
    free_lod: u8,
    /// Leaps over free nodes, and at how many of them a longer one is tried.
    free_leaps: u32,
    next_stride: u32,
    regions: u32,
    /// Whether it has looked into a chunk.
    has_looked: bool,
}

/// Why a ray does not go on.
enum Stop {
    Hit(RayHit),
    /// It has left the region.
    Border,
    /// It has come as far as it shall.
    End,
    /// A chunk must be read first.
    Unknown(ChunkKey),
}

impl RayCast {
    /// A ray that has not set off yet.
    pub fn new(shape: &Shape, ray: &Ray, options: &RayOptions) -> Self {
        let at = start(shape, ray);
        let region = at.map_or(0, |at| at.region);
        Self {
            ray: *ray,
            options: *options,
            at,
            crossings: shape.crossings(region, ray),
            free_lod: 0,
            free_leaps: 0,
            next_stride: FIRST_STRIDE,
            regions: 0,
            has_looked: false,
        }
    }

    /// Whether the ray has looked into a chunk; if not, nodes alone have answered.
    pub(super) fn has_looked(&self) -> bool {
        self.has_looked
    }

    /// The next stretch of one material that stops the ray, where the ray enters it; `None` if there is none
    /// up to the end. Air, and what else does not stop it, divides stretches and is not reported.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`]; the next call tries again.
    pub fn next_hit(&mut self, reader: &mut WorldReader) -> Result<Option<RayHit>, WorldError> {
        while let Some(mut at) = self.at {
            let stop = match self.crossings {
                AnyCrossings::Flat(crossings) => self.go(&crossings, reader, &mut at),
                AnyCrossings::Sphere(crossings) => self.go(&crossings, reader, &mut at),
            };
            self.at = Some(at);
            match stop {
                Stop::Hit(hit) => return Ok(Some(hit)),
                Stop::End => self.at = None,
                Stop::Border => {
                    let shape = reader.shape();
                    self.at = self.beyond(&shape, at);
                    let region = self.at.map_or(at.region, |at| at.region);
                    self.crossings = shape.crossings(region, &self.ray);
                }
                Stop::Unknown(key) => drop(reader.chunk(key)?),
            }
        }
        Ok(None)
    }

    /// Goes on within one region.
    // On its own for each kind of crossings: together they would be in each other's way.
    #[inline(never)]
    fn go(
        &mut self,
        crossings: &impl Crossings,
        reader: &mut WorldReader,
        at: &mut Position,
    ) -> Stop {
        let around = reader.shape().region_box();
        loop {
            if at.at_m > self.options.max_m {
                return Stop::End;
            }
            if !around.contains(at.voxel) {
                return Stop::Border;
            }
            let lod = self.lod_at(reader, at.at_m);
            let key = VoxelPos::new(at.region, at.voxel).chunk(lod);
            let target = self.options.target;
            if let Some(sight) = reader.known_sight(key, target) {
                self.has_looked = true;
                if let Some(hit) = self.through_chunk(crossings, key, sight, at) {
                    return Stop::Hit(hit);
                }
                continue;
            }
            let known = reader.known_uniform(key);
            if known.is_none() && reader.see(key, target) {
                continue;
            }
            let Some(node) = known.or_else(|| self.uniform_node(reader, key)) else {
                return Stop::Unknown(key);
            };
            let material = node.material;
            if at.inside != Some(material) && target.stops(reader.world(), material) {
                return Stop::Hit(self.hit(at, lod, material));
            }
            at.inside = at.inside.filter(|&inside| inside == material);
            self.free_leaps += 1;
            if self.free_leaps >= self.next_stride && self.is_far(reader, at, node.lod) {
                // A try that fails is repeated after twice as many leaps.
                self.next_stride = self.free_leaps * 2;
                if self.stride(crossings, reader, at, material) {
                    self.next_stride = self.free_leaps + FIRST_STRIDE;
                    continue;
                }
            }
            at.leap(crossings, CHUNK_LOG2 + u32::from(node.lod));
        }
    }

    /// Whether it is so far to the end that one longer leap would spare many over nodes of a lod.
    fn is_far(&self, reader: &WorldReader, at: &Position, lod: u8) -> bool {
        let node_m = f64::from(1 << (CHUNK_LOG2 + u32::from(lod))) * reader.shape().voxel_m();
        self.options.spread == 0.0 && self.options.max_m - at.at_m > WORTH_LEAPS * node_m
    }

    /// Tries to leap over all that is left of the way, or a part of it, at once: if the box around it holds no
    /// other material. False if not.
    fn stride(
        &self,
        crossings: &impl Crossings,
        reader: &WorldReader,
        at: &mut Position,
        material: MaterialId,
    ) -> bool {
        let around = reader.shape().region_box();
        // Up to the region's border.
        let region = SizedBox { min: around.min, size: around.size() };
        let end_m = crossings.exit(region, at.at_m).at_m.min(self.options.max_m);
        for halvings in 0..STRIDE_HALVINGS {
            let to_m = at.at_m + (end_m - at.at_m) / f64::from(1 << halvings);
            if !to_m.is_finite() {
                continue;
            }
            let place = |at_m: f64| {
                let axis = |axis| crossings.coordinate(axis, at.voxel[axis], region, at_m, true);
                IVec3::new(axis(0), axis(1), axis(2))
            };
            let to = place(to_m);
            // A ray goes one way along each axis; only its height on a planet turns once.
            let lowest = match reader.shape() {
                Shape::CubeSphere(_) => {
                    place((-self.ray.origin.dot(self.ray.direction)).clamp(at.at_m, to_m))
                }
                Shape::Flat(_) => to,
            };
            let min = at.voxel.min(to).min(lowest);
            let voxels = LatticeBox::new(min, at.voxel.max(to).max(lowest) + 1);
            if reader.box_material(&VoxelBox::new(at.region, voxels), 0) == Some(material) {
                // Within the last voxel of the way, not at its border: the next leap goes on from there.
                (at.voxel, at.at_m) = (to, to_m);
                if to_m == end_m && to_m < self.options.max_m {
                    at.leap(crossings, 0);
                }
                return true;
            }
        }
        false
    }

    /// The lod at which the ray meets cells.
    #[inline]
    fn lod_at(&self, reader: &WorldReader, at_m: f64) -> u8 {
        if self.options.spread == 0.0 {
            return 0;
        }
        let voxels = self.options.spread * at_m / reader.shape().voxel_m();
        (voxels.max(1.0).log2() as u8).min(MAX_LOD)
    }

    /// The coarsest node around a chunk that is known to be of one material.
    fn uniform_node(&mut self, reader: &mut WorldReader, key: ChunkKey) -> Option<UniformNode> {
        let published = reader.published();
        let mut kind = |lod: u8| {
            let pos = key.pos >> i32::from(lod - key.lod);
            reader.node_material(ChunkKey::new(key.region, lod, pos))
        };
        let mut lod = self.free_lod.max(key.lod);
        let mut material = kind(lod);
        while material.is_none() {
            if lod == key.lod {
                self.free_lod = lod;
                return None;
            }
            lod -= 1;
            material = kind(lod);
        }
        while lod < MAX_LOD && kind(lod + 1).is_some() {
            lod += 1;
        }
        self.free_lod = lod;
        let node = material.map(|material| UniformNode { lod, material })?;
        reader.learn_uniform(key, published, node);
        Some(node)
    }

    /// Goes through a chunk; `None` if the ray leaves it without being stopped.
    #[inline]
    fn through_chunk(
        &self,
        crossings: &impl Crossings,
        key: ChunkKey,
        sight: &Sight,
        at: &mut Position,
    ) -> Option<RayHit> {
        let (lod, min) = (i32::from(key.lod), key.min_voxel());
        // On their own, so that they stay in registers.
        let (mut voxel, mut at_m, mut exit, mut inside) = (at.voxel, at.at_m, None, at.inside);
        let stop = loop {
            let cell = (voxel - min) >> lod;
            let is_inside = (cell.x | cell.y | cell.z) as u32 <= 63;
            if !is_inside {
                break None;
            }
            let (wide_log2, high_log2) = match sight.masks.around(cell) {
                Around::Free { wide_log2, high_log2 } => {
                    inside = None;
                    (wide_log2, high_log2)
                }
                Around::Occupied => {
                    let material = sight.cells.get(cell);
                    if inside != Some(material) {
                        break Some(material);
                    }
                    let edge_log2 = sight.cells.same_around(cell);
                    (edge_log2, edge_log2)
                }
            };
            let lod = u32::from(key.lod);
            let within = SizedBox::around(voxel, wide_log2 + lod, high_log2 + lod);
            let (beyond, way) = crossings.leap(voxel, within, at_m);
            (voxel, at_m, exit) = (beyond, way.at_m, Some(way));
        };
        (at.voxel, at.at_m, at.inside) = (voxel, at_m, inside);
        at.entered = exit.map(side).or(at.entered);
        let material = stop.filter(|_| at_m <= self.options.max_m)?;
        Some(self.hit(at, key.lod, material))
    }

    fn hit(&self, at: &mut Position, lod: u8, material: MaterialId) -> RayHit {
        at.inside = Some(material);
        RayHit {
            pos: VoxelPos::new(at.region, at.voxel & -(1 << lod)),
            lod,
            face: at.entered,
            material,
            distance_m: at.at_m,
            point: self.ray.at(at.at_m),
        }
    }

    /// The same place as the region beyond the border counts it; `None` if the ray leaves the lattice for good.
    fn beyond(&mut self, shape: &Shape, mut at: Position) -> Option<Position> {
        self.regions += 1;
        if matches!(shape, Shape::Flat(_)) || self.regions > MAX_REGIONS {
            return None;
        }
        let around = shape.region_box();
        if at.voxel.y >= around.max.y {
            return None;
        }
        if at.voxel.y < around.min.y {
            // The lattice ends above the planet's centre: on the other side it begins again.
            let below =
                SizedBox { min: IVec3::new(0, -around.max.y, 0), size: IVec3::splat(around.max.y) };
            let (at_m, _) = shape.crossings(at.region, &self.ray).exit_along(1, below, at.at_m);
            if !at_m.is_finite() {
                return None;
            }
            at = arrive(shape, &self.ray, at_m);
            at.voxel.y = around.min.y;
            at.entered = Some(Face::NegY);
            return Some(at);
        }
        match shape.fold(CellPos::new(at.region, 0, at.voxel)) {
            Some(place) => {
                at.entered = at.entered.map(|face| turned(shape, at, face, place.region));
                (at.region, at.voxel) = (place.region, place.cell);
                Some(at)
            }
            None => Some(arrive(shape, &self.ray, at.at_m)),
        }
    }
}
