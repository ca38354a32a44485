//! What one compilation may use. Every loop whose length a file decides draws from here.
//!
//! A budget that is used up is reported once; from then on everything is unknown and the compilation
//! ends quickly. The amounts are far beyond what the largest real files need.

/// The amount left of each resource.
#[derive(Debug)]
pub(crate) struct Budget {
    left: [u64; 5],
}

/// A resource that the budget limits.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resource {
    /// Nodes that are rendered. A file of the largest size has a tenth of this.
    Nodes,
    /// Bytes of rendered text: eight times the 8 MB of a compiled config (CFG §1.5).
    Bytes,
    /// Invocations of commands, conditions and spliced steps.
    Calls,
    /// Keys read, regular expressions tried, requirements resolved: the small things.
    Visits,
    /// Steps of all jobs together. The 8 MB of a compiled config hold fewer.
    Steps,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: [2_000_000, 64 << 20, 200_000, 30_000_000, 100_000] }
    }
}

impl Budget {
    /// Takes an amount; `false` when it is no longer there.
    pub(crate) fn take(&mut self, what: Resource, amount: usize) -> bool {
        let left = match what {
            Resource::Nodes => &mut self.left[0],
            Resource::Bytes => &mut self.left[1],
            Resource::Calls => &mut self.left[2],
            Resource::Visits => &mut self.left[3],
            Resource::Steps => &mut self.left[4],
        };
        let amount = u64::try_from(amount).unwrap_or(u64::MAX);
        let enough = amount <= *left;
        *left = left.saturating_sub(amount);
        enough
    }
}
