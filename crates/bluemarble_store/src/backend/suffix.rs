//! The end of an object, from stores that only know ranges from the start.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
};

/// Asks for the size of an object before it asks for its end. Azure needs this.
#[derive(Debug)]
pub(super) struct SuffixBySize<T>(pub(super) T);

impl<T: ObjectStore> fmt::Display for SuffixBySize<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[async_trait]
impl<T: ObjectStore> ObjectStore for SuffixBySize<T> {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let Some(GetRange::Suffix(bytes)) = options.range else {
            return self.0.get_opts(location, options).await;
        };
        let head = GetOptions { range: None, head: true, ..options.clone() };
        let meta = self.0.get_opts(location, head).await?.meta;
        let range = GetRange::Bounded(meta.size.saturating_sub(bytes)..meta.size);
        let if_match = options.if_match.or(meta.e_tag);
        self.0.get_opts(location, GetOptions { range: Some(range), if_match, ..options }).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use object_store::{ObjectStoreExt, memory::InMemory};

    use super::*;
    use bluemarble_core::block_on;

    #[test]
    fn the_end_of_an_object_comes_as_from_a_store_that_knows_suffixes() {
        let objects = SuffixBySize(InMemory::new());
        let path = Path::from("a");
        block_on(objects.put(&path, "0123456789".into())).expect("writes");
        for (bytes, expected) in [(3, "789"), (10, "0123456789"), (40, "0123456789")] {
            let range = Some(GetRange::Suffix(bytes));
            let options = GetOptions { range, ..GetOptions::default() };
            let found = block_on(async { objects.get_opts(&path, options).await?.bytes().await });
            assert_eq!(found.expect("reads"), expected, "{bytes}");
        }
    }
}
