//! The store that every shared or read-only world lies behind: it lets no write through that may not be,
//! and no body that ended early.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result, path::Path,
};

use super::keeper::LeaseState;
use crate::StoreError;

/// What may be done to a world.
#[derive(Debug)]
pub(crate) enum Access {
    /// Reading.
    ReadOnly,
    /// Writing, for as long as the lease is held.
    Leased(Arc<LeaseState>),
}

/// Checks what goes into a store and what comes out.
#[derive(Debug)]
pub(crate) struct Guarded {
    inner: Arc<dyn ObjectStore>,
    location: String,
    access: Access,
}

impl Guarded {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>, location: String, access: Access) -> Self {
        Self { inner, location, access }
    }

    /// [`StoreError::ReadOnly`] or [`StoreError::LeaseLost`], in the object store's own clothes;
    /// [`refusal`] takes them off.
    fn check_write(&self, location: &Path) -> Result<()> {
        let refused = match &self.access {
            Access::ReadOnly => StoreError::ReadOnly { location: self.location.clone() },
            Access::Leased(state) => match state.check() {
                Ok(()) => return Ok(()),
                Err(reason) => StoreError::LeaseLost { location: self.location.clone(), reason },
            },
        };
        Err(Error::PermissionDenied { path: location.to_string(), source: Box::new(refused) })
    }
}

/// The refusal in an error that came through a [`Guarded`] store, or the error itself.
pub(crate) fn refusal(error: Error) -> std::result::Result<StoreError, Error> {
    match error {
        Error::PermissionDenied { path, source } => match source.downcast::<StoreError>() {
            Ok(refusal) => Ok(*refusal),
            Err(source) => Err(Error::PermissionDenied { path, source }),
        },
        error => Err(error),
    }
}

/// A body that ends with an error if it has another length than was said.
fn whole(
    body: BoxStream<'static, Result<bytes::Bytes>>,
    expected: u64,
    path: String,
) -> BoxStream<'static, Result<bytes::Bytes>> {
    let state = (body, 0u64, false);
    futures::stream::unfold(state, move |(mut body, mut got, ended)| {
        let path = path.clone();
        async move {
            if ended {
                return None;
            }
            match body.next().await {
                Some(Ok(piece)) => {
                    got += piece.len() as u64;
                    Some((Ok(piece), (body, got, false)))
                }
                Some(Err(error)) => Some((Err(error), (body, got, true))),
                None if got == expected => None,
                None => {
                    let source = format!("{path}: {got} of {expected} bytes came").into();
                    Some((Err(Error::Generic { store: "world", source }), (body, got, true)))
                }
            }
        }
    })
    // Of an empty object the end is asked for twice.
    .fuse()
    .boxed()
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

#[async_trait]
impl ObjectStore for Guarded {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.check_write(location)?;
        let fenced = !matches!(options.mode, PutMode::Overwrite);
        let result = self.inner.put_opts(location, payload, options).await?;
        // Nothing but the lease kept another writer from replacing this meanwhile.
        if !fenced {
            self.check_write(location)?;
        }
        Ok(result)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.check_write(location)?;
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let mut result = self.inner.get_opts(location, options).await?;
        if !head {
            let expected = result.range.end.saturating_sub(result.range.start);
            result.payload = match result.payload {
                GetResultPayload::Stream(body) => {
                    GetResultPayload::Stream(whole(body, expected, location.to_string()))
                }
                file @ GetResultPayload::File(..) => file,
            };
        }
        Ok(result)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.check_write(&Path::default()) {
            Ok(()) => self.inner.delete_stream(locations),
            Err(error) => futures::stream::once(async { Err(error) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.check_write(to)?;
        self.inner.copy_opts(from, to, options).await
    }
}
