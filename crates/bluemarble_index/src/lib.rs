//! Rebuildable indices: octree and R-tree
