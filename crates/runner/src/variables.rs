//! The variables of a step: who sets them, who wins, what is shown (RUN §3.3–§3.5).
//!
//! ```text
//! step ▶ job and executor ▶ built-in ▶ contexts ▶ project ▶ container and image     (highest first)
//! ```
//!
//! What a shell sets itself, and what it sources from `BASH_ENV`, comes later still and is not
//! decided here. Values are never interpolated.
//!
//! Deliberately absent: which built-in variables there are and what they say; the server knows
//! (RUN §3.1), except for the few that only the runner can know ([`Local`]).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use roundel_model::limits::MASKED_VALUE_CHARS;
use roundel_protocol::{Variable, VariableSource};

/// `PATH` where the image sets none.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The replacement of a hidden value.
const STARS: &str = "********";

/// What only the runner knows.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    /// Home of the step user.
    pub(crate) home: PathBuf,
    /// Name of the step user.
    pub(crate) user: String,
    /// Login shell of the step user.
    pub(crate) shell: String,
    /// Directory of the `circleci` command.
    pub(crate) tools: PathBuf,
    /// The file that bash sources (RUN §2.3).
    pub(crate) shell_env: PathBuf,
    /// Scratch directory of the task.
    pub(crate) scratch: PathBuf,
    /// The job's working directory, as written.
    pub(crate) working_directory: String,
}

/// Everything a task's steps have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
    /// Lines of step 99, without those of project and contexts.
    shown: BTreeMap<String, String>,
    /// Names from project settings and contexts.
    hidden: Vec<String>,
    /// Names that cannot be passed to any process.
    refused: Vec<String>,
}

impl Variables {
    /// Merges the layers. `image` holds the image's and the container's variables, container last;
    /// `job` those of executor and job, job last.
    pub(crate) fn merge(
        image: &[(String, String)],
        from_server: &[Variable],
        local: &Local,
        job: &[(String, String)],
    ) -> Self {
        let mut merged = Self::default();
        merged.below_everything(image, local);
        for source in [VariableSource::Project, VariableSource::Context] {
            for variable in from_server.iter().filter(|variable| variable.source == source) {
                if merged.set(&variable.name, variable.value.expose()) {
                    merged.hidden.push(variable.name.clone());
                }
            }
        }
        merged.hidden.sort_unstable();
        merged.hidden.dedup();
        for (name, value) in local.built_in() {
            merged.show(&name, &value);
        }
        for variable in from_server {
            match variable.source {
                VariableSource::BuiltIn => merged.show(&variable.name, variable.value.expose()),
                VariableSource::BuiltInSecret => {
                    if merged.set(&variable.name, variable.value.expose()) {
                        merged.shown.insert(variable.name.clone(), STARS.to_owned());
                    }
                }
                VariableSource::Project | VariableSource::Context => {}
            }
        }
        for (name, value) in job {
            merged.show(name, value);
        }
        merged
    }

    /// Returns the environment of one step: the step's own variables on top, `PWD` at its directory.
    pub(crate) fn of_step(
        &self,
        own: &[(String, String)],
        directory: &Path,
    ) -> Vec<(String, String)> {
        let mut values = self.values.clone();
        values.insert("PWD".to_owned(), directory.to_string_lossy().into_owned());
        for (name, value) in own {
            if is_passable(name, value) {
                values.insert(name.clone(), value.clone());
            }
        }
        values.into_iter().collect()
    }

