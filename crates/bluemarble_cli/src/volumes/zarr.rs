//! Zarr arrays, versions 2 and 3, whatever their chunks and codecs.

use std::{path::Path, sync::Arc};

use zarrs::{
    array::{
        Array, ArrayShardedExt, ArraySubset, CodecOptions, FromArrayBytes,
        chunk_cache::{ChunkCache, ChunkCacheDecodedLruSizeLimit},
        data_type,
    },
    filesystem::FilesystemStore,
    storage::ReadableStorageTraits,
};

use super::numbers::{Numbers, Part};

/// Decoded chunks that are remembered: most parts end within chunks.
const CACHE_BYTES: u64 = 512 << 20;

/// Numbers of a chunk, which is decoded as a whole.
const MAX_CHUNK_NUMBERS: u64 = 1 << 29;

type ZarrArray = Array<dyn ReadableStorageTraits>;

/// A Zarr array of numbers.
pub struct ZarrNumbers {
    array: Arc<ZarrArray>,
    /// None of sharded arrays: of those, parts of chunks can be read.
    cache: Option<ChunkCacheDecodedLruSizeLimit>,
    counts: [u64; 3],
    /// Axes of length 1 before those three.
    leading: usize,
    is_u8: bool,
}

impl ZarrNumbers {
    /// Opens the array in a folder.
    pub fn open(path: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("not a Zarr array: {error}");
        let store = FilesystemStore::new(path).map_err(|error| wrong(&error))?;
        let store: Arc<dyn ReadableStorageTraits> = Arc::new(store);
        let array = Arc::new(ZarrArray::open(store, "/").map_err(|error| {
            format!("{}; name the folder of an array, not of a group", wrong(&error))
        })?);
        let is_u8 = *array.data_type() == data_type::uint8();
        if !is_u8 && *array.data_type() != data_type::uint16() {
            // It has a name in version 2 as well.
            let name = array.data_type().to_string();
            let name = name.split(" / ").next().unwrap_or_default();
            return Err(format!("its numbers are {name}; make them uint8 or uint16"));
        }
        let shape = array.shape();
        let leading = shape.len().saturating_sub(3);
        let counts = shape.split_at(leading);
        let (true, Ok(counts)) = (counts.0.iter().all(|&count| count == 1), counts.1.try_into())
        else {
            return Err(format!(
                "its shape is {shape:?}; a volume has three axes, and before them only axes of length 1"
            ));
        };
        let counts: [u64; 3] = counts;
        if counts.contains(&0) {
            return Err("it holds no number".to_owned());
        }
        let chunk = array.chunk_shape(&vec![0; shape.len()]).map_err(|error| wrong(&error))?;
        // Of shards, a part can be decoded.
        let chunk = array.subchunk_shape().unwrap_or(chunk);
        let numbers = chunk.iter().try_fold(1, |all: u64, count| all.checked_mul(count.get()));
        if numbers.is_none_or(|numbers| numbers > MAX_CHUNK_NUMBERS) {
            return Err(format!("its chunks are {chunk:?}; store it in chunks of less than 1 GiB"));
        }
        let cache = (!array.is_sharded())
            .then(|| ChunkCacheDecodedLruSizeLimit::new(Arc::clone(&array), CACHE_BYTES));
        Ok(Self { array, cache, counts, leading, is_u8 })
    }

    fn read_as<T: FromArrayBytes>(&self, subset: &ArraySubset) -> Result<T, String> {
        // Whoever reads does so on all cores already.
        let options = CodecOptions::default().with_concurrent_target(1);
        let read = match &self.cache {
            Some(cache) => cache.retrieve_array_subset(subset, &options),
            None => self.array.retrieve_array_subset_opt(subset, &options),
        };
        read.map_err(|error| error.to_string())
    }
}

impl Numbers for ZarrNumbers {
    fn counts(&self) -> [u64; 3] {
        self.counts
    }

    fn read(&self, part: &Part) -> Result<Vec<u16>, String> {
        let mut ranges = vec![0..1; self.leading];
        ranges.extend(part.iter().cloned());
        let subset = ArraySubset::new_with_ranges(&ranges);
        match self.is_u8 {
            true => Ok(self.read_as::<Vec<u8>>(&subset)?.into_iter().map(u16::from).collect()),
            false => self.read_as(&subset),
        }
    }
}
