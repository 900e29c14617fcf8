//! Work over a list on several threads.

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// How many cores there are. Asks the system once.
pub fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| thread::available_parallelism().map_or(1, usize::from))
}

/// Applies `work` to all items and returns what it gave, in their order. The calling thread works, too, and no more than
/// `threads` do; each begins with what `begin` gives it.
pub fn map_with<'a, T: Sync, R: Send, S>(
    threads: usize,
    items: &'a [T],
    begin: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &'a T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads < 2 {
        let mut own = begin();
        return items.iter().map(|item| work(&mut own, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let (mut own, mut found) = (begin(), Vec::new());
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some(item) = items.get(index) else { break };
            found.push((index, work(&mut own, item)));
        }
        results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut found);
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(run)));
        run();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}