    /// Returns the text of step 99 (RUN §1.7, §3.5).
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut lines = vec!["Using build environment variables:".to_owned()];
        lines.extend(self.shown.iter().map(|(name, value)| format!("  {name}={value}")));
        if !self.hidden.is_empty() {
            lines.push(String::new());
            lines.push(
                "Using environment variables from project settings and/or contexts:".to_owned(),
            );
            lines.extend(self.hidden.iter().map(|name| format!("  {name}={STARS}")));
        }
        for name in &self.refused {
            lines.push(format!(
                "The variable `{name}` cannot be passed on: its name is empty or holds `=`, or it \
                 holds a null byte."
            ));
        }
        lines.push(String::new());
        lines.push(
            "The redacted variables listed above will be masked in run step output.".to_owned(),
        );
        lines.push(format!(
            "Lines shorter than {MASKED_VALUE_CHARS} characters, and `true` and `false`, are not masked."
        ));
        lines
    }

    /// What image and user say counts least: a project may set its own `PATH`.
    fn below_everything(&mut self, image: &[(String, String)], local: &Local) {
        self.set("TERM", "xterm");
        self.set("USER", &local.user);
        self.set("SHELL", &local.shell);
        self.set("PATH", DEFAULT_PATH);
        for (name, value) in image {
            self.set(name, value);
        }
        self.set("HOME", &local.home.to_string_lossy());
        // At the end: a `circleci` of the image wins (RUN §5.8).
        let path = self.values.get("PATH").map_or(DEFAULT_PATH, String::as_str);
        let path = format!("{path}:{}", local.tools.display());
        self.set("PATH", &path);
    }

    fn show(&mut self, name: &str, value: &str) {
        if self.set(name, value) {
            self.shown.insert(name.to_owned(), value.to_owned());
        }
    }

    fn set(&mut self, name: &str, value: &str) -> bool {
        let passable = is_passable(name, value);
        if passable {
            self.values.insert(name.to_owned(), value.to_owned());
        } else {
            self.refused.push(name.replace('\0', "\u{fffd}"));
        }
        passable
    }
}

impl Local {
    /// Built-in variables that only the runner can fill in.
    fn built_in(&self) -> [(String, String); 5] {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        [
            ("BASH_ENV".to_owned(), text(&self.shell_env)),
            ("CIRCLE_SHELL_ENV".to_owned(), text(&self.shell_env)),
            ("CIRCLE_INTERNAL_SCRATCH".to_owned(), text(&self.scratch)),
            ("CIRCLE_WORKING_DIRECTORY".to_owned(), self.working_directory.clone()),
            // Else git asks for a name and waits until the step is silent for too long.
            ("GIT_TERMINAL_PROMPT".to_owned(), "0".to_owned()),
        ]
    }
}

fn is_passable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

