//! A limit for everything that can grow, with the reason.

use std::time::Duration;

/// Bytes of one `config.yml`. The hosted service limits what it compiles to (8 MB, CFG §1.5) and not the
/// source; a source of 1 MiB is far beyond what people write.
pub const CONFIG_BYTES: usize = 1 << 20;

/// Jobs of one pipeline, after matrix expansion. Bounds what one push can put into the database.
pub const JOBS_PER_PIPELINE: usize = 1_000;

/// Jobs that one diagnostic names; of the rest it says how many they are. What is stored would otherwise
/// grow as diagnostics × jobs.
pub const JOBS_PER_DIAGNOSTIC: usize = 20;

/// Diagnostics that a page shows; of the rest it says how many they are. Each has an excerpt of the
/// configuration, and a page of thousands is not read.
pub const DIAGNOSTICS_PER_PAGE: usize = 50;

/// Bytes of a line on each side of what a diagnostic underlines in it. A configuration may be a single
/// line, and each excerpt would repeat it.
pub const EXCERPT_SIDE_BYTES: usize = 120;

/// Steps of one job, after commands are expanded.
pub const STEPS_PER_JOB: usize = 1_000;

/// Tasks of one job (`parallelism`).
pub const PARALLELISM: u32 = 256;

/// Bytes of one webhook request: GitHub's cap of 25 MB and a little (`VCS` §3.1).
pub const DELIVERY_BYTES: usize = 25 * 1024 * 1024 + 1024;

/// Bytes of a webhook request that is taken however many others are. Most have a tenth of it.
pub const SMALL_DELIVERY_BYTES: usize = 256 * 1024;

/// Larger webhook requests that are read and stored at once. Each is held in memory as a whole.
pub const LARGE_DELIVERIES: usize = 4;

/// Bytes of one form of a page: the largest holds a variable's value, percent-encoded.
pub const FORM_BYTES: usize = 1 << 20;

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

/// How long a delivery waits for a forge that is unavailable. Then its commit gets a status that says so.
pub const DELIVERY_RETRY: Duration = Duration::from_hours(24);

/// How long one file is asked for again while the forge answers other requests: an outage of a part of a
/// forge is mostly over by then, and until then the commit has no status.
pub const FILE_RETRY: Duration = Duration::from_mins(10);

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

/// Bytes of a step's log that the server stores at most: what the runner keeps, and room for the lines that
/// say what was cut.
pub const STORED_LOG_BYTES: u64 = LOG_BYTES_PER_STEP + (1 << 20);

/// Largest number of a step. Runners number those of the configuration from 101 on, and their own below.
pub const STEP_NUMBER: u32 = 2_000;

/// Characters of a step's command on its page. The whole command is in the configuration.
pub const STEP_COMMAND_CHARS: usize = 1 << 16;

/// Characters of the sentence that says why a task ended.
pub const REASON_CHARS: usize = 2_000;

/// Characters of a runner's name. A host's name has at most 253.
pub const RUNNER_NAME_CHARS: usize = 300;

/// Characters of a runner's version.
pub const RUNNER_VERSION_CHARS: usize = 100;

/// Runners on their page; of the rest it says how many they are. Containers that run a runner each have a
/// name of their own.
pub const LISTED_RUNNERS: usize = 200;

/// How long a runner that is not seen any more stays on the page of runners.
pub const RUNNER_KEPT: Duration = Duration::from_hours(7 * 24);

/// How long a runner that said that it ends stays there.
pub const ENDED_RUNNER_KEPT: Duration = Duration::from_hours(24);

/// Resource classes that one runner serves. Each offered task is compared with all of them.
pub const RESOURCE_CLASSES_PER_RUNNER: usize = 200;

/// Characters of a resource class: an organization, a slash and a name.
pub const RESOURCE_CLASS_CHARS: usize = 200;

/// Characters that the names of commit statuses begin with. GitHub takes 255 for the whole name, and the
/// job's must be seen in it.
pub const STATUS_PREFIX_CHARS: usize = 100;

/// Kinds of executors that one runner names. There are five, and perhaps some of later releases.
pub const EXECUTORS_PER_RUNNER: usize = 32;

/// Characters of a word of the protocol: the kind of an executor or of a step.
pub const WORD_CHARS: usize = 100;

/// Characters of a branch that is typed into a form. Git takes names as long as a path of files.
pub const BRANCH_CHARS: usize = 1_000;

/// Characters of a variable's name.
pub const VARIABLE_NAME_CHARS: usize = 200;

/// Bytes of a variable's value: what an environment can hold with room for the others.
pub const VARIABLE_VALUE_BYTES: usize = 64 * 1024;

/// Variables of a project: its settings page lists them all, and each job gets them all.
pub const VARIABLES_PER_PROJECT: usize = 500;

/// Projects that a page offers to import variables from: the forge is asked for the role in each.
pub const IMPORT_SOURCES: usize = 100;

/// Characters of the owner or the name of a repository that a form names. Forges allow 100.
pub const REPOSITORY_NAME_CHARS: usize = 255;

/// Characters of a name (of a job, a workflow, a branch, a person) in lists, graphs and titles. Names come
/// from repositories and have no limit there; a page repeats each of them many times.
pub const LISTED_NAME_CHARS: usize = 100;

/// Characters of a commit's subject in lists and titles.
pub const LISTED_SUBJECT_CHARS: usize = 200;

/// Characters of a sentence in lists: why a pipeline does not run.
pub const LISTED_SENTENCE_CHARS: usize = 600;

/// Characters of a tooltip: more of a name or a subject that was cut.
pub const TOOLTIP_CHARS: usize = 400;

/// Characters of a name, a subject or a message on the page of the thing itself.
pub const WHOLE_TEXT_CHARS: usize = 1 << 16;

/// Requirements of one job, and workflows of one pipeline, that a list names; of the rest it says how many
/// they are. A job may require all others, which would make a page grow as their square.
pub const LISTED_ENTRIES: usize = 30;

/// Characters of an address that a browser is sent back to after signing in.
pub const RETURN_PATH_CHARS: usize = 4_000;
