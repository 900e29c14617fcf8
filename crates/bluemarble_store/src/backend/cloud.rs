//! Clients of object stores, from the environment and from settings.

use std::{str::FromStr, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, http::HttpBuilder,
    limit::LimitStore, path::Path, prefix::PrefixStore,
};
use url::Url;

use super::{
    BucketService, StoreOptions, WorldLocation,
    runtime::{self, OnRuntime},
    suffix::SuffixBySize,
};
use crate::StoreError;

/// Connects to nothing yet: the first request does.
pub(super) fn bucket(
    location: &WorldLocation,
    service: BucketService,
    bucket: &str,
    prefix: &str,
    options: &StoreOptions,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let retry = retry(options);
    let store: Result<Arc<dyn ObjectStore>, _> = match service {
        BucketService::S3 => settings(location, "aws_", options)?
            .into_iter()
            .fold(AmazonS3Builder::from_env(), |builder, (key, value)| {
                builder.with_config(key, value)
            })
            .with_bucket_name(bucket)
            .with_retry(retry)
            .build()
            .map(|store| Arc::new(store) as _),
        BucketService::Gcs => settings(location, "google_", options)?
            .into_iter()
            .fold(GoogleCloudStorageBuilder::from_env(), |builder, (key, value)| {
                builder.with_config(key, value)
            })
            .with_bucket_name(bucket)
            .with_retry(retry)
            .build()
            .map(|store| Arc::new(store) as _),
        BucketService::Azure => settings(location, "azure_", options)?
            .into_iter()
            .fold(MicrosoftAzureBuilder::from_env(), |builder, (key, value)| {
                builder.with_config(key, value)
            })
            .with_container_name(bucket)
            .with_retry(retry)
            .build()
            .map(|store| Arc::new(SuffixBySize(store)) as _),
    };
    let store = store.map_err(unusable(location))?;
    if prefix.is_empty() {
        return wrap(location, store, options);
    }
    let prefix = Path::parse(prefix).map_err(|error| StoreError::Location {
        location: location.to_string(),
        reason: error.to_string(),
    })?;
    wrap(location, Arc::new(PrefixStore::new(store, prefix)), options)
}

/// A web server: read-only.
pub(super) fn http(
    location: &WorldLocation,
    url: &Url,
    options: &StoreOptions,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let client = ClientOptions::new().with_allow_http(url.scheme() == "http");
    let client = settings::<ClientConfigKey>(location, "", options)?
        .into_iter()
        .fold(client, |client, (key, value)| client.with_config(key, value));
    let store = HttpBuilder::new()
        .with_url(url.as_str())
        .with_client_options(client)
        .with_retry(retry(options))
        .build()
        .map_err(unusable(location))?;
    wrap(location, Arc::new(store), options)
}

fn wrap(
    location: &WorldLocation,
    store: Arc<dyn ObjectStore>,
    options: &StoreOptions,
) -> Result<Arc<dyn ObjectStore>, StoreError> {
    let runtime = runtime::shared().map_err(|error| StoreError::Location {
        location: location.to_string(),
        reason: format!("the threads for its requests cannot be started: {error}"),
    })?;
    let limited = Arc::new(LimitStore::new(store, options.requests_at_once.max(1)));
    Ok(Arc::new(OnRuntime::new(limited, runtime)))
}

fn retry(options: &StoreOptions) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: 10,
        retry_timeout: options.retry_for,
    }
}

/// The settings as a service's own keys.
fn settings<K: FromStr>(
    location: &WorldLocation,
    prefix: &str,
    options: &StoreOptions,
) -> Result<Vec<(K, String)>, StoreError> {
    install_tls();
    let parse = |(key, value): &(String, String)| {
        let name = key.to_ascii_lowercase();
        let short = name.strip_prefix(prefix).unwrap_or(&name);
        match short.parse().or_else(|_| format!("{prefix}{short}").parse()) {
            Ok(parsed) => Ok((parsed, value.clone())),
            Err(_) => Err(StoreError::Setting {
                location: location.to_string(),
                setting: key.clone(),
                reason: "no setting of this kind of store has that name".to_owned(),
            }),
        }
    };
    options.settings.iter().map(parse).collect()
}

/// TLS by rustls with ring: nothing but a C compiler is needed to build it.
fn install_tls() {
    // The program that embeds us may have chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn unusable(location: &WorldLocation) -> impl FnOnce(object_store::Error) -> StoreError {
    move |error| StoreError::Location { location: location.to_string(), reason: error.to_string() }
}
