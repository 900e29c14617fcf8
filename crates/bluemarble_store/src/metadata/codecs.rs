//! The codecs that an array may name.

use serde_json::{Map, Value, json};

use super::difference::mismatch;
use crate::{
    StoreError,
    chunk_bytes::CELL_BYTES,
    codec::{CodecChain, Compressor},
    shard::IndexLocation,
};

/// The levels that Zstandard knows.
const ZSTD_LEVELS: std::ops::RangeInclusive<i64> = -131_072..=22;

/// The outer codec of an array, taken apart.
pub(super) struct Sharding<'a> {
    pub chunk_shape: Option<&'a Value>,
    pub chain: CodecChain,
    pub index_location: IndexLocation,
}

/// The list of codecs of an array that we make.
pub(super) fn codecs(chunk_edge_cells: i32, chain: CodecChain, index: IndexLocation) -> Value {
    let bytes = json!({ "name": "bytes", "configuration": { "endian": "little" } });
    let crc32c = json!({ "name": "crc32c" });
    let shuffle = chain.shuffle.then(
        || json!({ "name": "numcodecs.shuffle", "configuration": { "elementsize": CELL_BYTES } }),
    );
    let compressor = match chain.compressor {
        Compressor::None => None,
        Compressor::Lz4 => {
            Some(json!({ "name": "numcodecs.lz4", "configuration": { "acceleration": 1 } }))
        }
        Compressor::Zstd { level, frame_checksum } => Some(json!({
            "name": "zstd",
            "configuration": { "level": level, "checksum": frame_checksum },
        })),
    };
    let checksum = chain.checksum.then(|| crc32c.clone());
    let inner = [Some(bytes.clone()), shuffle, compressor, checksum];
    let inner: Vec<_> = inner.into_iter().flatten().collect();
    json!([{
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": ([chunk_edge_cells; 3]),
            "codecs": inner,
            "index_codecs": [bytes, crc32c],
            "index_location": match index {
                IndexLocation::Start => "start",
                IndexLocation::End => "end",
            },
        },
    }])
}

/// One codec of a list.
struct Codec<'a> {
    path: &'a str,
    field: String,
    name: &'a str,
    configuration: Option<&'a Map<String, Value>>,
}

