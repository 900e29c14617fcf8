//! [`Kept`]: what is kept of the index from one session to the next, so that chunks are not looked at again.

use std::{
    hash::BuildHasher,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bluemarble_core::{ChunkKey, Shape};
use bluemarble_index::{IndexSnapshot, NodeSummary, SnapshotError, SnapshotGroup, SnapshotTile};
use bluemarble_store::{ChunkStore, ShardKey, StoreError, WorldMetadata};
use glam::{IVec3, ivec3};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use rustc_hash::{FxBuildHasher, FxHashMap};
use twox_hash::XxHash3_128;

/// The folder of a world in which it is kept. It may be deleted while the world is not open.
pub const INDEX_DIR: &str = "index";
/// What worlds of older versions had in its place.
const OLD_NAME: &str = "index.redb";
/// Bytes of tiles that are remembered.
const TILE_CACHE_BYTES: u64 = 32 << 20;
/// About how many tiles that is; only the cache's own tables are sized by it.
const TYPICAL_TILES: usize = 128;
/// What a known chunk takes of memory in a tile.
const CHUNK_BYTES: u64 = 160;
/// A tile has 8 shards along each axis: full, it takes a sixth of the cache.
const TILE_LODS: i32 = 3;

/// What is kept of the index of the world in a folder, in bytes.
pub fn kept_index_bytes(dir: &Path) -> u64 {
    IndexSnapshot::new(&dir.join(INDEX_DIR), String::new()).bytes()
}

/// A chunk that is stored, and what the index knew of it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub key: ChunkKey,
    pub is_base: bool,
    pub summary: Option<Arc<NodeSummary>>,
}

/// A shard of the own store, or, with `true`, of the one below.
pub(super) type ShardOf = (ShardKey, bool);

/// What is kept of a world's index.
#[derive(Debug)]
pub(super) struct Kept {
    /// None in worlds without a folder.
    snapshot: Option<IndexSnapshot>,
    tiles: TileCache,
    /// The shards' versions when they were listed.
    versions: Mutex<FxHashMap<ShardOf, String>>,
    /// Of groups that were read or written: their hashes.
    saved: Mutex<FxHashMap<ShardOf, u64>>,
}

type TileCache = Cache<String, Arc<SnapshotTile>, ByBytes>;

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<String, Arc<SnapshotTile>> for ByBytes {
    fn weight(&self, name: &String, tile: &Arc<SnapshotTile>) -> u64 {
        let chunks: usize = tile.values().map(|group| 1 + group.chunks.len()).sum();
        name.len() as u64 + CHUNK_BYTES * (1 + chunks as u64)
    }
}

fn tile_cache() -> TileCache {
    // In one part, of which new tiles may take half: a full one would never be remembered in less.
    let options = OptionsBuilder::new()
        .shards(1)
        .estimated_items_capacity(TYPICAL_TILES)
        .weight_capacity(TILE_CACHE_BYTES)
        .hot_allocation(0.5)
        .build();
    match options {
        Ok(options) => Cache::with_options(
            options,
            ByBytes,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ),
        Err(_) => Cache::with_weighter(TYPICAL_TILES, TILE_CACHE_BYTES, ByBytes),
    }
}

impl Kept {
    /// Nothing is kept.
    pub fn nowhere() -> Self {
        Self::of(None)
    }

    fn of(snapshot: Option<IndexSnapshot>) -> Self {
        let (versions, saved) = Default::default();
        Self { snapshot, tiles: tile_cache(), versions, saved }
    }

