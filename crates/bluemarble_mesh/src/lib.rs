//! Meshers: voxel chunks to packed vertices
