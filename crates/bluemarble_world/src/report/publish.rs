//! The numbers of a report by name.

use bluemarble_core::ContentClass;
use metrics::gauge;

use super::{health::Condition, world_report::WorldReport};
use crate::Activity;

impl WorldReport {
    /// Every number and its name, its unit at the end where it has one.
    pub fn numbers(&self) -> Vec<(String, f64)> {
        let mut numbers: Vec<(String, f64)> = Vec::new();
        let mut put = |name: &str, number: f64| numbers.push((name.to_owned(), number));
        put("chunks_edited", self.world.edited_chunks as f64);
        put("chunks_loaded", self.loaded_chunks as f64);
        put("chunks_pending", self.pending_chunks as f64);
        put("chunks_awaiting_parents", self.awaiting_parents as f64);
        put("chunks_awaiting_index", self.awaiting_index as f64);
        put("cache_bytes", self.world.cached_bytes as f64);
        put("cache_hit_rate", self.world.hit_rate);
        put("overlay_bytes", self.world.overlay_bytes as f64);
        put("disk_shards", self.disk.shards as f64);
        put("disk_bytes", self.disk.shard_bytes as f64);
        put("log_bytes", self.world.log.map_or(0.0, |log| log.bytes_allocated as f64));
        put("compression_ratio", self.compression_ratio);
        put("index_nodes", self.index.nodes as f64);
        put("index_leaves", self.index.leaves as f64);
        put("index_looks", self.index.looks as f64);
        put("index_failures", self.index.failures as f64);
        put("index_lsn", self.index.lsn as f64);
        put("store_lsn", self.index.newest_lsn as f64);
        put("octree_share", self.octree_share);
        put("manifest_bytes", self.disk.manifest_bytes as f64);
        put("index_bytes", self.disk.index_bytes as f64);
        for (class, of_class) in ContentClass::ALL.iter().zip(self.disk.classes) {
            put(&format!("{}_chunks", class.name()), of_class.chunks as f64);
            put(&format!("{}_bytes", class.name()), of_class.bytes as f64);
        }
        for (name, activity) in [("edits", &self.edits), ("queries", &self.queries)] {
            let Activity { count, per_second, median_us, p95_us, p99_us, longest_us } = *activity;
            put(name, count as f64);
            put(&format!("{name}_per_second"), per_second);
            put(&format!("{name}_median_us"), median_us);
            put(&format!("{name}_p95_us"), p95_us);
            put(&format!("{name}_p99_us"), p99_us);
            put(&format!("{name}_longest_us"), longest_us);
        }
        for (name, condition) in self.health.parts() {
            let level = match condition {
                Condition::Good => 0.0,
                Condition::Degraded(_) => 1.0,
                Condition::Failed(_) => 2.0,
            };
            put(&format!("health_{name}"), level);
        }
        numbers
    }

    /// Sets a gauge `bluemarble_NAME` for every number, in whatever recorder the program has installed.
    pub fn publish(&self) {
        for (name, number) in self.numbers() {
            gauge!(format!("bluemarble_{name}")).set(number);
        }
    }
}
