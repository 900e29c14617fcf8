//! How boxes of one material are joined.

use bluemarble_core::MaterialId;
use glam::IVec3;

use super::HomogeneousBox;

/// Joins boxes of one material that share a whole side, until no two do: along x, then z, then y, and again. The
/// order in which boxes come does not matter; those that come out are sorted by y, z and x.
pub fn join(mut boxes: Vec<HomogeneousBox>) -> Vec<HomogeneousBox> {
    loop {
        let before = boxes.len();
        for axis in [0, 2, 1] {
            join_along(&mut boxes, axis);
        }
        if boxes.len() == before {
            break;
        }
    }
    boxes
        .sort_unstable_by_key(|found| (found.voxels.min.y, found.voxels.min.z, found.voxels.min.x));
    boxes
}

fn join_along(boxes: &mut Vec<HomogeneousBox>, axis: usize) {
    let (one, two) = ((axis + 1) % 3, (axis + 2) % 3);
    let line = |found: &HomogeneousBox| -> (MaterialId, [i32; 4]) {
        let (min, max) = (found.voxels.min, found.voxels.max);
        (found.material, [min[one], max[one], min[two], max[two]])
    };
    boxes.sort_unstable_by_key(|found| (line(found), found.voxels.min[axis]));
    boxes.dedup_by(|next, last| {
        let joins = line(next) == line(last) && last.voxels.max[axis] == next.voxels.min[axis];
        if joins {
            last.voxels.max[axis] = next.voxels.max[axis];
        }
        joins
    });
}

/// The cells of a box of one chunk, in boxes: runs along x, joined. `get` gives a cell, counted in the units of
/// the box.
pub fn of_cells(
    min: IVec3,
    max: IVec3,
    mut get: impl FnMut(IVec3) -> MaterialId,
) -> Vec<HomogeneousBox> {
    let mut boxes = Vec::new();
    for y in min.y..max.y {
        for z in min.z..max.z {
            let mut run: Option<HomogeneousBox> = None;
            for x in min.x..max.x {
                let cell = IVec3::new(x, y, z);
                let material = get(cell);
                match &mut run {
                    Some(run) if run.material == material => run.voxels.max.x += 1,
                    _ => boxes.extend(run.replace(HomogeneousBox::of_voxel(cell, material))),
                }
            }
            boxes.extend(run);
        }
    }
    join(boxes)
}
