//! One chunk to bytes and back: the inner codecs of every array.
//!
//! `bytes` (u16, little endian, x fastest, then z, then y), `numcodecs.lz4` (u32 size, then one LZ4
//! block), `crc32c` (checksum of all that, u32 little endian, at the end).

use bluemarble_core::{CHUNK_VOLUME, Chunk, MaterialId};

/// Bytes of a chunk before compression.
pub const RAW_BYTES: usize = CHUNK_VOLUME * 2;
/// Bytes of the size in front of the LZ4 block.
const SIZE_BYTES: usize = 4;
/// Bytes of a checksum.
pub(crate) const CRC_BYTES: usize = 4;

/// No encoded chunk is larger.
pub fn max_encoded_bytes() -> usize {
    SIZE_BYTES + lz4_flex::block::get_maximum_output_size(RAW_BYTES) + CRC_BYTES
}

/// Encodes a chunk.
///
/// # Errors
/// The index of the first cell that holds [`MaterialId::UNSTORED`]: such a chunk is not complete.
pub fn encode(chunk: &Chunk) -> Result<Vec<u8>, usize> {
    let mut cells = vec![MaterialId::AIR; CHUNK_VOLUME];
    chunk.write_cells(&mut cells);
    if chunk.any_material(|material| material == MaterialId::UNSTORED) {
        let cell = cells.iter().position(|&cell| cell == MaterialId::UNSTORED);
        return Err(cell.unwrap_or(0));
    }
    let mut raw = Vec::with_capacity(RAW_BYTES);
    for cell in &cells {
        raw.extend_from_slice(&cell.0.to_le_bytes());
    }
    let mut bytes = lz4_flex::block::compress_prepend_size(&raw);
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    Ok(bytes)
}

/// Decodes a chunk.
///
/// # Errors
/// One clause that says what is wrong with the bytes. Never panics, and never allocates more than a
/// chunk.
pub fn decode(bytes: &[u8]) -> Result<Chunk, String> {
    let Some((body, checksum)) = bytes.split_last_chunk::<CRC_BYTES>() else {
        return Err(format!("{} bytes are too few for a chunk", bytes.len()));
    };
    if crc32c::crc32c(body) != u32::from_le_bytes(*checksum) {
        return Err("its checksum does not match".to_owned());
    }
    let Some((size, block)) = body.split_first_chunk::<SIZE_BYTES>() else {
        return Err(format!("{} bytes are too few for a chunk", bytes.len()));
    };
    let size = u32::from_le_bytes(*size);
    if size as usize != RAW_BYTES {
        return Err(format!("it claims to hold {size} bytes, a chunk holds {RAW_BYTES}"));
    }
    let mut raw = vec![0; RAW_BYTES];
    match lz4_flex::block::decompress_into(block, &mut raw) {
        Ok(RAW_BYTES) => {}
        Ok(got) => return Err(format!("it holds {got} bytes, a chunk holds {RAW_BYTES}")),
        Err(error) => return Err(format!("its LZ4 block is broken: {error}")),
    }
    let mut cells = vec![MaterialId::AIR; CHUNK_VOLUME];
    for (cell, bytes) in cells.iter_mut().zip(raw.chunks_exact(2)) {
        *cell = MaterialId(u16::from_le_bytes([bytes[0], bytes[1]]));
    }
    match cells.iter().position(|&cell| cell == MaterialId::UNSTORED) {
        Some(cell) => Err(format!("cell index {cell} holds the reserved material 65535")),
        None => Ok(Chunk::from_cells(&cells)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_chunk_comes_back(kinds in 1u16..600, seed: u64, run in 1usize..5000) {
            let mut state = seed | 1;
            let mut cells = Vec::with_capacity(CHUNK_VOLUME);
            while cells.len() < CHUNK_VOLUME {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let left = CHUNK_VOLUME - cells.len();
                let material = MaterialId((state >> 40) as u16 % kinds);
                cells.resize(cells.len() + left.min(1 + (state >> 20) as usize % run), material);
            }
            let chunk = Chunk::from_cells(&cells);
            let bytes = encode(&chunk).expect("complete");
            prop_assert!(bytes.len() <= max_encoded_bytes());
            prop_assert_eq!(decode(&bytes).expect("whole"), chunk);
        }

        #[test]
        fn no_bytes_make_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), valid: bool) {
            if valid && bytes.len() >= 8 {
                // Past the checksum and the size, so that the LZ4 decoder sees the rest.
                bytes[..4].copy_from_slice(&(RAW_BYTES as u32).to_le_bytes());
                let end = bytes.len() - 4;
                let crc = crc32c::crc32c(&bytes[..end]);
                bytes[end..].copy_from_slice(&crc.to_le_bytes());
            }
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_claimed_size_is_checked_before_anything_is_allocated() {
        let mut bytes = u32::MAX.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[0; 16]);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        let error = decode(&bytes).expect_err("4 GiB");
        assert!(error.contains("4294967295"), "{error}");
    }

    #[test]
    fn an_incomplete_chunk_is_neither_written_nor_read() {
        let mut chunk = Chunk::default();
        chunk.set_index(77, MaterialId::UNSTORED);
        assert_eq!(encode(&chunk), Err(77));
        let mut raw = vec![0u8; RAW_BYTES];
        raw[154..156].fill(0xff);
        let mut bytes = lz4_flex::block::compress_prepend_size(&raw);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        assert!(decode(&bytes).expect_err("incomplete").contains("77"));
    }
}
