//! Imports: shards made beside the world, and moved in when they are all there.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bluemarble_core::{Chunk, ChunkKey, MaterialId, Shape};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use glam::IVec3;
use object_store::{Error, ObjectStoreExt, path::Path};

use super::{
    chunk_store::ChunkStore,
    commit::{AT_ONCE, Replacement},
    errors::{damaged_chunk, damaged_shard},
    versions::Found,
    write::Chunks,
};
use crate::{
    StoreError,
    chunk_bytes::Part,
    layout::{IMPORT_DIR, ShardKey},
    manifest::{Change, Entry, ImportStep, Key, RootChange},
    metadata::ArrayFormat,
    objects::object_error,
    shard,
};

/// Shards that are made beside the world. The world is as before until [`Import::finish`]; nobody else writes to it
/// meanwhile.
///
/// Dropped before it is finished, or killed, it goes on when an import of the same name is begun again.
#[derive(Debug)]
pub struct Import<'a> {
    store: &'a ChunkStore,
    /// Held while the document of an array is made.
    documents: futures::lock::Mutex<()>,
    made: Mutex<BTreeMap<Key, Made>>,
    _writer: futures::lock::MutexGuard<'a, ()>,
}

/// An import that was interrupted before its shards were all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedImport {
    /// What is imported, in the words of whoever began it.
    pub name: String,
    /// Shards that are there.
    pub shards: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A shard that was made.
#[derive(Clone, Debug)]
struct Made {
    entry: Entry,
    /// Its chunks that may have changed; `None` until it is read, if an interrupted import has made it.
    chunks: Option<Vec<ChunkKey>>,
}

/// Where an import makes a shard.
pub(super) fn import_path(ShardKey { region, lod, pos }: ShardKey) -> Path {
    Path::from(format!("{IMPORT_DIR}/{region}-{lod}-{}-{}-{}", pos.y, pos.z, pos.x))
}

fn shard_of_path(shape: &Shape, path: &Path) -> Option<ShardKey> {
    let numbers: Vec<i32> =
        path.filename()?.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[region, lod, y, z, x] = numbers.as_slice() else { return None };
    let (region, lod) = (region.try_into().ok()?, lod.try_into().ok()?);
    let shard = ShardKey { region, lod, pos: IVec3::new(x, y, z) };
    let is_possible = ShardKey::of_path(shape, &shard.path()) == Ok(Some(shard));
    (is_possible && import_path(shard) == *path).then_some(shard)
}

