//! Work that may be shared between threads.

use std::sync::atomic::Ordering::Relaxed;

use bluemarble_core::{block_on, parallel};
use futures::future::BoxFuture;

use super::{pause::pause, world::HybridWorld};

impl HybridWorld {
    /// Sets on how many threads at once checkpoints and updates of parents may work. One at first: in a game they then do
    /// their work beside the frames, in small steps, on the thread that polls them. With more, that thread is held until
    /// each part of the work is done; right for tools, and behind a loading screen.
    pub fn set_threads(&self, threads: usize) {
        self.inner.threads.store(threads.max(1), Relaxed);
        if let Some(store) = &self.inner.store {
            store.set_threads(threads);
        }
    }

    /// Does some work for each item; gives what it gave, in their order.
    pub(super) async fn for_each<'a, T: Sync, R: Send>(
        &self,
        items: &'a [T],
        work: impl Fn(&'a T) -> BoxFuture<'a, R> + Sync,
    ) -> Vec<R> {
        let threads = self.inner.threads.load(Relaxed);
        if threads > 1 {
            return parallel::map_with(threads, items, || (), |(), item| block_on(work(item)));
        }
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            pause().await;
            results.push(work(item).await);
        }
        results
    }
}
