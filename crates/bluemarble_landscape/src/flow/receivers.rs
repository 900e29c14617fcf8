//! Where water goes from each node at first.

use crate::grid::Grid;

/// Finds the steepest neighbour below each node, and how far it is away: the node itself at outlets and in pits. Of equally
/// steep ones the first one counts.
pub(super) fn find(
    grid: &impl Grid,
    ground_m: &[f64],
    is_outlet: &[bool],
    receivers: &mut [u32],
    distances_m: &mut [f64],
) {
    for (node, &own) in ground_m.iter().enumerate() {
        let (mut receiver, mut distance_m, mut steepest) = (node, 0.0, 0.0);
        if !is_outlet[node] {
            grid.for_each_neighbour(node, |beside, distance| {
                let slope = (own - ground_m[beside]) / distance;
                if slope > steepest {
                    (receiver, distance_m, steepest) = (beside, distance, slope);
                }
            });
        }
        receivers[node] = receiver as u32;
        distances_m[node] = distance_m;
    }
}
