//! Arrays whose documents were read and found right.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::metadata::ArrayFormat;

/// The arrays, by region and lod, whose documents are there and right.
#[derive(Debug, Default)]
pub(super) struct KnownArrays {
    arrays: Mutex<FxHashMap<(u8, u8), KnownArray>>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct KnownArray {
    pub format: Arc<ArrayFormat>,
    /// Whether the region's document is there, and names the array.
    pub is_listed: bool,
}

impl KnownArrays {
    pub fn get(&self, array: (u8, u8)) -> Option<KnownArray> {
        self.arrays.lock().unwrap_or_else(PoisonError::into_inner).get(&array).cloned()
    }

    /// Forgets what documents were: they were replaced.
    pub fn forget_all(&self) {
        self.arrays.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn insert(&self, array: (u8, u8), known: KnownArray) {
        let mut arrays = self.arrays.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = arrays.entry(array).or_insert_with(|| known.clone());
        entry.is_listed |= known.is_listed;
    }
}
