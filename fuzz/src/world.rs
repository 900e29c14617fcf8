//! The `zarr.json` documents of a world, through a store in memory.

use std::sync::Arc;

use bluemarble_core::{CHUNK_VOLUME, Chunk, ChunkKey, Flat, MaterialId, MaterialTable, Shape};
use bluemarble_store::{ChunkStore, StoreError, StoreOptions, WorldMetadata};
use futures::executor::block_on;
use glam::IVec3;
use object_store::{ObjectStore, ObjectStoreExt, memory::InMemory, path::Path};

use super::Verdict;

/// The documents that an input holds, in this order.
pub const DOCUMENTS: [&str; 3] = ["zarr.json", "region0/zarr.json", "region0/lod3/zarr.json"];
/// What lies between two documents; one that is empty is not there.
pub const BETWEEN: &[u8] = b"\n---\n";

/// The chunk that is written, in the array whose document is given.
const KEY: ChunkKey = ChunkKey::new(0, 3, IVec3::ZERO);

/// Target `world_documents`: a world's, a region's and an array's document. A world that can be read can
/// be opened for writing with what it says of itself; what is written to it is there when it is opened
/// again.
pub fn documents(data: &[u8]) -> Verdict {
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut rest = Some(data);
    for name in DOCUMENTS {
        let Some(bytes) = rest else { break };
        let end = bytes.windows(BETWEEN.len()).position(|bytes| bytes == BETWEEN);
        let document = &bytes[..end.unwrap_or(bytes.len())];
        rest = end.map(|end| &bytes[end + BETWEEN.len()..]);
        if !document.is_empty() {
            let document = document.to_vec();
            block_on(objects.put(&Path::from(name), document.into())).expect("in memory");
        }
    }
    // The documents alone: their manifest is made again.
    let mut anew = StoreOptions::default();
    anew.rebuild_manifest = true;
    let looked = ChunkStore::with_read_only_objects(Arc::clone(&objects), &anew);
    let Ok(looked) = looked else {
        // Not with settings of our own either, unless there is no world yet.
        let _ = open(&objects, &any_world(), &anew);
        return Verdict::Refused;
    };
    let _ = block_on(looked.read(KEY));
    assert!(looked.keys_blocking().expect("no shards").is_empty());
    let metadata = looked.metadata().clone();
    let store = open(&objects, &metadata, &anew).expect("a world that can be read");
    let chunk = chunk();
    if block_on(store.write(&[(KEY, &chunk)])).is_err() {
        return Verdict::Refused;
    }
    assert!(block_on(store.read(KEY)).expect("written") == Some(chunk.clone()), "another chunk");
    drop(store);
    let options = StoreOptions::default();
    let store = open(&objects, &metadata, &options).expect("a world that was written to");
    assert_eq!(store.keys_blocking().expect("written"), [KEY]);
    assert!(block_on(store.read(KEY)).expect("written") == Some(chunk.clone()), "another chunk");
    // The second write finds all documents as the first has left them.
    block_on(store.write(&[(KEY, &chunk)])).expect("written before");
    Verdict::Accepted
}

fn open(
    objects: &Arc<dyn ObjectStore>,
    metadata: &WorldMetadata,
    options: &StoreOptions,
) -> Result<ChunkStore, StoreError> {
    block_on(ChunkStore::with_objects_and_options(Arc::clone(objects), metadata, options))
}

/// A world that is not the one in the documents.
fn any_world() -> WorldMetadata {
    let shape = Shape::Flat(Flat { voxel_m: 0.5 });
    WorldMetadata::new(shape, "any".to_owned(), &MaterialTable::standard())
}

fn chunk() -> Chunk {
    let cells: Vec<_> = (0..CHUNK_VOLUME).map(|cell| MaterialId((cell / 4096) as u16)).collect();
    Chunk::from_cells(&cells)
}
