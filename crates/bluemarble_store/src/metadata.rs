//! The `zarr.json` documents: what is written, and what is accepted.

use bluemarble_core::{MaterialTable, Shape};
use serde_json::{Value, json};

use crate::{StoreError, layout::ArrayLayout};

/// The version of everything below a world's `zarr.json`.
pub const FORMAT_VERSION: u32 = 1;

/// What a world is: recorded when it is made, checked whenever it is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldMetadata {
    /// How the lattice lies in world space.
    pub shape: Shape,
    /// The baseline's fingerprint: edits are never laid over another ground.
    pub baseline: String,
    /// The names of the materials in the order of their ids.
    pub materials: Vec<String>,
}

impl WorldMetadata {
    /// The metadata of a world with this shape, baseline and table.
    pub fn new(shape: Shape, baseline: String, materials: &MaterialTable) -> Self {
        let materials = materials.rows().iter().map(|row| row.name.clone()).collect();
        Self { shape, baseline, materials }
    }

    pub(crate) fn document(&self) -> Value {
        json!({
            "zarr_format": 3,
            "node_type": "group",
            "attributes": { "bluemarble": {
                "format_version": FORMAT_VERSION,
                "shape": self.shape,
                "baseline": self.baseline,
                "materials": self.materials,
                "voxel_m": self.shape.voxel_m(),
            } },
        })
    }

    /// Checks a world's document. True if it must be written again: materials may be appended to the
    /// table of a world, but never renamed, reordered or taken away.
    pub(crate) fn check(&self, path: &str, found: &Value) -> Result<bool, StoreError> {
        const LIST: &str = "/attributes/bluemarble/materials";
        let mut expected = self.document();
        let known = found.pointer(LIST).and_then(Value::as_array).map_or(0, Vec::len);
        let grown = known < self.materials.len();
        if grown && let Some(Value::Array(list)) = expected.pointer_mut(LIST) {
            list.truncate(known);
        }
        // The version first: it explains every other difference.
        let version = |value: &Value| {
            value.pointer("/attributes/bluemarble/format_version").cloned().unwrap_or_default()
        };
        let field = "attributes.bluemarble.format_version";
        refuse(path, difference(field, &version(&expected), &version(found)))?;
        refuse(path, difference("", &expected, found))?;
        Ok(grown)
    }
}

/// The document of a group without anything to say.
pub fn group_document() -> Value {
    json!({ "zarr_format": 3, "node_type": "group", "attributes": {} })
}

/// The document of the array of one lod.
pub fn array_document(shape: &Shape, lod: u8) -> Value {
    let layout = ArrayLayout::new(shape, lod);
    let cube = |edge: i32| [edge; 3];
    json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": cube(layout.edge_cells),
        "data_type": "uint16",
        "chunk_grid": {
            "name": "regular",
            "configuration": { "chunk_shape": cube(layout.shard_cells()) },
        },
        "chunk_key_encoding": { "name": "default", "configuration": { "separator": "/" } },
        "fill_value": 65535,
        "codecs": [{
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": cube(bluemarble_core::CHUNK_EDGE),
                "codecs": [
                    { "name": "bytes", "configuration": { "endian": "little" } },
                    { "name": "numcodecs.lz4", "configuration": { "acceleration": 1 } },
                    { "name": "crc32c" },
                ],
                "index_codecs": [
                    { "name": "bytes", "configuration": { "endian": "little" } },
                    { "name": "crc32c" },
                ],
                "index_location": "end",
            },
        }],
        "dimension_names": ["y", "z", "x"],
        "attributes": {
            "cell_m": shape.voxel_m() * f64::from(1u32 << lod),
            "origin": cube(layout.origin_cells),
        },
    })
}

/// Checks that a document says what it must.
pub fn check(path: &str, expected: &Value, found: &Value) -> Result<(), StoreError> {
    refuse(path, difference("", expected, found))
}

/// Parses a document.
pub fn parse(path: &str, bytes: &[u8]) -> Result<Value, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Syntax { path: path.to_owned(), message: error.to_string() })
}

struct Difference {
    field: String,
    expected: String,
    found: String,
}

fn refuse(path: &str, difference: Option<Difference>) -> Result<(), StoreError> {
    match difference {
        None => Ok(()),
        Some(Difference { field, expected, found }) => {
            Err(StoreError::Mismatch { path: path.to_owned(), field, expected, found })
        }
    }
}

