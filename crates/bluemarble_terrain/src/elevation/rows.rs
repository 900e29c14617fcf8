//! Work on the rows of a grid, on all cores.

use std::thread;

/// Works on rows of a grid on all cores, `aligned` rows never being torn apart; what comes out is in order.
pub(super) fn by_rows<T: Sync, R: Send>(
    nodes: &[T],
    columns: usize,
    aligned: usize,
    work: impl Fn(&[T]) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    let rows = (nodes.len() / columns).div_ceil(threads).next_multiple_of(aligned).max(aligned);
    let work = &work;
    thread::scope(|scope| {
        let parts: Vec<_> = nodes
            .chunks(rows * columns)
            .map(|part| (part, scope.spawn(move || work(part))))
            .collect();
        // A thread that failed leaves its work to this one, where it fails for all to see.
        parts
            .into_iter()
            .map(|(part, handle)| handle.join().unwrap_or_else(|_| work(part)))
            .collect()
    })
}