    /// What is kept in the folder of a world. Nothing is read.
    pub fn open(dir: &Path, world: &WorldMetadata, base: Option<&ChunkStore>) -> Self {
        let base = base.map_or_else(String::new, ChunkStore::location);
        let identity = format!("{:?} {} {base}", world.shape, world.baseline);
        if let Err(error) = std::fs::remove_file(dir.join(OLD_NAME))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("{OLD_NAME}, which nothing needs any more, stays: {error}");
        }
        Self::of(Some(IndexSnapshot::new(&dir.join(INDEX_DIR), identity)))
    }

    /// Whether anything can be kept.
    pub fn is_somewhere(&self) -> bool {
        self.snapshot.is_some()
    }

    /// What is kept, in bytes.
    pub fn bytes(&self) -> u64 {
        self.snapshot.as_ref().map_or(0, IndexSnapshot::bytes)
    }

    /// The versions of shards, all of whose chunks the world knows: those that they had when they were listed.
    pub fn versions(&self) -> FxHashMap<ShardOf, String> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes the versions of shards, after the world has come to know their chunks.
    pub fn note_versions(&self, listed: Vec<(ShardOf, String)>) {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).extend(listed);
    }

    fn saved(&self) -> MutexGuard<'_, FxHashMap<ShardOf, u64>> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stored chunks of a shard, and its version if all are certainly of one. If that is the one of which something is
    /// kept, the shard is not read.
    pub async fn list(
        &self,
        shape: &Shape,
        store: &ChunkStore,
        key: ShardKey,
        is_base: bool,
    ) -> Result<(Vec<Listed>, Option<String>), StoreError> {
        let Some(shard) = store.known_shard(key).await? else { return Ok((Vec::new(), None)) };
        let listed = |key, summary| Listed { key, is_base, summary };
        if let Some(version) = &shard.version
            && let Some(group) = self.group((key, is_base), stamp(version))
        {
            let chunk = |number| key.chunk(shape, within(number));
            let chunks = group.chunks.into_iter();
            let chunks = chunks.map(|(number, summary)| listed(chunk(number), summary)).collect();
            return Ok((chunks, Some(version.clone())));
        }
        let (keys, damage) = store.possible_keys_of(key).await?;
        let mut version = shard.version;
        if let Some(damage) = damage {
            tracing::warn!("{}: {damage}", store.location());
            version = None;
        }
        // A writer beside us may have gone on before the shard was read: then nobody knows of which version this is.
        if version.is_some() && store.known_shard(key).await?.and_then(|now| now.version) != version
        {
            version = None;
        }
        Ok((keys.into_iter().map(|key| listed(key, None)).collect(), version))
    }

    /// What is kept of a version of a shard.
    fn group(&self, shard: ShardOf, stamp: u128) -> Option<SnapshotGroup> {
        let snapshot = self.snapshot.as_ref()?;
        let (name, number) = in_tile(shard);
        let tile = self.tile(snapshot, &name);
        let tile = tile.inspect_err(|error| tracing::warn!("{error}")).ok()?;
        let group = tile.get(&number).filter(|group| group.stamp == stamp)?.clone();
        self.saved().insert(shard, FxBuildHasher.hash_one(&group));
        Some(group)
    }

    fn tile(
        &self,
        snapshot: &IndexSnapshot,
        name: &str,
    ) -> Result<Arc<SnapshotTile>, SnapshotError> {
        self.tiles.get_or_insert_with(name, || snapshot.read(name).map(Arc::new))
    }

    /// Keeps groups in place of what was kept of their shards; says how many have changed. Only one thread at a time may
    /// call this.
    ///
    /// # Errors
    /// [`SnapshotError`], of the first tile that cannot be written; the others are.
    pub fn save(&self, groups: FxHashMap<ShardOf, SnapshotGroup>) -> Result<usize, SnapshotError> {
        let Some(snapshot) = &self.snapshot else { return Ok(0) };
        let mut changed: FxHashMap<String, Vec<(ShardOf, u16, SnapshotGroup)>> =
            FxHashMap::default();
        let mut count = 0;
        {
            let saved = self.saved();
            for (shard, group) in groups {
                if saved.get(&shard) != Some(&FxBuildHasher.hash_one(&group)) {
                    let (name, number) = in_tile(shard);
                    changed.entry(name).or_default().push((shard, number, group));
                    count += 1;
                }
            }
        }
        // Who lists a place needs what is locked here, and must not wait for files.
        let mut result = Ok(count);
        for (name, groups) in changed {
            if let Err(error) = self.save_in_tile(snapshot, &name, groups) {
                result = result.and(Err(error));
            }
        }
        result
    }

    fn save_in_tile(
        &self,
        snapshot: &IndexSnapshot,
        name: &str,
        groups: Vec<(ShardOf, u16, SnapshotGroup)>,
    ) -> Result<(), SnapshotError> {
        let before = self.tile(snapshot, name).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            Arc::default()
        });
        let mut tile = SnapshotTile::clone(&before);
        let hash = |group: &SnapshotGroup| FxBuildHasher.hash_one(group);
        let hashes: Vec<_> = groups.iter().map(|(shard, _, group)| (*shard, hash(group))).collect();
        tile.extend(groups.into_iter().map(|(_, number, group)| (number, group)));
        snapshot.write(name, &tile)?;
        self.tiles.insert(name.to_owned(), Arc::new(tile));
        self.saved().extend(hashes);
        Ok(())
    }
}

