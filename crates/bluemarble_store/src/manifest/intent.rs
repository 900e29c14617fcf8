//! Intents: what is going to be written, on disk before any of it is.
//!
//! Until a commit takes an intent into the tree, the files that it names may be as before or as it says.

use object_store::path::Path;

use super::{
    entry::{Change, RECORD_BYTES, change_from_bytes, change_to_bytes},
    packs::MANIFEST_DIR,
};

const MAGIC: [u8; 8] = *b"BMintent";
const CHECKSUM_BYTES: usize = 4;

/// Where an intent lies.
pub(super) fn intent_path(number: u64) -> Path {
    Path::from(format!("{MANIFEST_DIR}/intent-{number:020}"))
}

pub(super) fn intent_to_bytes(changes: &[Change]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for change in changes {
        bytes.extend_from_slice(&change_to_bytes(change));
    }
    bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

pub(super) fn parse_intent(bytes: &[u8]) -> Result<Vec<Change>, &'static str> {
    let Some((text, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err("it is cut short");
    };
    if crc32c::crc32c(text) != u32::from_le_bytes(*checksum) {
        return Err("its checksum does not match");
    }
    let Some(records) = text.strip_prefix(&MAGIC) else { return Err("it is no intent") };
    match records.as_chunks::<RECORD_BYTES>() {
        (records, []) => {
            let changes: Vec<Change> = records.iter().map(change_from_bytes).collect();
            match changes.iter().all(|(key, _)| key.is_possible()) {
                true => Ok(changes),
                false => Err("it names a file that no world has"),
            }
        }
        _ => Err("it ends within a record"),
    }
}
