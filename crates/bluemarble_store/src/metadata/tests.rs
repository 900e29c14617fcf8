//! Documents of which anything may be wrong.

use bluemarble_core::Shape;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::StorageOptions;

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9./]{0,6}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([1, "zstd", { "name": "bytes", "configuration": [] }])),
        Just(json!({ "name": "zstd", "configuration": { "level": 3 } })),
    ]
}

/// The place of every value in a document.
fn pointers(value: &Value, above: &str, found: &mut Vec<String>) {
    found.push(above.to_owned());
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| pointers(value, &format!("{above}/{key}"), found));
        }
        Value::Array(list) => {
            let all = list.iter().enumerate();
            all.for_each(|(at, value)| pointers(value, &format!("{above}/{at}"), found));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn no_change_to_a_document_makes_its_reader_panic(
        which in 0usize..3,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_value()), 1..4),
    ) {
        let shape = Shape::earth();
        let storage = StorageOptions::default();
        let world = WorldMetadata {
            shape,
            baseline: "superflat 7".to_owned(),
            materials: vec!["air".to_owned()],
            storage,
        };
        let region = region_document("r", &shape, 0, &[0, 3], None).expect("made");
        let mut found = [world.document(), array_document(&shape, 3, storage), region][which].clone();
        for (at, value) in changes {
            let mut places = Vec::new();
            pointers(&found, "", &mut places);
            if let Some(place) = found.pointer_mut(&places[at.index(places.len())]) {
                *place = value;
            }
        }
        let _ = world.check("w", &found);
        let _ = ArrayFormat::parse("a", &shape, 3, storage, &found);
        let _ = listed_lods(0, &found);
        let _ = region_document("r", &shape, 0, &[0], Some(&found));
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse("a", &bytes);
    }
}
