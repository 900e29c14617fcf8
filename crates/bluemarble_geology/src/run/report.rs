//! [`WriteReport`]: what has been written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The number of the sea in the history of voxels.
pub const SEA: u8 = 11;
/// What has been written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// Columns of voxels that were filled, dug out or flooded, each as often as that.
    pub columns: u64,
    /// Voxels in them.
    pub voxels: u64,
    /// Batches of edits.
    pub batches: u64,
    /// Voxels of each material of ground that have come, less those that have gone.
    pub balance: BTreeMap<u16, i64>,
}

impl WriteReport {
    pub(super) fn add(&mut self, other: &Self) {
        self.columns += other.columns;
        self.voxels += other.voxels;
        self.batches += other.batches;
        for (material, voxels) in &other.balance {
            *self.balance.entry(*material).or_default() += voxels;
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let balance: Vec<_> = self.balance.iter().collect();
        json!([self.columns, self.voxels, self.batches, balance])
    }

    pub(super) fn from_json(value: &Value) -> Option<Self> {
        let (columns, voxels, batches, balance) =
            serde_json::from_value::<(u64, u64, u64, Vec<(u16, i64)>)>(value.clone()).ok()?;
        Some(Self { columns, voxels, batches, balance: balance.into_iter().collect() })
    }
}
