//! An object store that does to each request what a test says, and remembers them all.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, path::Path,
};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It fails and does nothing.
    Before,
    /// It is done and fails.
    After,
    /// It is done, its answer is lost, and the client sends it again.
    Twice,
    /// Of a body only half comes.
    Half,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Put(String),
    Get(String),
    Head(String),
    List,
    Delete(String),
}

type Script = Box<dyn FnMut(&Request) -> Fault + Send>;

pub struct Scripted {
    inner: Arc<dyn ObjectStore>,
    ignores_conditions: AtomicBool,
    script: Mutex<Script>,
    seen: Mutex<Vec<Request>>,
    old_list: Mutex<Option<Vec<ObjectMeta>>>,
}

impl Scripted {
    pub fn over(inner: Arc<dyn ObjectStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            ignores_conditions: AtomicBool::new(false),
            script: Mutex::new(Box::new(|_| Fault::None)),
            seen: Mutex::default(),
            old_list: Mutex::default(),
        })
    }

    /// From now on the conditions of puts are taken and ignored.
    pub fn ignore_conditions(&self) {
        self.ignores_conditions.store(true, SeqCst);
    }

    /// From now on this decides.
    pub fn script(&self, script: impl FnMut(&Request) -> Fault + Send + 'static) {
        *self.script.lock().expect("whole") = Box::new(script);
    }

    /// The next put of a path fares so, everything else well.
    pub fn next_put(&self, path: &str, fault: Fault) {
        let mut waiting = Some(Request::Put(path.to_owned()));
        self.script(move |request| match waiting.take_if(|waiting| waiting == request) {
            Some(_) => fault,
            None => Fault::None,
        });
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        self.script(|_| Fault::None);
        *self.old_list.lock().expect("whole") = None;
    }

    /// From now on every listing is as it would be now.
    pub fn freeze_list(&self) {
        let now = bluemarble_core::block_on(self.inner.list(None).collect::<Vec<_>>());
        let now = now.into_iter().collect::<Result<_>>().expect("lists");
        *self.old_list.lock().expect("whole") = Some(now);
    }

    /// The requests since the last call.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.seen.lock().expect("whole"))
    }

    fn fate(&self, request: Request) -> Fault {
        let fault = (self.script.lock().expect("whole"))(&request);
        self.seen.lock().expect("whole").push(request);
        fault
    }
}

fn fault() -> Error {
    Error::Generic { store: "scripted", source: "connection reset".into() }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scripted {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Scripted {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> Result<PutResult> {
        let fate = self.fate(Request::Put(path.to_string()));
        if fate == Fault::Before {
            return Err(fault());
        }
        if self.ignores_conditions.load(SeqCst) {
            options.mode = PutMode::Overwrite;
        }
        let result = self.inner.put_opts(path, payload.clone(), options.clone()).await;
        match fate {
            Fault::After => Err(fault()),
            Fault::Twice => self.inner.put_opts(path, payload, options).await,
            _ => result,
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let name = path.to_string();
        let fate = self.fate(if head { Request::Head(name) } else { Request::Get(name) });
        if fate == Fault::Before || fate == Fault::After {
            return Err(fault());
        }
        let mut result = self.inner.get_opts(path, options).await?;
        if fate == Fault::Half && !head {
            let (meta, range) = (result.meta.clone(), result.range.clone());
            let (attributes, extensions) = (result.attributes.clone(), result.extensions.clone());
            let bytes: Bytes = result.bytes().await?;
            let half = bytes.slice(..bytes.len() / 2);
            let payload =
                GetResultPayload::Stream(futures::stream::once(async { Ok(half) }).boxed());
            result = GetResult { payload, meta, range, attributes, extensions };
        }
        Ok(result)
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let inner = Arc::clone(&self.inner);
        let fate = self.fate(Request::Delete(String::new()));
        locations
            .then(move |path| {
                let inner = Arc::clone(&inner);
                async move {
                    let path = path?;
                    if fate == Fault::Before {
                        return Err(fault());
                    }
                    inner.delete(&path).await?;
                    if fate == Fault::None { Ok(path) } else { Err(fault()) }
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if matches!(self.fate(Request::List), Fault::Before | Fault::After) {
            return futures::stream::once(async { Err(fault()) }).boxed();
        }
        let old = self.old_list.lock().expect("whole").clone();
        match old {
            Some(old) => futures::stream::iter(old.into_iter().map(Ok)).boxed(),
            None => self.inner.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
