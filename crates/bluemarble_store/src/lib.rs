//! Primary storage: Zarr v3 arrays of edited chunks
