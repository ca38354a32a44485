//! Planned jobs, for tests that begin where the compiler ends.

use roundel_model::plan::{Executor, JobBody, PlannedJob, PlannedJobKind};

/// A job without steps on a machine, in so many tasks.
pub fn build(name: &str, tasks: u32) -> PlannedJob {
    job(
        name,
        PlannedJobKind::Build(Box::new(JobBody {
            executor: Executor::Machine { image: None, layer_caching: false },
            resource_class: Some("small".to_owned()),
            environment: vec![("NAME".to_owned(), "value".to_owned())],
            working_directory: "~/project".to_owned(),
            shell: None,
            parallelism: tasks,
            steps: Vec::new(),
            cache_days: None,
            ip_ranges: false,
        })),
    )
}

/// A job of any kind, that requires nothing.
pub fn job(name: &str, kind: PlannedJobKind) -> PlannedJob {
    PlannedJob {
        name: name.into(),
        kind,
        requires: Vec::new(),
        contexts: Vec::new(),
        serial_group: None,
    }
}
