//! `[runner]`: the embedded runner of `roundel serve`, and `roundel runner`.

use roundel_model::secret::Secret;

use super::super::{
    declaration::{Declaration, Default, OPEN, Program, Secrecy, Setting},
    kinds,
};

const BOTH: &[Program] = &[Program::Serve, Program::Runner];

pub(crate) static EMBEDDED: Setting<bool> = Setting {
    kind: kinds::SWITCH,
    declaration: Declaration {
        key: "runner.embedded",
        flag: "runner-embedded",
        variable: "ROUNDEL_RUNNER_EMBEDDED",
        about: "Whether `roundel serve` runs jobs in its own process",
        default: Default::Fixed("true"),
        example: "false",
        ..OPEN
    },
};

pub(crate) static SLOTS: Setting<u32> = Setting {
    kind: kinds::SLOT_COUNT,
    declaration: Declaration {
        key: "runner.slots",
        flag: "slots",
        variable: "ROUNDEL_SLOTS",
        about: "Slots of the runner: each runs one job at a time; with 0, `roundel serve` runs no jobs",
        about_in: &[
            (
                Program::Serve,
                "Slots of the embedded runner: each runs one job at a time; 0 runs none",
            ),
            (Program::Runner, "Slots of the runner: each runs one job at a time"),
        ],
        default: Default::Fixed("2"),
        unit: Some("jobs"),
        example: "4",
        programs: BOTH,
        ..OPEN
    },
};

pub(crate) static ALLOW_SETUID: Setting<bool> = Setting {
    kind: kinds::SWITCH,
    declaration: Declaration {
        key: "runner.allow_setuid",
        flag: "allow-setuid",
        variable: "ROUNDEL_ALLOW_SETUID",
        about: "Allow `sudo` and other setuid programs in jobs",
        default: Default::Fixed("false"),
        example: "true",
        programs: BOTH,
        ..OPEN
    },
};

pub(crate) static NAME: Setting<String> = Setting {
    kind: kinds::RUNNER_NAME,
    declaration: Declaration {
        key: "runner.name",
        flag: "name",
        variable: "ROUNDEL_NAME",
        about: "Name of the runner on the dashboard, where its slots are `NAME-1`, `NAME-2` and so on",
        default: Default::Computed {
            words: "`embedded` in `roundel serve`, the host's name in `roundel runner`",
            compute: |program, _| match program {
                Program::Serve | Program::Orb => "embedded".to_owned(),
                Program::Runner => host_name(),
            },
        },
        default_in: &[(Program::Serve, "embedded"), (Program::Runner, "the host's name")],
        example: "build-1",
        programs: BOTH,
        ..OPEN
    },
};

pub(crate) static RESOURCE_CLASSES: Setting<Vec<String>> = Setting {
    kind: kinds::RESOURCE_CLASSES,
    declaration: Declaration {
        key: "runner.resource_classes",
        flag: "resource-class",
        variable: "ROUNDEL_RESOURCE_CLASSES",
        about: "The resource classes that the runner serves, as jobs name them (`large`, `acme/gpu`). By \
                default it serves all of them, those for ARM (`arm.large`) only on an ARM machine",
        example: "acme/gpu",
        programs: BOTH,
        ..OPEN
    },
};

pub(crate) static TOKEN: Setting<Secret<String>> = Setting {
    kind: kinds::TOKEN,
    declaration: Declaration {
        key: "runner.token",
        flag: "token",
        file_flag: Some("token-file"),
        variable: "ROUNDEL_TOKEN",
        about: "The token with which runners claim jobs; a runner on another machine needs a copy of the \
                server's",
        default: Default::Generated("runner.token"),
        example: "4be1c07d93f25a68b0d2e7f1a3c59486",
        secrecy: Secrecy::Secret,
        programs: BOTH,
        needed_by: &[Program::Runner],
        exposing_flag: Some((Program::Runner, "token")),
        ..OPEN
    },
};

fn host_name() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    if name.trim().is_empty() { "runner".to_owned() } else { name.trim().to_owned() }
}
