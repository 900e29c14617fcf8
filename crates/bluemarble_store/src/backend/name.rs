//! Unique names.

use std::hash::{BuildHasher, Hasher, RandomState};

/// 32 hexadecimal digits from the system's randomness, with which std seeds each hasher.
pub(super) fn random_name() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}
