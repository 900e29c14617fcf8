//! What all contestants get: one piece of ground, rays over it and points in it.

use std::{fs, io, path::Path, sync::Arc};

use bluemarble_benches::random::Random;
use bluemarble_core::{
    CHUNK_VOLUME, Chunk, ChunkKey, Flat, MaterialId, MaterialTable, Ray, Shape, cell_position,
};
use bluemarble_store::{ChunkStore, WorldMetadata};
use bluemarble_terrain::{Baseline, Empty, NoiseBaseline};
use bluemarble_world::HybridWorld;
use futures::executor::block_on;
use glam::{DVec3, IVec3, dvec3, ivec3};

/// Voxels of the ground along x, y and z.
pub const SIZE: IVec3 = ivec3(1024, 256, 1024);
/// Rays of a kind and points of a kind.
const RAYS: usize = 20_000;
const POINTS: usize = 1_000_000;

/// The ground, chunk by chunk, and what is asked about it.
pub struct Corpus {
    pub chunks: Vec<(ChunkKey, Chunk)>,
    pub rays: Vec<(&'static str, Vec<Ray>)>,
    pub points: Vec<(&'static str, Vec<IVec3>)>,
    /// The lowest corners of boxes of 64³ voxels.
    pub regions: Vec<IVec3>,
}

/// The place of a voxel in the order that the peers read: x fastest, then z, then y.
fn index(voxel: IVec3) -> usize {
    (voxel.x + SIZE.x * (voxel.z + SIZE.z * voxel.y)) as usize
}

impl Corpus {
    pub fn new() -> Self {
        let hills = NoiseBaseline::new(1.0, 7, &MaterialTable::standard()).expect("hills");
        let count = SIZE / 64;
        let mut chunks = Vec::new();
        for i in 0..count.element_product() {
            let pos = ivec3(i % count.x, i / count.x / count.z, i / count.x % count.z);
            let mut chunk = Chunk::default();
            // Sea level in the middle.
            hills.fill(ChunkKey::new(0, 0, pos - ivec3(0, count.y / 2, 0)), &mut chunk);
            chunks.push((ChunkKey::new(0, 0, pos), chunk));
        }
        let mut random = Random(1);
        let size = SIZE.as_dvec3();
        let mut rays = |steep: f64, low: f64, high: f64, is_from_border: bool| -> Vec<Ray> {
            let ray = |_| {
                let angle = random.between(0.0, std::f64::consts::TAU);
                let direction =
                    dvec3(angle.cos(), -steep * random.between(0.7, 1.3), angle.sin()).normalize();
                let y = random.between(low, high);
                let mut origin = dvec3(size.x * random.share(), y, size.z * random.share());
                if is_from_border {
                    // Backwards, up to the first side that is met.
                    let behind = DVec3::select(direction.cmplt(DVec3::ZERO), size, DVec3::ZERO);
                    let ways = (origin - behind) / direction;
                    let back = direction * ways.x.min(ways.z) * (1.0 - 1e-9);
                    origin = (origin - back).with_y(y);
                }
                Ray { origin, direction }
            };
            (0..RAYS).map(ray).collect()
        };
        let rays = vec![
            ("downhill", rays(1.0, 200.0, 256.0, false)),
            ("shallow", rays(0.15, 180.0, 256.0, false)),
            ("low", rays(0.01, 150.0, 200.0, false)),
            ("grazing", rays(0.01, 180.0, 220.0, true)),
        ];
        let surface: Vec<i32> = (0..SIZE.x * SIZE.z)
            .map(|i| hills.surface_y(0, f64::from(i % SIZE.x), f64::from(i / SIZE.x)) as i32 + 128)
            .collect();
        let near = |random: &mut Random| {
            let (x, z) = (random.below(SIZE.x), random.below(SIZE.z));
            let y = surface[(x + SIZE.x * z) as usize] + random.below(16) - 8;
            ivec3(x, y.clamp(0, SIZE.y - 1), z)
        };
        let scattered = (0..POINTS).map(|_| near(&mut random)).collect();
        // Runs of 64 along x, as filters over a region read them.
        let runs = (0..POINTS / 64).flat_map(|_| {
            let start = near(&mut random).min(SIZE - 64);
            (0..64).map(move |x| start + ivec3(x, 0, 0))
        });
        let points = vec![("scattered", scattered), ("runs", runs.collect())];
        let corner = |_| {
            let at =
                ivec3(random.below(SIZE.x - 64), 64 + random.below(64), random.below(SIZE.z - 64));
            at | 1
        };
        let regions = (0..200).map(corner).collect();
        Self { chunks, rays, points, regions }
    }

    /// The same as a world whose store is in memory.
    pub fn world(&self) -> HybridWorld {
        let baseline: Arc<dyn Baseline> =
            Arc::new(Empty::new(Shape::Flat(Flat { voxel_m: 1.0 })).expect("a shape"));
        let materials = MaterialTable::standard();
        let metadata = WorldMetadata::new(baseline.shape(), baseline.fingerprint(), &materials);
        block_on(async {
            let objects = Arc::new(object_store::memory::InMemory::new());
            let store = ChunkStore::with_objects(objects, &metadata).await?;
            let air = Some(MaterialId::AIR);
            let mixed = self.chunks.iter().filter(|(_, chunk)| chunk.as_uniform() != air);
            store.write(&mixed.map(|(key, chunk)| (*key, chunk)).collect::<Vec<_>>()).await?;
            HybridWorld::builder(baseline, materials).with_store(store).await
        })
        .expect("the world is written")
    }

    /// Writes everything for peers that are programs of their own.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let mut volume = vec![0u16; SIZE.element_product() as usize];
        for (key, chunk) in &self.chunks {
            for row in 0..CHUNK_VOLUME / 64 {
                let first = cell_position(row * 64);
                let at = index(key.min_voxel() + first);
                for x in 0..64 {
                    volume[at + x] = chunk.get(first + ivec3(x as i32, 0, 0)).0;
                }
            }
        }
        let bytes: Vec<u8> = volume.iter().flat_map(|material| material.to_le_bytes()).collect();
        fs::write(dir.join("volume.u16"), bytes)?;
        for (name, rays) in &self.rays {
            let numbers = rays.iter().flat_map(|ray| [ray.origin, ray.direction]);
            let bytes =
                numbers.flat_map(|vector: DVec3| vector.to_array()).flat_map(f64::to_le_bytes);
            fs::write(dir.join(format!("rays_{name}.f64")), bytes.collect::<Vec<_>>())?;
        }
        let voxels = |voxels: &[IVec3]| -> Vec<u8> {
            voxels.iter().flat_map(|voxel| voxel.to_array()).flat_map(i32::to_le_bytes).collect()
        };
        for (name, points) in &self.points {
            fs::write(dir.join(format!("points_{name}.i32")), voxels(points))?;
        }
        fs::write(dir.join("regions_unaligned.i32"), voxels(&self.regions))
    }
}
