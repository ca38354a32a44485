//! A limit for everything that can grow, with the reason.

use std::time::Duration;

/// Bytes of one `config.yml`. The hosted service stops at 3 MiB after expansion; a source of 1 MiB
/// is far beyond what people write.
pub const CONFIG_BYTES: usize = 1 << 20;

/// Jobs of one pipeline, after matrix expansion. Bounds what one push can put into the database.
pub const JOBS_PER_PIPELINE: usize = 1_000;

/// Steps of one job, after commands are expanded.
pub const STEPS_PER_JOB: usize = 1_000;

/// Tasks of one job (`parallelism`).
pub const PARALLELISM: u32 = 256;

/// Bytes of one webhook request: GitHub's cap of 25 MB and a little (`VCS` §3.1).
pub const DELIVERY_BYTES: usize = 25 * 1024 * 1024 + 1024;

/// Bytes that one step may print. The rest is discarded and the log says so (`RUN` §2.7).
pub const LOG_BYTES_PER_STEP: u64 = 100 * 1024 * 1024;

/// Bytes of one appended piece of a log, before compression.
pub const LOG_CHUNK_BYTES: usize = 1 << 20;

/// How long a step may be silent (`RUN` §2.1).
pub const NO_OUTPUT_TIMEOUT: Duration = Duration::from_mins(10);

/// How long a job may run (`RUN` §1.9).
pub const JOB_RUN_TIME: Duration = Duration::from_hours(5);

/// How long a lease lasts without renewal. Three lost renewals end it.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often a runner renews a lease.
pub const LEASE_RENEWAL: Duration = Duration::from_secs(10);

/// How long the server holds a claim that finds no job.
pub const CLAIM_WAIT: Duration = Duration::from_secs(25);

/// How long a process may take to stop after SIGTERM (`RUN` §2.10).
pub const GRACE: Duration = Duration::from_secs(10);

/// How long a final commit status is retried (`VCS` §2.10).
pub const REPORT_RETRY: Duration = Duration::from_hours(24);

/// Characters of a commit status' description (`VCS` §2.10).
pub const STATUS_DESCRIPTION_CHARS: usize = 140;

/// Characters of a build status' key on Bitbucket (`VCS` §4.10).
pub const BITBUCKET_KEY_CHARS: usize = 40;

/// Characters of a commit message that are searched for a skip marker (`RUN` §1.10).
pub const SKIP_MARKER_CHARS: usize = 250;

/// Characters of a step's display name (`RUN` §1.7).
pub const STEP_NAME_CHARS: usize = 300;

/// Shortest value that is masked in logs (`RUN` §7.3).
pub const MASKED_VALUE_CHARS: usize = 4;
