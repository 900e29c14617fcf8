//! Progress bars: on standard error, and only if that is a terminal.

use std::borrow::Cow;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for some bytes, which tells the rate, too.
pub fn bytes_bar(bytes: u64, job: impl Into<Cow<'static, str>>) -> ProgressBar {
    styled(
        bytes,
        job,
        "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} {eta}",
    )
}

/// A bar for some voxels, which tells the rate, too.
pub fn voxels_bar(voxels: u64, job: impl Into<Cow<'static, str>>) -> ProgressBar {
    styled(voxels, job, "{msg} {wide_bar} {human_pos}/{human_len} voxels {per_sec} {eta}")
}

/// A bar for `length` steps of a job.
pub fn bar(length: u64, job: impl Into<Cow<'static, str>>) -> ProgressBar {
    styled(length, job, "{msg} {wide_bar} {percent:>3} % {eta}")
}

fn styled(length: u64, job: impl Into<Cow<'static, str>>, template: &str) -> ProgressBar {
    // A new bar draws to standard error, and nothing at all where that is no terminal.
    let bar = ProgressBar::new(length).with_message(job);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