/// The first place where two documents differ in a way that matters: attributes may hold more than we
/// write, and so may any object whose writer says that it need not be understood.
fn difference(field: &str, expected: &Value, found: &Value) -> Option<Difference> {
    let differs = |expected: String, found: String| {
        Some(Difference { field: field.to_owned(), expected, found })
    };
    let below = |name: &str| match field {
        "" => name.to_owned(),
        _ => format!("{field}.{name}"),
    };
    match (expected, found) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in ours {
                let theirs = theirs.get(name).unwrap_or(&Value::Null);
                if let Some(difference) = difference(&below(name), value, theirs) {
                    return Some(difference);
                }
            }
            let harmless = |name: &String, value: &Value| {
                let empty = value.as_array().is_some_and(Vec::is_empty);
                field.starts_with("attributes")
                    || value.get("must_understand") == Some(&Value::Bool(false))
                    || name == "storage_transformers" && empty
                    || name == "consolidated_metadata"
            };
            let (name, value) = theirs
                .iter()
                .find(|(name, value)| !ours.contains_key(*name) && !harmless(name, value))?;
            Some(Difference {
                field: below(name),
                expected: "absent".to_owned(),
                found: value.to_string(),
            })
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            for (at, value) in ours.iter().enumerate() {
                let theirs = theirs.get(at).unwrap_or(&Value::Null);
                if let Some(difference) = difference(&format!("{field}[{at}]"), value, theirs) {
                    return Some(difference);
                }
            }
            let more = theirs.get(ours.len())?;
            Some(Difference {
                field: format!("{field}[{}]", ours.len()),
                expected: "absent".to_owned(),
                found: more.to_string(),
            })
        }
        (Value::Number(ours), Value::Number(theirs)) if ours.as_f64() == theirs.as_f64() => None,
        _ if expected == found => None,
        (_, Value::Null) => differs(expected.to_string(), "absent".to_owned()),
        _ => differs(expected.to_string(), found.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> WorldMetadata {
        WorldMetadata {
            shape: Shape::earth(),
            baseline: "superflat 7".to_owned(),
            materials: vec!["air".to_owned(), "rock".to_owned()],
        }
    }

    #[test]
    fn a_document_is_accepted_by_its_writer_after_a_round_trip() {
        let bytes = serde_json::to_vec_pretty(&world().document()).expect("json");
        let found = parse("zarr.json", &bytes).expect("json");
        assert!(!world().check("zarr.json", &found).expect("same"));
        for lod in 0..=20 {
            let document = array_document(&Shape::earth(), lod);
            let bytes = serde_json::to_vec(&document).expect("json");
            check("a", &document, &parse("a", &bytes).expect("json")).expect("same");
        }
    }

    #[test]
    fn each_difference_is_named() {
        let cases = [
            ("/attributes/bluemarble/format_version", json!(2), "format_version is 2, expected 1"),
            (
                "/attributes/bluemarble/baseline",
                json!("noise 3"),
                "\"noise 3\", expected \"superflat 7\"",
            ),
            (
                "/attributes/bluemarble/shape/CubeSphere/radius_m",
                json!(1.5),
                "shape.CubeSphere.radius_m is 1.5",
            ),
            (
                "/attributes/bluemarble/materials/1",
                json!("iron"),
                "materials[1] is \"iron\", expected \"rock\"",
            ),
            ("/zarr_format", json!(2), "zarr_format is 2"),
        ];
        for (pointer, value, said) in cases {
            let mut found = world().document();
            *found.pointer_mut(pointer).expect("there") = value;
            let error = world().check("w/zarr.json", &found).expect_err(pointer).to_string();
            assert!(error.starts_with("w/zarr.json: ") && error.contains(said), "{error}");
        }
        let error = world().check("w", &json!({})).expect_err("empty").to_string();
        assert!(error.contains("format_version is absent"), "{error}");
    }

    #[test]
    fn a_table_may_grow_but_not_shrink() {
        let mut larger = world();
        larger.materials.push("ice".to_owned());
        assert!(larger.check("w", &world().document()).expect("grown"));
        let error = world().check("w", &larger.document()).expect_err("shrunk").to_string();
        assert!(error.contains("materials[2] is \"ice\", expected absent"), "{error}");
    }

    #[test]
    fn unknown_codecs_are_refused_and_unknown_attributes_are_not() {
        let expected = array_document(&Shape::earth(), 3);
        let mut found = expected.clone();
        found["attributes"]["note"] = json!("mine");
        check("a", &expected, &found).expect("an attribute more");
        found["codecs"][0]["configuration"]["codecs"][1]["name"] = json!("zstd");
        let error = check("a", &expected, &found).expect_err("another codec").to_string();
        assert!(error.contains("codecs[0].configuration.codecs[1].name is \"zstd\""), "{error}");
    }
}
