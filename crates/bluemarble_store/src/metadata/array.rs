//! The document of the array of one lod.

use bluemarble_core::{MaterialId, Shape};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    codecs,
    difference::{check, difference, refuse},
};
use crate::{
    StorageOptions, StoreError,
    chunk_bytes::{self, Part},
    codec::{CodecChain, CodecError},
    layout::ArrayLayout,
    shard::{IndexLocation, ShardForm},
};

/// How an array stores its chunks, as its own document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArrayFormat {
    pub layout: ArrayLayout,
    pub chain: CodecChain,
    pub form: ShardForm,
}

impl ArrayFormat {
    /// The cells of a chunk out of the stored chunks that hold its parts. What is not stored becomes
    /// [`MaterialId::UNSTORED`].
    ///
    /// # Errors
    /// [`CodecError`] says what is wrong with the bytes.
    pub fn decode_parts(
        &self,
        parts: &[Part],
        stored: &[Option<Bytes>],
        cells: &mut [MaterialId],
    ) -> Result<(), CodecError> {
        if let ([part], [Some(bytes)]) = (parts, stored)
            && part.is_whole()
        {
            self.chain.decode_into(bytes, bytemuck::cast_slice_mut(cells))?;
            chunk_bytes::swap_if_big_endian(cells);
            return Ok(());
        }
        cells.fill(MaterialId::UNSTORED);
        for (part, bytes) in parts.iter().zip(stored) {
            if let Some(bytes) = bytes {
                part.take(&self.chain.decode(bytes, self.layout.raw_bytes())?, cells);
            }
        }
        Ok(())
    }

    /// Checks the document of an array of one lod, and takes its codecs from it.
    pub fn parse(
        path: &str,
        shape: &Shape,
        lod: u8,
        storage: StorageOptions,
        found: &Value,
    ) -> Result<Self, StoreError> {
        let layout = ArrayLayout::new(shape, lod, storage.chunk_edge);
        let sharding = codecs::parse(path, found.get("codecs"))?;
        let field = "codecs[0].configuration.chunk_shape";
        let chunk_shape = sharding.chunk_shape.unwrap_or(&Value::Null);
        refuse(
            path,
            difference(field, &Value::from([layout.chunk_cells; 3].as_slice()), chunk_shape),
        )?;
        let mut expected = array_document(shape, lod, storage);
        expected["codecs"] = found["codecs"].clone();
        check(path, &expected, found)?;
        let form = ShardForm {
            slots: layout.slots(),
            max_chunk_bytes: CodecChain::max_encoded_bytes(layout.raw_bytes()),
            index_location: sharding.index_location,
        };
        Ok(Self { layout, chain: sharding.chain, form })
    }
}

/// The document of the array of one lod, as we make it.
pub(crate) fn array_document(shape: &Shape, lod: u8, storage: StorageOptions) -> Value {
    let layout = ArrayLayout::new(shape, lod, storage.chunk_edge);
    let cube = |edge: i32| [edge; 3];
    let mut document = json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": cube(layout.edge_cells),
        "data_type": "uint16",
        "chunk_grid": {
            "name": "regular",
            "configuration": { "chunk_shape": cube(layout.shard_cells) },
        },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": 65535,
        "codecs": codecs::codecs(
            layout.chunk_cells,
            CodecChain::new(storage.codec),
            IndexLocation::End,
        ),
        "dimension_names": ["y", "z", "x"],
        "attributes": {
            "cell_m": shape.voxel_m() * f64::from(1u32 << lod),
            "origin": cube(layout.origin_cells),
        },
    });
    // Which difference is found first must not depend on how serde_json keeps fields.
    document.sort_all_objects();
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChunkCodec, ChunkEdge};

    fn parse(storage: StorageOptions, found: &Value) -> Result<ArrayFormat, StoreError> {
        ArrayFormat::parse("a", &Shape::earth(), 3, storage, found)
    }

    #[test]
    fn a_document_is_accepted_by_its_writer_after_a_round_trip() {
        let shape = Shape::earth();
        for (chunk_edge, codec) in
            ChunkEdge::ALL.into_iter().flat_map(|edge| ChunkCodec::ALL.map(|codec| (edge, codec)))
        {
            let storage = StorageOptions { chunk_edge, codec };
            for lod in 0..=20 {
                let bytes =
                    serde_json::to_vec(&array_document(&shape, lod, storage)).expect("json");
                let found = super::super::parse("a", &bytes).expect("json");
                let format = ArrayFormat::parse("a", &shape, lod, storage, &found).expect("same");
                assert_eq!(format.chain, CodecChain::new(codec));
                assert_eq!(format.layout, ArrayLayout::new(&shape, lod, chunk_edge));
            }
        }
    }

    #[test]
    fn the_array_decides_about_its_codecs_whatever_the_world_prefers() {
        let lz4 = StorageOptions { codec: ChunkCodec::Lz4, ..StorageOptions::default() };
        let zstd = StorageOptions { codec: ChunkCodec::Zstd, ..lz4 };
        let found = array_document(&Shape::earth(), 3, zstd);
        let format = parse(lz4, &found).expect("known codecs");
        assert_eq!(format.chain, CodecChain::new(ChunkCodec::Zstd));
    }

    #[test]
    fn another_shape_or_chunk_edge_is_refused_and_more_attributes_are_not() {
        let storage = StorageOptions::default();
        let found = array_document(&Shape::earth(), 3, storage);
        let mut noted = found.clone();
        noted["attributes"]["note"] = json!("mine");
        parse(storage, &noted).expect("an attribute more");
        let other = StorageOptions { chunk_edge: ChunkEdge::Cells128, ..storage };
        for (document, said) in [
            (array_document(&Shape::earth(), 4, storage), "attributes.cell_m is "),
            (
                array_document(&Shape::earth(), 3, other),
                "codecs[0].configuration.chunk_shape[0] is 128, expected 64",
            ),
            (json!({ "codecs": found["codecs"] }), "is absent"),
            (json!([]), "codecs is absent"),
        ] {
            let error = parse(storage, &document).expect_err(said).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
