//! Does a store keep the conditions of a conditional PUT?
//!
//! Some stores take the headers and ignore them, so the answer is not in any documentation: it is tried
//! out on an object with a random name.

use bytes::Bytes;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion, path::Path,
};
use serde::Serialize;

use super::name::random_name;

/// Below this lie the objects of probes, and only for moments.
pub const PROBE_PREFIX: &str = ".probe";

/// What a store was seen to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// A PUT that must not replace anything does not.
    pub conditional_create: bool,
    /// A PUT that must replace one version replaces no other.
    pub conditional_update: bool,
}

/// Tries out what a store does; about seven small requests.
pub(crate) async fn probe(objects: &dyn ObjectStore) -> Result<Capabilities, Error> {
    let path = Path::from(format!("{PROBE_PREFIX}/{}", random_name()));
    let outcome = Probe { objects, path: &path }.run().await;
    match objects.delete(&path).await {
        Ok(()) | Err(Error::NotFound { .. }) => {}
        Err(error) => tracing::warn!("{path}: a probe's object stays behind: {error}"),
    }
    outcome
}

/// How a conditional PUT went.
enum Put {
    Done,
    Refused,
    /// The store has no such request.
    Unknown,
}

struct Probe<'a> {
    objects: &'a dyn ObjectStore,
    path: &'a Path,
}

impl Probe<'_> {
    async fn run(&self) -> Result<Capabilities, Error> {
        let created = match self.put("first", PutMode::Create).await? {
            // The name is random: what is there is this PUT, whose reply was lost.
            Put::Done | Put::Refused => true,
            Put::Unknown => {
                self.objects.put(self.path, payload("first")).await?;
                false
            }
        };
        let conditional_create = created
            && matches!(self.put("second", PutMode::Create).await?, Put::Refused)
            && self.body().await? == "first";
        let conditional_update = self.probe_update().await?;
        Ok(Capabilities { conditional_create, conditional_update })
    }

    async fn probe_update(&self) -> Result<bool, Error> {
        let old = self.objects.put(self.path, payload("old")).await?;
        if old.e_tag.is_none() && old.version.is_none() {
            return Ok(false);
        }
        let old = UpdateVersion::from(old);
        match self.put("new", PutMode::Update(old.clone())).await? {
            Put::Done => {}
            // Its reply was lost, or the store refuses every condition: the body tells.
            Put::Refused if self.body().await? == "new" => {}
            Put::Refused | Put::Unknown => return Ok(false),
        }
        let stale = self.put("stale", PutMode::Update(old)).await?;
        Ok(matches!(stale, Put::Refused) && self.body().await? == "new")
    }

    async fn put(&self, body: &'static str, mode: PutMode) -> Result<Put, Error> {
        match self.objects.put_opts(self.path, payload(body), mode.into()).await {
            Ok(_) => Ok(Put::Done),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Put::Refused),
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => Ok(Put::Unknown),
            Err(error) => {
                // A store that answers conditions with an error of its own is there all the same.
                match self.objects.get(self.path).await {
                    Ok(_) | Err(Error::NotFound { .. }) if !is_refusal_of_access(&error) => {
                        tracing::debug!("{}: a conditional PUT failed: {error}", self.path);
                        Ok(Put::Unknown)
                    }
                    _ => Err(error),
                }
            }
        }
    }

    async fn body(&self) -> Result<Bytes, Error> {
        match self.objects.get(self.path).await {
            Ok(result) => result.bytes().await,
            // A store that refuses every condition has nothing.
            Err(Error::NotFound { .. }) => Ok(Bytes::new()),
            Err(error) => Err(error),
        }
    }
}

fn payload(body: &'static str) -> PutPayload {
    Bytes::from_static(body.as_bytes()).into()
}

/// Whether nothing at all may be written.
fn is_refusal_of_access(error: &Error) -> bool {
    matches!(error, Error::PermissionDenied { .. } | Error::Unauthenticated { .. })
}
