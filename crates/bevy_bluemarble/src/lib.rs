//! Bevy plugin: streams voxel worlds of planet size
