//! [`PrimaryWorld`]: the world whose sky is seen.

use bevy::prelude::*;
use glam::DVec3;

use super::{Airless, PlanetPictureCube};
use crate::{space::WorldFrame, streaming::Views, world::VoxelWorld};

/// The world whose sky the first viewer sees, and by which the sun follows them: the nearest with air, or the nearest if
/// none has.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq, Reflect)]
#[reflect(Resource, Default)]
pub struct PrimaryWorld(pub Option<Entity>);

/// Chooses it.
pub(super) fn choose(
    mut primary: ResMut<PrimaryWorld>,
    worlds: Query<(Entity, &VoxelWorld, &WorldFrame, Has<Airless>), With<PlanetPictureCube>>,
    views: Res<Views>,
) {
    let viewer = views.0.first().map_or(DVec3::ZERO, |view| view.position);
    let rank = |(entity, world, frame, is_airless): (Entity, &VoxelWorld, &WorldFrame, bool)| {
        let altitude_m = world.0.shape().altitude_m(frame.local_from_world(viewer)).abs();
        (is_airless, altitude_m, entity)
    };
    let nearest = worlds
        .iter()
        .map(rank)
        .min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    primary.set_if_neq(PrimaryWorld(nearest.map(|(.., entity)| entity)));
}
