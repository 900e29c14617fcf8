//! The tree of entries: a B+ tree whose pages are never changed. A commit writes the pages on the way to what has
//! changed, and the way up to the root, once more.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use quick_cache::{Weighter, sync::Cache};

use super::{
    entry::{Change, Entry},
    key::Key,
    packs::{PackWriter, Packs, pack_path},
    page::{Child, MAX_LEVEL, MAX_RECORDS, Page, Pointer},
    totals::ShardTotals,
};
use crate::{StoreError, objects::object_error};

/// Pages that are remembered, in bytes.
const CACHE_BYTES: u64 = 16 << 20;

/// Reads pages, and remembers them.
#[derive(Debug)]
pub(super) struct Pages {
    pub objects: Arc<dyn ObjectStore>,
    cache: Cache<Pointer, Arc<Page>, ByBytes>,
}

#[derive(Clone, Debug)]
struct ByBytes;

impl Weighter<Pointer, Arc<Page>> for ByBytes {
    fn weight(&self, pointer: &Pointer, _: &Arc<Page>) -> u64 {
        u64::from(pointer.bytes) + 256
    }
}

/// Some children of a page, as they will be.
type Children = Vec<Child>;

impl Pages {
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        let cache = Cache::with_weighter(1024, CACHE_BYTES, ByBytes);
        Self { objects, cache }
    }

    /// A page, remembered or read.
    pub async fn page(&self, pointer: Pointer) -> Result<Arc<Page>, StoreError> {
        if let Some(page) = self.cache.get(&pointer) {
            return Ok(page);
        }
        let path = pack_path(pointer.pack);
        let range = pointer.offset..pointer.offset.saturating_add(u64::from(pointer.bytes));
        let options =
            GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let found = self.objects.get_opts(&path, options).await;
        let damaged = |reason: &str| StoreError::DamagedManifest {
            path: path.to_string(),
            reason: reason.to_owned(),
        };
        let bytes = match found {
            Ok(found) => found.bytes().await.map_err(object_error(&path, "reading"))?,
            Err(object_store::Error::NotFound { .. }) => return Err(damaged("it is missing")),
            Err(source) => match self.objects.head(&path).await {
                // What lies behind the end of an object has no range.
                Ok(found) if found.size < range.end => return Err(damaged("it is cut short")),
                _ => return Err(object_error(&path, "reading")(source)),
            },
        };
        let (page, length, checksum) = Page::parse(&bytes).map_err(damaged)?;
        if (length, checksum) != (pointer.bytes as usize, pointer.crc32c) {
            return Err(damaged("it is not the version that the manifest was written with"));
        }
        let page = Arc::new(page);
        self.cache.insert(pointer, Arc::clone(&page));
        Ok(page)
    }

    /// A page below another one, which is one level lower: no tree has an end without it.
    pub async fn page_below(&self, pointer: Pointer, level: u8) -> Result<Arc<Page>, StoreError> {
        let page = self.page(pointer).await?;
        match page.level() + 1 == level {
            true => Ok(page),
            false => Err(StoreError::DamagedManifest {
                path: pack_path(pointer.pack).to_string(),
                reason: "a page is not below the one that names it".to_owned(),
            }),
        }
    }

    /// The entry of a file.
    pub async fn get(&self, root: Option<Pointer>, key: Key) -> Result<Option<Entry>, StoreError> {
        let Some(root) = root else { return Ok(None) };
        let mut page = self.page(root).await?;
        loop {
            let below = match &*page {
                Page::Leaf(entries) => {
                    let found = entries.binary_search_by_key(&key, |(key, _)| *key);
                    return Ok(found.ok().map(|at| entries[at].1));
                }
                Page::Inner(level, children) => {
                    child_of(children, key).map(|child| (child, *level))
                }
            };
            let Some((child, level)) = below else { return Ok(None) };
            page = self.page_below(child.pointer, level).await?;
        }
    }

    /// The first key of the tree that is not before another one.
    pub async fn first_from(
        &self,
        root: Option<Pointer>,
        key: Key,
    ) -> Result<Option<Key>, StoreError> {
        let Some(root) = root else { return Ok(None) };
        let mut page = self.page(root).await?;
        // The first key of all that lies behind the page.
        let mut behind = None;
        loop {
            let (child, level) = match &*page {
                Page::Leaf(entries) => {
                    let at = entries.partition_point(|(before, _)| *before < key);
                    return Ok(entries.get(at).map(|(found, _)| *found).or(behind));
                }
                Page::Inner(level, children) => {
                    let at = children.partition_point(|child| child.first <= key).saturating_sub(1);
                    behind = children.get(at + 1).map(|next| next.first).or(behind);
                    (children.get(at).map(|child| child.pointer), *level)
                }
            };
            let Some(child) = child else { return Ok(behind) };
            page = self.page_below(child, level).await?;
        }
    }

    /// All entries, in order.
    pub async fn list(
        &self,
        root: Pointer,
        into: &mut Vec<(Key, Entry)>,
    ) -> Result<(), StoreError> {
        let root = self.page(root).await?;
        self.list_below(root, into).await
    }

    fn list_below<'a>(
        &'a self,
        page: Arc<Page>,
        into: &'a mut Vec<(Key, Entry)>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            match &*page {
                Page::Leaf(entries) => into.extend_from_slice(entries),
                Page::Inner(level, children) => {
                    for child in children {
                        let below = self.page_below(child.pointer, *level).await?;
                        self.list_below(below, into).await?;
                    }
                }
            }
            Ok(())
        }
        .boxed()
    }

    /// Writes the tree with some changes; gives its root and the number of its entries. `totals` are those of all shards.
    pub async fn change(
        &self,
        root: Option<Pointer>,
        changes: &BTreeMap<Key, Option<Entry>>,
        totals: &mut ShardTotals,
        packs: &mut Packs,
        writer: &mut PackWriter,
    ) -> Result<(Option<Pointer>, u64), StoreError> {
        let changes: Vec<Change> = changes.iter().map(|(&key, &entry)| (key, entry)).collect();
        let (mut children, mut level) = match root {
            None => {
                let entries = apply(&[], &changes);
                totals.replace(&[], &entries);
                (leaves(&entries, writer), 0)
            }
            Some(root) => {
                let level = self.page(root).await?.level();
                (self.change_below(root, &changes, totals, packs, writer).await?, level)
            }
        };
        while children.len() > 1 && level < MAX_LEVEL {
            level += 1;
            children = inner(level, &children, writer);
        }
        let entries = children.iter().map(|child| child.entries).sum();
        Ok((children.first().map(|child| child.pointer), entries))
    }

    /// The pages that take the place of one.
    fn change_below<'a>(
        &'a self,
        at: Pointer,
        changes: &'a [Change],
        totals: &'a mut ShardTotals,
        packs: &'a mut Packs,
        writer: &'a mut PackWriter,
    ) -> BoxFuture<'a, Result<Children, StoreError>> {
        async move {
            let page = self.page(at).await?;
            packs.drop_page(at);
            let (level, before) = match &*page {
                Page::Leaf(entries) => {
                    let after = apply(entries, changes);
                    totals.replace(entries, &after);
                    return Ok(leaves(&after, writer));
                }
                Page::Inner(level, children) => (*level, children),
            };
            let mut after = Vec::with_capacity(before.len());
            let mut rest = changes;
            for (at, child) in before.iter().enumerate() {
                let end = before
                    .get(at + 1)
                    .map_or(rest.len(), |next| rest.partition_point(|(key, _)| *key < next.first));
                let ours;
                (ours, rest) = rest.split_at(end);
                if ours.is_empty() {
                    after.push(*child);
                } else {
                    after.extend(
                        self.change_below(child.pointer, ours, totals, packs, writer).await?,
                    );
                }
            }
            Ok(inner(level, &after, writer))
        }
        .boxed()
    }

    /// The first keys of those pages of a pack that are in the tree: writing them once more frees it.
    pub async fn keys_in_pack(
        &self,
        root: Option<Pointer>,
        pack: u64,
    ) -> Result<Vec<Key>, StoreError> {
        let path = pack_path(pack);
        let found = self.objects.get(&path).await.map_err(object_error(&path, "reading"))?;
        let bytes: Bytes = found.bytes().await.map_err(object_error(&path, "reading"))?;
        let (mut keys, mut offset) = (Vec::new(), 0);
        while offset < bytes.len() {
            let (page, length, crc32c) = Page::parse(&bytes[offset..]).map_err(|reason| {
                let reason = reason.to_owned();
                StoreError::DamagedManifest { path: path.to_string(), reason }
            })?;
            let pointer = Pointer { pack, offset: offset as u64, bytes: length as u32, crc32c };
            if let Some(first) = page.first_key()
                && self.pointer_at(root, first, page.level()).await? == Some(pointer)
            {
                keys.push(first);
            }
            offset += length;
        }
        Ok(keys)
    }

    /// The page of a level on the way to a key.
    async fn pointer_at(
        &self,
        root: Option<Pointer>,
        key: Key,
        level: u8,
    ) -> Result<Option<Pointer>, StoreError> {
        let Some(mut at) = root else { return Ok(None) };
        loop {
            let page = self.page(at).await?;
            match &*page {
                page if page.level() <= level => return Ok((page.level() == level).then_some(at)),
                Page::Leaf(_) => return Ok(None),
                Page::Inner(_, children) => match child_of(children, key) {
                    Some(child) => at = child.pointer,
                    None => return Ok(None),
                },
            }
        }
    }
}

