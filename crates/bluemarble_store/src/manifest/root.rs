//! [`Root`]: the one object of a manifest that is replaced, and the only one that is read when a world is opened.

use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::{
    packs::{MANIFEST_DIR, Packs},
    page::Pointer,
};

/// The version of the manifest's own format.
const MANIFEST_VERSION: u32 = 1;
/// A checksum in hexadecimal, and a line break before and behind it.
const CHECKSUM_BYTES: usize = 10;

/// Where the root lies.
pub(super) fn root_path() -> Path {
    Path::from(format!("{MANIFEST_DIR}/root.json"))
}

/// A tree and all that must be known to go on from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Root {
    pub manifest_version: u32,
    /// One more with each commit.
    pub generation: u64,
    /// The last batch of edits that shards may hold.
    pub lsn: u64,
    /// Intents before this number are done.
    pub next_intent: u64,
    /// The number of the next pack.
    pub next_pack: u64,
    /// Files that the tree holds.
    pub entries: u64,
    /// The highest page; `None` if there are no files.
    pub tree: Option<Pointer>,
    pub packs: Packs,
}

impl Root {
    pub fn to_bytes(&self) -> Vec<u8> {
        let root = Self { manifest_version: MANIFEST_VERSION, ..self.clone() };
        let mut text = serde_json::to_string(&root).unwrap_or_default();
        let checksum = crc32c::crc32c(text.as_bytes());
        text.push_str(&format!("\n{checksum:08x}\n"));
        text.into_bytes()
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let Some((text, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
            return Err("it is cut short".to_owned());
        };
        if *checksum != *format!("\n{:08x}\n", crc32c::crc32c(text)).as_bytes() {
            return Err("its checksum does not match".to_owned());
        }
        let root: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match root.manifest_version {
            MANIFEST_VERSION => Ok(root),
            other => Err(format!(
                "it has version {other}, this program reads {MANIFEST_VERSION}; use a newer one"
            )),
        }
    }
}
