//! Jobs, executors and execution environments (CFG §2.2–§2.10).

use super::{
    parameters::PARAMETERS,
    shape::{Key, STEPS, Shape, TEXT, TEXTS, Table, key},
};

/// Classes that are documented, of every environment (CFG §2.6).
const RESOURCE_CLASSES: &[&str] = &[
    "small",
    "medium",
    "medium+",
    "large",
    "xlarge",
    "2xlarge",
    "2xlarge+",
    "arm.medium",
    "arm.large",
    "arm.xlarge",
    "arm.2xlarge",
    "m4pro.medium",
    "m4pro.large",
    "windows.medium",
    "windows.large",
    "windows.xlarge",
    "windows.2xlarge",
    "gpu.nvidia.small",
    "gpu.nvidia.medium",
    "gpu.nvidia.large",
];

const WORDS: Shape = Shape::Either(&[TEXT, TEXTS]);

static AUTH: Table = Table {
    what: "a login for a registry",
    keys: &[
        key(
            "username",
            TEXT,
            "§2.3",
            "Who logs in. `$NAME` is filled in from contexts and project variables.",
        )
        .required(),
        key(
            "password",
            TEXT,
            "§2.3",
            "The password or token, best as `$NAME` from a context or a project variable.",
        )
        .required(),
    ],
};

static AWS_AUTH: Table = Table {
    what: "a login for Amazon's registry",
    keys: &[
        key("aws_access_key_id", TEXT, "§2.3", "The access key's id, or `$NAME`."),
        key("aws_secret_access_key", TEXT, "§2.3", "The secret key, best as `$NAME`."),
        key(
            "oidc_role_arn",
            TEXT,
            "§2.3",
            "The role to take on with the job's identity token, instead of keys.",
        ),
    ],
};

static GCP_AUTH: Table = Table {
    what: "a login for Google's registry",
    keys: &[
        key("oidc_service_account", TEXT, "§2.3", "The service account to act as."),
        key(
            "workload_identity_pool",
            TEXT,
            "§2.3",
            "The identity pool that trusts the job's token.",
        ),
        key("workload_identity_provider", TEXT, "§2.3", "The provider within that pool."),
    ],
};

static DOCKER: Table = Table {
    what: "a container",
    keys: &[
        key("image", TEXT, "§2.3", "The image, from Docker Hub unless it names a registry. A tag or digest keeps it from changing by itself.").required(),
        key("name", TEXT, "§2.3", "The host name under which the other containers reach this one."),
        key("entrypoint", WORDS, "§2.3", "Replaces the image's ENTRYPOINT."),
        key("command", WORDS, "§2.3", "Replaces the image's CMD."),
        key("user", TEXT, "§2.3", "The user that runs commands in the container, as name or `uid:gid`."),
        key("environment", Shape::Environment, "§2.7", "Variables for the container's own process. For steps, set `environment` on the job."),
        key("auth", Shape::Table(&AUTH), "§2.3", "A login for the image's registry. Variables in it are filled in from contexts and project variables.")
            .snippet("auth:\n  username: ${1:\\$DOCKER_USER}\n  password: ${2:\\$DOCKER_PASSWORD}"),
        key("aws_auth", Shape::Table(&AWS_AUTH), "§2.3", "A login for Amazon's registry: keys, or a role."),
        key("gcp_auth", Shape::Table(&GCP_AUTH), "§2.3", "A login for Google's registry by the job's identity."),
    ],
};

static MACHINE: Table = Table {
    what: "a machine",
    keys: &[
        key(
            "image",
            Shape::Text(&[
                "ubuntu-2404:current",
                "ubuntu-2204:current",
                "windows-server-2022-gui:current",
                "default",
            ]),
            "§2.4",
            "The machine's image, a label that the server maps to what it has.",
        ),
        key(
            "docker_layer_caching",
            Shape::Boolean,
            "§2.4",
            "Keeps layers of images that the job builds for later jobs.",
        ),
        key(
            "resource_class",
            Shape::Text(RESOURCE_CLASSES),
            "§2.4",
            "The machine's size. The job's or executor's own `resource_class` wins.",
        ),
        key("shell", WORDS, "§2.4", "The shell that runs the steps."),
        key("enabled", Shape::Boolean, "§2.4", "The older way to write `machine: true`.").old(),
    ],
};

static MACOS: Table = Table {
    what: "a macOS machine",
    keys: &[
        key(
            "xcode",
            TEXT,
            "§2.5",
            "The version of Xcode. Quote it: an unquoted `15.10` is the number 15.1.",
        )
        .required(),
        key(
            "code_signing",
            TEXTS,
            "§2.5",
            "Names of signing bundles that the step `install_signing_bundle` installs.",
        ),
        key("resource_class", Shape::Text(RESOURCE_CLASSES), "§2.5", "The machine's size."),
        key("shell", WORDS, "§2.5", "The shell that runs the steps."),
    ],
};

