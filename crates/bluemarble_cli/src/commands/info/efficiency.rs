//! How much less stored chunks take than plain arrays: by what they are about, and by area.

use std::collections::BTreeMap;

use bluemarble_core::{CHUNK_VOLUME, ChunkKey, ContentClass, MaterialTable};
use bluemarble_store::WholeChunk;
use glam::IVec3;
use serde::Serialize;

use crate::output;

/// An area, which also gets one recommendation: 1024 voxels along each edge.
pub const AREA_LOD: u8 = 4;
/// Areas that are printed: those that take most.
const PRINTED_AREAS: usize = 12;

/// Some chunks, and what they take.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Use {
    chunks: u64,
    /// Bytes in the shards, without their indices.
    stored_bytes: u64,
    /// Bytes of the same cells as plain arrays of u16.
    plain_bytes: u64,
    /// Share of the plain bytes that is not needed.
    saved_share: f64,
}

/// Chunks of one class.
#[derive(Serialize)]
pub struct OfClass {
    class: ContentClass,
    #[serde(flatten)]
    takes: Use,
}

/// Chunks of lod 0 in an area.
#[derive(Serialize)]
pub struct OfArea {
    region: u8,
    /// The lowest voxel of the area.
    min: [i32; 3],
    #[serde(flatten)]
    takes: Use,
}

/// What stored chunks take, as they are read.
pub struct Efficiency {
    materials: MaterialTable,
    classes: BTreeMap<ContentClass, Use>,
    areas: BTreeMap<(u8, [i32; 3]), Use>,
}

impl Efficiency {
    /// Of chunks of these materials.
    pub fn new(materials: MaterialTable) -> Self {
        Self { materials, classes: BTreeMap::new(), areas: BTreeMap::new() }
    }

    /// Counts a chunk.
    pub fn add(&mut self, WholeChunk { key, chunk, stored_bytes }: &WholeChunk) {
        let class = ContentClass::of(&self.materials, chunk.counts_unsorted());
        self.classes.entry(class).or_default().add(*stored_bytes);
        if key.lod == 0 {
            let area = key.pos >> i32::from(AREA_LOD);
            self.areas.entry((key.region, area.to_array())).or_default().add(*stored_bytes);
        }
    }

    /// By class, and by area: those that take most first.
    pub fn finish(self) -> (Vec<OfClass>, Vec<OfArea>) {
        let classes = self.classes.into_iter().map(|(class, takes)| OfClass { class, takes });
        let area = |((region, area), takes): ((u8, [i32; 3]), Use)| {
            let min = ChunkKey::new(region, AREA_LOD, IVec3::from(area)).min_voxel().to_array();
            OfArea { region, min, takes }
        };
        let mut areas: Vec<_> = self.areas.into_iter().map(area).collect();
        areas.sort_by_key(|area| std::cmp::Reverse(area.takes.stored_bytes));
        (classes.collect(), areas)
    }
}

impl Use {
    fn add(&mut self, stored_bytes: u64) {
        self.chunks += 1;
        self.stored_bytes += stored_bytes;
        self.plain_bytes += (CHUNK_VOLUME * size_of::<u16>()) as u64;
        self.saved_share = 1.0 - self.stored_bytes as f64 / self.plain_bytes as f64;
    }

    fn row(&self, name: String) -> Vec<String> {
        vec![
            name,
            self.chunks.to_string(),
            output::human_bytes(self.plain_bytes),
            output::human_bytes(self.stored_bytes),
            format!("{:.2} %", 100.0 * self.saved_share),
        ]
    }
}

/// A table by class, and one by area.
pub fn text(classes: &[OfClass], areas: &[OfArea]) -> String {
    let table = |heading: &str, rows: &[Vec<String>]| {
        output::table(&[heading, "chunks", "plain arrays", "stored", "less"], rows)
    };
    let by_class: Vec<_> =
        classes.iter().map(|of| of.takes.row(of.class.name().to_owned())).collect();
    let by_area: Vec<_> = (areas.iter().take(PRINTED_AREAS))
        .map(|of| {
            let [x, y, z] = of.min;
            of.takes.row(format!("{},{x},{y},{z}", of.region))
        })
        .collect();
    let mut text = table("class", &by_class);
    text.push_str("\n\n");
    text.push_str(&table("area of 1024³ voxels", &by_area));
    if areas.len() > PRINTED_AREAS {
        text.push_str(&format!(
            "\n{} smaller ones are left out; --json has all",
            areas.len() - PRINTED_AREAS
        ));
    }
    text
}
