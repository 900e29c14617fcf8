//! [`Relief`]: how the ground lies, in the words that a renderer puts into its buffers.

use super::{
    horizons::Horizons,
    nodes::{HORIZON_DIRECTIONS, HORIZON_NODES, NORMAL_NODES},
};

/// How the ground under a chunk's columns lies, as a renderer wants it: 32-bit words, little-endian bytes.
///
/// First [`NORMAL_NODES`]² words, x fastest, of four bytes each:
/// - the shares of the unit normal along the first and the second tangent, as signed bytes `s` of ±127 that
///   stand for `sign(s) · (s / 127)²`, so that gentle slopes are told finely;
/// - the part of the sky that is seen, 255 being all of it, weighted as a level surface is lit;
/// - how natural the ground is there: 255 away from edits, 0 next to edited columns.
///
/// Then [`HORIZON_NODES`]² times [`HORIZON_DIRECTIONS`] bytes: the horizon's sine `s`, as `255 · sqrt(s)`.
///
/// The first tangent at a place is the region's x axis ([`Shape::x_axis`](bluemarble_core::Shape::x_axis))
/// made level there, the second one is the first one crossed with up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relief {
    words: Box<[u32]>,
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

    pub(super) fn new(normals: &[[f64; 2]], horizons: &Horizons) -> Self {
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
