//! What one compilation may use. Every loop whose length a file decides draws from here.
//!
//! A budget that is used up is told once; from then on everything is unknown and the compilation
//! ends quickly. The amounts are far beyond what the largest real files need.

/// Nodes rendered, bytes of text made, and calls of commands, executors and jobs.
#[derive(Debug)]
pub(crate) struct Budget {
    left: [u64; 3],
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Draw {
    /// Nodes that are rendered. A file of the largest size has a tenth of this.
    Nodes,
    /// Bytes of rendered text: eight times the 8 MB of a compiled config (CFG §1.5).
    Bytes,
    /// Invocations of commands, conditions and spliced steps.
    Calls,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: [2_000_000, 64 << 20, 200_000] }
    }
}

impl Budget {
    /// Takes an amount; `false` when it is no longer there.
    pub(crate) fn take(&mut self, what: Draw, amount: usize) -> bool {
        let left = match what {
            Draw::Nodes => &mut self.left[0],
            Draw::Bytes => &mut self.left[1],
            Draw::Calls => &mut self.left[2],
        };
        let amount = u64::try_from(amount).unwrap_or(u64::MAX);
        let enough = amount <= *left;
        *left = left.saturating_sub(amount);
        enough
    }
}
