//! [`advise()`]: which edge of stored chunks suits an area.
//!
//! The rules and the ratios are those of the storage design's table: 32³ where processes are active (2
//! to 3 times smaller than raw), 64³ in general (4 to 6), 128³ for large mixed areas (6 to 8), 256³ for
//! ocean and other uniform areas (8 to 10). The sizes are estimates from these ranges, not measurements.

use bluemarble_core::{CHUNK_EDGE, CHUNK_VOLUME};

use crate::{ChunkEdge, layout::SHARD_CELLS};

/// A chunk counts as one of an almost uniform area from this share of its most frequent material on.
const HOMOGENEOUS: f64 = 0.95;
/// From this share on most chunks are more than half of one material: strata, open water over ground.
const MIXED: f64 = 0.7;
/// An area is uniform from this share of uniform chunks on.
const UNIFORM_SHARE: f64 = 0.9;
/// Edits a chunk of 64³ cells and day that make an area an active one: each rewrites its surroundings.
const ACTIVE_EDITS_PER_CHUNK_DAY: f64 = 16.0;
/// Edits a chunk and day that an area of the two large edges may have.
const QUIET_EDITS_PER_CHUNK_DAY: f64 = 1.0;
/// An area of this many shards or more is large: below, the few chunks of a large edge save nothing.
const LARGE_SHARDS: u64 = 8;
/// Bytes of a cell before compression.
const CELL_BYTES: u64 = 2;
/// Bytes of an entry of a shard's index.
const ENTRY_BYTES: u64 = 16;

/// What was found in chunks of 64³ cells that were sampled all over an area, and what is expected of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaStatistics {
    /// Chunks of 64³ cells in the area.
    pub chunks: u64,
    /// Share of the sampled chunks that hold exactly one material, 0 to 1.
    pub uniform_share: f64,
    /// Mean share of the most frequent material of a chunk, 0 to 1.
    pub mean_homogeneity: f64,
    /// Edited voxels to be expected in a chunk of 64³ cells each day, 0 or more.
    pub edits_per_chunk_day: f64,
}

/// What an area would take with one edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeEstimate {
    /// The edge.
    pub chunk_edge: ChunkEdge,
    /// Bytes of a stored chunk before compression: what a read of any cell in it decodes.
    pub chunk_bytes: u64,
    /// How many times smaller than raw the area's chunks get.
    pub ratio: f64,
    /// Bytes of all chunks of the area, compressed.
    pub stored_bytes: u64,
    /// Bytes of the indices of all shards of the area.
    pub index_bytes: u64,
}

/// A recommendation.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The recommended edge.
    pub chunk_edge: ChunkEdge,
    /// Why, as a sentence with the figures that decided.
    pub reason: String,
    /// The sizes with each edge, the smallest edge first.
    pub estimates: [SizeEstimate; 4],
}

/// Recommends an edge of stored chunks for an area.
///
/// Shares beyond 0 to 1 count as the nearest of these, and what is not a number as 0: such an area is
/// taken for a varied and quiet one.
pub fn advise(area: &AreaStatistics) -> Advice {
    let share = |value: f64| if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    let area = AreaStatistics {
        uniform_share: share(area.uniform_share),
        mean_homogeneity: share(area.mean_homogeneity),
        edits_per_chunk_day: area.edits_per_chunk_day.max(0.0),
        ..*area
    };
    let (chunk_edge, reason) = choose(&area);
    let estimates = ChunkEdge::ALL.map(|edge| estimate(&area, edge));
    Advice { chunk_edge, reason, estimates }
}

fn choose(area: &AreaStatistics) -> (ChunkEdge, String) {
    let edits = area.edits_per_chunk_day;
    let uniform = area.uniform_share * 100.0;
    let homogeneity = area.mean_homogeneity;
    let shards = area.chunks / chunks_of_shard();
    if edits >= ACTIVE_EDITS_PER_CHUNK_DAY {
        return (
            ChunkEdge::Cells32,
            format!(
                "active: {edits:.1} edits a chunk and day, {ACTIVE_EDITS_PER_CHUNK_DAY} or more; small \
                 chunks keep each edit's decoding and encoding small"
            ),
        );
    }
    if edits > QUIET_EDITS_PER_CHUNK_DAY {
        return (
            ChunkEdge::Cells64,
            format!(
                "edited now and then: {edits:.1} edits a chunk and day, more than \
                 {QUIET_EDITS_PER_CHUNK_DAY}; larger chunks would have to be encoded whole for each"
            ),
        );
    }
    if shards < LARGE_SHARDS {
        return (
            ChunkEdge::Cells64,
            format!("small: {} chunks, less than {LARGE_SHARDS} shards", area.chunks),
        );
    }
    if area.uniform_share >= UNIFORM_SHARE && homogeneity >= HOMOGENEOUS {
        return (
            ChunkEdge::Cells256,
            format!(
                "uniform and quiet, as open ocean: {uniform:.0} % of chunks hold one material, mean \
                 homogeneity {homogeneity:.2}; large chunks compress best"
            ),
        );
    }
    if homogeneity >= MIXED {
        return (
            ChunkEdge::Cells128,
            format!(
                "large, mixed and quiet: {uniform:.0} % of chunks hold one material, mean homogeneity \
                 {homogeneity:.2}, {MIXED} or more"
            ),
        );
    }
    (
        ChunkEdge::Cells64,
        format!(
            "varied: mean homogeneity {homogeneity:.2}, less than {MIXED}; larger chunks would compress \
             little better and be slower to read"
        ),
    )
}

