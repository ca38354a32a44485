//! Wake-ups: what starts a loop before its period is over. A missed one is made up for by the period.

use tokio::sync::Notify;

/// One wake-up for each loop that has a queue, and one for waiting claims.
#[derive(Debug, Default)]
pub struct WakeUps {
    /// A delivery was stored.
    pub intake: Notify,
    /// An effect was saved.
    pub deliver: Notify,
    /// A task waits for a runner.
    pub offer: Notify,
}