impl<'a> Codec<'a> {
    /// The codec at `list[at]`: an object with a name and perhaps a configuration, or only a name.
    fn of(path: &'a str, list: &str, at: usize, value: &'a Value) -> Result<Self, StoreError> {
        let field = format!("{list}[{at}]");
        if let Value::String(name) = value {
            return Ok(Self { path, field, name, configuration: None });
        }
        let Some(object) = value.as_object() else {
            return Err(mismatch(path, field, "a codec", Some(value)));
        };
        let name = object.get("name");
        let Some(Value::String(name)) = name else {
            return Err(mismatch(path, format!("{field}.name"), "a codec's name", name));
        };
        let configuration = match object.get("configuration") {
            None => None,
            Some(Value::Object(configuration)) => Some(configuration),
            other => {
                return Err(mismatch(path, format!("{field}.configuration"), "an object", other));
            }
        };
        let known = ["name", "configuration"];
        if let Some((more, value)) = object.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            return Err(mismatch(path, format!("{field}.{more}"), "absent", Some(value)));
        }
        Ok(Self { path, field, name, configuration })
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.configuration?.get(name)
    }

    fn refuse<T>(&self, name: &str, expected: &str) -> Result<T, StoreError> {
        let field = format!("{}.configuration.{name}", self.field);
        Err(mismatch(self.path, field, expected, self.value(name)))
    }

    fn refuse_name<T>(&self, expected: &str) -> Result<T, StoreError> {
        let found = Value::from(self.name);
        Err(mismatch(self.path, format!("{}.name", self.field), expected, Some(&found)))
    }

    /// Refuses what is configured beyond the `known` names: it may change the meaning of the bytes.
    fn only(&self, known: &[&str]) -> Result<(), StoreError> {
        match self
            .configuration
            .and_then(|all| all.keys().find(|key| !known.contains(&key.as_str())))
        {
            Some(name) => self.refuse(name, "absent"),
            None => Ok(()),
        }
    }

    fn is_bytes(&self) -> Result<(), StoreError> {
        if self.name != "bytes" {
            return self.refuse_name("\"bytes\"");
        }
        if self.value("endian").and_then(Value::as_str) != Some("little") {
            return self.refuse("endian", "\"little\"");
        }
        self.only(&["endian"])
    }

    fn is_crc32c(&self) -> Result<bool, StoreError> {
        if self.name != "crc32c" {
            return Ok(false);
        }
        self.only(&[]).map(|()| true)
    }

    fn is_shuffle(&self) -> Result<bool, StoreError> {
        if !matches!(self.name, "numcodecs.shuffle" | "shuffle") {
            return Ok(false);
        }
        // What numcodecs shuffles by where nothing is said is 4.
        if self.value("elementsize").and_then(Value::as_u64) != Some(CELL_BYTES as u64) {
            return self.refuse("elementsize", "2");
        }
        self.only(&["elementsize"]).map(|()| true)
    }

    fn compressor(&self) -> Result<Option<Compressor>, StoreError> {
        match self.name {
            "numcodecs.lz4" | "lz4" => {
                if self.value("acceleration").is_some_and(|value| !value.is_i64()) {
                    return self.refuse("acceleration", "a whole number");
                }
                self.only(&["acceleration"])?;
                Ok(Some(Compressor::Lz4))
            }
            "zstd" | "numcodecs.zstd" => {
                let level = match self.value("level") {
                    None => 0,
                    Some(value) => match value.as_i64().filter(|level| ZSTD_LEVELS.contains(level))
                    {
                        Some(level) => level as i32,
                        None => return self.refuse("level", "-131072 to 22"),
                    },
                };
                let frame_checksum = match self.value("checksum") {
                    None => false,
                    Some(Value::Bool(checksum)) => *checksum,
                    Some(_) => return self.refuse("checksum", "true or false"),
                };
                self.only(&["level", "checksum"])?;
                Ok(Some(Compressor::Zstd { level, frame_checksum }))
            }
            _ => Ok(None),
        }
    }
}

/// The codecs of a list, one by one.
fn list<'a>(
    path: &'a str,
    field: &str,
    value: Option<&'a Value>,
) -> Result<Vec<Codec<'a>>, StoreError> {
    let Some(Value::Array(codecs)) = value else {
        return Err(mismatch(path, field, "a list of codecs", value));
    };
    codecs.iter().enumerate().map(|(at, codec)| Codec::of(path, field, at, codec)).collect()
}

/// Takes the list of codecs of an array apart.
pub(super) fn parse<'a>(
    path: &'a str,
    value: Option<&'a Value>,
) -> Result<Sharding<'a>, StoreError> {
    let outer = list(path, "codecs", value)?;
    let Some(sharding) = outer.first() else {
        return Err(mismatch(path, "codecs[0]", "\"sharding_indexed\"", None));
    };
    if sharding.name != "sharding_indexed" {
        return sharding.refuse_name("\"sharding_indexed\"");
    }
    if let Some(more) = outer.get(1) {
        return more.refuse_name("absent");
    }
    sharding.only(&["chunk_shape", "codecs", "index_codecs", "index_location"])?;
    let field = |name: &str| format!("{}.configuration.{name}", sharding.field);

    let index = list(path, &field("index_codecs"), sharding.value("index_codecs"))?;
    let index_location = match sharding.value("index_location").map(Value::as_str) {
        None | Some(Some("end")) => IndexLocation::End,
        Some(Some("start")) => IndexLocation::Start,
        _ => return sharding.refuse("index_location", "\"start\" or \"end\""),
    };
    let is_index = match index.as_slice() {
        [bytes, crc32c] => bytes.is_bytes().and_then(|()| crc32c.is_crc32c())?,
        _ => false,
    };
    if !is_index {
        return sharding.refuse("index_codecs", "\"bytes\" and \"crc32c\"");
    }

    let name = field("codecs");
    let chain = chain(path, &name, list(path, &name, sharding.value("codecs"))?)?;
    Ok(Sharding { chunk_shape: sharding.value("chunk_shape"), chain, index_location })
}

