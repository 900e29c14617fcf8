//! Where a document says something else than it must.

use serde_json::Value;

use crate::StoreError;

/// A mismatch at one field.
pub(super) fn mismatch(
    path: &str,
    field: impl Into<String>,
    expected: impl Into<String>,
    found: Option<&Value>,
) -> StoreError {
    StoreError::Mismatch {
        path: path.to_owned(),
        field: field.into(),
        expected: expected.into(),
        found: found.map_or_else(|| "absent".to_owned(), Value::to_string),
    }
}

/// Checks that a document says what it must.
pub(super) fn check(path: &str, expected: &Value, found: &Value) -> Result<(), StoreError> {
    refuse(path, difference("", expected, found))
}

pub(super) struct Difference {
    pub field: String,
    pub expected: String,
    pub found: String,
}

pub(super) fn refuse(path: &str, difference: Option<Difference>) -> Result<(), StoreError> {
    match difference {
        None => Ok(()),
        Some(Difference { field, expected, found }) => {
            Err(StoreError::Mismatch { path: path.to_owned(), field, expected, found })
        }
    }
}

/// The first place where two documents differ in a way that matters: attributes may hold more than we
/// write, and so may any object whose writer says that it need not be understood.
pub(super) fn difference(field: &str, expected: &Value, found: &Value) -> Option<Difference> {
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
