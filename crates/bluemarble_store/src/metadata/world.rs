//! The world's own document.

use bluemarble_core::{MaterialTable, Shape};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::difference::{difference, mismatch, refuse};
use crate::{ChunkCodec, ChunkEdge, StorageOptions, StoreError, layout::region_name};

/// The version of everything below a world's `zarr.json`. Worlds of all versions from 1 on are opened;
/// the document of an older one is brought up to date then, and nothing else is touched.
///
/// | version | what changed |
/// |---|---|
/// | 1 | |
/// | 2 | `storage` and `regions`; an array's document decides about its codecs; chunks may be stored in part |
/// | 3 | a manifest; shards with stamps |
pub const FORMAT_VERSION: u32 = 3;

/// The first version with a manifest.
pub(crate) const MANIFEST_SINCE: u32 = 3;

const VERSION: &str = "attributes.bluemarble.format_version";
const STORAGE: &str = "attributes.bluemarble.storage";

/// What a world is: recorded when it is made, checked whenever it is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldMetadata {
    /// How the lattice lies in local space.
    pub shape: Shape,
    /// The baseline's fingerprint: edits are never laid over another ground.
    pub baseline: String,
    /// The names of the materials in the order of their ids.
    pub materials: Vec<String>,
    /// How chunks are to be stored if the world has to be made. Not checked: a world that exists is
    /// opened with what it records.
    pub storage: StorageOptions,
}

/// What a world's document says beyond what it must.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The version of its format.
    pub version: u32,
    /// How its chunks are stored.
    pub storage: StorageOptions,
    /// The document to be written in place of the one that was found, if that is out of date.
    pub renewed: Option<Value>,
}

impl WorldMetadata {
    /// The metadata of a world with this shape, baseline and table, stored in the default way.
    pub fn new(shape: Shape, baseline: String, materials: &MaterialTable) -> Self {
        let materials = materials.rows().iter().map(|row| row.name.clone()).collect();
        Self { shape, baseline, materials, storage: StorageOptions::default() }
    }

    /// The same, stored in another way.
    pub fn with_storage(self, storage: StorageOptions) -> Self {
        Self { storage, ..self }
    }

    /// What a world's document says, if it is one that we would have written.
    pub(crate) fn from_document(path: &str, found: &Value) -> Result<Self, StoreError> {
        format_version(path, found)?;
        let field =
            |name: &str| ours(found).and_then(|ours| ours.get(name)).unwrap_or(&Value::Null);
        let unlike = |name: &str, expected: &str| {
            mismatch(path, format!("attributes.bluemarble.{name}"), expected, Some(field(name)))
        };
        let shape = Shape::deserialize(field("shape"))
            .ok()
            .filter(|shape| shape.voxel_m().is_finite() && shape.voxel_m() > 0.0)
            .ok_or_else(|| unlike("shape", "Flat or CubeSphere with a size in metres"))?;
        let baseline =
            String::deserialize(field("baseline")).map_err(|_| unlike("baseline", "a text"))?;
        let materials = Vec::deserialize(field("materials"))
            .map_err(|_| unlike("materials", "a list of names"))?;
        let mut world = Self { shape, baseline, materials, storage: StorageOptions::default() };
        world.storage = world.check(path, found)?.storage;
        Ok(world)
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
                "storage": {
                    "chunk_edge": self.storage.chunk_edge.cells(),
                    "codec": self.storage.codec.name(),
                },
                "regions": (0..self.shape.regions()).map(region_name).collect::<Vec<_>>(),
            } },
        })
    }

    /// Checks a world's document.
    ///
    /// Materials may be appended to the table of a world, but never renamed, reordered or taken away.
    pub(crate) fn check(&self, path: &str, found: &Value) -> Result<Recorded, StoreError> {
        // The version first: it explains every other difference.
        let version = format_version(path, found)?;
        let storage = match version {
            1 => StorageOptions::VERSION_1,
            _ => storage(path, found)?,
        };
        let current = Self { storage, ..self.clone() }.document();
        let mut expected = current.clone();
        let known =
            ours(found).and_then(|ours| ours.get("materials")?.as_array()).map_or(0, Vec::len);
        let grown = known < self.materials.len();
        if let Some(expected) = ours_mut(&mut expected) {
            if grown && let Some(Value::Array(list)) = expected.get_mut("materials") {
                list.truncate(known);
            }
            // Follows from the shape, which is compared itself.
            expected.remove("regions");
            expected.insert("format_version".to_owned(), json!(version));
            if version == 1 {
                expected.remove("storage");
            }
        }
        refuse(path, difference("", &expected, found))?;
        let outdated = grown || version < FORMAT_VERSION;
        Ok(Recorded { version, storage, renewed: outdated.then(|| renew(found, &current)) })
    }
}