/// A short name for a version.
pub(super) fn stamp(version: &str) -> u128 {
    XxHash3_128::oneshot(version.as_bytes())
}

/// The number of a chunk that lies `within` a shard, counted in chunks from its start.
pub(super) fn chunk_number(within: IVec3) -> u8 {
    ((within.y * 4 + within.z) * 4 + within.x) as u8
}

fn within(number: u8) -> IVec3 {
    let number = i32::from(number);
    ivec3(number % 4, number / 16, number / 4 % 4)
}

/// The name of the tile of a shard, and the shard's number in it.
fn in_tile((shard, is_base): ShardOf) -> (String, u16) {
    let ShardKey { region, lod, pos } = shard;
    let tile = pos >> TILE_LODS;
    let store = if is_base { "base/" } else { "" };
    let name = format!("{store}region{region}/lod{lod}/{}.{}.{}", tile.y, tile.z, tile.x);
    let at = pos - (tile << TILE_LODS);
    (name, (((at.y << (2 * TILE_LODS)) + (at.z << TILE_LODS)) + at.x) as u16)
}

#[cfg(test)]
mod tests {
    use bluemarble_core::MaterialId;

    use super::*;

    fn kept(dir: &Path) -> Kept {
        Kept::of(Some(IndexSnapshot::new(dir, "world".to_owned())))
    }

    fn shard(pos: IVec3) -> ShardOf {
        (ShardKey { region: 0, lod: 0, pos }, false)
    }

    fn full_group() -> SnapshotGroup {
        let volume = bluemarble_core::CHUNK_VOLUME as u32;
        let counts = vec![(MaterialId::AIR, volume - 1), (MaterialId(7), 1)];
        let summary = Arc::new(NodeSummary::new(counts, Some((IVec3::ZERO, IVec3::ONE))));
        let chunks = (0..64).map(|number| (number, Some(Arc::clone(&summary)))).collect();
        SnapshotGroup { stamp: 5, chunks }
    }

    #[test]
    fn on_a_way_through_tiles_in_which_every_shard_is_full_each_is_read_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let in_tile = |at| (0..512).map(move |n| shard(ivec3(8 * at + n % 8, n / 64, n / 8 % 8)));
        let groups = (0..12).flat_map(in_tile).map(|shard| (shard, full_group())).collect();
        assert_eq!(kept(dir.path()).save(groups).expect("saves"), 12 * 512);
        let kept = kept(dir.path());
        for at in 0..12 {
            assert_eq!(kept.group(shard(ivec3(8 * at, 0, 0)), 5), Some(full_group()));
            let tile = dir.path().join("region0/lod0/0.0").with_added_extension(at.to_string());
            std::fs::remove_file(tile).expect("the tile");
            for shard in in_tile(at) {
                assert_eq!(kept.group(shard, 5), Some(full_group()), "{shard:?}");
                assert_eq!(kept.group(shard, 6), None, "{shard:?} of another version");
            }
        }
    }

    #[test]
    fn a_tile_that_cannot_be_written_keeps_no_other_one_from_being_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let bad = dir.path().join("region0/lod0/0.0.1");
        std::fs::create_dir_all(bad.join("what/is/no/tile")).expect("folders");
        let kept = kept(dir.path());
        let groups = || (0..3).map(|at| (shard(ivec3(at * 8, 0, 0)), full_group())).collect();
        let error = kept.save(groups()).expect_err("one of them is a folder");
        assert_eq!(error.path, bad);
        assert!(
            ["0", "2"].iter().all(|x| dir
                .path()
                .join("region0/lod0/0.0")
                .with_added_extension(x)
                .is_file())
        );
        std::fs::remove_dir_all(bad).expect("removes");
        assert_eq!(kept.save(groups()).expect("saves"), 1, "only that one is left to be written");
    }
}
