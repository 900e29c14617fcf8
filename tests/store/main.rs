//! Worlds that lose their process, and worlds in an object store that speaks the real S3 protocol.

mod copies;
#[cfg(feature = "garage")]
mod garage;
mod kills;
mod missing;
mod moto;
mod proxy;
mod s3;
mod s3_faults;