impl ChunkStore {
    /// Begins an import, or goes on with the one of this name that was interrupted, if no shard of the world has changed
    /// since it began. What another one has made is discarded.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::UnfinishedJob`], [`StoreError::DamagedManifest`], [`StoreError::Object`].
    pub async fn begin_import(&self, name: &str) -> Result<Import<'_>, StoreError> {
        let writer = self.writer.lock().await;
        self.refuse_unfinished().await?;
        self.settle_and_commit().await?;
        let manifest = self.own_manifest()?;
        let goes_on = manifest.import().as_deref() == Some(name) && {
            let changes = manifest.changes_to_import().await?;
            changes.iter().all(|(key, _)| key.shard().is_none())
        };
        let made = if goes_on {
            self.made_shards().await?
        } else {
            self.discard_import().await?;
            let import = Some(ImportStep::Begin(name.to_owned()));
            manifest.commit(RootChange { import, ..RootChange::default() }).await?;
            BTreeMap::new()
        };
        let made = made.into_iter().map(|(key, entry)| (key, Made { entry, chunks: None }));
        let made = Mutex::new(made.collect());
        let documents = futures::lock::Mutex::default();
        Ok(Import { store: self, documents, made, _writer: writer })
    }

    /// The import that was interrupted, if one was. Lists what it has made.
    ///
    /// # Errors
    /// [`StoreError::NoManifest`] in a world of an older version that is open for reading; [`StoreError::Object`].
    pub async fn unfinished_import(&self) -> Result<Option<UnfinishedImport>, StoreError> {
        let Some(name) = self.any_manifest()?.import() else { return Ok(None) };
        let made = self.list_import().await?;
        let bytes = made.iter().map(|(_, bytes)| bytes).sum();
        Ok(Some(UnfinishedImport { name, shards: made.len() as u64, bytes }))
    }

    /// Removes what an interrupted import has made: the next one begins anew. Gives what was there.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::UnfinishedJob`], [`StoreError::Object`].
    pub async fn abandon_import(&self) -> Result<Option<UnfinishedImport>, StoreError> {
        let _writer = self.writer.lock().await;
        self.refuse_unfinished().await?;
        let found = self.unfinished_import().await?;
        if found.is_some() {
            self.settle_and_commit().await?;
            self.end_import().await?;
        }
        Ok(found)
    }

    /// The shards that an interrupted import has made, as far as what they say of themselves can be read.
    async fn made_shards(&self) -> Result<BTreeMap<Key, Entry>, StoreError> {
        let found = self.list_import().await?;
        let read = stream::iter(found).map(async |(path, _)| {
            let Some(shard) = shard_of_path(&self.shape, &path) else { return Ok(None) };
            let form = self.format_or_own(shard).await?.form;
            let found = self.read_head_at(&path, &form).await?.map(|head| head.found(&form));
            let is_own = |found: &Found| found.stamp.is_some_and(|stamp| stamp.shard == shard);
            Ok(found.filter(is_own).map(|found| (shard.into(), found.entry)))
        });
        let read: Vec<Option<_>> = read.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// What lies in the folder of imports, with its bytes.
    pub(super) async fn list_import(&self) -> Result<Vec<(Path, u64)>, StoreError> {
        let dir = Path::from(IMPORT_DIR);
        let listed = self.objects.list(Some(&dir)).map_ok(|object| (object.location, object.size));
        listed.try_collect().await.map_err(object_error(&dir, "listing"))
    }

    /// Removes what imports have made. By the one who writes.
    async fn discard_import(&self) -> Result<(), StoreError> {
        let found = self.list_import().await?;
        let removed =
            stream::iter(found).map(async |(path, _)| match self.objects.delete(&path).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(source) => Err(object_error(&path, "removing")(source)),
            });
        removed.buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Moves in what is not in its place yet. By the one who writes.
    pub(super) async fn finish_import(&self) -> Result<u64, StoreError> {
        let manifest = self.own_manifest()?;
        let changes = manifest.changes_to_import().await?.into_iter();
        let mut changes: Vec<(ShardKey, Entry)> =
            changes.filter_map(|(key, entry)| Some((key.shard()?, entry?))).collect();
        // As everywhere, coarser lods come before finer ones.
        changes.sort_by_key(|(shard, _)| std::cmp::Reverse(shard.lod));
        let count = changes.len() as u64;
        let moved = stream::iter(changes).map(async |(shard, entry)| {
            self.unless_lost(shard, entry, self.moved(shard, entry).await)
        });
        let moved = moved.buffered(AT_ONCE).try_filter_map(async |moved| Ok(moved));
        self.replace_stream(moved, |_, _| {}).await?;
        self.settle_and_commit().await?;
        self.end_import().await?;
        Ok(count)
    }

    /// Forgets the import and removes what it has made. By the one who writes.
    async fn end_import(&self) -> Result<(), StoreError> {
        self.discard_import().await?;
        let import = Some(ImportStep::End);
        self.own_manifest()?.commit(RootChange { import, ..RootChange::default() }).await
    }

    async fn moved(&self, shard: ShardKey, entry: Entry) -> Result<Replacement, StoreError> {
        let (made, _) = self.made_shard(shard, Some(entry)).await?;
        let bytes = made.ok_or_else(|| StoreError::LostVersion {
            path: shard.path().to_string(),
            kept_at: import_path(shard).to_string(),
        })?;
        self.replacement(shard, Some((bytes, entry))).await
    }

    /// The bytes of a shard that an import has made, if they are whole and those that were made; and how its array stores
    /// chunks.
    async fn made_shard(
        &self,
        shard: ShardKey,
        entry: Option<Entry>,
    ) -> Result<(Option<Bytes>, ArrayFormat), StoreError> {
        let format = self.format_or_own(shard).await?;
        let bytes = self.get_file(&import_path(shard)).await?.filter(|bytes| {
            let (index, stamp) = format.form.head(bytes);
            let found = Found::new(bytes.len() as u64, index, stamp);
            shard::is_as_stamped(bytes, &format.form)
                && entry.is_some_and(|entry| entry.is_same(&found.entry))
        });
        Ok((bytes, format))
    }
}

