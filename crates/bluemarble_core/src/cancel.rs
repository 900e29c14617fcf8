//! [`CancelToken`]: how long work is told to stop.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// A token that tells long work to stop. All clones are the same token.
///
/// The caller keeps a clone and calls [`CancelToken::cancel`]; the work calls [`CancelToken::check`] after every step
/// of about a millisecond.
///
/// ```
/// use bluemarble_core::{CancelToken, Cancelled};
///
/// fn sum(numbers: &[u64], cancel: &CancelToken) -> Result<u64, Cancelled> {
///     let mut sum = 0;
///     for step in numbers.chunks(100_000) {
///         cancel.check()?;
///         sum += step.iter().sum::<u64>();
///     }
///     Ok(sum)
/// }
///
/// assert_eq!(sum(&[1, 2, 3], &CancelToken::never()), Ok(6));
/// let cancel = CancelToken::new();
/// cancel.cancel();
/// assert_eq!(sum(&[1, 2, 3], &cancel), Err(Cancelled));
/// ```
#[derive(Clone, Default)]
pub struct CancelToken {
    /// `None` if it is never set.
    flag: Option<Arc<AtomicBool>>,
    pause: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// The work was told to stop before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl CancelToken {
    /// A token for work that may be told to stop.
    pub fn new() -> Self {
        Self { flag: Some(Arc::default()), pause: None }
    }

    /// A token for work that always goes on to its end.
    pub const fn never() -> Self {
        Self { flag: None, pause: None }
    }

    /// The same token, and between two steps the work also runs `pause`, which may wait: it can let more urgent work go
    /// first.
    #[must_use]
    pub fn with_pause(self, pause: impl Fn() + Send + Sync + 'static) -> Self {
        Self { pause: Some(Arc::new(pause)), ..self }
    }

    /// Tells the work to stop. A token of [`CancelToken::never`] ignores it.
    pub fn cancel(&self) {
        if let Some(flag) = &self.flag {
            flag.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the work was told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.flag.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// To be called between two steps of the work: pauses if the token has a pause.
    ///
    /// # Errors
    /// [`Cancelled`] if the work is to stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        if let Some(pause) = &self.pause {
            pause();
        }
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("is_cancelled", &self.is_cancelled())
            .field("pauses", &self.pause.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn clones_are_cancelled_together_and_every_check_pauses() {
        let cancel = CancelToken::new();
        let pauses = Arc::new(AtomicUsize::new(0));
        let count = pauses.clone();
        let work = cancel.clone().with_pause(move || _ = count.fetch_add(1, Ordering::Relaxed));
        assert_eq!(work.check(), Ok(()));
        cancel.cancel();
        assert!(work.is_cancelled());
        assert_eq!(work.check(), Err(Cancelled));
        assert_eq!(pauses.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_token_that_never_cancels_ignores_being_told_to() {
        let never = CancelToken::never();
        never.cancel();
        assert_eq!((never.is_cancelled(), never.check()), (false, Ok(())));
    }
}
