//! Where a chunk lies: its array, its shard and its slot there, and what these are called.
//!
//! Zarr arrays begin at 0, a flat world's lattice does not: array index = lattice index + `origin`.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, MAX_LOD, REGION_EDGE, Shape};
use glam::{IVec3, ivec3};
use object_store::path::Path;

/// Chunks along one edge of a shard, where the array is large enough.
pub const SHARD_CHUNKS: i32 = 4;
/// The name of every metadata document.
pub const METADATA_NAME: &str = "zarr.json";
/// The name of the lock file.
pub const LOCK_NAME: &str = ".lock";

/// How the chunks of one lod are laid out, the same in every region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayLayout {
    /// Cells along each axis of the array.
    pub edge_cells: i32,
    /// Array index of the cell at lattice origin, in cells.
    pub origin_cells: i32,
    /// Chunks along each axis of a shard.
    pub shard_chunks: i32,
}

impl ArrayLayout {
    /// The layout of one lod of a world.
    pub fn new(shape: &Shape, lod: u8) -> Self {
        let (edge_cells, origin_cells) = match shape {
            Shape::Flat(_) => ((REGION_EDGE >> lod) * 2, REGION_EDGE >> lod),
            Shape::CubeSphere(_) => (REGION_EDGE >> lod, 0),
        };
        let shard_chunks = SHARD_CHUNKS.min(edge_cells / CHUNK_EDGE);
        Self { edge_cells, origin_cells, shard_chunks }
    }

    /// Cells along each axis of a shard.
    pub fn shard_cells(&self) -> i32 {
        self.shard_chunks * CHUNK_EDGE
    }

    /// Chunks in a shard.
    pub fn slots(&self) -> usize {
        self.shard_chunks.pow(3) as usize
    }

    /// Shards along each axis of the array.
    fn shards(&self) -> i32 {
        self.edge_cells / self.shard_cells()
    }
}

/// Names one shard; `pos` counts shards from the array's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShardKey {
    /// The region.
    pub region: u8,
    /// The lod.
    pub lod: u8,
    /// Position in shards, never negative.
    pub pos: IVec3,
}

impl ShardKey {
    /// The shard and slot of a chunk; `None` if the key names no chunk of the world.
    pub fn locate(shape: &Shape, key: ChunkKey) -> Option<(Self, usize)> {
        if key.region >= shape.regions() || key.lod > MAX_LOD {
            return None;
        }
        let layout = ArrayLayout::new(shape, key.lod);
        let chunks = layout.edge_cells / CHUNK_EDGE;
        let origin = IVec3::splat(layout.origin_cells / CHUNK_EDGE);
        let place = ivec3(
            key.pos.x.checked_add(origin.x)?,
            key.pos.y.checked_add(origin.y)?,
            key.pos.z.checked_add(origin.z)?,
        );
        if place.cmplt(IVec3::ZERO).any() || place.cmpge(IVec3::splat(chunks)).any() {
            return None;
        }
        let edge = layout.shard_chunks;
        let pos = place / edge;
        let inner = place - pos * edge;
        let slot = (inner.y * edge + inner.z) * edge + inner.x;
        Some((Self { region: key.region, lod: key.lod, pos }, slot as usize))
    }

    /// The chunk in a slot of this shard.
    pub fn chunk(&self, shape: &Shape, slot: usize) -> ChunkKey {
        let layout = ArrayLayout::new(shape, self.lod);
        let edge = layout.shard_chunks;
        let slot = slot as i32;
        let inner = ivec3(slot % edge, slot / (edge * edge), slot / edge % edge);
        let pos = self.pos * edge + inner - layout.origin_cells / CHUNK_EDGE;
        ChunkKey::new(self.region, self.lod, pos)
    }

    /// The object that holds this shard.
    pub fn path(&self) -> Path {
        let pos = self.pos;
        let array = array_name(self.region, self.lod);
        Path::from(format!("{array}/c/{}/{}/{}", pos.y, pos.z, pos.x))
    }