impl Import<'_> {
    /// The shards of a lod that were made, in a fixed order: those of the import of the same name that was interrupted, and
    /// those of [`Import::make`].
    pub fn shards(&self, lod: u8) -> Vec<ShardKey> {
        let made = self.made();
        made.keys().filter_map(|key| key.shard()).filter(|shard| shard.lod == lod).collect()
    }

    /// Makes a shard: as it is in the world, with these chunks, all of which must lie in it. May be called from several threads
    /// at once, for different shards.
    ///
    /// # Errors
    /// As [`ChunkStore::write`].
    pub async fn make(
        &self,
        shard: ShardKey,
        chunks: &[(ChunkKey, Chunk)],
    ) -> Result<(), StoreError> {
        let mut within = Chunks::new();
        for (key, chunk) in chunks {
            match ShardKey::locate(&self.store.shape, *key) {
                Some((of, at)) if of == shard => within.insert(at.to_array(), (*key, chunk)),
                _ => return Err(StoreError::OutsideLattice { key: *key }),
            };
        }
        let format = {
            let _one_at_a_time = self.documents.lock().await;
            self.store.ensure_array(shard.region, shard.lod).await?
        };
        let replacement = self.store.prepare(shard, &format, &within).await?;
        let Some((bytes, entry)) = replacement.now else { return Ok(()) };
        let path = import_path(shard);
        let put = self.store.objects.put(&path, bytes.into()).await;
        put.map_err(object_error(&path, "writing"))?;
        let chunks = Some(chunks.iter().map(|(key, _)| *key).collect());
        self.made().insert(shard.into(), Made { entry, chunks });
        Ok(())
    }

    /// The chunks of a shard that was made, all of them as they will be.
    ///
    /// # Errors
    /// [`StoreError::DamagedShard`] and [`StoreError::DamagedChunk`]: the file is removed, and to be made again.
    pub async fn read(&self, shard: ShardKey) -> Result<Vec<(ChunkKey, Chunk)>, StoreError> {
        let store = self.store;
        let entry = self.made().get(&Key::from(shard)).map(|made| made.entry);
        let (Some(bytes), format) = store.made_shard(shard, entry).await? else {
            let path = import_path(shard);
            self.made().remove(&Key::from(shard));
            _ = store.objects.delete(&path).await;
            let reason = "it is not what was written; import again".to_owned();
            return Err(StoreError::DamagedShard { path: path.to_string(), reason });
        };
        let decoded = decode_shard(store, shard, &format, &bytes)?;
        if let Some(made @ Made { chunks: None, .. }) = self.made().get_mut(&Key::from(shard)) {
            made.chunks = Some(decoded.iter().map(|(key, _)| *key).collect());
        }
        Ok(decoded)
    }

    /// Makes sure that all is well before anything is moved in: every shard that was made is whole, and every shard in whose
    /// place one will be is the one that the manifest names. Gives all chunks that may have changed.
    ///
    /// # Errors
    /// As [`Import::read`]; [`StoreError::OtherShard`] and [`StoreError::MissingShard`].
    pub async fn check(&self) -> Result<Vec<ChunkKey>, StoreError> {
        let shards: Vec<(ShardKey, bool)> = {
            let made = self.made();
            let shards = made.iter().filter_map(|(key, made)| Some((key.shard()?, made)));
            shards.map(|(shard, made)| (shard, made.chunks.is_none())).collect()
        };
        for (shard, is_unread) in shards {
            if is_unread {
                self.read(shard).await?;
            }
            let versions = self.store.versions(shard).await?;
            let found = self.store.find(shard.into()).await?;
            self.store.is_expected(shard, &versions, found.as_ref()).await?;
        }
        let made = self.made();
        let chunks = made.values().filter_map(|made| made.chunks.as_deref());
        Ok(chunks.flatten().copied().collect())
    }

    /// Moves all shards into their places, and says how many. Once this was begun it is finished, even after a crash, by
    /// whoever opens the world for writing next; until then others get [`StoreError::UnfinishedJob`]. To be called after
    /// [`Import::check`].
    ///
    /// # Errors
    /// [`StoreError::DamagedManifest`], [`StoreError::Object`]. Only who opens the world anew knows then whether it was begun.
    pub async fn finish(self) -> Result<u64, StoreError> {
        let manifest = self.store.own_manifest()?;
        self.store.settle_and_commit().await?;
        let made: Vec<Change> =
            self.made().iter().map(|(&key, made)| (key, Some(made.entry))).collect();
        let import = Some(ImportStep::MoveIn(made));
        manifest.commit(RootChange { import, ..RootChange::default() }).await?;
        self.store.finish_import().await
    }

    /// Removes everything that was made.
    ///
    /// # Errors
    /// As [`ChunkStore::commit`].
    pub async fn abandon(self) -> Result<(), StoreError> {
        self.store.settle_and_commit().await?;
        self.store.end_import().await
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<Key, Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All chunks of a whole shard of which something is stored.
fn decode_shard(
    store: &ChunkStore,
    shard: ShardKey,
    format: &ArrayFormat,
    bytes: &Bytes,
) -> Result<Vec<(ChunkKey, Chunk)>, StoreError> {
    let slots = shard::parse(bytes, &format.form).map_err(damaged_shard(shard))?;
    let mut cells = vec![MaterialId::UNSTORED; bluemarble_core::CHUNK_VOLUME];
    let mut chunks = Vec::new();
    // Several chunks may be parts of one stored chunk.
    let mut decoded: Option<(usize, Vec<u8>)> = None;
    for within in format.layout.chunks() {
        let key = shard.chunk(&store.shape, within);
        let parts: Vec<Part> = format.layout.parts(within).collect();
        let stored: Vec<_> = parts.iter().map(|part| slots[part.slot].clone()).collect();
        match (parts.as_slice(), stored.as_slice()) {
            (_, stored) if stored.iter().all(Option::is_none) => continue,
            ([part], [Some(bytes)]) if !format.layout.is_within_chunks() => {
                let raw = match &decoded {
                    Some((slot, raw)) if *slot == part.slot => raw,
                    _ => {
                        let raw = format.chain.decode(bytes, format.layout.raw_bytes());
                        let raw = raw.map_err(damaged_chunk(key, shard))?;
                        &decoded.insert((part.slot, raw)).1
                    }
                };
                part.take(raw, &mut cells);
            }
            (parts, stored) => {
                format.decode_parts(parts, stored, &mut cells).map_err(damaged_chunk(key, shard))?
            }
        }
        let chunk = Chunk::from_cells(&cells);
        if chunk.as_uniform() != Some(MaterialId::UNSTORED) {
            chunks.push((key, chunk));
        }
    }
    Ok(chunks)
}
