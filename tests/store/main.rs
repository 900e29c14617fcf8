//! Worlds in an object store that speaks the real S3 protocol.

mod garage;
mod moto;
mod proxy;
mod s3;
mod s3_faults;
