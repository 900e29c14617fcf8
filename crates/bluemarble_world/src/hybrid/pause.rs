//! [`pause`]: long work gives way.

use std::{future::poll_fn, task::Poll};

/// Lets other tasks of the same thread have their turn.
pub(super) async fn pause() {
    let mut had_its_turn = false;
    poll_fn(|context| {
        if std::mem::replace(&mut had_its_turn, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