static CONTAINER: Shape = Shape::Table(&DOCKER);
static MACHINES: [Shape; 3] = [Shape::Table(&MACHINE), Shape::Boolean, Shape::Text(&["default"])];

const DOCKER_KEY: Key = key("docker", Shape::List(&CONTAINER), "§2.3", "Containers to run in. Steps run in the first; the others are services, reachable on localhost.")
    .snippet("docker:\n  - image: ${1:cimg/base:stable}");
const MACHINE_KEY: Key = key(
    "machine",
    Shape::Either(&MACHINES),
    "§2.4",
    "A whole machine to run on. `true` is for runners of one's own.",
)
.snippet("machine:\n  image: ${1:ubuntu-2404:current}");
const MACOS_KEY: Key = key("macos", Shape::Table(&MACOS), "§2.5", "A macOS machine to run on.")
    .snippet("macos:\n  xcode: \"${1:16.0.0}\"");
const CLASS_KEY: Key = key(
    "resource_class",
    Shape::Text(RESOURCE_CLASSES),
    "§2.6",
    "How large the environment is. `namespace/name` chooses runners of that class instead.",
);
const SHELL_KEY: Key = key(
    "shell",
    WORDS,
    "§2.8",
    "The shell that runs the steps, with its options. It replaces the default whole: `/bin/sh` alone no longer stops at the first error.",
);
const DIRECTORY_KEY: Key = key(
    "working_directory",
    TEXT,
    "§2.8",
    "Where steps run: `~/project` unless told otherwise. Only a leading `~` is expanded.",
);
const ENVIRONMENT_KEY: Key = key(
    "environment",
    Shape::Environment,
    "§2.7",
    "Variables for all steps. Values are literal: `$OTHER` in them is not expanded.",
);
const PARAMETERS_KEY: Key = key("parameters", PARAMETERS, "§4.1", "What it can be given. Its body reads them as `<< parameters.name >>`.")
    .snippet("parameters:\n  ${1:name}:\n    type: ${2|string,boolean,integer,enum,executor,steps,env_var_name|}\n    default: $0");

pub(super) static EXECUTOR: Table = Table {
    what: "an executor",
    keys: &[
        key("description", TEXT, "§2.2", "What it is for, for people."),
        PARAMETERS_KEY,
        DOCKER_KEY,
        MACHINE_KEY,
        MACOS_KEY,
        CLASS_KEY,
        SHELL_KEY,
        DIRECTORY_KEY,
        ENVIRONMENT_KEY,
    ],
};

static RETENTION: Table = Table {
    what: "how long things are kept",
    keys: &[key("caches", TEXT, "§2.9", "How long caches of this job are kept, in days: `7d`.")],
};

pub(super) static JOB: Table = Table {
    what: "a job",
    keys: &[
        key("description", TEXT, "§2.9", "What the job does, for people."),
        key("type", Shape::Choice(&["build", "approval", "no-op", "release", "lock", "unlock"]), "§2.10", "What kind of job it is. Only `build` has steps; `approval` waits for a person, `no-op` succeeds at once."),
        PARAMETERS_KEY,
        key("executor", Shape::Executor, "§4.9", "The executor to run in, by its name. Arguments go beside it: `{ name: linux, tag: \"22\" }`. The job's own keys win over the executor's."),
        DOCKER_KEY,
        MACHINE_KEY,
        MACOS_KEY,
        CLASS_KEY,
        key("parallelism", Shape::Integer, "§2.9", "How many copies of the job run at once. Each knows its number in `CIRCLE_NODE_INDEX`."),
        SHELL_KEY,
        DIRECTORY_KEY,
        ENVIRONMENT_KEY,
        key("steps", STEPS, "§3", "What the job does, one after the other. A failing step ends the job, except for steps with `when: always` or `on_fail`.")
            .required(),
        key("circleci_ip_ranges", Shape::Boolean, "§2.9", "Asks for network addresses that are known beforehand."),
        key("retention", Shape::Table(&RETENTION), "§2.9", "How long what the job stores is kept."),
        key("plan_name", TEXT, "§2.10", "The release plan, for a job of type `release`."),
        key("key", TEXT, "§2.10", "The lock's name, for jobs of type `lock` and `unlock`."),
        key("branches", Shape::Any, "§2.9", "The branches to build, in the days before workflows. Use `filters` in a workflow.").old(),
    ],
};
