//! Inputs that are accepted, made by what they test: the same each time.

use std::sync::Arc;

use bluemarble_core::{CHUNK_VOLUME, Chunk, ChunkKey, Flat, MaterialId, MaterialTable, Shape};
use bluemarble_store::{
    ChunkCodec, ChunkEdge, ChunkStore, CodecChain, Compressor, ShardKey, StorageOptions,
    WorldMetadata,
    chunk_bytes::raw_bytes,
    shard::{self, IndexLocation},
};
use bytes::Bytes;
use futures::executor::block_on;
use glam::{IVec3, ivec3};
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};

use super::{
    TARGETS, Target, chunk, log,
    mutate::{Dice, mutant},
    shard as shards, world,
};

/// Mutants of each target.
const MUTANTS: usize = 28;
/// Corpora are to stay small.
const MAX_MUTANT_BYTES: usize = 4200;

/// An input of a target.
pub struct Seed {
    /// The target.
    pub target: &'static str,
    /// The name of its file.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The inputs of all targets.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |target, name: String, bytes| seeds.push(Seed { target, name, bytes });
    for (number, segment) in log::sound_log().segments.iter().enumerate() {
        add("log_segment", format!("sound_{number}"), segment.clone());
    }
    add("log_history", "sound".to_owned(), vec![0]);
    add("log_history", "sound_made_true".to_owned(), vec![1]);
    let last = log::sound_log().segments.len() as u8 - 1;
    add("log_history", "without_its_tail".to_owned(), vec![0, 4, last, 0, 0, 0, 0, 0, 0]);
    for (name, bytes) in shards() {
        add("shard_index", name, bytes);
    }
    for (name, bytes) in chunks() {
        add("chunk_codec", name, bytes);
    }
    for (name, bytes) in worlds() {
        add("world_documents", name, bytes);
    }
    seeds
}

/// Changed seeds of all targets, short ones only; whether they are accepted nobody knows.
pub fn mutants() -> Vec<Seed> {
    let seeds = seeds();
    let mut mutants = Vec::new();
    for Target { name: target, .. } in TARGETS {
        let of_target = seeds.iter().filter(|seed| seed.target == target);
        let inputs: Vec<_> = of_target.map(|seed| seed.bytes.clone()).collect();
        let mut dice = Dice(0);
        for number in 0..MUTANTS {
            let bytes = loop {
                let bytes = match target {
                    // Steps of tampering are all alike.
                    "log_history" => {
                        (0..=8 * (1 + dice.roll(3))).map(|_| dice.roll(256) as u8).collect()
                    }
                    _ => mutant(&inputs, &mut dice),
                };
                if bytes.len() <= MAX_MUTANT_BYTES {
                    break bytes;
                }
            };
            mutants.push(Seed { target, name: format!("mutant_{number:02}"), bytes });
        }
    }
    mutants
}

/// Shards of all sizes with some slots filled, and one as the store writes it.
fn shards() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (choice, slots) in shards::SLOTS.into_iter().enumerate() {
        for (at_start, location) in
            [(0, IndexLocation::End), (shards::AT_START, IndexLocation::Start)]
        {
            for filled in [1, 3, slots + 1] {
                let chunk = |slot: usize| Bytes::from(vec![slot as u8; slot % 7]);
                let chunks: Vec<_> = (0..slots)
                    .map(|slot| (slot % filled == filled / 2).then(|| chunk(slot)))
                    .collect();
                let order: Vec<_> = (0..slots).collect();
                let (shard, _) = shard::build(shards::KEY, 7, &chunks, &order, location);
                let mut bytes = vec![choice as u8 | at_start, 16, 0];
                bytes.extend_from_slice(&shard);
                seeds.push((format!("{slots}_slots_{location:?}_{filled}"), bytes));
            }
        }
    }
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let storage = StorageOptions::default();
    written(&objects, &world(Shape::earth()).with_storage(storage));
    let (place, _) = ShardKey::locate(&Shape::earth(), key()).expect("inside");
    let mut bytes = vec![2, 0xff, 0xff];
    bytes.extend_from_slice(&get(&objects, &place.path()));
    seeds.push(("as_written".to_owned(), bytes));
    seeds
}

