//! Where a chunk lies: its array, its shard and its slot there, and what these are called.
//!
//! Zarr arrays begin at 0, a flat world's lattice does not: array index = lattice index + `origin`.

use bluemarble_core::{CHUNK_EDGE, ChunkKey, MAX_LOD, REGION_EDGE, Shape};
use glam::{IVec3, ivec3};
use object_store::path::Path;

use crate::{
    ChunkEdge,
    chunk_bytes::{self, Part},
};

/// Cells along one edge of a shard, where the array is large enough.
pub const SHARD_CELLS: i32 = 256;
/// The name of every metadata document.
pub const METADATA_NAME: &str = "zarr.json";
/// The name of the recipe that a world's baseline is made from.
pub const RECIPE_NAME: &str = "bluemarble.json";
/// The folder of a world in which damaged files are kept.
pub(crate) const ASIDE_DIR: &str = "damaged";
/// The folder of a world in which the versions of files lie that snapshots need.
pub(crate) const SNAPSHOT_DIR: &str = "snapshots";
/// The folder of a world in which an import makes shards before they are moved in.
pub(crate) const IMPORT_DIR: &str = "import";
/// The name of the lock file.
pub const LOCK_NAME: &str = ".lock";

/// How the chunks of one lod are laid out, the same in every region.
///
/// A *chunk* has 64³ cells, as everywhere. A *stored chunk* is what the array calls a chunk: what is
/// compressed and asked for as a whole, in one slot of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayLayout {
    /// Cells along each axis of the array.
    pub edge_cells: i32,
    /// Array index of the cell at lattice origin, in cells.
    pub origin_cells: i32,
    /// Cells along each axis of a stored chunk: the world's edge, or the array's where that is smaller.
    pub chunk_cells: i32,
    /// Cells along each axis of a shard.
    pub shard_cells: i32,
}

impl ArrayLayout {
    /// The layout of one lod of a world.
    pub fn new(shape: &Shape, lod: u8, chunk_edge: ChunkEdge) -> Self {
        let (edge_cells, origin_cells) = match shape {
            Shape::Flat(_) => ((REGION_EDGE >> lod) * 2, REGION_EDGE >> lod),
            Shape::CubeSphere(_) => (REGION_EDGE >> lod, 0),
        };
        Self {
            edge_cells,
            origin_cells,
            chunk_cells: chunk_edge.cells().min(edge_cells),
            shard_cells: SHARD_CELLS.min(edge_cells),
        }
    }

    /// Stored chunks in a shard.
    pub fn slots(&self) -> usize {
        self.slots_edge().pow(3) as usize
    }

    /// Bytes of a stored chunk before compression.
    pub fn raw_bytes(&self) -> usize {
        chunk_bytes::raw_bytes(self.chunk_cells)
    }

    /// Whether every stored chunk lies within one chunk of 64³ cells.
    pub fn is_within_chunks(&self) -> bool {
        self.chunk_cells <= CHUNK_EDGE
    }

    /// The parts of the chunk that lies `within` a shard, counted in chunks from the shard's start, in
    /// the stored chunks that hold them: one, or several where those are smaller.
    pub fn parts(&self, within: IVec3) -> impl Iterator<Item = Part> + use<> {
        let layout = *self;
        let edge_cells = layout.chunk_cells.min(CHUNK_EDGE);
        cube(CHUNK_EDGE / edge_cells).map(move |step| {
            let in_chunk = step * edge_cells;
            let cell = within * CHUNK_EDGE + in_chunk;
            let pos = cell / layout.chunk_cells;
            let edge = layout.slots_edge();
            Part {
                slot: ((pos.y * edge + pos.z) * edge + pos.x) as usize,
                in_stored: cell - pos * layout.chunk_cells,
                in_chunk,
                edge_cells,
                stored_edge_cells: layout.chunk_cells,
            }
        })
    }

    /// The chunks of 64³ cells that share cells with a slot, counted in chunks from the shard's start.
    pub fn chunks_of_slot(&self, slot: usize) -> impl Iterator<Item = IVec3> + use<> {
        let edge = self.slots_edge();
        let slot = slot as i32;
        let pos = ivec3(slot % edge, slot / (edge * edge), slot / edge % edge);
        let first = pos * self.chunk_cells / CHUNK_EDGE;
        cube((self.chunk_cells / CHUNK_EDGE).max(1)).map(move |step| first + step)
    }

    /// The chunks of 64³ cells that share cells with a shard, counted in chunks from its start.
    pub fn chunks(&self) -> impl Iterator<Item = IVec3> + use<> {
        cube((self.shard_cells / CHUNK_EDGE).max(1))
    }

    /// All slots of a shard in the order in which their bytes are written: what belongs to one chunk
    /// lies together, so that one request reads it.
    pub fn slot_order(&self) -> Vec<usize> {
        if !self.is_within_chunks() {
            return (0..self.slots()).collect();
        }
        self.chunks().flat_map(|within| self.parts(within)).map(|part| part.slot).collect()
    }

    /// Slots along each axis of a shard.
    fn slots_edge(&self) -> i32 {
        self.shard_cells / self.chunk_cells
    }

