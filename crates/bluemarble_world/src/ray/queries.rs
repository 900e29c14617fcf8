//! What a reader answers with rays.

use bluemarble_core::Ray;
use glam::DVec3;

use super::{cast::RayCast, hit::RayHit, options::RayOptions};
use crate::{RayTarget, WorldError, WorldReader};

impl WorldReader {
    /// The first cell that stops a ray.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn first_hit(
        &mut self,
        ray: &Ray,
        options: &RayOptions,
    ) -> Result<Option<RayHit>, WorldError> {
        let start = self.query_begins();
        let mut cast = RayCast::new(&self.shape(), ray, options);
        let hit = cast.next_hit(self)?;
        self.query_ends(start, !cast.has_looked());
        Ok(hit)
    }

    /// Every stretch of one material that would stop the ray, front to back, at most `max_hits`.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn all_hits(
        &mut self,
        ray: &Ray,
        options: &RayOptions,
        max_hits: usize,
    ) -> Result<Vec<RayHit>, WorldError> {
        let start = self.query_begins();
        let mut cast = RayCast::new(&self.shape(), ray, options);
        let mut hits = Vec::new();
        while hits.len() < max_hits
            && let Some(hit) = cast.next_hit(self)?
        {
            hits.push(hit);
        }
        self.query_ends(start, !cast.has_looked());
        Ok(hits)
    }

    /// Whether anything stops a ray on its way from one place to another, both in metres.
    ///
    /// # Errors
    /// As [`crate::HybridWorld::read`].
    pub fn is_blocked(
        &mut self,
        from: DVec3,
        to: DVec3,
        target: RayTarget,
    ) -> Result<bool, WorldError> {
        let Some(direction) = (to - from).try_normalize() else { return Ok(false) };
        let options = RayOptions { max_m: from.distance(to), target, spread: 0.0 };
        Ok(self.first_hit(&Ray { origin: from, direction }, &options)?.is_some())
    }
}
