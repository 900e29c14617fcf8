//! [`Key`]: what a manifest knows of, in the order in which its tree holds it.

use bluemarble_core::{MAX_LOD, Shape, code};
use glam::IVec3;
use object_store::path::Path;

use crate::layout::{METADATA_NAME, RECIPE_NAME, ShardKey, array_name, region_name};

/// In place of a region and of a lod, for documents above them.
const ABOVE: u8 = u8::MAX;
/// In place of a Morton code, for documents: behind all shards of their array.
const DOCUMENT: u64 = u64::MAX;
const RECIPE: u64 = DOCUMENT - 1;
/// The faces of a cube.
const MAX_REGIONS: usize = 6;

/// A file of a world that its manifest knows of.
///
/// Ordered by region, lod and the Morton code of a shard's position: neighbours share pages of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    region: u8,
    lod: u8,
    code: u64,
}

impl Key {
    /// The world's own `zarr.json`.
    pub const WORLD: Self = Self { region: ABOVE, lod: ABOVE, code: DOCUMENT };
    /// The recipe of the world's baseline.
    pub const RECIPE: Self = Self { region: ABOVE, lod: ABOVE, code: RECIPE };

    /// The document of a region.
    pub const fn region_document(region: u8) -> Self {
        Self { region, lod: ABOVE, code: DOCUMENT }
    }

    /// The document of an array.
    pub const fn array_document(region: u8, lod: u8) -> Self {
        Self { region, lod, code: DOCUMENT }
    }

    /// Whether there can be such a file.
    pub fn is_possible(self) -> bool {
        let Self { region, lod, code } = self;
        let is_in_region = usize::from(region) < MAX_REGIONS && (lod <= MAX_LOD || lod == ABOVE);
        match code {
            DOCUMENT => is_in_region || self == Self::WORLD,
            RECIPE => self == Self::RECIPE,
            _ => is_in_region && lod <= MAX_LOD,
        }
    }

    /// The shard, if it is one.
    pub fn shard(self) -> Option<ShardKey> {
        let pos: IVec3 = code::morton_decode(self.code).as_ivec3();
        let Self { region, lod, code } = self;
        (code < RECIPE).then_some(ShardKey { region, lod, pos })
    }

    /// The first and the last key that a shard of a lod at or below a place can have.
    pub fn shards_below(place: ShardKey, lod: u8) -> (Self, Self) {
        let levels = 3 * u32::from(place.lod - lod);
        let Self { region, code, .. } = place.into();
        let (first, end) = (code << levels, (code + 1) << levels);
        (Self { region, lod, code: first }, Self { region, lod, code: end - 1 })
    }

    /// Where the file lies in the world.
    pub fn path(self) -> Path {
        if let Some(shard) = self.shard() {
            return shard.path();
        }
        match self {
            Self::WORLD => Path::from(METADATA_NAME),
            Self::RECIPE => Path::from(RECIPE_NAME),
            Self { region, lod: ABOVE, .. } => {
                Path::from(format!("{}/{METADATA_NAME}", region_name(region)))
            }
            Self { region, lod, .. } => {
                Path::from(format!("{}/{METADATA_NAME}", array_name(region, lod)))
            }
        }
    }

    /// The shard or document at a path of a world; `None` if the manifest holds no such file.
    pub fn of_path(shape: &Shape, path: &str) -> Option<Self> {
        let path = Path::from(path);
        if let Ok(Some(shard)) = ShardKey::of_path(shape, &path) {
            return Some(shard.into());
        }
        let arrays = (0..shape.regions())
            .flat_map(|region| (0..=MAX_LOD).map(move |lod| Self::array_document(region, lod)));
        let regions = (0..shape.regions()).map(Self::region_document);
        arrays.chain(regions).chain([Self::WORLD, Self::RECIPE]).find(|key| key.path() == path)
    }

    pub fn to_bytes(self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        (bytes[0], bytes[1]) = (self.region, self.lod);
        bytes[2..].copy_from_slice(&self.code.to_le_bytes());
        bytes
    }

    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        let [region, lod, code @ ..] = bytes;
        Self { region, lod, code: u64::from_le_bytes(code) }
    }
}

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 10;

impl From<ShardKey> for Key {
    fn from(ShardKey { region, lod, pos }: ShardKey) -> Self {
        Self { region, lod, code: code::morton_encode(pos.as_uvec3()) }
    }
}
