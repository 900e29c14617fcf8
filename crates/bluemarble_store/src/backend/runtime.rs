//! Requests run on a runtime of our own.
//!
//! The clients of object stores need tokio's timers and sockets. Readers and writers of a world run
//! on any executor, so every request is a task of two threads that are started when the first object
//! store is opened and then serve all of them.

use std::{
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    path::Path,
};
use tokio::{runtime, sync::mpsc, task::JoinHandle};

/// Threads that wait for the network.
const THREADS: usize = 2;
/// Pieces of a body or entries of a listing that may wait for their reader.
const WAITING: usize = 8;

/// The runtime of this process, started if it is not running.
pub(super) fn shared() -> io::Result<runtime::Handle> {
    static RUNTIME: Mutex<Option<runtime::Runtime>> = Mutex::new(None);
    let mut running = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = running.as_ref() {
        return Ok(runtime.handle().clone());
    }
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("bluemarble-cloud")
        .enable_all()
        .build()?;
    let handle = runtime.handle().clone();
    *running = Some(runtime);
    Ok(handle)
}

/// A store whose requests all run on the runtime.
#[derive(Debug)]
pub(super) struct OnRuntime {
    inner: Arc<dyn ObjectStore>,
    runtime: runtime::Handle,
}

/// A task that ends when its receiver is dropped.
struct Wanted<T>(JoinHandle<T>);

impl<T> Drop for Wanted<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl OnRuntime {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, runtime: runtime::Handle) -> Self {
        Self { inner, runtime }
    }

    async fn run<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let mut task = Wanted(self.runtime.spawn(request));
        (&mut task.0).await?
    }

    /// A stream whose items are made on the runtime.
    fn stream<T: Send + 'static>(
        &self,
        make: impl FnOnce(&dyn ObjectStore) -> BoxStream<'static, Result<T>> + Send + 'static,
    ) -> BoxStream<'static, Result<T>> {
        let inner = Arc::clone(&self.inner);
        let (sender, receiver) = mpsc::channel(WAITING);
        self.runtime.spawn(async move { forward(make(&*inner), sender).await });
        received(receiver)
    }
}

async fn forward<T>(mut items: BoxStream<'static, Result<T>>, sender: mpsc::Sender<Result<T>>) {
    loop {
        let next = tokio::select! {
            next = items.next() => next,
            () = sender.closed() => return,
        };
        let Some(item) = next else { return };
        if sender.send(item).await.is_err() {
            return;
        }
    }
}

fn received<T: Send + 'static>(
    mut receiver: mpsc::Receiver<Result<T>>,
) -> BoxStream<'static, Result<T>> {
    futures::stream::poll_fn(move |context| receiver.poll_recv(context)).boxed()
}

impl fmt::Display for OnRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

#[async_trait]
impl ObjectStore for OnRuntime {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let (inner, location) = (Arc::clone(&self.inner), location.clone());
        self.run(async move { inner.put_opts(&location, payload, options).await }).await
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        // A shard is small and replaced whole.
        Err(Error::NotImplemented {
            operation: "an upload in parts".to_owned(),
            implementer: self.to_string(),
        })
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (inner, location) = (Arc::clone(&self.inner), location.clone());
        self.run(async move {
            let mut result = inner.get_opts(&location, options).await?;
            result.payload = match result.payload {
                GetResultPayload::Stream(body) => {
                    let (sender, receiver) = mpsc::channel(WAITING);
                    tokio::spawn(forward(body, sender));
                    GetResultPayload::Stream(received(receiver))
                }
                file @ GetResultPayload::File(..) => file,
            };
            Ok(result)
        })
        .await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.stream(move |inner| inner.delete_stream(locations))
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let prefix = prefix.cloned();
        self.stream(move |inner| inner.list(prefix.as_ref()))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let (prefix, offset) = (prefix.cloned(), offset.clone());
        self.stream(move |inner| inner.list_with_offset(prefix.as_ref(), &offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let (inner, prefix) = (Arc::clone(&self.inner), prefix.cloned());
        self.run(async move { inner.list_with_delimiter(prefix.as_ref()).await }).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (inner, from, to) = (Arc::clone(&self.inner), from.clone(), to.clone());
        self.run(async move { inner.copy_opts(&from, &to, options).await }).await
    }
}
