//! Kinds of jobs, executors and steps, in the words that are stored, sent and shown.

crate::words! {
    /// What a job is, as the API and the pages distinguish jobs.
    JobKind ("kind of job") {
        /// Runs steps on a runner, and has a number in its project.
        Build = "build",
        /// Waits for a person.
        Approval = "approval",
        /// Succeeds at once.
        NoOp = "no-op",
    }

    /// What a runner must offer so that it can run a job.
    ExecutorKind ("kind of executor") {
        /// Containers made from images.
        Docker = "docker",
        /// The runner's own machine, or a clean environment over it.
        Machine = "machine",
        /// A runner on a Mac; jobs run as processes of its user.
        Macos = "macos",
    }

    /// The processors that a runner's programs are made for.
    Architecture ("architecture") {
        /// 64 bits, Intel's and AMD's.
        Amd64 = "amd64",
        /// 64 bits, ARM's.
        Arm64 = "arm64",
    }

    /// What a step does, for icons and clients.
    StepKind ("kind of step") {
        /// Step 0: prepares the environment.
        SpinUp = "spin_up",
        /// Step 99: shows the variables.
        Variables = "variables",
        /// Runs a command.
        Run = "run",
        /// Fetches the code.
        Checkout = "checkout",
    }
}

impl Architecture {
    /// The one that this program is made for, if it is one of them.
    pub const OWN: Option<Self> = if cfg!(target_arch = "x86_64") {
        Some(Self::Amd64)
    } else if cfg!(target_arch = "aarch64") {
        Some(Self::Arm64)
    } else {
        None
    };

    /// Returns the one that a resource class asks for: a class that begins with `arm.` is for ARM, and
    /// any other leaves it open (CFG §2.6).
    pub fn of_resource_class(class: &str) -> Option<Self> {
        class.starts_with("arm.").then_some(Self::Arm64)
    }

    /// Returns the one that the image of a `machine` executor asks for: `arm-default`,
    /// `ubuntu-2404-arm64:current`.
    pub fn of_machine_image(image: &str) -> Option<Self> {
        let mut parts = image.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| matches!(part, "arm" | "arm64")).then_some(Self::Arm64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Word;

    /// Rows and messages of earlier releases hold these words.
    #[test]
    fn the_words_are_those_that_are_stored_and_sent() {
        let words = |all: &[JobKind]| all.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
        assert_eq!(words(JobKind::ALL), ["build", "approval", "no-op"]);
        let words = |all: &[ExecutorKind]| all.iter().map(|kind| kind.as_str()).collect::<Vec<_>>();
        assert_eq!(words(ExecutorKind::ALL), ["docker", "machine", "macos"]);
        let words = |all: &[Architecture]| all.iter().map(|one| one.as_str()).collect::<Vec<_>>();
        assert_eq!(words(Architecture::ALL), ["amd64", "arm64"]);
        assert_eq!(
            serde_json::to_value(StepKind::ALL).unwrap(),
            serde_json::json!(["spin_up", "variables", "run", "checkout"])
        );
    }

    #[test]
    fn the_word_of_a_newer_release_is_kept_as_it_is() {
        let text = r#"["docker","vm"]"#;
        let executors: Vec<Word<ExecutorKind>> = serde_json::from_str(text).unwrap();
        assert!(executors[0].is(ExecutorKind::Docker));
        assert_eq!(executors[1], Word::Other("vm".to_owned()));
        assert_eq!(serde_json::to_string(&executors).unwrap(), text);
    }

    #[test]
    fn a_word_that_is_not_one_is_named() {
        let error = "deploy".parse::<JobKind>().unwrap_err();
        assert_eq!(error.to_string(), "`deploy` is not a valid kind of job");
    }

    #[test]
    fn arm_is_asked_for_by_a_class_or_by_the_image_of_a_machine() {
        let arm = Some(Architecture::Arm64);
        for (class, wanted) in
            [("arm.large", arm), ("large", None), ("acme/arm.large", None), ("army", None)]
        {
            assert_eq!(Architecture::of_resource_class(class), wanted, "{class}");
        }
        for (image, wanted) in [
            ("arm-default", arm),
            ("ubuntu-2404-arm64:current", arm),
            ("ubuntu-2404:current", None),
            ("my-armory:1", None),
        ] {
            assert_eq!(Architecture::of_machine_image(image), wanted, "{image}");
        }
    }
}
