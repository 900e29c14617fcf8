//! Files taken back from a copy of the world.

use bytes::Bytes;

use crate::{
    StoreError,
    layout::ShardKey,
    manifest::{Entry, Key},
    shard,
    store::{chunk_store::ChunkStore, stripe::Replacing, versions::Found},
};

/// What a copy of the world had in place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// The version that the manifest names: it is there again, and nothing is lost.
    Same,
    /// An older version, which is there now: edits after this batch are lost.
    Older {
        /// The last batch that it may hold.
        lsn: u64,
    },
    /// Nothing that is of use; all is as it was.
    Nothing,
}

impl ChunkStore {
    /// Takes a shard, or a document of an array or a region, from a copy of this world: in the version that the manifest
    /// names, or, if `older` is true and the copy has no such one, a shard as the copy has it. What is there now is moved to
    /// `damaged/` first.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] if it is a copy of another world; [`StoreError::ReadOnly`],
    /// [`StoreError::DamagedManifest`], [`StoreError::Object`].
    pub async fn restore_file(
        &self,
        path: &str,
        copy: &Self,
        older: bool,
    ) -> Result<Restored, StoreError> {
        self.check_same(copy)?;
        let _writer = self.writer.lock().await;
        let manifest = self.own_manifest()?;
        let Some(key) = Key::of_path(&self.shape, path) else { return Ok(Restored::Nothing) };
        let Some(bytes) = copy.get_file(&key.path()).await? else { return Ok(Restored::Nothing) };
        let versions = manifest.versions(key).await?;
        let (found, is_whole) = self.inspect(key, &bytes).await?;
        if !is_whole || !found.may_be(key) {
            return Ok(Restored::Nothing);
        }
        let is_same = versions.iter().flatten().any(|version| version.is_same(&found.entry));
        match key.shard() {
            _ if is_same => {}
            Some(_) if older => {}
            _ => return Ok(Restored::Nothing),
        }
        if self.get_file(&key.path()).await?.is_some_and(|there| there != bytes) {
            self.copy_aside(&key.path()).await?;
        }
        match key.shard() {
            None => {
                self.put_file(key, bytes.into()).await?;
                self.arrays.forget_all();
            }
            Some(shard) => self.put_back(shard, bytes, found.entry).await?,
        }
        match is_same {
            true => Ok(Restored::Same),
            false => Ok(Restored::Older { lsn: found.entry.lsn }),
        }
    }

    async fn put_back(
        &self,
        shard: ShardKey,
        bytes: Bytes,
        entry: Entry,
    ) -> Result<(), StoreError> {
        drop(Replacing::new(&self.stripe(shard).generation));
        let replacement = self.replacement(shard, Some((bytes, entry))).await?;
        self.replace_all(vec![replacement]).await
    }

    /// Which version of a file some bytes are, and whether they are whole.
    pub(in crate::store) async fn inspect(
        &self,
        key: Key,
        bytes: &Bytes,
    ) -> Result<(Found, bool), StoreError> {
        let Some(shard) = key.shard() else {
            let entry = Entry::unstamped(bytes.len() as u64, bytes);
            return Ok((Found { entry, stamp: None }, true));
        };
        let format = self.format_or_own(shard).await?;
        let (index, stamp) = format.form.head(bytes);
        let found = Found::new(bytes.len() as u64, index, stamp);
        let is_whole = shard::is_as_stamped(bytes, &format.form)
            && shard::parse(bytes, &format.form).is_ok_and(|slots| {
                let raw_bytes = format.layout.raw_bytes();
                slots.iter().flatten().all(|slot| format.chain.decode(slot, raw_bytes).is_ok())
            });
        Ok((found, is_whole))
    }
}
