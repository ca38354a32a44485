//! Work in lanes: items of one key go in order, all others concurrently.
//!
//! The two loops that call forges use it, so that two reports on one commit never race (`VCS` §2.10). A
//! loop limits how many items it takes, those that wait in a lane included: a forge that hangs holds up
//! its own lanes, and the rest as soon as its items fill that limit.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    panic::AssertUnwindSafe,
};

use futures_util::FutureExt as _;
use tokio::task::JoinSet;

/// Runs items, at most one of each key at a time.
pub(crate) struct Lanes<K, T> {
    /// A key is in here exactly while one of its items runs; the rest of them wait.
    waiting: HashMap<K, VecDeque<T>>,
    running: JoinSet<K>,
    taken: usize,
}

impl<K, T> Lanes<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Send + 'static,
{
    pub(crate) fn new() -> Self {
        Self { waiting: HashMap::new(), running: JoinSet::new(), taken: 0 }
    }

    /// Returns how many items run or wait.
    pub(crate) const fn taken(&self) -> usize {
        self.taken
    }

    /// Takes an item: runs it now if its lane is free, otherwise after those before it.
    pub(crate) fn push<F>(&mut self, key: K, item: T, work: &impl Fn(T) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.taken += 1;
        if let Some(lane) = self.waiting.get_mut(&key) {
            lane.push_back(item);
            return;
        }
        self.waiting.insert(key.clone(), VecDeque::new());
        self.begin(key, work(item));
    }

    /// Waits until an item is done, and begins the next of its lane. Never returns while nothing
    /// runs, so that it can be in a `select!`.
    pub(crate) async fn advance<F>(&mut self, work: &impl Fn(T) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Some(Ok(key)) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        self.taken = self.taken.saturating_sub(1);
        match self.waiting.get_mut(&key).and_then(VecDeque::pop_front) {
            Some(item) => self.begin(key, work(item)),
            None => drop(self.waiting.remove(&key)),
        }
    }

    fn begin(&mut self, key: K, work: impl Future<Output = ()> + Send + 'static) {
        self.running.spawn(async move {
            // A panic is a bug, but must not close the lane forever: the loop sees the row
            // fall due again.
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!("a piece of work panicked");
            }
            key
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::sync::Semaphore;

    use super::*;

    /// Two reports on one commit must not overtake each other, however slow the first is.
    #[tokio::test]
    async fn a_lane_keeps_its_order_while_others_run() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(Semaphore::new(0));
        let work = |item: &'static str| {
            let (log, gate) = (Arc::clone(&log), Arc::clone(&gate));
            async move {
                if item == "a1" {
                    gate.acquire().await.unwrap().forget();
                }
                log.lock().unwrap().push(item);
            }
        };
        let mut lanes = Lanes::new();
        lanes.push("a", "a1", &work);
        lanes.push("a", "a2", &work);
        lanes.push("b", "b1", &work);
        lanes.advance(&work).await;
        assert_eq!(*log.lock().unwrap(), ["b1"]);

        gate.add_permits(1);
        lanes.advance(&work).await;
        lanes.advance(&work).await;
        assert_eq!(*log.lock().unwrap(), ["b1", "a1", "a2"]);
        assert_eq!(lanes.taken(), 0);
    }

    /// One broken row must not stop everything that comes after it on the same commit.
    #[tokio::test]
    async fn a_panic_does_not_close_its_lane() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let work = |item: u32| {
            let log = Arc::clone(&log);
            async move {
                assert_ne!(item, 1, "on purpose");
                log.lock().unwrap().push(item);
            }
        };
        let mut lanes = Lanes::new();
        lanes.push((), 1, &work);
        lanes.push((), 2, &work);
        lanes.advance(&work).await;
        lanes.advance(&work).await;
        assert_eq!(*log.lock().unwrap(), [2]);
    }
}
