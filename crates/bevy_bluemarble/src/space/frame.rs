//! [`WorldFrame`]: where voxel worlds lie.

use bevy::prelude::*;
use bluemarble_core::Ray;
use glam::{DQuat, DVec3};

use super::WorldPoses;

/// Where a voxel world lies: converts between the world's local space, that of its shape, and world space, both in metres.
/// The plugin writes it in every frame, from the entity's [`WorldPosition`](super::WorldPosition) or `Transform`.
#[derive(Component, Clone, Copy, Debug, PartialEq, Reflect)]
#[reflect(Component, Default)]
#[require(Transform)]
pub struct WorldFrame {
    /// The origin of the world's local space, in world space.
    pub position: DVec3,
    /// Turns directions of the world's local space into those of world space.
    pub rotation: DQuat,
}

impl Default for WorldFrame {
    fn default() -> Self {
        Self { position: DVec3::ZERO, rotation: DQuat::IDENTITY }
    }
}

impl WorldFrame {
    /// Whether the two spaces are the same.
    pub fn is_identity(&self) -> bool {
        *self == Self::default()
    }

    /// A point of world space, in the world's local space.
    pub fn local_from_world(&self, point: DVec3) -> DVec3 {
        self.rotation.inverse() * (point - self.position)
    }

    /// A point of the world's local space, in world space.
    pub fn world_from_local(&self, point: DVec3) -> DVec3 {
        self.position + self.rotation * point
    }

    /// A direction of world space, in the world's local space.
    pub fn local_direction(&self, direction: DVec3) -> DVec3 {
        self.rotation.inverse() * direction
    }

    /// A direction of the world's local space, in world space.
    pub fn world_direction(&self, direction: DVec3) -> DVec3 {
        self.rotation * direction
    }

    /// A ray in world space, in the world's local space.
    pub fn local_ray(&self, ray: &Ray) -> Ray {
        Ray {
            origin: self.local_from_world(ray.origin),
            direction: self.local_direction(ray.direction),
        }
    }
}

/// Keeps the frames of worlds up to date.
pub(crate) fn follow(mut frames: Query<(Entity, &mut WorldFrame)>, poses: WorldPoses) {
    for (entity, mut frame) in &mut frames {
        if let Some((position, rotation)) = poses.of(entity) {
            frame.set_if_neq(WorldFrame { position, rotation });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_directions_and_rays_go_there_and_back() {
        let frame = WorldFrame {
            position: DVec3::new(1e9, -3.0, 7.0),
            rotation: DQuat::from_rotation_y(1.0) * DQuat::from_rotation_x(0.3),
        };
        let point = DVec3::new(1e9 + 5.0, 20.0, -8.0);
        let ray = Ray { origin: point, direction: DVec3::X };
        let local = frame.local_ray(&ray);
        let ahead = frame.world_from_local(local.origin + local.direction * 10.0);
        assert!(ahead.distance(point + DVec3::X * 10.0) < 1e-5, "{ahead}");
        let up = frame.world_direction(frame.local_direction(DVec3::Y));
        assert!(up.distance(DVec3::Y) < 1e-12);
        assert!(!frame.is_identity() && WorldFrame::default().is_identity());
    }
}