/// The child below which a key lies.
fn child_of(children: &[Child], key: Key) -> Option<&Child> {
    let after = children.partition_point(|child| child.first <= key);
    children.get(after.saturating_sub(1))
}

/// Sorted entries with sorted changes.
fn apply(entries: &[(Key, Entry)], changes: &[Change]) -> Vec<(Key, Entry)> {
    let mut merged = Vec::with_capacity(entries.len() + changes.len());
    let mut entries = entries.iter().copied().peekable();
    for &(key, change) in changes {
        while let Some(before) = entries.next_if(|(other, _)| *other < key) {
            merged.push(before);
        }
        entries.next_if(|(other, _)| *other == key);
        merged.extend(change.map(|entry| (key, entry)));
    }
    merged.extend(entries);
    merged
}

/// Pages of about the same size for some records.
fn pieces<T>(records: &[T]) -> impl Iterator<Item = &[T]> {
    let count = records.len().div_ceil(MAX_RECORDS).max(1);
    records.chunks(records.len().div_ceil(count).max(1))
}

fn leaves(entries: &[(Key, Entry)], writer: &mut PackWriter) -> Children {
    let leaf = |entries: &[(Key, Entry)]| Child {
        first: entries[0].0,
        entries: entries.len() as u64,
        pointer: writer.push(&Page::Leaf(entries.to_vec())),
    };
    pieces(entries).map(leaf).collect()
}

/// Pages over some children. One child needs no page over it, except below pages of its level.
fn inner(level: u8, children: &[Child], writer: &mut PackWriter) -> Children {
    let page = |children: &[Child]| Child {
        first: children[0].first,
        entries: children.iter().map(|child| child.entries).sum(),
        pointer: writer.push(&Page::Inner(level, children.to_vec())),
    };
    pieces(children).map(page).collect()
}