/// Every codec chain with every edge: layers of cells where they compress well, patterns elsewhere.
fn chunks() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (choice, compressor) in chunk::COMPRESSORS.into_iter().enumerate() {
        for more in [0, chunk::CHECKSUM, chunk::SHUFFLE] {
            for (at, edge) in ChunkEdge::ALL.into_iter().enumerate() {
                let flags = choice as u8 | more | (at as u8) << chunk::EDGE_SHIFT;
                let name = format!("{choice}_{edge}_{more}");
                seeds.push((format!("{name}_pattern"), vec![flags | chunk::RAW, 1, 0, 2, 0, 0xff]));
                let compresses = match compressor {
                    Compressor::None => false,
                    Compressor::Lz4 => edge < ChunkEdge::Cells128,
                    Compressor::Zstd { .. } => true,
                };
                if compresses {
                    let chain = CodecChain {
                        shuffle: more == chunk::SHUFFLE,
                        compressor,
                        checksum: more == chunk::CHECKSUM,
                    };
                    let size = raw_bytes(edge.cells());
                    let layer = |at: usize| [(at * 5 / size) as u8, 0];
                    let raw: Vec<_> = (0..size).step_by(2).flat_map(layer).collect();
                    let mut bytes = vec![flags];
                    bytes.extend(chain.encode(&raw).expect("enough memory"));
                    seeds.push((format!("{name}_layers"), bytes));
                }
            }
        }
    }
    let noise = Dice(1);
    let raw = (0..raw_bytes(32)).scan(noise, |noise, _| Some(noise.roll(256) as u8));
    seeds.push(("0_32_0_noise".to_owned(), [0].into_iter().chain(raw).collect()));
    seeds
}

/// Worlds of all shapes, edges and codecs, just made and written to, and what others write.
fn worlds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    let shapes = [("earth", Shape::earth()), ("flat", Shape::Flat(Flat { voxel_m: 0.1 + 0.2 }))];
    for (name, shape) in shapes {
        for edge in ChunkEdge::ALL {
            for codec in ChunkCodec::ALL {
                let world = world(shape).with_storage(StorageOptions { chunk_edge: edge, codec });
                let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
                written(&objects, &world);
                let documents =
                    world::DOCUMENTS.map(|document| get(&objects, &Path::from(document)));
                seeds.push((format!("{name}_{edge}_{codec:?}"), documents.join(world::BETWEEN)));
                if edge == ChunkEdge::default() {
                    seeds.push((format!("{name}_{codec:?}_new"), documents[0].clone()));
                }
            }
        }
    }
    let text = String::from_utf8_lossy(&seeds[0].1).into_owned();
    for (name, from, to) in [
        ("codec_lz4", "\"name\": \"numcodecs.lz4\"", "\"name\": \"lz4\""),
        ("index_first", "\"index_location\": \"end\"", "\"index_location\": \"start\""),
        ("other_attribute", "\"attributes\": {", "\"attributes\": { \"other\": [1],"),
    ] {
        seeds.push((name.to_owned(), text.replace(from, to).into_bytes()));
    }
    let version_1 = include_bytes!("../../crates/bluemarble_store/fixtures/v1/zarr.json");
    seeds.push(("version_1".to_owned(), version_1.to_vec()));
    seeds
}

fn world(shape: Shape) -> WorldMetadata {
    WorldMetadata::new(shape, "superflat 7".to_owned(), &MaterialTable::standard())
}

fn key() -> ChunkKey {
    ChunkKey::new(0, 3, ivec3(0, 1, 0))
}

/// Makes a world with a chunk in the array of the documents.
fn written(objects: &Arc<dyn ObjectStore>, world: &WorldMetadata) {
    let store = block_on(ChunkStore::with_objects(Arc::clone(objects), world)).expect("made");
    let chunk = Chunk::from_cells(&[MaterialId(3); CHUNK_VOLUME]);
    let other = ChunkKey::new(0, 3, IVec3::ZERO);
    block_on(store.write(&[(key(), &chunk), (other, &chunk)])).expect("written");
}

fn get(objects: &Arc<dyn ObjectStore>, path: &Path) -> Vec<u8> {
    let bytes = async { objects.get(path).await?.bytes().await };
    block_on(bytes).expect("written").to_vec()
}
