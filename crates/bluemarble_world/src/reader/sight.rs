//! [`Sight`]: a chunk as a ray sees it, and what stops a ray.

use bluemarble_core::{CompactChunk, MaterialId, Occupancy, Phase};

use crate::HybridWorld;

/// What stops a ray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RayTarget {
    /// Everything but air.
    #[default]
    Visible = 0,
    /// Everything but air and liquids: the ground below the sea.
    Solid = 1,
}

impl RayTarget {
    /// Whether a ray ends at a material.
    #[inline]
    pub(crate) fn stops(self, world: &HybridWorld, material: MaterialId) -> bool {
        match self {
            Self::Visible => !material.is_air(),
            Self::Solid => {
                let phase = world.materials().get(material).map(|row| row.phase);
                !material.is_air() && phase != Some(Phase::Liquid)
            }
        }
    }
}

/// A chunk as a ray sees it: with the masks of the cells that stop it.
#[derive(Debug)]
pub(crate) struct Sight {
    pub cells: CompactChunk,
    pub masks: Occupancy,
}