    /// The shard that an object holds. `Ok(None)` for objects that are no shards, such as metadata;
    /// `Err(())` for what lies where only shards of the world may lie.
    pub(crate) fn of_path(shape: &Shape, path: &Path) -> Result<Option<Self>, ()> {
        let parts: Vec<_> = path.as_ref().split('/').collect();
        let [region, lod, "c", rest @ ..] = parts.as_slice() else { return Ok(None) };
        let (Some(region), Some(lod)) = (region.strip_prefix("region"), lod.strip_prefix("lod"))
        else {
            return Ok(None);
        };
        let [y, z, x] = rest else { return Err(()) };
        let number = |text: &str| text.parse::<i32>().map_err(|_| ());
        let region = region.parse().map_err(|_| ())?;
        let lod = lod.parse().map_err(|_| ())?;
        let shard = Self { region, lod, pos: ivec3(number(x)?, number(y)?, number(z)?) };
        if region >= shape.regions() || lod > MAX_LOD {
            return Err(());
        }
        let end = IVec3::splat(ArrayLayout::new(shape, lod).shards());
        let inside = shard.pos.cmpge(IVec3::ZERO).all() && shard.pos.cmplt(end).all();
        // Other spellings of the same numbers are no shards that we would ever find again.
        if inside && shard.path() == *path { Ok(Some(shard)) } else { Err(()) }
    }
}

/// The folder of a region.
pub fn region_name(region: u8) -> String {
    format!("region{region}")
}

/// The folder of an array.
pub fn array_name(region: u8, lod: u8) -> String {
    format!("region{region}/lod{lod}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FLAT: Shape = Shape::Flat(bluemarble_core::Flat { voxel_m: 1.0 });

    proptest! {
        #[test]
        fn places_and_paths_invert(lod in 0u8..=20, region in 0u8..6, x: u32, y: u32, z: u32, flat: bool) {
            let shape = if flat { FLAT } else { Shape::earth() };
            let region = if flat { 0 } else { region };
            let layout = ArrayLayout::new(&shape, lod);
            let chunks = (layout.edge_cells / 64) as u32;
            let pos = ivec3((x % chunks) as i32, (y % chunks) as i32, (z % chunks) as i32)
                - layout.origin_cells / 64;
            let key = ChunkKey::new(region, lod, pos);
            let (shard, slot) = ShardKey::locate(&shape, key).expect("inside");
            prop_assert!(slot < layout.slots());
            prop_assert_eq!(shard.chunk(&shape, slot), key);
            prop_assert_eq!(ShardKey::of_path(&shape, &shard.path()), Ok(Some(shard)));
        }
    }

    #[test]
    fn keys_outside_of_the_lattice_have_no_place() {
        let earth = Shape::earth();
        for key in [
            ChunkKey::new(6, 0, IVec3::ZERO),
            ChunkKey::new(0, 21, IVec3::ZERO),
            ChunkKey::new(0, 0, ivec3(-1, 0, 0)),
            ChunkKey::new(0, 20, ivec3(1, 0, 0)),
            ChunkKey::new(0, 0, IVec3::MAX),
        ] {
            assert_eq!(ShardKey::locate(&earth, key), None, "{key}");
        }
        assert!(ShardKey::locate(&FLAT, ChunkKey::new(0, 20, IVec3::NEG_ONE)).is_some());
        assert_eq!(ShardKey::locate(&FLAT, ChunkKey::new(0, 0, IVec3::MAX)), None);
    }

    #[test]
    fn shards_of_high_lods_are_as_large_as_their_array() {
        let edges = [(20, 64), (19, 128), (18, 256), (17, 256), (0, 256)];
        for (lod, edge) in edges {
            assert_eq!(ArrayLayout::new(&Shape::earth(), lod).shard_cells(), edge);
        }
        assert_eq!(ArrayLayout::new(&FLAT, 20).shard_cells(), 128);
    }

    #[test]
    fn strange_names_are_not_taken_for_shards() {
        let of = |path: &str| ShardKey::of_path(&Shape::earth(), &Path::from(path));
        assert_eq!(of("region0/lod0/zarr.json"), Ok(None));
        assert_eq!(of("log/0001"), Ok(None));
        for path in [
            "region9/lod0/c/0/0/0",
            "region0/lod21/c/0/0/0",
            "region0/lod20/c/0/0/1",
            "region0/lod0/c/0/0",
            "region0/lod0/c/00/0/0",
            "region0/lod0/c/-1/0/0",
            "region0/lod0/c/0/0/x",
        ] {
            assert_eq!(of(path), Err(()), "{path}");
        }
    }
}
