//! Faults on purpose: calls that fail, deliveries that get lost.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use roundel_model::forge::ForgeKind;

/// A failure to inject into calls.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: ForgeKind,
    /// `POST`, or empty for any.
    pub method: String,
    /// Part of the path, percent-decoded, with the query.
    pub path_contains: String,
    /// How many calls are let through first.
    pub after: u32,
    /// How many calls fail; `u32::MAX` for all.
    pub times: u32,
    /// What happens to them.
    pub how: FailureKind,
}

/// What happens to a call that fails on purpose.
#[derive(Clone, Debug)]
pub enum FailureKind {
    /// Answers with this status and body, without doing it.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers; the content type is JSON unless given.
        headers: Vec<(String, String)>,
        body: String,
    },
    /// Waits first.
    Delay(Duration),
    /// Does it, then drops the connection.
    LoseAnswer,
}

/// What happens to a webhook delivery on purpose.
#[derive(Clone, Debug)]
pub enum DeliveryFault {
    /// It is never sent, and not logged.
    Lose,
    /// It is sent twice, under the same id.
    Repeat,
    /// It is sent later: others overtake it.
    Delay(Duration),
}

/// The failures that wait to happen.
#[derive(Default)]
pub(crate) struct Faults {
    calls: Mutex<Vec<Failure>>,
    deliveries: Mutex<Vec<(DeliveryFault, u32)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faults {
    /// Adds a failure of calls.
    pub(crate) fn inject(&self, failure: Failure) {
        lock(&self.calls).push(failure);
    }

    /// Adds a fault of deliveries.
    pub(crate) fn disturb(&self, fault: DeliveryFault, times: u32) {
        lock(&self.deliveries).push((fault, times));
    }

    /// Forgets everything.
    pub(crate) fn heal(&self) {
        lock(&self.calls).clear();
        lock(&self.deliveries).clear();
    }

    /// Counts a call and says whether it is one that fails.
    pub(crate) fn next_call(&self, method: &str, path: &str) -> Option<FailureKind> {
        let mut calls = lock(&self.calls);
        let mut how = None;
        for failure in calls.iter_mut() {
            let concerned = (failure.method.is_empty()
                || failure.method.eq_ignore_ascii_case(method))
                && path.contains(&failure.path_contains);
            if !concerned {
                continue;
            }
            if failure.after > 0 {
                failure.after -= 1;
            } else if failure.times > 0 {
                failure.times -= u32::from(failure.times != u32::MAX);
                how = Some(failure.how.clone());
                break;
            }
        }
        calls.retain(|failure| failure.times > 0);
        how
    }

    /// Counts a delivery and says what happens to it.
    pub(crate) fn next_delivery(&self) -> Option<DeliveryFault> {
        let mut deliveries = lock(&self.deliveries);
        let (fault, times) = deliveries.iter_mut().find(|(_, times)| *times > 0)?;
        *times -= u32::from(*times != u32::MAX);
        let fault = fault.clone();
        deliveries.retain(|(_, times)| *times > 0);
        Some(fault)
    }
}
