//! At how many places of a chunk its relief is told.

/// Corners of cells along an edge of a chunk at which the way the ground faces is told: every second one.
pub const NORMAL_NODES: usize = 33;
/// Corners of cells along an edge at which the horizon is told: every fourth one.
pub const HORIZON_NODES: usize = 17;
/// Directions in which the horizon is told, counted from the first tangent towards the second.
pub const HORIZON_DIRECTIONS: usize = 16;
