//! [`Relief`]: how the ground of a chunk lies, for shading: which way it faces, how much of the sky it sees,
//! and how high the horizon stands around it.
//!
//! | file | what it holds |
//! |---|---|
//! | `metric` | directions along the ground in which all of this is told |
//! | `heights` | heights around a chunk, coarser the farther away |
//! | `normals` | the way the ground faces |
//! | `horizons` | how high the horizon stands in sixteen directions |
//!
//! Cubes have no slopes, so a hill of cubes is lit like a plain with contour lines drawn on it. What is here
//! lets a renderer light the hill that the cubes stand for.

mod heights;
mod horizons;
mod metric;
mod normals;

use std::sync::Arc;

use bluemarble_core::ChunkKey;
use quick_cache::sync::Cache;

pub(crate) use self::heights::PackedHeights;
use self::{heights::HeightBlock, metric::Metric};
use crate::columns::ColumnSource;

/// Corners of cells along an edge of a chunk at which the way the ground faces is told: every second one.
pub const NORMAL_NODES: usize = 33;
/// Corners of cells along an edge at which the horizon is told: every fourth one.
pub const HORIZON_NODES: usize = 17;
/// Directions in which the horizon is told, counted from the first tangent towards the second.
pub const HORIZON_DIRECTIONS: usize = 16;
/// Reliefs kept, of 9 KB: chunks above each other share one, and an edited chunk asks again.
const RELIEFS: usize = 512;
/// Blocks of heights kept, of 3.5 KB.
const BLOCKS: usize = 2048;

/// How the ground under a chunk's columns lies, as a renderer wants it: 32-bit words, little-endian bytes.
///
/// First [`NORMAL_NODES`]² words, x fastest, of four bytes each:
/// - the shares of the unit normal along the first and the second tangent, as signed bytes `s` of ±127 that
///   stand for `sign(s) · (s / 127)²`, so that gentle slopes are told finely;
/// - the part of the sky that is seen, 255 being all of it, weighted as a level surface is lit;
/// - how natural the ground is there: 255 where nobody has edited, 0 next to edited columns.
///
/// Then [`HORIZON_NODES`]² times [`HORIZON_DIRECTIONS`] bytes: the horizon's sine `s`, as `255 · sqrt(s)`.
///
/// The first tangent at a place is the region's x axis ([`Shape::x_axis`](bluemarble_core::Shape::x_axis))
/// made level there, the second one is the first one crossed with up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relief {
    words: Box<[u32]>,
}

/// What sources remember for [`Relief`]s.
pub(crate) struct ReliefCache {
    blocks: Cache<ChunkKey, Arc<HeightBlock>>,
    reliefs: Cache<ChunkKey, Arc<Relief>>,
}

impl ReliefCache {
    pub fn new() -> Self {
        Self { blocks: Cache::new(BLOCKS), reliefs: Cache::new(RELIEFS) }
    }
}

/// The relief under a chunk whose columns, and those around them, have these heights; `None` if `go_on`
/// said no on the way.
pub(crate) fn make(
    source: &impl ColumnSource,
    cache: &ReliefCache,
    key: ChunkKey,
    ring: &PackedHeights,
    go_on: &dyn Fn() -> bool,
) -> Option<Arc<Relief>> {
    // Chunks above each other have the same.
    let place = ChunkKey::new(key.region, key.lod, key.pos.with_y(0));
    if let Some(relief) = cache.reliefs.get(&place) {
        return Some(relief);
    }
    let ring_m = ring.unpacked();
    let metric = |at: [f64; 2]| Metric::at(&source.shape(), key, at);
    let horizons = horizons::trace(source, &cache.blocks, key, &ring_m, &metric([32.0; 2]), go_on)?;
    let normals = normals::normals(&ring_m, key.lod, metric);
    let relief = Arc::new(Relief::new(&normals, &horizons));
    cache.reliefs.insert(place, relief.clone());
    Some(relief)
}

/// A signed share, told finely near 0.
fn encode_share(share: f64) -> u8 {
    (share.signum() * share.abs().min(1.0).sqrt() * 127.0).round() as i8 as u8
}

fn decode_share(byte: u8) -> f64 {
    let root = f64::from(byte as i8) / 127.0;
    root * root.abs()
}

impl Relief {
    /// Words of every relief.
    pub const WORDS: usize =
        NORMAL_NODES * NORMAL_NODES + HORIZON_NODES * HORIZON_NODES * HORIZON_DIRECTIONS / 4;

    fn new(normals: &[[f64; 2]], horizons: &horizons::Horizons) -> Self {
        let mut words = Vec::with_capacity(Self::WORDS);
        for (at, &[first, second]) in normals.iter().enumerate() {
            let (x, z) = (at % NORMAL_NODES, at / NORMAL_NODES);
            let sky = (horizons.sky(x, z) * 255.0).round() as u8;
            words.push(u32::from_le_bytes([encode_share(first), encode_share(second), sky, 255]));
        }
        for at in 0..HORIZON_NODES * HORIZON_NODES {
            let sines = horizons.sines(at % HORIZON_NODES, at / HORIZON_NODES);
            let bytes = sines.map(|sine| (sine.clamp(0.0, 1.0).sqrt() * 255.0).round() as u8);
            words.extend(bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four)));
        }
        Self { words: words.into() }
    }

    /// All of it, [`Relief::WORDS`] words.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Shares of the unit normal along the two tangents at a node, 0..33 along x and z.
    pub fn normal(&self, x: usize, z: usize) -> [f64; 2] {
        let [first, second, ..] = self.words[z * NORMAL_NODES + x].to_le_bytes();
        [decode_share(first), decode_share(second)]
    }

    /// The part of the sky that is seen at a node, 0..33 along x and z: 0..=1.
    pub fn sky(&self, x: usize, z: usize) -> f64 {
        f64::from(self.words[z * NORMAL_NODES + x].to_le_bytes()[2]) / 255.0
    }

    /// Sine of the horizon's elevation at a node, 0..17 along x and z, in a direction of 0..16.
    pub fn horizon_sine(&self, x: usize, z: usize, direction: usize) -> f64 {
        let byte = (z * HORIZON_NODES + x) * HORIZON_DIRECTIONS + direction;
        let word = self.words[NORMAL_NODES * NORMAL_NODES + byte / 4];
        (f64::from(word.to_le_bytes()[byte % 4]) / 255.0).powi(2)
    }

    /// The same where some columns, of 0..64 along x and z, are not what the source made them: nodes beside
    /// these are not natural.
    #[must_use]
    pub fn with_edited(&self, is_edited: impl Fn(usize, usize) -> bool) -> Self {
        let mut words = self.words.clone();
        let inside = |node: usize| (2 * node).saturating_sub(1)..(2 * node + 1).min(64);
        for z in 0..NORMAL_NODES {
            for x in 0..NORMAL_NODES {
                if inside(z).any(|row| inside(x).any(|column| is_edited(column, row))) {
                    words[z * NORMAL_NODES + x] &= 0x00ff_ffff;
                }
            }
        }
        Self { words }
    }
}
