//! [`StoreOptions`]: what may be chosen when a world is opened.

use std::{fmt, time::Duration};

/// What may be chosen when a world is opened. The defaults serve every kind of location.
#[derive(Clone)]
#[non_exhaustive]
pub struct StoreOptions {
    /// Settings of an object store as key and value: `endpoint`, `region`, `access_key_id`,
    /// `allow_http` and all others that the services know, with or without their `aws_`, `google_` or
    /// `azure_` in front. They win over the environment.
    pub settings: Vec<(String, String)>,
    /// Bytes of memory for the indices of shards.
    pub index_cache_bytes: u64,
    /// Requests to an object store at the same time, at least 1.
    pub requests_at_once: usize,
    /// After so long a request to an object store is not tried again.
    pub retry_for: Duration,
    /// How long the writer of a shared world keeps it after it was last heard of. A quarter of it lies
    /// between two renewals; clocks may differ, and a request may be under way, for a sixth of it.
    pub lease: Duration,
    /// Makes a new manifest of the shards and documents that are there, in place of one that is damaged or missing.
    /// What is missing then is taken for never written. A world that is opened for reading is read without one.
    pub rebuild_manifest: bool,
    /// Opens a world into which a copy was interrupted, to go on with it.
    pub resume_copy: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            settings: Vec::new(),
            index_cache_bytes: 8 << 20,
            requests_at_once: 32,
            retry_for: Duration::from_secs(30),
            lease: Duration::from_secs(60),
            rebuild_manifest: false,
            resume_copy: false,
        }
    }
}

impl fmt::Debug for StoreOptions {
    /// The values of settings may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.settings.iter().map(|(key, _)| key).collect();
        f.debug_struct("StoreOptions")
            .field("settings", &keys)
            .field("index_cache_bytes", &self.index_cache_bytes)
            .field("requests_at_once", &self.requests_at_once)
            .field("retry_for", &self.retry_for)
            .field("lease", &self.lease)
            .field("rebuild_manifest", &self.rebuild_manifest)
            .finish()
    }
}
