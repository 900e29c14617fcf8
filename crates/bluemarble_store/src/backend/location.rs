//! [`WorldLocation`]: where a world lies, as a path or a URL.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use url::Url;

use crate::StoreError;

/// A service that keeps objects in buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BucketService {
    /// Amazon S3 and whatever speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage; its containers are our buckets.
    Azure,
}

impl BucketService {
    /// The scheme of its URLs.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "az",
        }
    }
}

/// Where a world lies.
///
/// | text | location |
/// |---|---|
/// | `worlds/mine`, `C:\worlds\mine`, `file:///worlds/mine` | a directory |
/// | `memory:` | nowhere: a new world that is gone when it is closed |
/// | `s3://bucket/prefix` | S3 and its like |
/// | `gs://bucket/prefix` | Google Cloud Storage |
/// | `az://container/prefix` | Azure Blob Storage |
/// | `http://host/path`, `https://host/path` | a web server; for reading only |
///
/// ```
/// use bluemarble_store::WorldLocation;
/// let location: WorldLocation = "s3://maps/earth".parse()?;
/// assert_eq!(location.to_string(), "s3://maps/earth");
/// # Ok::<(), bluemarble_store::StoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WorldLocation {
    /// A directory of this machine.
    Directory(PathBuf),
    /// This process's memory.
    Memory,
    /// Below a prefix of a bucket.
    Bucket {
        /// Who keeps the bucket.
        service: BucketService,
        /// The bucket's name.
        bucket: String,
        /// What the names of all objects begin with, without a slash at either end; may be empty.
        prefix: String,
    },
    /// Below a path of a web server.
    Http(Url),
}

impl WorldLocation {
    /// Whether several machines may see the same world there.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Bucket { .. } | Self::Http(_))
    }
}

impl From<&Path> for WorldLocation {
    fn from(path: &Path) -> Self {
        Self::Directory(path.to_owned())
    }
}

impl From<PathBuf> for WorldLocation {
    fn from(path: PathBuf) -> Self {
        Self::Directory(path)
    }
}

impl FromStr for WorldLocation {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let refuse = |reason: &str| {
            Err(StoreError::Location {
                location: without_password(text),
                reason: reason.to_owned(),
            })
        };
        if text.is_empty() {
            return refuse("it is empty");
        }
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Directory(text.into()));
        };
        let service = match scheme.to_ascii_lowercase().as_str() {
            "s3" => BucketService::S3,
            "gs" => BucketService::Gcs,
            "az" => BucketService::Azure,
            "http" | "https" => return parse_http(text),
            "file" => {
                let path = Url::parse(text).ok().and_then(|url| url.to_file_path().ok());
                return match path {
                    Some(path) => Ok(Self::Directory(path)),
                    None => refuse("a file URL needs an absolute path: file:///worlds/mine"),
                };
            }
            _ => {
                return refuse(
                    "its scheme is not known; use a path, memory:, s3://, gs://, az://, http:// or \
                     https://",
                );
            }
        };
        if let Some(at) = rest.find(['?', '#', '@']) {
            let found = &rest[at..=at];
            return refuse(&format!(
                "{found:?} is not allowed in it; keys and settings go into the environment or into the \
                 store's settings"
            ));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return refuse("the name of the bucket is missing");
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let parsed = object_store::path::Path::parse(prefix);
        if !parsed.is_ok_and(|path| path.as_ref() == prefix) {
            return refuse("no object can have such a name: parts are empty, . or ..");
        }
        Ok(Self::Bucket { service, bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

fn parse_http(text: &str) -> Result<WorldLocation, StoreError> {
    let refuse =
        |reason: String| Err(StoreError::Location { location: without_password(text), reason });
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return refuse(format!("not a URL: {error}")),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("names and passwords do not go into the URL".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("a world's URL ends with its path: no ? and no #".to_owned());
    }
    Ok(WorldLocation::Http(url))
}

/// An error must not spread what someone typed before an `@`.
fn without_password(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://...@{rest}"),
        _ => text.to_owned(),
    }
}

impl fmt::Display for WorldLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(path) => write!(f, "{}", path.display()),
            Self::Memory => f.write_str("memory:"),
            Self::Bucket { service, bucket, prefix } if prefix.is_empty() => {
                write!(f, "{}://{bucket}", service.scheme())
            }
            Self::Bucket { service, bucket, prefix } => {
                write!(f, "{}://{bucket}/{prefix}", service.scheme())
            }
            Self::Http(url) => write!(f, "{url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<WorldLocation, StoreError> {
        text.parse()
    }

    fn bucket(service: BucketService, bucket: &str, prefix: &str) -> WorldLocation {
        WorldLocation::Bucket { service, bucket: bucket.to_owned(), prefix: prefix.to_owned() }
    }

    #[test]
    fn paths_and_urls_name_places() {
        let cases = [
            ("worlds/mine", WorldLocation::Directory("worlds/mine".into())),
            ("/worlds/a b", WorldLocation::Directory("/worlds/a b".into())),
            (r"C:\worlds", WorldLocation::Directory(r"C:\worlds".into())),
            ("memory:", WorldLocation::Memory),
            ("s3://b", bucket(BucketService::S3, "b", "")),
            ("s3://b/", bucket(BucketService::S3, "b", "")),
            ("S3://b/p/q/", bucket(BucketService::S3, "b", "p/q")),
            ("gs://b/p", bucket(BucketService::Gcs, "b", "p")),
            ("az://b/p", bucket(BucketService::Azure, "b", "p")),
        ];
        for (text, location) in cases {
            assert_eq!(parse(text).expect(text), location);
            assert_eq!(parse(&location.to_string()).expect("its own text"), location, "{text}");
        }
        #[cfg(unix)]
        assert_eq!(
            parse("file:///w/a%20b").expect("a path"),
            WorldLocation::Directory("/w/a b".into())
        );
        let http = parse("https://example.com:8443/worlds/earth").expect("a URL");
        assert_eq!(http.to_string(), "https://example.com:8443/worlds/earth");
    }

    #[test]
    fn what_names_no_place_is_refused_with_a_reason() {
        let cases = [
            ("", "empty"),
            ("ftp://b/p", "scheme"),
            ("s3://", "bucket is missing"),
            ("s3:///p", "bucket is missing"),
            ("s3://b//p", "no object"),
            ("s3://b/../p", "no object"),
            ("s3://b/p?endpoint=x", "settings"),
            ("s3://key:secret@b/p", "settings"),
            ("https://", "not a URL"),
            ("https://me:secret@host/p", "passwords"),
            ("https://host/p?x=1", "no ?"),
            ("file://relative", "absolute"),
        ];
        for (text, said) in cases {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
