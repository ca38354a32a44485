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
    what: "registry credentials",
    keys: &[
        key(
            "username",
            TEXT,
            "The user name. `$NAME` is replaced with a variable from a context or the project.",
        )
        .required(),
        key(
            "password",
            TEXT,
            "The password or token, preferably as `$NAME` from a context or the project's environment variables.",
        )
        .required(),
    ],
};

static AWS_AUTH: Table = Table {
    what: "credentials for Amazon ECR",
    keys: &[
        key("aws_access_key_id", TEXT, "The access key ID, or `$NAME`."),
        key("aws_secret_access_key", TEXT, "The secret access key, preferably as `$NAME`."),
        key(
            "oidc_role_arn",
            TEXT,
            "The role to assume with the job's OIDC token, instead of keys.",
        ),
    ],
};

static GCP_AUTH: Table = Table {
    what: "credentials for Google Artifact Registry",
    keys: &[
        key("oidc_service_account", TEXT, "The service account to impersonate."),
        key(
            "workload_identity_pool",
            TEXT,
            "The workload identity pool that trusts the job's OIDC token.",
        ),
        key("workload_identity_provider", TEXT, "The provider in that pool."),
    ],
};

static DOCKER: Table = Table {
    what: "a container",
    keys: &[
        key("image", TEXT, "The image, from Docker Hub unless it includes a registry. Add a tag or digest for reproducible builds.").required(),
        key("name", TEXT, "The host name of this container for the other containers."),
        key("entrypoint", WORDS, "Overrides the image's ENTRYPOINT."),
        key("command", WORDS, "Overrides the image's CMD."),
        key("user", TEXT, "The user that runs commands in the container, as a name or `uid:gid`."),
        key("environment", Shape::Environment, "Environment variables for the container's own process. For steps, set `environment` on the job."),
        key("auth", Shape::Table(&AUTH), "Credentials for the image's registry. Variables are replaced with values from contexts and the project.")
            .snippet("auth:\n  username: ${1:\\$DOCKER_USER}\n  password: ${2:\\$DOCKER_PASSWORD}"),
        key("aws_auth", Shape::Table(&AWS_AUTH), "Credentials for Amazon ECR: keys, or a role."),
        key("gcp_auth", Shape::Table(&GCP_AUTH), "Credentials for Google Artifact Registry, through the job's OIDC token."),
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
            "The machine image: a label that the server maps to an available image.",
        ),
        key(
            "docker_layer_caching",
            Shape::Boolean,
            "Caches the layers of images that the job builds for later jobs.",
        ),
        key(
            "resource_class",
            Shape::Text(RESOURCE_CLASSES),
            "The resource class. The `resource_class` of the job or executor takes precedence.",
        ),
        key("shell", WORDS, "The shell that runs the steps."),
        key("enabled", Shape::Boolean, "An older way to write `machine: true`.").old(),
    ],
};

static MACOS: Table = Table {
    what: "a macOS machine",
    keys: &[
        key("xcode", TEXT, "The Xcode version. Quote it: an unquoted `15.10` is the number 15.1.")
            .required(),
        key(
            "code_signing",
            TEXTS,
            "Names of signing bundles that the `install_signing_bundle` step installs.",
        ),
        key("resource_class", Shape::Text(RESOURCE_CLASSES), "The machine's resource class."),
        key("shell", WORDS, "The shell that runs the steps."),
    ],
};

static CONTAINER: Shape = Shape::Table(&DOCKER);
static MACHINES: [Shape; 3] = [Shape::Table(&MACHINE), Shape::Boolean, Shape::Text(&["default"])];

const DOCKER_KEY: Key = key("docker", Shape::List(&CONTAINER), "The containers to run in. Steps run in the first one; the others are service containers, which this release does not run.")
    .snippet("docker:\n  - image: ${1:cimg/base:stable}");
const MACHINE_KEY: Key = key(
    "machine",
    Shape::Either(&MACHINES),
    "A machine to run on. `true` is for self-hosted runners.",
)
.snippet("machine:\n  image: ${1:ubuntu-2404:current}");
const MACOS_KEY: Key = key("macos", Shape::Table(&MACOS), "A macOS machine to run on.")
    .snippet("macos:\n  xcode: \"${1:16.0.0}\"");
const CLASS_KEY: Key = key(
    "resource_class",
    Shape::Text(RESOURCE_CLASSES),
    "The size of the environment. `namespace/name` selects self-hosted runners of that class instead.",
);
const SHELL_KEY: Key = key(
    "shell",
    WORDS,
    "The shell that runs the steps, with its options. It replaces the default completely: `/bin/sh` alone does not stop at the first error.",
);
const DIRECTORY_KEY: Key = key(
    "working_directory",
    TEXT,
    "The directory where steps run; the default is `~/project`. Only a leading `~` is expanded.",
);
const ENVIRONMENT_KEY: Key = key(
    "environment",
    Shape::Environment,
    "Environment variables for all steps. Values are literal: `$OTHER` in them is not expanded.",
);
const PARAMETERS_KEY: Key = key("parameters", PARAMETERS, "The parameters, which are used as `<< parameters.name >>`.")
    .snippet("parameters:\n  ${1:name}:\n    type: ${2|string,boolean,integer,enum,executor,steps,env_var_name|}\n    default: $0");

pub(super) static EXECUTOR: Table = Table {
    what: "an executor",
    keys: &[
        key("description", TEXT, "A description, which has no effect."),
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
    what: "retention",
    keys: &[key("caches", TEXT, "How long the job's caches are kept, in days: `7d`.")],
};

pub(super) static JOB: Table = Table {
    what: "a job",
    keys: &[
        key("description", TEXT, "A description of the job."),
        key("type", Shape::Choice(&["build", "approval", "no-op", "release", "lock", "unlock"]), "The type of the job. Only `build` has steps; `approval` waits for a manual approval, `no-op` succeeds immediately."),
        PARAMETERS_KEY,
        key("executor", Shape::Executor, "The name of the executor to run in. Arguments go next to the name: `{ name: linux, tag: \"22\" }`. The job's own keys take precedence over the executor's."),
        DOCKER_KEY,
        MACHINE_KEY,
        MACOS_KEY,
        CLASS_KEY,
        key("parallelism", Shape::Integer, "How many copies of the job run in parallel. Each has its index in `CIRCLE_NODE_INDEX`."),
        SHELL_KEY,
        DIRECTORY_KEY,
        ENVIRONMENT_KEY,
        key("steps", STEPS, "The steps, which run one after another. After a failed step, only steps with `when: always` or `on_fail` run.")
            .required(),
        key("circleci_ip_ranges", Shape::Boolean, "Runs the job with well-known IP addresses."),
        key("retention", Shape::Table(&RETENTION), "How long the job's stored data is kept."),
        key("plan_name", TEXT, "The release plan, for a job of type `release`."),
        key("key", TEXT, "The key of the lock, for jobs of type `lock` and `unlock`."),
        key("branches", Shape::Any, "The branches to build, in configurations without workflows. Use `filters` in a workflow instead.").old(),
    ],
};
