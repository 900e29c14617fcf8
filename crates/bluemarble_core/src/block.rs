//! Waiting for a future on the current thread.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

struct Unpark {
    thread: Thread,
    /// Others wait on the same thread, and may take the token with which it is unparked.
    is_woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Release);
        self.thread.unpark();
    }
}

/// Runs a future to its end. Unlike the executors of crates it may be called from within another
/// executor: opening a world is synchronous wherever it is done.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let unpark = Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) };
    let unpark = Arc::new(unpark);
    let waker = Waker::from(Arc::clone(&unpark));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        while !unpark.is_woken.swap(false, Acquire) {
            thread::park();
        }
    }
}
