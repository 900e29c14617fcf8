//! Where worlds lie: locations, the object stores below them, and who may write there.
//!
//! | file | what it holds |
//! |---|---|
//! | `location` | [`WorldLocation`]: a path or URL |
//! | `options` | [`StoreOptions`]: settings of object stores, limits, times |
//! | `connect` | a location becomes an object store |
//! | `cloud` | clients of S3, Google Cloud Storage, Azure and web servers (cargo feature `cloud`) |
//! | `runtime` | their requests run on two threads of our own (cargo feature `cloud`) |
//! | `suffix` | the end of an object, from stores that only know ranges from the start |
//! | `probe` | [`Capabilities`]: are conditional PUTs kept? |
//! | `lease` | the `.writer` object: acquired, renewed, released |
//! | `keeper` | the thread that renews it |
//! | `name` | random names, for objects of probes and owners of leases |
//! | `guard` | no write without the lease, no body cut short |

#[cfg(feature = "cloud")]
mod cloud;
mod connect;
mod guard;
mod keeper;
mod lease;
mod location;
mod name;
mod options;
mod probe;
#[cfg(feature = "cloud")]
mod runtime;
#[cfg(feature = "cloud")]
mod suffix;

pub use connect::connect;
pub(crate) use guard::{Access, Guarded, refusal};
pub(crate) use keeper::LeaseKeeper;
pub use lease::LEASE_NAME;
pub use location::{BucketService, WorldLocation};
pub use options::StoreOptions;
pub(crate) use probe::probe;
pub use probe::{Capabilities, PROBE_PREFIX};
