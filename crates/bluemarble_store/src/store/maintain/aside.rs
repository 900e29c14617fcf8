//! Damaged files are taken out of the way, never deleted, and documents are made again.

use bluemarble_core::ChunkKey;
use object_store::{Error, ObjectStoreExt, PutMode, path::Path};

use crate::{
    StoreError,
    layout::{ASIDE_DIR, ShardKey},
    objects::{Seen, object_error},
    store::{chunk_store::ChunkStore, commit::Replacement, stored_shard::StoredShard},
};

/// A file that was damaged more often than this is a riddle for a person.
const MAX_COPIES: usize = 10_000;

impl ChunkStore {
    /// Moves a file of the world to the same path below `damaged/`, with a number behind it if that
    /// is taken, and returns where it is now. At no moment is the only copy under way.
    ///
    /// # Errors
    /// [`StoreError::Object`], [`StoreError::ReadOnly`]; the file is where it was then.
    pub async fn set_aside(&self, path: &str) -> Result<String, StoreError> {
        let from = Path::from(path);
        let _writer = self.writer.lock().await;
        let aside = self.copy_aside(&from).await?;
        match ShardKey::of_path(&self.shape, &from) {
            Ok(Some(shard)) => self.remove_shard(shard).await?,
            _ => self.objects.delete(&from).await.map_err(object_error(&from, "removing"))?,
        }
        Ok(aside)
    }

    /// Accepts that the shard at a path is lost: its cells are not stored any more. What is there in its place is removed.
    ///
    /// # Errors
    /// [`StoreError::UnknownShard`] if no shard belongs there; [`StoreError::Object`], [`StoreError::ReadOnly`]; all is as it
    /// was then.
    pub async fn forget_shard(&self, path: &str) -> Result<(), StoreError> {
        let Ok(Some(shard)) = ShardKey::of_path(&self.shape, &Path::from(path)) else {
            return Err(StoreError::UnknownShard { path: path.to_owned() });
        };
        let _writer = self.writer.lock().await;
        self.remove_shard(shard).await
    }

    async fn remove_shard(&self, shard: ShardKey) -> Result<(), StoreError> {
        let before = self.versions(shard).await?;
        let removed = Replacement { shard, now: None, seen: Seen::Missing, before };
        self.replace_all(vec![removed]).await
    }

    /// Keeps a copy of a shard as [`ChunkStore::set_aside`] does, and rewrites it without some chunks.
    ///
    /// # Errors
    /// As [`ChunkStore::set_aside`] and [`ChunkStore::rewrite_shard`].
    pub async fn set_chunks_aside(
        &self,
        shard: &StoredShard,
        chunks: &[ChunkKey],
    ) -> Result<String, StoreError> {
        let aside = self.copy_aside(&shard.key.path()).await?;
        self.rewrite_shard(shard.key, chunks).await?;
        Ok(aside)
    }

    /// Makes the document of an array, and that of its region, if they are missing.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] and [`StoreError::Syntax`] if there is one and it is damaged;
    /// [`StoreError::Object`].
    pub async fn make_documents(&self, region: u8, lod: u8) -> Result<(), StoreError> {
        let _writer = self.writer.lock().await;
        self.ensure_array(region, lod).await.map(|_| ())
    }

    pub(super) async fn copy_aside(&self, from: &Path) -> Result<String, StoreError> {
        let found = self.objects.get(from).await.map_err(object_error(from, "reading"))?;
        let bytes = found.bytes().await.map_err(object_error(from, "reading"))?;
        let to = self.free_path(from).await?;
        let mode = match self.capabilities.conditional_create {
            true => PutMode::Create,
            false => PutMode::Overwrite,
        };
        let put = self.objects.put_opts(&to, bytes.into(), mode.into()).await;
        put.map_err(object_error(&to, "writing"))?;
        Ok(to.to_string())
    }

    /// A path below [`ASIDE_DIR`] at which nothing is.
    async fn free_path(&self, from: &Path) -> Result<Path, StoreError> {
        for number in 0..MAX_COPIES {
            let to = match number {
                0 => Path::from(format!("{ASIDE_DIR}/{from}")),
                _ => Path::from(format!("{ASIDE_DIR}/{from}.{number}")),
            };
            match self.objects.head(&to).await {
                Err(Error::NotFound { .. }) => return Ok(to),
                Err(source) => return Err(object_error(&to, "reading")(source)),
                Ok(_) => {}
            }
        }
        let path = format!("{ASIDE_DIR}/{from}");
        let source = format!("{MAX_COPIES} copies are there; move some away").into();
        Err(StoreError::Object { path, action: "setting aside", source })
    }
}
