//! The document of a region's group: its lods as one multiscale image, after OME-NGFF 0.5.

use bluemarble_core::{MAX_LOD, Shape};
use serde_json::{Map, Value, json};

use super::difference::check;
use crate::{
    ChunkEdge, StoreError,
    layout::{ArrayLayout, region_name},
};

/// The version of OME-NGFF that the attributes follow.
const OME_VERSION: &str = "0.5";

/// The lods that a region's document names, in ascending order.
pub(crate) fn listed_lods(region: u8, document: &Value) -> Vec<u8> {
    let name = region_name(region);
    let images = document.pointer("/attributes/ome/multiscales").and_then(Value::as_array);
    let ours = images.and_then(|images| images.iter().find(|image| image["name"] == *name));
    let datasets = ours.and_then(|image| image["datasets"].as_array());
    let lod = |dataset: &Value| dataset["path"].as_str()?.strip_prefix("lod")?.parse().ok();
    let mut lods: Vec<u8> = datasets.into_iter().flatten().filter_map(lod).collect();
    lods.retain(|&lod| lod <= MAX_LOD);
    lods.sort_unstable();
    lods.dedup();
    lods
}

/// The document of a region in which these lods have arrays, with whatever else `found` says.
///
/// # Errors
/// [`StoreError::Mismatch`] if `found` is not the document of a group.
pub(crate) fn region_document(
    path: &str,
    shape: &Shape,
    region: u8,
    lods: &[u8],
    found: Option<&Value>,
) -> Result<Value, StoreError> {
    let empty = json!({ "zarr_format": 3, "node_type": "group", "attributes": {} });
    if let Some(found) = found {
        check(path, &empty, found)?;
    }
    let mut document = found.unwrap_or(&empty).clone();
    let ome = &mut document["attributes"]["ome"];
    if !ome.is_object() {
        *ome = Value::Object(Map::new());
    }
    ome["version"] = json!(OME_VERSION);
    let image = image(shape, region, lods);
    match ome.get_mut("multiscales").and_then(Value::as_array_mut) {
        // Images that others have noted stay.
        Some(images) => match images.iter_mut().find(|other| other["name"] == image["name"]) {
            Some(ours) => *ours = image,
            None => images.insert(0, image),
        },
        None => ome["multiscales"] = json!([image]),
    }
    Ok(document)
}

/// One entry of `multiscales`. Coordinates are metres along the axes of the region's lattice, with the
/// lattice origin at 0; those of a cell are its centre's.
fn image(shape: &Shape, region: u8, lods: &[u8]) -> Value {
    let axis = |name| json!({ "name": name, "type": "space", "unit": "meter" });
    let dataset = |&lod: &u8| {
        let layout = ArrayLayout::new(shape, lod, ChunkEdge::default());
        let cell_m = shape.voxel_m() * f64::from(1u32 << lod);
        let first_m = (0.5 - f64::from(layout.origin_cells)) * cell_m;
        json!({
            "path": format!("lod{lod}"),
            "coordinateTransformations": [
                { "type": "scale", "scale": ([cell_m; 3]) },
                { "type": "translation", "translation": ([first_m; 3]) },
            ],
        })
    };
    json!({
        "name": region_name(region),
        "axes": (["y", "z", "x"].map(axis)),
        "datasets": lods.iter().map(dataset).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAT: Shape = Shape::Flat(bluemarble_core::Flat { voxel_m: 0.5 });

    #[test]
    fn a_cell_lies_at_the_same_place_in_metres_at_every_lod() {
        let lods: Vec<u8> = (0..=MAX_LOD).collect();
        for shape in [FLAT, Shape::earth()] {
            let document = region_document("r", &shape, 0, &lods, None).expect("made");
            assert_eq!(listed_lods(0, &document), lods);
            let image = &document["attributes"]["ome"]["multiscales"][0];
            for lod in lods.iter().copied() {
                let dataset = &image["datasets"][usize::from(lod)];
                assert_eq!(dataset["path"], format!("lod{lod}"));
                let number = |at: usize, name: &str| {
                    dataset["coordinateTransformations"][at][name][1].as_f64().expect("a number")
                };
                let (scale, first) = (number(0, "scale"), number(1, "translation"));
                assert_eq!(scale, shape.voxel_m() * f64::from(1 << lod));
                // The corner of the array is the same point for all.
                let corner = first - scale / 2.0;
                let lowest = f64::from(shape.region_box().min.y) * shape.voxel_m();
                assert!((corner - lowest).abs() < 1e-6, "{corner} {lowest}");
            }
        }
    }

    #[test]
    fn what_others_noted_stays() {
        let found = json!({
            "zarr_format": 3,
            "node_type": "group",
            "attributes": { "note": 1, "ome": {
                "omero": 2,
                "multiscales": [{ "name": "mine" }, { "name": "region1", "datasets": [{ "path": "lod4" }] }],
            } },
        });
        assert_eq!(listed_lods(1, &found), [4]);
        let document = region_document("r", &FLAT, 1, &[2, 4], Some(&found)).expect("made");
        assert_eq!(document["attributes"]["note"], 1);
        let ome = &document["attributes"]["ome"];
        assert_eq!((&ome["omero"], &ome["version"]), (&json!(2), &json!("0.5")));
        assert_eq!(ome["multiscales"][0]["name"], "mine");
        assert_eq!(ome["multiscales"].as_array().expect("a list").len(), 2);
        assert_eq!(listed_lods(1, &document), [2, 4]);
        let again = region_document("r", &FLAT, 1, &[2, 4], Some(&document)).expect("made");
        assert_eq!(again, document);
    }

    #[test]
    fn strange_documents_are_refused_or_mended_and_never_panic() {
        let region = |found: Value| region_document("r", &FLAT, 0, &[1], Some(&found));
        assert!(region(json!([])).is_err());
        assert!(
            region(json!({ "zarr_format": 3, "node_type": "array", "attributes": {} })).is_err()
        );
        for ome in [
            json!(null),
            json!(7),
            json!([]),
            json!({ "multiscales": 3 }),
            json!({ "multiscales": [3, null] }),
        ] {
            let found =
                json!({ "zarr_format": 3, "node_type": "group", "attributes": { "ome": ome } });
            assert!(listed_lods(0, &found).is_empty());
            assert_eq!(listed_lods(0, &region(found).expect("mended")), [1]);
        }
    }
}