/// The format version of a world, from 1 to ours.
pub(crate) fn format_version(path: &str, found: &Value) -> Result<u32, StoreError> {
    let recorded = ours(found).and_then(|ours| ours.get("format_version"));
    match recorded.and_then(Value::as_u64) {
        Some(version) if version > u64::from(FORMAT_VERSION) => Err(StoreError::NewerFormat {
            path: path.to_owned(),
            found: version,
            supported: FORMAT_VERSION,
        }),
        Some(version @ 1..) => Ok(version as u32),
        _ => Err(mismatch(path, VERSION, format!("1 to {FORMAT_VERSION}"), recorded)),
    }
}

fn storage(path: &str, found: &Value) -> Result<StorageOptions, StoreError> {
    let storage = ours(found).and_then(|ours| ours.get("storage"));
    let field = |name: &str| storage.and_then(|storage| storage.get(name));
    let edge = field("chunk_edge");
    let chunk_edge = edge.and_then(Value::as_u64).and_then(ChunkEdge::from_cells);
    let name = field("codec");
    let codec = name.and_then(Value::as_str).and_then(ChunkCodec::from_name);
    Ok(StorageOptions {
        chunk_edge: chunk_edge.ok_or_else(|| {
            mismatch(path, format!("{STORAGE}.chunk_edge"), "32, 64, 128 or 256", edge)
        })?,
        codec: codec.ok_or_else(|| {
            let known = ChunkCodec::ALL.map(|codec| format!("{:?}", codec.name())).join(" or ");
            mismatch(path, format!("{STORAGE}.codec"), known, name)
        })?,
    })
}

/// The document that was found with our attributes as they are now, and all others as they were.
fn renew(found: &Value, current: &Value) -> Value {
    let mut renewed = found.clone();
    if let (Some(renewed), Some(current)) = (ours_mut(&mut renewed), ours(current)) {
        renewed.extend(current.clone());
    }
    renewed
}

fn ours(document: &Value) -> Option<&Map<String, Value>> {
    document.pointer("/attributes/bluemarble")?.as_object()
}