/// Fills in `$NAME` or `${NAME}` as a whole from project and context variables: the only place of a
/// configuration where the runner does so is registry credentials (RUN §2.11).
pub(crate) fn fill_in(written: &str, from_server: &[Variable]) -> String {
    let name = written
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| written.strip_prefix('$'));
    let Some(name) = name else { return written.to_owned() };
    let find = |source| {
        from_server
            .iter()
            .rev()
            .find(|variable| variable.source == source && variable.name == name)
            .map(|variable| variable.value.expose().clone())
    };
    find(VariableSource::Context).or_else(|| find(VariableSource::Project)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use roundel_model::secret::Secret;

    use super::*;

    fn variable(name: &str, value: &str, source: VariableSource) -> Variable {
        Variable { name: name.to_owned(), value: Secret::from(value), source }
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    fn local() -> Local {
        Local {
            home: "/home/circleci".into(),
            user: "circleci".into(),
            shell: "/bin/bash".into(),
            tools: "/opt/circleci/bin".into(),
            shell_env: "/tmp/.bash_env-1-0-build".into(),
            scratch: "/tmp/circleci-1".into(),
            working_directory: "~/project".into(),
        }
    }

    fn value<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
        environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn each_layer_hides_the_ones_below() {
        use VariableSource::{BuiltIn, Context, Project};
        let layers = ["A", "B", "C", "D", "E", "F"];
        let upto = |count: usize, text: &str| -> Vec<(String, String)> {
            layers[..count].iter().map(|name| pair(name, text)).collect()
        };
        let mut from_server = Vec::new();
        // In falling order, to see that the source decides and not the place in the list.
        from_server.extend(upto(3, "built-in").iter().map(|(n, v)| variable(n, v, BuiltIn)));
        from_server.extend(upto(4, "context").iter().map(|(n, v)| variable(n, v, Context)));
        from_server.extend(upto(5, "project").iter().map(|(n, v)| variable(n, v, Project)));
        let merged = Variables::merge(&upto(6, "image"), &from_server, &local(), &upto(2, "job"));
        let step = merged.of_step(&upto(1, "step"), Path::new("/work"));
        let found: Vec<_> = layers.iter().filter_map(|name| value(&step, name)).collect();
        assert_eq!(found, ["step", "job", "built-in", "context", "project", "image"]);
        assert_eq!(value(&step, "PWD"), Some("/work"));
    }

    #[test]
    fn of_two_contexts_the_later_one_wins() {
        let from_server = [
            variable("REGION", "one", VariableSource::Context),
            variable("REGION", "two", VariableSource::Context),
        ];
        let merged = Variables::merge(&[], &from_server, &local(), &[]);
        assert_eq!(value(&merged.of_step(&[], Path::new("/")), "REGION"), Some("two"));
    }

    #[test]
    fn a_job_may_replace_bash_env_but_not_our_own_name_for_the_file() {
        let job = [pair("BASH_ENV", "/etc/profile")];
        let step = Variables::merge(&[], &[], &local(), &job).of_step(&[], Path::new("/"));
        assert_eq!(value(&step, "BASH_ENV"), Some("/etc/profile"));
        assert_eq!(value(&step, "CIRCLE_SHELL_ENV"), Some("/tmp/.bash_env-1-0-build"));
    }

    #[test]
    fn the_tools_come_last_on_the_path() {
        let image = [pair("PATH", "/usr/local/go/bin:/bin"), pair("HOME", "/")];
        let step = Variables::merge(&image, &[], &local(), &[]).of_step(&[], Path::new("/"));
        assert_eq!(value(&step, "PATH"), Some("/usr/local/go/bin:/bin:/opt/circleci/bin"));
        assert_eq!(value(&step, "HOME"), Some("/home/circleci"));
        assert_eq!(value(&step, "TERM"), Some("xterm"));
    }

    #[test]
    fn the_listing_shows_no_secret() {
        let from_server = [
            variable("CIRCLE_BRANCH", "main", VariableSource::BuiltIn),
            variable("CIRCLE_OIDC_TOKEN", "jwt.jwt.jwt", VariableSource::BuiltInSecret),
            variable("NPM_TOKEN", "hunter22", VariableSource::Project),
            variable("BAD\0NAME", "x", VariableSource::Context),
        ];
        let merged = Variables::merge(&[], &from_server, &local(), &[pair("MODE", "fast")]);
        let text = merged.listing().join("\n");
        assert!(text.starts_with("Using build environment variables:\n  BASH_ENV="), "{text}");
        assert!(text.contains("\n  CIRCLE_BRANCH=main\n"), "{text}");
        assert!(text.contains("\n  CIRCLE_OIDC_TOKEN=********\n"), "{text}");
        assert!(text.contains("\n  MODE=fast\n"), "{text}");
        assert!(
            text.contains(
                "\n\nUsing environment variables from project settings and/or contexts:\n  \
                 NPM_TOKEN=********\n"
            ),
            "{text}"
        );
        assert!(text.ends_with(
            "The redacted variables listed above will be masked in run step output.\nLines shorter \
                 than 4 characters, and `true` and `false`, are not masked."
        ));
        assert!(!text.contains("hunter22") && !text.contains("jwt") && !text.contains('\0'));
    }

    #[test]
    fn registry_credentials_are_filled_from_contexts_before_the_project() {
        let from_server = [
            variable("PASSWORD", "context", VariableSource::Context),
            variable("PASSWORD", "project", VariableSource::Project),
        ];
        assert_eq!(fill_in("$PASSWORD", &from_server), "context");
        assert_eq!(fill_in("${PASSWORD}", &from_server), "context");
        assert_eq!(fill_in("plain", &from_server), "plain");
        assert_eq!(fill_in("$ABSENT", &from_server), "");
    }
}