const fn chunks_of_shard() -> u64 {
    (SHARD_CELLS / CHUNK_EDGE).pow(3) as u64
}

/// How many times smaller than raw an edge makes a chunk: of the least and of the most homogeneous.
fn ratios(edge: ChunkEdge) -> (f64, f64) {
    match edge {
        ChunkEdge::Cells32 => (2.0, 3.0),
        ChunkEdge::Cells64 => (4.0, 6.0),
        ChunkEdge::Cells128 => (6.0, 8.0),
        ChunkEdge::Cells256 => (8.0, 10.0),
    }
}

fn estimate(area: &AreaStatistics, chunk_edge: ChunkEdge) -> SizeEstimate {
    let (low, high) = ratios(chunk_edge);
    let ratio = low + (high - low) * area.mean_homogeneity;
    let chunk_bytes = (chunk_edge.cells() as u64).pow(3) * CELL_BYTES;
    let shard_bytes = (SHARD_CELLS as u64).pow(3) * CELL_BYTES;
    let raw_bytes = area.chunks as f64 * (CHUNK_VOLUME as u64 * CELL_BYTES) as f64;
    let shards = area.chunks.div_ceil(chunks_of_shard());
    SizeEstimate {
        chunk_edge,
        chunk_bytes,
        ratio,
        stored_bytes: (raw_bytes / ratio) as u64,
        index_bytes: shards.saturating_mul(shard_bytes / chunk_bytes * ENTRY_BYTES + 4),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AREA: AreaStatistics = AreaStatistics {
        chunks: 64_000,
        uniform_share: 0.3,
        mean_homogeneity: 0.6,
        edits_per_chunk_day: 0.0,
    };

    #[test]
    fn each_kind_of_area_of_the_table_gets_its_edge() {
        let ocean = AreaStatistics { uniform_share: 0.97, mean_homogeneity: 0.99, ..AREA };
        let mixed = AreaStatistics { uniform_share: 0.5, mean_homogeneity: 0.8, ..AREA };
        let cases = [
            (AREA, ChunkEdge::Cells64, "varied"),
            (ocean, ChunkEdge::Cells256, "97 % of chunks"),
            (mixed, ChunkEdge::Cells128, "homogeneity 0.80"),
            (
                AreaStatistics { edits_per_chunk_day: 100.0, ..AREA },
                ChunkEdge::Cells32,
                "100.0 edits",
            ),
            (AreaStatistics { edits_per_chunk_day: 100.0, ..ocean }, ChunkEdge::Cells32, "active"),
            (AreaStatistics { edits_per_chunk_day: 4.0, ..ocean }, ChunkEdge::Cells64, "4.0 edits"),
            (AreaStatistics { chunks: 64, ..ocean }, ChunkEdge::Cells64, "small: 64 chunks"),
            // Almost uniform on average, but few chunks are.
            (AreaStatistics { uniform_share: 0.1, ..ocean }, ChunkEdge::Cells128, "mixed"),
        ];
        for (area, edge, said) in cases {
            let advice = advise(&area);
            assert_eq!(advice.chunk_edge, edge, "{area:?}: {}", advice.reason);
            assert!(advice.reason.contains(said), "{}", advice.reason);
        }
    }

    #[test]
    fn sizes_follow_the_table() {
        let estimates = advise(&AreaStatistics { mean_homogeneity: 1.0, ..AREA }).estimates;
        let chunk_bytes = estimates.map(|estimate| estimate.chunk_bytes);
        assert_eq!(chunk_bytes, [64 << 10, 512 << 10, 4 << 20, 32 << 20]);
        assert_eq!(estimates.map(|estimate| estimate.ratio), [3.0, 6.0, 8.0, 10.0]);
        assert_eq!(estimates[1].stored_bytes, (64_000u64 << 19) / 6);
        // 1,000 shards with 512, 64, 8 and 1 entries.
        let index_bytes = estimates.map(|estimate| estimate.index_bytes);
        assert_eq!(index_bytes, [8_196_000, 1_028_000, 132_000, 20_000]);
    }

    proptest! {
        #[test]
        fn any_figures_get_finite_advice(
            chunks: u64, uniform_share: f64, mean_homogeneity: f64, edits_per_chunk_day: f64,
        ) {
            let advice = advise(&AreaStatistics {
                chunks, uniform_share, mean_homogeneity, edits_per_chunk_day,
            });
            prop_assert!(!advice.reason.is_empty());
            for (estimate, edge) in advice.estimates.iter().zip(ChunkEdge::ALL) {
                let (low, high) = ratios(edge);
                prop_assert!((low..=high).contains(&estimate.ratio));
            }
        }

        #[test]
        fn more_edits_never_make_the_edge_larger(
            uniform_share in 0.0..1.0, mean_homogeneity in 0.0..1.0, fewer in 0.0..50.0, more in 0.0..50.0,
        ) {
            let edge = |edits_per_chunk_day: f64| {
                advise(&AreaStatistics { uniform_share, mean_homogeneity, edits_per_chunk_day, ..AREA })
                    .chunk_edge
            };
            prop_assert!(edge(fewer) >= edge(fewer + more));
        }
    }
}
