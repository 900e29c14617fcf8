//! Samples that are missing, filled from their neighbours.

use std::collections::VecDeque;

/// Gives every NaN the mean of its known neighbours, ring by ring.
pub(super) fn fill_gaps(nodes: &mut [f32], columns: usize) {
    if !nodes.iter().any(|v| v.is_nan()) {
        return;
    }
    let rows = nodes.len() / columns;
    let neighbours = |index: usize| {
        let (row, column) = (index / columns, index % columns);
        [
            (row > 0).then(|| index - columns),
            (row + 1 < rows).then(|| index + columns),
            Some(row * columns + (column + columns - 1) % columns),
            Some(row * columns + (column + 1) % columns),
        ]
        .into_iter()
        .flatten()
    };
    let borders = |nodes: &[f32], index: usize| {
        nodes[index].is_nan() && neighbours(index).any(|near| !nodes[near].is_nan())
    };
    let mut queue: VecDeque<usize> =
        (0..nodes.len()).filter(|&index| borders(nodes, index)).collect();
    while let Some(index) = queue.pop_front() {
        if !nodes[index].is_nan() {
            continue;
        }
        let known = neighbours(index).map(|near| nodes[near]).filter(|v| !v.is_nan());
        let (sum, count) = known.fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
        nodes[index] = sum / count;
        queue.extend(neighbours(index).filter(|&near| nodes[near].is_nan()));
    }
    // Nothing was known at all.
    for node in nodes.iter_mut().filter(|v| v.is_nan()) {
        *node = 0.0;
    }
}
