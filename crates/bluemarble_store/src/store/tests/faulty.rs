//! An object store that fails, or lets something else happen, on demand.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use futures::{
    FutureExt,
    future::{BoxFuture, pending, ready},
    stream::BoxStream,
};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
};

/// When something else happens: with a put, one of something else than the manifest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    BeforeGet,
    AfterGet,
    BeforePut,
    AfterPut,
}

type Work = Box<dyn FnOnce() + Send>;
type Watch = Box<dyn Fn(&Path, &PutPayload) + Send + Sync>;

/// Passes everything on to another store until it is told not to.
pub struct Faulty {
    inner: Arc<dyn ObjectStore>,
    puts_left: AtomicUsize,
    answers_lost: AtomicBool,
    gets_fail: AtomicBool,
    gets: AtomicUsize,
    stalls: AtomicBool,
    interruption: Mutex<Option<(Moment, Work)>>,
    watch: Mutex<Option<Watch>>,
}

impl Faulty {
    pub fn over(inner: Arc<dyn ObjectStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            puts_left: AtomicUsize::new(usize::MAX),
            answers_lost: AtomicBool::new(false),
            gets_fail: AtomicBool::new(false),
            gets: AtomicUsize::new(0),
            stalls: AtomicBool::new(false),
            interruption: Mutex::new(None),
            watch: Mutex::new(None),
        })
    }

    /// The next get never answers.
    #[allow(dead_code, reason = "only the tests of worlds stall")]
    pub fn stall_one_get(&self) {
        self.stalls.store(true, SeqCst);
    }

    /// From now on this many puts succeed; the others fail and write nothing.
    pub fn fail_puts_after(&self, count: usize) {
        self.puts_left.store(count, SeqCst);
    }

    /// From now on puts are done, and fail all the same; those of the manifest do not.
    pub fn lose_answers(&self) {
        self.answers_lost.store(true, SeqCst);
    }

    /// From now on every get fails.
    pub fn fail_gets(&self) {
        self.gets_fail.store(true, SeqCst);
    }

    /// How often something was asked for.
    pub fn gets(&self) -> usize {
        self.gets.load(SeqCst)
    }

    /// From now on nothing fails.
    pub fn heal(&self) {
        self.puts_left.store(usize::MAX, SeqCst);
        self.answers_lost.store(false, SeqCst);
        self.gets_fail.store(false, SeqCst);
    }

    /// The next time this moment comes, something is done on another thread and waited for.
    pub fn interrupt(&self, moment: Moment, work: impl FnOnce() + Send + 'static) {
        *self.interruption.lock().expect("whole") = Some((moment, Box::new(work)));
    }

    /// From now on somebody is told of every put before it is done.
    #[allow(dead_code, reason = "only the tests of worlds watch")]
    pub fn watch_puts(&self, watch: impl Fn(&Path, &PutPayload) + Send + Sync + 'static) {
        *self.watch.lock().expect("whole") = Some(Box::new(watch));
    }

    fn pass(&self, moment: Moment) {
        let work = self.interruption.lock().expect("whole").take_if(|(at, _)| *at == moment);
        if let Some((_, work)) = work {
            thread::spawn(work).join().expect("the interruption works");
        }
    }
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

fn fault() -> Error {
    Error::Generic { store: "faulty", source: "no space left on device".into() }
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "faulty {}", self.inner)
    }
}

// What `#[async_trait]` makes of the trait, by hand.
impl ObjectStore for Faulty {
    fn put_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> BoxFuture<'f, Result<PutResult>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        let less = |left: usize| left.checked_sub(1);
        if self.puts_left.fetch_update(SeqCst, SeqCst, less).is_err() {
            return ready(Err(fault())).boxed();
        }
        let is_data = location.parts().next().is_none_or(|name| name.as_ref() != "manifest");
        async move {
            if is_data {
                self.pass(Moment::BeforePut);
            }
            if let Some(watch) = &*self.watch.lock().expect("whole") {
                watch(location, &payload);
            }
            let result = self.inner.put_opts(location, payload, options).await;
            if is_data {
                self.pass(Moment::AfterPut);
            }
            if is_data && self.answers_lost.load(SeqCst) { Err(fault()) } else { result }
        }
        .boxed()
    }

    fn put_multipart_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: PutMultipartOptions,
    ) -> BoxFuture<'f, Result<Box<dyn MultipartUpload>>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        self.inner.put_multipart_opts(location, options)
    }

    fn get_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: GetOptions,
    ) -> BoxFuture<'f, Result<GetResult>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        self.gets.fetch_add(1, SeqCst);
        if self.gets_fail.load(SeqCst) {
            return ready(Err(fault())).boxed();
        }
        async move {
            if self.stalls.swap(false, SeqCst) {
                pending::<()>().await;
            }
            self.pass(Moment::BeforeGet);
            let result = self.inner.get_opts(location, options).await;
            self.pass(Moment::AfterGet);
            result
        }
        .boxed()
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_delimiter<'s, 'p, 'f>(
        &'s self,
        prefix: Option<&'p Path>,
    ) -> BoxFuture<'f, Result<ListResult>>
    where
        's: 'f,
        'p: 'f,
        Self: 'f,
    {
        self.inner.list_with_delimiter(prefix)
    }

    fn copy_opts<'s, 'p, 'q, 'f>(
        &'s self,
        from: &'p Path,
        to: &'q Path,
        options: CopyOptions,
    ) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        'p: 'f,
        'q: 'f,
        Self: 'f,
    {
        self.inner.copy_opts(from, to, options)
    }
}
