//! [`Way`]: which way a step is gone.

/// Which way a step is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Undo,
    Redo,
}

impl Way {
    /// From what to what a change goes, that was made from the first to the second.
    pub fn turned<T>(self, (before, after): (T, T)) -> (T, T) {
        match self {
            Self::Undo => (after, before),
            Self::Redo => (before, after),
        }
    }
}
