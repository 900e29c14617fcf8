//! How large models and scenes may be.

/// Models are at most this long, high and wide.
pub const MAX_EDGE: u32 = 256;
/// The most models that a scene places.
pub(super) const MAX_INSTANCES: usize = 1 << 16;