fn ours_mut(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document.pointer_mut("/attributes/bluemarble")?.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::parse;

    fn world() -> WorldMetadata {
        WorldMetadata {
            shape: Shape::earth(),
            baseline: "superflat 7".to_owned(),
            materials: vec!["air".to_owned(), "rock".to_owned()],
            storage: StorageOptions { chunk_edge: ChunkEdge::Cells32, codec: ChunkCodec::Zstd },
        }
    }

    #[test]
    fn a_document_is_accepted_by_its_writer_after_a_round_trip() {
        let bytes = serde_json::to_vec_pretty(&world().document()).expect("json");
        let found = parse("zarr.json", &bytes).expect("json");
        let recorded = world().check("zarr.json", &found).expect("same");
        assert_eq!((recorded.storage, recorded.renewed), (world().storage, None));
    }

    #[test]
    fn what_is_recorded_about_storage_wins_over_what_is_asked_for() {
        let asked = world().with_storage(StorageOptions::default());
        let recorded = asked.check("w", &world().document()).expect("not a mismatch");
        assert_eq!((recorded.storage, recorded.renewed), (world().storage, None));
    }

    #[test]
    fn each_difference_is_named() {
        let cases = [
            (
                "/attributes/bluemarble/format_version",
                json!(0),
                "format_version is 0, expected 1 to 3",
            ),
            ("/attributes/bluemarble/format_version", json!("2"), "format_version is \"2\""),
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
            (
                "/attributes/bluemarble/storage/chunk_edge",
                json!(48),
                "storage.chunk_edge is 48, expected 32, 64, 128 or 256",
            ),
            (
                "/attributes/bluemarble/storage/codec",
                json!("blosc"),
                "storage.codec is \"blosc\", expected \"shuffle-zstd\" or \"zstd\" or \"numcodecs.lz4\"",
            ),
            ("/attributes/bluemarble/storage", json!(null), "storage.chunk_edge is absent"),
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
    fn a_newer_version_is_refused_whatever_else_the_document_says() {
        let document = json!({ "attributes": { "bluemarble": { "format_version": 4 } } });
        let error = world().check("w/zarr.json", &document).expect_err("newer");
        assert!(matches!(error, StoreError::NewerFormat { found: 4, supported: 3, .. }));
        assert!(error.to_string().contains("format version 4"), "{error}");
    }

    #[test]
    fn a_table_may_grow_but_not_shrink() {
        let mut larger = world();
        larger.materials.push("ice".to_owned());
        let recorded = larger.check("w", &world().document()).expect("grown");
        assert_eq!(recorded.renewed, Some(larger.document()));
        let error = world().check("w", &larger.document()).expect_err("shrunk").to_string();
        assert!(error.contains("materials[2] is \"ice\", expected absent"), "{error}");
    }

    #[test]
    fn a_renewed_document_keeps_what_others_noted() {
        let mut found = world().document();
        found["attributes"]["author"] = json!("me");
        found["attributes"]["bluemarble"]["note"] = json!("mine");
        let ours = found["attributes"]["bluemarble"].as_object_mut().expect("ours");
        ours.insert("format_version".to_owned(), json!(1));
        ours.remove("storage");
        ours.remove("regions");
        let recorded = world().check("w", &found).expect("version 1");
        assert_eq!(recorded.storage, StorageOptions::VERSION_1);
        let renewed = recorded.renewed.expect("out of date");
        assert_eq!(renewed["attributes"]["author"], "me");
        assert_eq!(renewed["attributes"]["bluemarble"]["note"], "mine");
        let again = world().check("w", &renewed).expect("version 2");
        assert_eq!((again.storage, again.renewed), (StorageOptions::VERSION_1, None));
    }

    #[test]
    fn a_document_says_what_world_it_is_of() {
        let document = world().document();
        assert_eq!(WorldMetadata::from_document("w", &document).expect("a world"), world());
        let cases = [
            ("/attributes/bluemarble/format_version", json!(9), "format version 9"),
            ("/attributes/bluemarble/shape/CubeSphere/radius_m", json!(0.0), "bluemarble.shape is"),
            (
                "/attributes/bluemarble/shape/CubeSphere/radius_m",
                json!(-1.0),
                "bluemarble.shape is",
            ),
            ("/attributes/bluemarble/shape", json!("Torus"), "bluemarble.shape is \"Torus\""),
            ("/attributes/bluemarble/baseline", json!(7), "bluemarble.baseline is 7"),
            ("/attributes/bluemarble/materials", json!([1]), "bluemarble.materials is [1]"),
            ("/attributes/bluemarble/voxel_m", json!(2), "voxel_m is 2"),
            ("/node_type", json!("array"), "node_type is \"array\""),
        ];
        for (pointer, value, said) in cases {
            let mut found = document.clone();
            *found.pointer_mut(pointer).expect("there") = value;
            let error = WorldMetadata::from_document("w", &found).expect_err(pointer).to_string();
            assert!(error.starts_with("w: ") && error.contains(said), "{error}");
        }
        for nothing in [json!(null), json!([]), json!(3), json!({})] {
            let error = WorldMetadata::from_document("w", &nothing).expect_err("nothing");
            assert!(error.to_string().contains("format_version is absent"), "{error}");
        }
    }
}
