//! The groups of a tile as bytes: a magic number, the mark of the world and place, a checksum of what follows, and
//! the groups. Numbers of a fixed size are little-endian, the others are LEB128.

use std::{collections::BTreeMap, sync::Arc};

use bluemarble_core::{CHUNK_EDGE, CHUNK_VOLUME, MaterialId};
use glam::IVec3;

use crate::NodeSummary;

/// Ends in the version of the format.
const MAGIC: [u8; 8] = *b"BMindex\x02";
const HEADER_BYTES: usize = MAGIC.len() + 16 + 4;

/// What is known of a chunk, in the two bits above its number in the shard.
const UNKNOWN: u8 = 0;
/// A summary without a solid box.
const EMPTY: u8 = 1;
/// A summary with one.
const BOXED: u8 = 2;
/// One solid material fills the chunk, and its box.
const FULL: u8 = 3;
/// Numbers of chunks in a shard are below this.
const MAX_NUMBER: u8 = 1 << 6;

/// What is known of the chunks of a shard.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct SnapshotGroup {
    /// The version of the shard.
    pub stamp: u128,
    /// All chunks that the shard has, each by its number there, 0..64, and their summaries where the index knew them.
    pub chunks: Vec<(u8, Option<Arc<NodeSummary>>)>,
}

/// The groups of neighbouring shards, by the shards' numbers among them.
pub type SnapshotTile = BTreeMap<u16, SnapshotGroup>;

pub(super) fn encode(mark: u128, tile: &SnapshotTile) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    for (place, group) in tile {
        bytes.extend(place.to_le_bytes());
        bytes.extend(group.stamp.to_le_bytes());
        bytes.push(group.chunks.len() as u8);
        for (number, summary) in &group.chunks {
            encode_chunk(*number, summary.as_deref(), &mut bytes);
        }
    }
    let checksum = crc32c::crc32c(&bytes[HEADER_BYTES..]);
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..24].copy_from_slice(&mark.to_le_bytes());
    bytes[24..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn encode_chunk(number: u8, summary: Option<&NodeSummary>, bytes: &mut Vec<u8>) {
    let Some(summary) = summary else { return bytes.push(number | UNKNOWN << 6) };
    let is_full =
        |(min, max): (IVec3, IVec3)| min == IVec3::ZERO && max == IVec3::splat(CHUNK_EDGE);
    match (summary.solid_bounds(), summary.uniform()) {
        (Some(bounds), Some(material)) if is_full(bounds) => {
            bytes.push(number | FULL << 6);
            return push_number(u32::from(material.0), bytes);
        }
        (None, _) => bytes.push(number | EMPTY << 6),
        (Some((min, max)), _) => {
            bytes.push(number | BOXED << 6);
            bytes.extend([min, max].iter().flat_map(|at| at.to_array()).map(|at| at as u8));
        }
    }
    let (last, first) = match summary.distribution() {
        [first @ .., last] => (last, first),
        [] => return push_number(0, bytes),
    };
    push_number(first.len() as u32 + 1, bytes);
    for (material, cells) in first {
        push_number(u32::from(material.0), bytes);
        push_number(*cells, bytes);
    }
    // All of them fill the chunk.
    push_number(u32::from(last.0.0), bytes);
}

fn push_number(mut number: u32, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to decode.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, left) = self.0.split_first_chunk()?;
        self.0 = left;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return number.try_into().ok();
            }
        }
        None
    }

    fn material(&mut self) -> Option<MaterialId> {
        self.number()?.try_into().ok().map(MaterialId)
    }
}

/// Undoes [`encode`]; else why the bytes are of no use.
pub(super) fn decode(mark: u128, bytes: &[u8]) -> Result<SnapshotTile, &'static str> {
    let mut input = Input(bytes);
    match input.array() {
        Some(MAGIC) => {}
        Some(found) if found[..7] == MAGIC[..7] => return Err("made by another version"),
        _ => return Err("damaged"),
    }
    if input.array().map(u128::from_le_bytes) != Some(mark) {
        return Err("made for another world, or damaged");
    }
    if input.array().map(u32::from_le_bytes) != Some(crc32c::crc32c(input.0)) {
        return Err("damaged");
    }
    let mut tile = SnapshotTile::new();
    while !input.0.is_empty() {
        let (place, group) = decode_group(&mut input).ok_or("damaged")?;
        tile.insert(place, group);
    }
    Ok(tile)
}

fn decode_group(input: &mut Input) -> Option<(u16, SnapshotGroup)> {
    let place = u16::from_le_bytes(input.array()?);
    let stamp = u128::from_le_bytes(input.array()?);
    let chunks = (0..input.byte()?).map(|_| decode_chunk(input)).collect::<Option<_>>()?;
    Some((place, SnapshotGroup { stamp, chunks }))
}

fn decode_chunk(input: &mut Input) -> Option<(u8, Option<Arc<NodeSummary>>)> {
    let volume = CHUNK_VOLUME as u32;
    let byte = input.byte()?;
    let (number, kind) = (byte % MAX_NUMBER, byte >> 6);
    let solid = match kind {
        UNKNOWN => return Some((number, None)),
        FULL => {
            let counts = vec![(input.material()?, volume)];
            let bounds = Some((IVec3::ZERO, IVec3::splat(CHUNK_EDGE)));
            return Some((number, Some(Arc::new(NodeSummary::new(counts, bounds)))));
        }
        EMPTY => None,
        _ => {
            let [x, y, z, to_x, to_y, to_z] = input.array::<6>()?.map(i32::from);
            Some((IVec3::new(x, y, z), IVec3::new(to_x, to_y, to_z)))
        }
    };
    let materials = input.number()?;
    let (mut counts, mut left) = (Vec::new(), volume);
    for _ in 1..materials {
        let (material, cells) = (input.material()?, input.number()?);
        left = left.checked_sub(cells)?;
        counts.push((material, cells));
    }
    if materials > 0 {
        counts.push((input.material()?, left));
    }
    Some((number, Some(Arc::new(NodeSummary::new(counts, solid)))))
}