fn chain(path: &str, field: &str, codecs: Vec<Codec<'_>>) -> Result<CodecChain, StoreError> {
    let mut codecs = codecs.into_iter().peekable();
    match codecs.next() {
        Some(bytes) => bytes.is_bytes()?,
        None => return Err(mismatch(path, format!("{field}[0]"), "\"bytes\"", None)),
    }
    let mut shuffle = false;
    let mut expected = "\"numcodecs.shuffle\", \"shuffle\", \"numcodecs.lz4\", \"lz4\", \"zstd\", \
                        \"numcodecs.zstd\", \"crc32c\" or absent";
    if let Some(codec) = codecs.peek()
        && codec.is_shuffle()?
    {
        shuffle = true;
        expected = "\"numcodecs.lz4\", \"lz4\", \"zstd\", \"numcodecs.zstd\", \"crc32c\" or absent";
        codecs.next();
    }
    let mut compressor = Compressor::None;
    if let Some(codec) = codecs.peek()
        && let Some(known) = codec.compressor()?
    {
        compressor = known;
        expected = "\"crc32c\" or absent";
        codecs.next();
    }
    let mut checksum = false;
    if let Some(codec) = codecs.peek()
        && codec.is_crc32c()?
    {
        checksum = true;
        expected = "absent";
        codecs.next();
    }
    match codecs.next() {
        Some(more) => more.refuse_name(expected),
        None => Ok(CodecChain { shuffle, compressor, checksum }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChunkCodec;

    fn ours() -> Value {
        codecs(64, CodecChain::new(ChunkCodec::Lz4), IndexLocation::End)
    }

    fn with_inner(inner: Value) -> Value {
        let mut value = ours();
        value[0]["configuration"]["codecs"] = inner;
        value
    }

    #[test]
    fn what_we_write_is_what_we_read() {
        for codec in ChunkCodec::ALL {
            for index in [IndexLocation::Start, IndexLocation::End] {
                for checksum in [false, true] {
                    let chain = CodecChain { checksum, ..CodecChain::new(codec) };
                    let value = codecs(128, chain, index);
                    let parsed = parse("a", Some(&value)).expect("ours");
                    assert_eq!((parsed.chain, parsed.index_location), (chain, index));
                    assert_eq!(parsed.chunk_shape, Some(&json!([128, 128, 128])));
                }
            }
        }
    }

    #[test]
    fn what_zarr_python_writes_is_understood() {
        let bytes = json!({ "name": "bytes", "configuration": { "endian": "little" } });
        let zstd = |level, frame_checksum| Compressor::Zstd { level, frame_checksum };
        for (codec, compressor) in [
            (
                json!({ "name": "zstd", "configuration": { "level": 0, "checksum": true } }),
                zstd(0, true),
            ),
            (json!({ "name": "numcodecs.zstd", "configuration": { "level": 3 } }), zstd(3, false)),
            (json!({ "name": "numcodecs.lz4", "configuration": {} }), Compressor::Lz4),
            (json!("lz4"), Compressor::Lz4),
        ] {
            let alone = with_inner(json!([bytes, codec]));
            let chain = CodecChain { shuffle: false, compressor, checksum: false };
            assert_eq!(parse("a", Some(&alone)).expect("known").chain, chain);
            let value = with_inner(json!([bytes, codec, "crc32c"]));
            let chain = CodecChain { shuffle: false, compressor, checksum: true };
            assert_eq!(parse("a", Some(&value)).expect("known").chain, chain);
            let shuffle = json!({ "name": "shuffle", "configuration": { "elementsize": 2 } });
            let value = with_inner(json!([bytes, shuffle, codec]));
            let chain = CodecChain { shuffle: true, compressor, checksum: false };
            assert_eq!(parse("a", Some(&value)).expect("known").chain, chain);
        }
        let value = with_inner(json!([bytes]));
        let chain = CodecChain { shuffle: false, compressor: Compressor::None, checksum: false };
        assert_eq!(parse("a", Some(&value)).expect("known").chain, chain);
    }

    #[test]
    fn everything_else_is_refused_by_the_name_of_its_field() {
        let inner = "/0/configuration/codecs";
        let cases = [
            ("".to_owned(), json!({}), "codecs is {}, expected a list"),
            ("".to_owned(), json!([]), "codecs[0] is absent"),
            ("/0/name".to_owned(), json!("blosc"), "codecs[0].name is \"blosc\""),
            (
                "/0/configuration/index_location".to_owned(),
                json!("middle"),
                "index_location is \"middle\"",
            ),
            ("/0/configuration/index_codecs/1".to_owned(), json!("zstd"), "index_codecs is "),
            ("/0/configuration/index_codecs".to_owned(), json!([]), "index_codecs is []"),
            (
                format!("{inner}/0/configuration/endian"),
                json!("big"),
                "codecs[0].configuration.endian is \"big\", expected \"little\"",
            ),
            (
                format!("{inner}/0"),
                json!("transpose"),
                "codecs[0].name is \"transpose\", expected \"bytes\"",
            ),
            (
                format!("{inner}/1/name"),
                json!("blosc"),
                "codecs[0].configuration.codecs[1].name is \"blosc\"",
            ),
            (
                format!("{inner}/1/name"),
                json!("zstd"),
                "codecs[1].configuration.acceleration is 1, expected absent",
            ),
            (
                format!("{inner}/1"),
                json!({ "name": "zstd", "configuration": { "level": 23 } }),
                "codecs[1].configuration.level is 23",
            ),
            (
                format!("{inner}/1"),
                json!({ "name": "zstd", "configuration": { "checksum": 1 } }),
                "codecs[1].configuration.checksum is 1",
            ),
            (
                format!("{inner}/1"),
                json!({ "name": "numcodecs.shuffle", "configuration": { "elementsize": 4 } }),
                "codecs[1].configuration.elementsize is 4, expected 2",
            ),
            (
                format!("{inner}/1"),
                json!("shuffle"),
                "codecs[1].configuration.elementsize is absent",
            ),
            (format!("{inner}/1"), json!({ "name": 3 }), "codecs[1].name is 3"),
            (format!("{inner}/1"), json!({ "name": "lz4", "more": 3 }), "codecs[1].more is 3"),
            (format!("{inner}/1"), json!(7), "codecs[1] is 7"),
            (
                format!("{inner}/2/name"),
                json!("lz4"),
                "codecs[2].name is \"lz4\", expected \"crc32c\" or absent",
            ),
            (
                format!("{inner}/1"),
                json!("crc32c"),
                "codecs[2].name is \"crc32c\", expected absent",
            ),
            (inner.to_owned(), json!(null), "configuration.codecs is null"),
        ];
        for (pointer, value, said) in cases {
            let mut found = ours();
            *found.pointer_mut(&pointer).expect("there") = value;
            let error = parse("a/zarr.json", Some(&found)).map(|_| ()).expect_err(said).to_string();
            assert!(error.starts_with("a/zarr.json: ") && error.contains(said), "{error} / {said}");
        }
        let error = parse("a", None).map(|_| ()).expect_err("none").to_string();
        assert!(error.contains("codecs is absent"), "{error}");
    }
}
