//! The catalogue of diagnostics: a stable slug for each, its number, and what it is about.
//!
//! The numbers are those of the error catalogue (CFG §7.5). A slug is public: it is stored with
//! pipelines and linked from documentation, so it never changes its meaning.

/// One entry of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// What people and machines call it: `unknown-parameter`.
    pub slug: &'static str,
    /// Its number in the catalogue, where it has one: `E-033`.
    pub number: Option<&'static str>,
    /// What it is about, in a sentence.
    pub about: &'static str,
}

macro_rules! catalogue {
    ($($name:ident = $slug:literal, $number:expr, $about:literal;)*) => {
        $(
            #[doc = $about]
            #[allow(dead_code, reason = "the catalogue is complete; some codes are given by other crates")]
            pub(crate) const $name: Code = Code { slug: $slug, number: $number, about: $about };
        )*

        /// Every code, in the order of the catalogue.
        pub const CATALOGUE: &[Code] = &[$($name),*];
    };
}

catalogue! {
    // Decode and top level (§7.5.1)
    SPECIAL_CHARACTER = "special-character", Some("E-001"), "The text holds a control character.";
    SYNTAX = "yaml-syntax", Some("E-002"), "The text is not YAML.";
    DUPLICATE_KEY = "duplicate-key", Some("E-003"), "A mapping holds the same key twice.";
    UNDEFINED_ALIAS = "undefined-alias", Some("E-004"), "An alias names an anchor that no line above defines.";
    BAD_MERGE = "bad-merge", Some("E-005"), "A merge key `<<:` is given something that is not a mapping.";
    SEVERAL_DOCUMENTS = "several-documents", Some("E-006"), "The text holds more than one YAML document.";
    NOT_A_MAPPING = "not-a-mapping", Some("E-007"), "The configuration is empty or is not a mapping.";
    UNKNOWN_TAG = "unknown-yaml-tag", Some("E-008"), "A YAML tag such as `!x` that means nothing here.";
    EXPANDS_TOO_FAR = "expands-too-far", Some("E-009"), "Aliases, commands or parameters expand beyond every measure.";
    VERSION_MISSING = "version-missing", Some("E-010"), "The key `version` is missing.";
    VERSION_UNSUPPORTED = "version-unsupported", Some("E-011"), "The version is none of 2, 2.0 and 2.1.";
    NEEDS_2_1 = "needs-version-2-1", Some("E-012"), "Something that only version 2.1 knows.";
    SECTION_TYPE = "wrong-section-type", Some("E-013"), "A section or a list has the wrong shape.";
    WRONG_TYPE = "wrong-type", Some("E-014"), "A value has the wrong type.";
    BAD_DURATION = "bad-duration", Some("E-015"), "A text is no duration.";
    NOT_IN_ENUM = "not-in-enum", Some("E-016"), "A value is none of those that are possible here.";
    BAD_ENVIRONMENT = "bad-environment", Some("E-017"), "An environment entry is not a scalar.";
    COMPLEX_KEY = "complex-key", None, "A mapping or a list stands where a key must be text.";
    TOO_LARGE = "too-large", Some("E-093"), "The configuration is larger than allowed.";
    UNKNOWN_SECTION = "misspelt-section", Some("W-20"), "A top-level key is one edit away from one that means something.";
    DEPRECATED = "deprecated", Some("W-03"), "A spelling from older days.";
    SUSPICIOUS_NAME = "suspicious-name", None, "A name outside of the characters that are documented, or one that differs from another only in case.";

    // Steps (§7.5.2)
    STEP_SEVERAL_KEYS = "step-several-keys", Some("E-018"), "A step has several keys.";
    STEPS_MISSING = "steps-missing", Some("E-019"), "There are no steps where there must be some.";
    BAD_STEP = "bad-step", Some("E-020"), "A step is neither a name nor a mapping with one key.";
    UNKNOWN_COMMAND = "unknown-command", Some("E-021"), "A step names a command that does not exist.";
    BAD_RUN = "bad-run", Some("E-022"), "A `run` step is neither text nor a mapping.";
    RUN_WITHOUT_COMMAND = "run-without-command", Some("E-023"), "A `run` step has no `command`.";
    UNKNOWN_KEY = "unknown-key", Some("E-024"), "A key that means nothing where it stands.";
    MISSING_KEY = "missing-key", Some("E-025"), "A required key is missing.";
    NOT_ON_THIS_EXECUTOR = "not-on-this-executor", Some("E-026"), "A built-in step that its execution environment cannot do.";
    CONFLICTING_ATTRIBUTES = "conflicting-attributes", Some("E-027"), "Attributes of a step contradict each other or are out of range.";

    // Jobs, parameters, executors (§7.5.3)
    UNKNOWN_JOB_KEY = "unknown-job-key", Some("E-028"), "A key that means nothing in a job.";
    UNKNOWN_JOB = "unknown-job", Some("E-029"), "A workflow names a job that does not exist.";
    JOB_NOT_A_MAPPING = "job-not-a-mapping", Some("E-030"), "A job is not a mapping.";
    STEPS_WITHOUT_JOB = "steps-without-job-name", Some("E-030"), "`jobs:` holds the keys of a job directly; the job's name is missing.";
    UNKNOWN_JOB_TYPE = "unknown-job-type", Some("E-031"), "A job's `type` is unknown or not possible here.";
    JOB_TYPE_KEY = "job-type-needs-key", Some("E-032"), "A job of a special type lacks the key that it needs.";
    UNKNOWN_PARAMETER = "unknown-parameter", Some("E-033"), "An argument that nobody declared.";
    MISSING_ARGUMENT = "missing-argument", Some("E-034"), "An argument without default was not given.";
    BAD_DECLARATION = "bad-parameter", Some("E-035"), "A parameter's declaration is wrong.";
    BAD_TEMPLATE = "bad-template", Some("E-036"), "A template tag is unclosed, empty or cannot be read.";
    COLLECTION_IN_TEXT = "collection-in-text", Some("E-037"), "A list or mapping is put into a text.";
    UNKNOWN_MATRIX_VALUE = "unknown-matrix-value", Some("E-038"), "A `matrix.` value that does not exist here.";
    BAD_DEFAULT = "bad-default", Some("E-039"), "A default does not fit its parameter's type.";
    NOT_STEPS = "not-steps", Some("E-040"), "`steps:` is given something that is not a list of steps.";
    UNKNOWN_EXECUTOR = "unknown-executor", Some("E-041"), "An executor that does not exist.";
    BAD_EXECUTOR = "bad-executor", Some("E-042"), "`executor` is neither a name nor a mapping with `name`.";
    WRONG_ARGUMENT_TYPE = "wrong-argument-type", Some("E-043"), "An argument does not fit its parameter's type.";
    RECURSION = "recursion", Some("E-044"), "A command or executor leads back to itself.";
    WINDOWS_EXECUTOR = "windows-key", Some("E-045"), "`windows` is no execution environment.";
    TWO_EXECUTORS = "two-environments", Some("E-046"), "A job names two execution environments.";
    NO_EXECUTOR = "no-environment", Some("E-047"), "A job names no execution environment.";
    BAD_DOCKER = "bad-docker", Some("E-048"), "A `docker` list is empty or an entry has no image.";
    BAD_MACHINE = "bad-machine", Some("E-049"), "`machine` has the wrong shape.";
    BAD_RETENTION = "bad-retention", Some("E-105"), "`retention` is not of the form `{ caches: 7d }`.";
    UNKNOWN_RESOURCE_CLASS = "unknown-resource-class", Some("E-106"), "No runner has this resource class.";
    BAD_PARALLELISM = "bad-parallelism", Some("E-107"), "`parallelism` is not a positive whole number.";
    UNDECLARED_PARAMETER = "undeclared-parameter", Some("E-108"), "`parameters.x` where nobody declared `x`.";
    UNKNOWN_PIPELINE_VALUE = "unknown-pipeline-value", Some("E-109"), "`pipeline.x` that does not exist.";
    UNUSED_JOB = "unused-job", Some("W-01"), "A job that no workflow runs.";
    UNUSED_DEFINITION = "unused-definition", Some("W-01"), "A command, executor or orb that nothing uses.";
    UNUSED_PARAMETER = "unused-parameter", Some("W-02"), "A parameter that its element never mentions.";
    POINTLESS_PARALLELISM = "pointless-parallelism", Some("W-04"), "A `parallelism` of 1 changes nothing.";
    UNEXPANDED_VARIABLE = "unexpanded-variable", Some("W-09"), "A variable in a place where none is filled in.";
    FLOATING_IMAGE = "floating-image", Some("W-13"), "An image without a tag, or with `latest`, changes by itself.";
    SHARED_NAME = "shared-name", Some("W-14"), "A name that two kinds of things have.";
    BOOLEAN_VARIABLE = "boolean-variable", Some("W-15"), "A boolean in `environment` arrives as 1 or 0.";
    SECRET_IN_TEXT = "secret-in-text", Some("W-16"), "A variable whose value looks like a secret.";
    NULLED_REFERENCE = "nulled-reference", Some("W-19"), "A reference to nothing, which the legacy profile leaves empty.";
    LOST_DIGITS = "lost-digits", Some("W-10"), "An unquoted number that YAML changes.";

    // Orbs (§7.5.4)
    UNKNOWN_ORB = "unknown-orb", Some("E-050"), "An orb that `orbs` does not declare.";
    ORB_NOT_FOUND = "orb-not-found", Some("E-051"), "An orb that is nowhere to be had.";
    ORB_VERSION = "bad-orb-version", Some("E-052"), "A reference to an orb is malformed, or the orb has no such version.";
    ORB_UNREACHABLE = "orb-unreachable", Some("E-053"), "An orb's address cannot be fetched or is not allowed.";
    ORB_INVALID = "orb-invalid", Some("E-054"), "An orb's own source has mistakes.";
    ORB_ELEMENT = "unknown-orb-element", Some("E-055"), "An orb has no element of this name.";
    ORB_PIPELINE_PARAMETER = "pipeline-parameter-in-orb", Some("E-056"), "An orb's body names a pipeline parameter, which orbs cannot see.";
    ORB_STAND_IN = "orb-stand-in", None, "Another version of an orb stands in for the one that is asked for.";

    // Workflows and conditions (§7.5.5)
    BAD_MATRIX = "bad-matrix", Some("E-060"), "A matrix has the wrong shape.";
    INVOCATION_SEVERAL_KEYS = "job-entry-several-keys", Some("E-061"), "An entry of a workflow's jobs has several keys.";
    MATRIX_PARAMETER = "bad-matrix-parameter", Some("E-062"), "A matrix parameter is given twice.";
    AMBIGUOUS_ALIAS = "ambiguous-alias", Some("E-063"), "A name is both a matrix and a job.";
    BAD_STATUS = "bad-requirement-status", Some("E-064"), "A requirement names an unknown status.";
    UNKNOWN_REQUIREMENT = "unknown-requirement", Some("E-065"), "A requirement names no job, or several, of the workflow.";
    BAD_FILTERS = "bad-filters", Some("E-066"), "Filters have the wrong shape.";
    BAD_REGEX = "bad-regex", Some("E-067"), "A regular expression cannot be used.";
    BAD_FILTER_EXPRESSION = "bad-filter-expression", Some("E-068"), "A filter expression cannot be evaluated.";
    CYCLE = "cycle", Some("E-069"), "Jobs wait for each other.";
    NOTHING_TO_RUN = "nothing-to-run", Some("E-070"), "There is neither a workflow nor a job called `build`.";
    WHEN_AND_UNLESS = "when-and-unless", Some("E-071"), "Both `when` and `unless` are given.";
    CONDITION_MISPLACED = "condition-misplaced", Some("E-072"), "`condition` is missing in a step or given in a workflow.";
    EMPTY_LOGIC = "empty-logic", Some("E-073"), "An operator has no arguments.";
    SEVERAL_OPERATORS = "several-operators", Some("E-074"), "A logic statement has several operators, or none.";
    UNKNOWN_OPERATOR = "unknown-operator", Some("E-075"), "An operator that does not exist, or a list where a statement belongs.";
    BAD_MATCHES = "bad-matches", Some("E-076"), "`matches` does not have exactly `pattern` and `value`.";
    EXPRESSION_SYNTAX = "expression-syntax", Some("E-078"), "An expression cannot be read.";
    EXPRESSION_VALUE = "expression-value", Some("E-079"), "An expression uses an unknown variable or a value of the wrong type.";
    LOGIC_TOO_DEEP = "logic-too-deep", Some("E-077"), "Logic statements are nested too deeply.";
    TIGHT_NOT = "tight-not", None, "`not` binds tighter than the comparison after it.";
    WORKFLOW_WITHOUT_JOBS = "workflow-without-jobs", Some("E-087"), "A workflow has no jobs.";
    BAD_TRIGGER = "bad-trigger", Some("E-088"), "A workflow's trigger is incomplete or malformed.";
    BAD_CRON = "bad-cron", Some("E-089"), "A schedule's `cron` text cannot be read.";
    UNKNOWN_CONTEXT = "unknown-context", Some("E-096"), "A context that does not exist.";
    BAD_SERIAL_GROUP = "bad-serial-group", Some("E-095"), "A `serial-group` is empty, too long or has characters that it cannot have.";
    GROUP_NAME = "group-name-taken", Some("E-100"), "A name is given to a job and to a job group.";
    GROUP_SHAPE = "bad-job-group", Some("E-101"), "A job group nests another one, or its members reach outside.";
    GROUP_KEY = "bad-job-group-key", Some("E-102"), "A key that job groups or their invocations cannot have.";
    GROUP_REPEATED = "job-group-repeated", Some("E-103"), "A job group is invoked twice under one name.";
    GROUP_MEMBER = "requires-group-member", Some("E-104"), "A requirement points into a job group.";
    TAG_ONLY = "not-only-tags", Some("W-05"), "A job with a tag filter that runs on every branch too.";
    TAG_REQUIREMENT = "requirement-skips-tags", Some("W-06"), "A job runs for tags, and one that it requires does not.";
    NEVER_RUNS = "never-runs", None, "A filter that can never match.";
    ALL_STATUSES = "all-statuses", Some("W-12"), "A list of all statuses is what `terminal` means.";
    SERIAL_GROUP_TWICE = "serial-group-twice", Some("W-17"), "The same serial group twice in a workflow.";
    LOOK_AROUND = "look-around-regex", Some("W-18"), "A regular expression that the `next` profile refuses.";
    ALWAYS_TRUE = "always-true", Some("W-08"), "A condition that is a text and therefore always true.";
    REGEX_WITHOUT_SLASHES = "regex-without-slashes", Some("W-07"), "A filter looks like a regular expression but is compared as text.";
    IGNORED = "ignored", None, "Something has no effect where it stands.";
    MORE_PROBLEMS = "more-problems", None, "More was found than is shown.";
    TOO_MANY_CONTEXTS = "too-many-contexts", Some("E-094"), "More contexts than allowed.";

    // Pipeline parameters (§7.5.6)
    DEFAULT_MISSING = "default-missing", Some("E-080"), "A pipeline parameter has no default.";
    PIPELINE_PARAMETER_TYPE = "bad-pipeline-parameter-type", Some("E-081"), "A type that pipeline parameters cannot have.";
    UNKNOWN_PIPELINE_PARAMETER = "unknown-pipeline-parameter", Some("E-082"), "The trigger passes a parameter that is not declared.";
    PIPELINE_PARAMETER_VALUE = "wrong-pipeline-parameter", Some("E-083"), "The trigger passes a value of the wrong type.";
    PIPELINE_PARAMETER_ENUM = "pipeline-parameter-not-in-enum", Some("E-084"), "The trigger passes a value that is not in the enum.";
    PARAMETER_DEPENDS = "dependent-pipeline-parameter", Some("E-086"), "A pipeline parameter's default refers to another one.";
    TOO_MANY_PARAMETERS = "too-many-parameters", Some("E-085"), "The trigger passes more, or longer, parameters than allowed.";
    COERCED_PARAMETER = "coerced-parameter", None, "The trigger passes a text where another type is declared.";

    // Dynamic configuration (§7.5.6)
    SETUP_VERSION = "setup-needs-2-1", Some("E-090"), "A setup configuration that is not of version 2.1.";
    CONTINUATION_IS_SETUP = "continuation-is-setup", Some("E-091"), "A configuration that goes on from a setup is a setup itself.";
    SETUP_WORKFLOWS = "setup-with-several-workflows", Some("E-092"), "A setup configuration has several workflows.";
    POLICY = "policy", Some("E-097"), "A policy of the organisation forbids it.";
    CONTINUATION_KEY = "bad-continuation-key", Some("E-098"), "A continuation key is unknown, used or expired.";
    CONTINUATION_PARAMETERS = "conflicting-continuation-parameters", Some("E-099"), "A continuation passes a parameter that the trigger gave already.";

    // What this release cannot run
    UNSUPPORTED_STEP = "unsupported-step", None, "A built-in step that this release cannot run.";
    UNSUPPORTED_ORBS = "unsupported-orbs", None, "Orbs cannot be used in this release.";
    UNSUPPORTED_SETUP = "unsupported-setup", None, "Dynamic configuration cannot be used in this release.";
    UNSUPPORTED_MACOS = "unsupported-macos", None, "macOS environments cannot be used in this release.";
    UNSUPPORTED_JOB_TYPE = "unsupported-job-type", None, "A type of job that this release cannot run.";
    UNSUPPORTED_JOB_GROUPS = "unsupported-job-groups", None, "Job groups cannot be used in this release.";
    UNSUPPORTED_SERIAL_GROUP = "unsupported-serial-group", None, "Serial groups cannot be used in this release.";
    UNSUPPORTED_OVERRIDE = "unsupported-override-with", None, "`override-with` cannot be used in this release.";
    UNSUPPORTED_SCHEDULE = "unsupported-schedule", None, "Scheduled workflows are not started by this release.";
    UNSUPPORTED_REGISTRY_AUTH = "unsupported-registry-auth", None, "A registry login that this release cannot make.";
    UNSUPPORTED_OPTION = "unsupported-option", None, "An option that has no effect in this release.";
}

/// Returns the catalogue's entry of a slug.
pub fn code(slug: &str) -> Option<&'static Code> {
    CATALOGUE.iter().find(|code| code.slug == slug)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn slugs_are_unique_and_say_what_they_are() {
        let slugs: HashSet<_> = CATALOGUE.iter().map(|code| code.slug).collect();
        assert_eq!(slugs.len(), CATALOGUE.len());
        assert!(CATALOGUE.iter().all(|code| code.about.ends_with('.')));
        assert_eq!(code("unknown-parameter").and_then(|code| code.number), Some("E-033"));
    }
}
