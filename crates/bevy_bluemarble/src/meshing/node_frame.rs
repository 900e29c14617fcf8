//! [`NodeFrame`]: the space in which the mesh of a node is written down.

use bevy::prelude::*;
use bluemarble_core::NodeBounds;
use glam::{DMat3, DQuat, DVec3};

/// Overlaps and rounded corners reach a little beyond their node: by less than a cell of 64.
const MARGIN: f64 = 1.03;

/// A box around everything that is drawn of a node, its axes along those of the lattice at the middle.
/// In its own coordinates it reaches from -1 to 1 along each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeFrame {
    /// Its middle in local space, in metres.
    pub centre: DVec3,
    axes: DMat3,
    half_extent_m: DVec3,
}

impl NodeFrame {
    /// The frame of a node: its bounds, and as much again below them for skirts.
    pub fn new(bounds: &NodeBounds) -> Self {
        let half = bounds.half_extent_m;
        let up = bounds.axes.y_axis;
        Self {
            centre: bounds.centre - up * half.y,
            axes: bounds.axes,
            half_extent_m: half * DVec3::new(MARGIN, 2.0 * MARGIN, MARGIN),
        }
    }

    /// A point of local space, given relative to the frame's centre, in coordinates of the frame.
    pub fn local(&self, from_centre_m: DVec3) -> DVec3 {
        self.axes.transpose() * from_centre_m / self.half_extent_m
    }

    /// Half of its edge lengths in metres.
    pub fn half_extent_m(&self) -> DVec3 {
        self.half_extent_m
    }

    /// How an entity with the mesh stands, given its translation.
    pub fn transform(&self, translation: Vec3) -> Transform {
        Transform {
            translation,
            rotation: DQuat::from_mat3(&self.axes).as_quat(),
            scale: self.half_extent_m.as_vec3(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bluemarble_core::{CHUNK_EDGE, LatticePos, Shape, VoxelPos};
    use glam::IVec3;

    use super::*;

    #[test]
    fn a_frame_holds_every_corner_of_its_node_and_of_the_one_below() {
        for shape in [Shape::earth(), Shape::Flat(bluemarble_core::Flat { voxel_m: 0.5 })] {
            for (region, lod) in [(0u8, 0u8), (0, 7), (3, 15), (5, 19)] {
                let region = region % shape.regions();
                let middle = IVec3::splat(if shape.regions() > 1 { 1 << 25 } else { 0 });
                let key = VoxelPos::new(region, middle).chunk(lod);
                let bounds = shape.node_bounds(key);
                let frame = NodeFrame::new(&bounds);
                let transform = frame.transform(Vec3::ZERO);
                for corner in 0..27 {
                    let cell = IVec3::new(corner % 3, corner / 3 % 3 - 1, corner / 9)
                        * IVec3::new(32, 64, 32);
                    let voxel =
                        key.min_voxel().as_dvec3() + cell.as_dvec3() * f64::from(key.cell_voxels());
                    let from_centre_m =
                        shape.local_from_lattice(LatticePos::new(key.region, voxel)) - frame.centre;
                    let local = frame.local(from_centre_m);
                    assert!(local.abs().max_element() <= 1.0, "{key} {cell}: {local}");
                    let back = transform.transform_point(local.as_vec3()).as_dvec3();
                    let cell_m = bounds.half_extent_m.max_element() / f64::from(CHUNK_EDGE / 2);
                    assert!((back - from_centre_m).length() < cell_m * 1e-4, "{key} {cell}");
                }
            }
        }
    }
}