    /// Shards along each axis of the array.
    fn shards(&self) -> i32 {
        self.edge_cells / self.shard_cells
    }
}

/// The positions in a cube, x fastest, then z, then y.
fn cube(edge: i32) -> impl Iterator<Item = IVec3> + use<> {
    (0..edge * edge * edge).map(move |at| ivec3(at % edge, at / (edge * edge), at / edge % edge))
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
    /// The shard of a chunk and where it lies there, counted in chunks of 64³ cells; `None` if the key
    /// names no chunk of the world.
    pub fn locate(shape: &Shape, key: ChunkKey) -> Option<(Self, IVec3)> {
        if key.region >= shape.regions() || key.lod > MAX_LOD {
            return None;
        }
        let layout = ArrayLayout::new(shape, key.lod, ChunkEdge::default());
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
        let edge = layout.shard_cells / CHUNK_EDGE;
        let pos = place / edge;
        Some((Self { region: key.region, lod: key.lod, pos }, place - pos * edge))
    }

    /// Undoes [`ShardKey::locate`].
    pub fn chunk(&self, shape: &Shape, within: IVec3) -> ChunkKey {
        let layout = ArrayLayout::new(shape, self.lod, ChunkEdge::default());
        let edge = layout.shard_cells / CHUNK_EDGE;
        let pos = self.pos * edge + within - layout.origin_cells / CHUNK_EDGE;
        ChunkKey::new(self.region, self.lod, pos)
    }

    /// The place of the shard at a coarser lod that holds this one's.
    ///
    /// The place of a shard stands for its chunks and for all finer ones below them: eight places of the lod below it.
    pub fn above(self, lod: u8) -> Self {
        Self { region: self.region, lod, pos: self.pos >> i32::from(lod.saturating_sub(self.lod)) }
    }

    /// The eight places below this one, some of which may lie outside of the world; none below lod 0.
    pub fn below(self) -> impl Iterator<Item = Self> {
        let (region, lod) = (self.region, self.lod.wrapping_sub(1));
        let below = cube(2).map(move |step| Self { region, lod, pos: self.pos * 2 + step });
        below.take(if self.lod == 0 { 0 } else { 8 })
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
        let end = IVec3::splat(ArrayLayout::new(shape, lod, ChunkEdge::default()).shards());
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
            let layout = ArrayLayout::new(&shape, lod, ChunkEdge::default());
            let chunks = (layout.edge_cells / 64) as u32;
            let pos = ivec3((x % chunks) as i32, (y % chunks) as i32, (z % chunks) as i32)
                - layout.origin_cells / 64;
            let key = ChunkKey::new(region, lod, pos);
            let (shard, within) = ShardKey::locate(&shape, key).expect("inside");
            prop_assert_eq!(shard.chunk(&shape, within), key);
            prop_assert_eq!(ShardKey::of_path(&shape, &shard.path()), Ok(Some(shard)));
        }
    }

    #[test]
    fn the_parts_of_all_chunks_tile_every_slot_of_a_shard() {
        for (edge, lod) in
            ChunkEdge::ALL.into_iter().flat_map(|edge| [17, 19, 20].map(|lod| (edge, lod)))
        {
            let layout = ArrayLayout::new(&Shape::earth(), lod, edge);
            let mut cells = vec![0usize; layout.slots()];
            for within in cube(layout.shard_cells / 64) {
                let mut in_chunk = 0;
                for part in layout.parts(within) {
                    cells[part.slot] += part.edge_cells.pow(3) as usize;
                    in_chunk += part.edge_cells.pow(3);
                    assert!((part.in_stored + part.edge_cells).max_element() <= layout.chunk_cells);
                    assert!(layout.chunks_of_slot(part.slot).any(|chunk| chunk == within));
                }
                assert_eq!(in_chunk, 64 * 64 * 64);
            }
            assert!(cells.iter().all(|&cells| cells * 2 == layout.raw_bytes()), "{edge} {lod}");
            let mut order = layout.slot_order();
            order.sort_unstable();
            assert_eq!(order, (0..layout.slots()).collect::<Vec<_>>());
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
    fn shards_and_stored_chunks_of_high_lods_are_no_larger_than_their_array() {
        let edges = |shape, lod, edge| {
            let layout = ArrayLayout::new(&shape, lod, edge);
            (layout.chunk_cells, layout.shard_cells)
        };
        for (lod, shard) in [(20, 64), (19, 128), (18, 256), (17, 256), (0, 256)] {
            assert_eq!(edges(Shape::earth(), lod, ChunkEdge::Cells32), (32, shard));
            assert_eq!(edges(Shape::earth(), lod, ChunkEdge::Cells64), (64, shard));
            assert_eq!(edges(Shape::earth(), lod, ChunkEdge::Cells128), (shard.min(128), shard));
            assert_eq!(edges(Shape::earth(), lod, ChunkEdge::Cells256), (shard, shard));
        }
        assert_eq!(edges(FLAT, 20, ChunkEdge::Cells256), (128, 128));
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
