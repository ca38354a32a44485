//! The built-in steps next to `run`: code, caches, artifacts, workspaces, keys (CFG §3.3–§3.13).

use std::rc::Rc;

use roundel_model::plan::{CheckoutMethod, PlannedStep, PlannedStepKind, When};

use crate::{
    codes,
    expand::run::{CompiledStep, Site, rendered_step, step_name, when_of},
    language::{
        data::{Data, Value},
        keys::{BUILTIN_STEPS, Known, RUN},
    },
    read::yaml::scalar::is_string_in_braces,
    render::{Renderer, fields::with_unknown},
    text::{
        place::{Place, PlacedText},
        problem::Problem,
    },
};

/// What the language says about one of these steps.
struct Builtin {
    word: &'static str,
    /// What people see unless it has a `name`.
    title: &'static str,
    /// Attributes next to `name` and `when`.
    keys: &'static [&'static str],
    /// Those that it cannot do without.
    required: &'static [&'static str],
    /// Written in full, as a help shows it: `- save_cache: { … }`.
    example: &'static str,
}

const BUILTINS: &[Builtin] = &[
    Builtin {
        word: "checkout",
        title: "Checkout code",
        keys: &["path", "method", "depth"],
        required: &[],
        example: "- checkout",
    },
    Builtin {
        word: "setup_remote_docker",
        title: "Setup a remote Docker engine",
        keys: &["version", "docker_layer_caching", "prefer_same_region", "reusable", "exclusive"],
        required: &[],
        example: "- setup_remote_docker",
    },
    Builtin {
        word: "save_cache",
        title: "Saving Cache",
        keys: &["key", "paths"],
        required: &["key", "paths"],
        example: "save_cache: { key: deps-v1, paths: [vendor] }",
    },
    Builtin {
        word: "restore_cache",
        title: "Restoring Cache",
        // The longer one first: a misspelled name is more probably that of a list.
        keys: &["keys", "key"],
        required: &[],
        example: "restore_cache: { keys: [deps-v1] }",
    },
    Builtin {
        word: "store_artifacts",
        title: "Uploading artifacts",
        keys: &["path", "destination"],
        required: &["path"],
        example: "store_artifacts: { path: reports }",
    },
    Builtin {
        word: "store_test_results",
        title: "Uploading test results",
        keys: &["path"],
        required: &["path"],
        example: "store_test_results: { path: reports }",
    },
    Builtin {
        word: "persist_to_workspace",
        title: "Persisting to workspace",
        keys: &["root", "paths"],
        required: &["root", "paths"],
        example: "persist_to_workspace: { root: ., paths: [build] }",
    },
    Builtin {
        word: "attach_workspace",
        title: "Attaching workspace",
        keys: &["at"],
        required: &["at"],
        example: "attach_workspace: { at: . }",
    },
    Builtin {
        word: "add_ssh_keys",
        title: "Installing additional SSH keys",
        keys: &["fingerprints"],
        required: &[],
        example: "- add_ssh_keys",
    },
    Builtin {
        word: "install_signing_bundle",
        title: "Installing signing bundle",
        keys: &[],
        required: &[],
        example: "- install_signing_bundle",
    },
];

/// Returns whether a word is one of these steps.
pub(crate) fn is_builtin(word: &str) -> bool {
    BUILTIN_STEPS.contains(&word)
}

/// Returns whether a word is a built-in step that this release does not run.
pub(crate) fn is_unsupported(word: &str) -> bool {
    word != "checkout" && BUILTINS.iter().any(|builtin| builtin.word == word)
}

/// Returns whether a step does nothing in an environment: the remote engine is for `docker` only (CFG §3.4).
/// It does not refuse a configuration, and runners are not given it.
pub(crate) fn has_no_effect(word: &str, executor_kind: ExecutorKind) -> bool {
    let is_machine = matches!(executor_kind, ExecutorKind::Machine | ExecutorKind::Macos);
    word == "setup_remote_docker" && is_machine
}

/// Returns the word that a spelling with hyphens stands for: `save-cache` is `save_cache`.
pub(crate) fn hyphenated(name: &str) -> Option<&'static str> {
    let word = name.contains('-').then(|| name.replace('-', "_"))?;
    words().find(|known| *known == word)
}

/// Words of these steps, for suggestions.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    BUILTIN_STEPS.iter().copied()
}

/// The kind of environment that a step runs in, as far as steps care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExecutorKind {
    Docker,
    Machine,
    Macos,
    Unknown,
}

/// Says what to do instead of a step that is not supported.
fn instead_of(word: &str) -> &'static str {
    match word {
        "save_cache" | "restore_cache" => {
            "remove it: the job then works without the cache, more slowly"
        }
        "persist_to_workspace" | "attach_workspace" => {
            "remove it, and produce the files in the job that needs them"
        }
        "setup_remote_docker" => {
            "remove it if the job can do without: jobs have no Docker engine in this release"
        }
        "add_ssh_keys" => "remove it, and load the key from a project variable in a `run` step",
        "store_artifacts" => "remove it, or upload the files in a `run` step",
        "store_test_results" => {
            "remove it: failed tests are in the output of the step that ran them"
        }
        _ => "remove it, or replace it with a `run` step",
    }
}

/// Compiles the built-in steps.
pub(super) struct BuiltinSteps<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> BuiltinSteps<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Compiles one of the built-in steps.
    pub(crate) fn builtin_step(
        &mut self,
        site: &Site<'_>,
        executor_kind: ExecutorKind,
    ) -> Option<CompiledStep> {
        let builtin = BUILTINS.iter().find(|builtin| builtin.word == site.name)?;
        // First, for what is wrong with the step must not hide that it cannot be run.
        if is_unsupported(builtin.word) && !has_no_effect(builtin.word, executor_kind) {
            let message = format!("the `{}` step is not supported in this release", site.name);
            let problem = Problem::unsupported(codes::UNSUPPORTED_STEP, site.key, message);
            self.render.report().add_unsupported(problem.help(instead_of(builtin.word)));
        }
        let line = Some(self.render.found().line(site.key));
        let attributes = self.attributes(site, builtin)?;
        let errors = self.render.found().errors();
        let names: Vec<&str> = builtin.keys.iter().copied().chain(["name", "when"]).collect();
        let keys = || attributes.fields().iter().map(|field| (&*field.name, field.key));
        for &key in builtin.required {
            if attributes.field(key).is_none_or(|field| field.value.is_null()) {
                let (code, advice) = (codes::UNKNOWN_KEY, step_key_advice);
                let known = Known { what: "", keys: &names, code, advice, tolerant: true };
                if self.render.is_misspelled(keys(), known, &[key]) {
                    continue;
                }
                let message = format!("`{}` needs `{key}`", builtin.word);
                let problem = Problem::error(codes::MISSING_KEY, site.key, message);
                let problem = with_unknown(problem, keys(), &names);
                self.render.report().add(problem.help(format!("write `{}`", builtin.example)));
            }
        }
        let kind = self.kind_of_step(builtin, &attributes, site);
        let (mut name, mut when) = (builtin.title.to_owned(), When::OnSuccess);
        if let Some(field) = attributes.field("name") {
            let given = self.render.text_of(&field.value, "name");
            name = given
                .map(|name| step_name(&name))
                .filter(|given| !given.is_empty())
                .unwrap_or(name);
        }
        if let Some(field) = attributes.field("when") {
            when = when_of(self.render, &field.value).unwrap_or_default();
        }
        self.check_executor(site, executor_kind);
        let kind = kind.filter(|_| self.render.found().errors() == errors)?;
        let rendered = match attributes.data {
            Data::Null => Value::new(Data::text(site.name), site.key),
            _ => rendered_step(site, attributes),
        };
        Some((PlannedStep { name, when, kind, line }, rendered))
    }

    /// Renders a step's attributes; null if it has none.
    fn attributes(&mut self, site: &Site<'_>, builtin: &Builtin) -> Option<Value> {
        let Some(at) = site.value else { return Some(Value::new(Data::Null, site.key)) };
        let value = self.render.evaluate(at, site.scope);
        match &value.data {
            Data::Unknown => None,
            Data::Null => Some(value),
            Data::Map(_) => {
                let mut keys = builtin.keys.to_vec();
                keys.extend(["name", "when"]);
                let what = format!("`{}`", builtin.word);
                let code = codes::UNKNOWN_KEY;
                let (advice, tolerant) = (step_key_advice, true);
                let known = Known { what: &what, keys: &keys, code, advice, tolerant };
                let script = self.script_of_run(&value, builtin);
                let fields = value.fields().iter().filter(|field| Some(field.key) != script);
                self.render.check_keys(fields.map(|field| (&*field.name, field.key)), known);
                Some(value)
            }
            Data::Text(_) if self.render.report_joined(codes::BAD_STEP, &value, builtin.keys) => {
                None
            }
            // A single text stands for the one attribute that there is.
            Data::Text(text) if matches!(builtin.keys, [_]) => {
                let key = builtin.keys.first().copied().unwrap_or_default();
                let message =
                    format!("`{}` should be a mapping; the string is used as `{key}`", site.name);
                let problem = Problem::warning(codes::WRONG_TYPE, value.place, message);
                let is_list = key == "fingerprints";
                let written = if is_list { format!("[{text}]") } else { text.to_string() };
                self.render
                    .report()
                    .add(problem.help(format!("write `{}: {{ {key}: {written} }}`", site.name)));
                let list = || Value::new(Data::List(Rc::new(vec![value.clone()])), value.place);
                let field = if is_list { list() } else { value.clone() };
                let field = crate::language::data::Field::new(key, field);
                Some(Value::new(Data::Map(Rc::new(vec![field])), value.place))
            }
            _ => {
                let message = format!("`{}` must be a mapping or have no value", site.name);
                let problem = Problem::error(codes::BAD_STEP, value.place, message);
                // What a tag comes to is of today.
                let written = self.render.doc().written(value.place);
                let help = match (&value.data, builtin.required) {
                    (Data::Text(_), [key]) if is_string_in_braces(written) => {
                        format!("write `{}: {{ {key}: {written} }}`", builtin.word)
                    }
                    _ => format!("write `{}`", builtin.example),
                };
                self.render.report().add(problem.help(help));
                None
            }
        }
    }

    /// Reports a script in a step that does not run it, and returns its place. Other unknown keys do no harm,
    /// and are tolerated.
    fn script_of_run(&mut self, value: &Value, builtin: &Builtin) -> Option<Place> {
        let script = value.field("command")?;
        let is_own = |name: &str| builtin.keys.contains(&name);
        // Where `- run:` is missing, the keys that are its own begin.
        let fields = value.fields();
        let end = fields.iter().position(|field| field.key == script.key)?;
        let before = fields.get(..end)?.iter().rev();
        let of_run =
            before.take_while(|field| RUN.keys.contains(&&*field.name) && !is_own(&field.name));
        let first = of_run.last().map_or("command", |field| &*field.name);
        let message = format!("`command` belongs to `run`: `{}` does not run it", builtin.word);
        let problem = Problem::error(codes::UNKNOWN_KEY, script.key, message);
        let help = format!("add the line `- run:` above `{first}`: it is a step of its own");
        self.render.report().add(problem.help(help));
        Some(script.key)
    }

    fn kind_of_step(
        &mut self,
        builtin: &Builtin,
        attributes: &Value,
        site: &Site<'_>,
    ) -> Option<PlannedStepKind> {
        let kind = match builtin.word {
            "checkout" => PlannedStepKind::Checkout {
                path: self.attribute(attributes, "path").unwrap_or_else(|| ".".to_owned()),
                method: self.checkout_method(attributes),
            },
            "setup_remote_docker" => PlannedStepKind::SetupRemoteDocker {
                version: self.attribute(attributes, "version"),
                layer_caching: ["docker_layer_caching", "reusable"].into_iter().any(|key| {
                    let field = attributes.field(key);
                    field.is_some_and(|field| self.render.bool_of(&field.value, key) == Some(true))
                }),
            },
            "save_cache" => PlannedStepKind::SaveCache {
                key: self.attribute(attributes, "key")?,
                paths: self.paths(attributes)?,
            },
            "restore_cache" => {
                PlannedStepKind::RestoreCache { keys: self.cache_keys(attributes, site)? }
            }
            "store_artifacts" => PlannedStepKind::StoreArtifacts {
                path: self.attribute(attributes, "path")?,
                destination: self.attribute(attributes, "destination"),
            },
            "store_test_results" => {
                PlannedStepKind::StoreTestResults { path: self.attribute(attributes, "path")? }
            }
            "persist_to_workspace" => PlannedStepKind::PersistToWorkspace {
                root: self.attribute(attributes, "root")?,
                paths: self.paths(attributes)?,
            },
            "attach_workspace" => {
                PlannedStepKind::AttachWorkspace { at: self.attribute(attributes, "at")? }
            }
            "add_ssh_keys" => {
                PlannedStepKind::AddSshKeys { fingerprints: self.fingerprints(attributes) }
            }
            _ => PlannedStepKind::InstallSigningBundle,
        };
        Some(kind)
    }

    fn attribute(&mut self, attributes: &Value, key: &str) -> Option<String> {
        let field = attributes.field(key)?;
        self.render.text_of(&field.value, key)
    }

    /// Reads `paths`; one string is tolerated.
    fn paths(&mut self, attributes: &Value) -> Option<Vec<String>> {
        let field = attributes.field("paths")?;
        if matches!(field.value.data, Data::Text(_)) {
            let message = "`paths` should be a list; the string is treated as a list with one \
                           item";
            let problem = Problem::warning(codes::WRONG_TYPE, field.value.place, message);
            self.render.report().add(problem.help("put a dash before it, or brackets around it"));
        }
        if matches!(field.value.data, Data::Unknown) {
            return None;
        }
        Some(
            self.render.texts_of(&field.value, "paths").into_iter().map(|path| path.text).collect(),
        )
    }

    /// `key` is tried before `keys` (CFG §3.6).
    fn cache_keys(&mut self, attributes: &Value, site: &Site<'_>) -> Option<Vec<String>> {
        let mut keys: Vec<String> = self.attribute(attributes, "key").into_iter().collect();
        if let Some(field) = attributes.field("keys") {
            if matches!(field.value.data, Data::Text(_)) {
                let message = "`keys` should be a list; the string is treated as a list with one \
                               item";
                let problem = Problem::warning(codes::WRONG_TYPE, field.value.place, message);
                self.render.report().add(problem.help("for a single key, write `key: …`"));
            }
            keys.extend(self.render.texts_of(&field.value, "keys").into_iter().map(|key| key.text));
        }
        let unknown =
            |key: &str| attributes.field(key).is_some_and(|field| field.value.is_unknown());
        let names = ["keys", "key", "name", "when"];
        let (code, advice) = (codes::UNKNOWN_KEY, step_key_advice);
        let known = Known { what: "", keys: &names, code, advice, tolerant: true };
        let given = || attributes.fields().iter().map(|field| (&*field.name, field.key));
        let is_misspelled = self.render.is_misspelled(given(), known, &["keys", "key"]);
        if keys.is_empty() && !unknown("key") && !unknown("keys") && !is_misspelled {
            let message = "`restore_cache` needs `key` or `keys`";
            let problem = Problem::error(codes::CONFLICTING_ATTRIBUTES, site.key, message);
            let problem = with_unknown(problem, given(), &names);
            self.render.report().add(problem.help("write `restore_cache: { keys: [deps-v1] }`"));
        }
        (!keys.is_empty()).then_some(keys)
    }

    fn fingerprints(&mut self, attributes: &Value) -> Vec<String> {
        let Some(field) = attributes.field("fingerprints") else { return Vec::new() };
        if matches!(field.value.data, Data::Text(_)) {
            let message = "`fingerprints` should be a list; the string is treated as a list with \
                           one item";
            let problem = Problem::warning(codes::WRONG_TYPE, field.value.place, message);
            self.render.report().add(problem.help("put a dash before it, or brackets around it"));
        }
        let texts = self.render.texts_of(&field.value, "fingerprints");
        for PlacedText { text, place } in &texts {
            if text.contains('$') {
                let message =
                    format!("`{text}` is used literally: variables are not expanded here");
                self.render.report().add(Problem::warning(
                    codes::UNEXPANDED_VARIABLE,
                    *place,
                    message,
                ));
            }
        }
        texts.into_iter().map(|placed| placed.text).collect()
    }

    fn checkout_method(&mut self, attributes: &Value) -> CheckoutMethod {
        let depth = attributes.field("depth").filter(|field| !field.value.is_null());
        let shallow = attributes.field("method").map(|field| &field.value);
        let is_shallow =
            shallow.is_some_and(|value| value.data.scalar_text().as_deref() == Some("shallow"));
        let found = match depth.map(|field| (&field.value.data, field)) {
            Some((Data::Int(depth @ 1..), _)) => u32::try_from(*depth).ok(),
            Some((Data::Unknown, _)) | None => None,
            Some((_, field)) => {
                let message = "`depth` must be a positive integer";
                let problem =
                    Problem::error(codes::CONFLICTING_ATTRIBUTES, field.value.place, message);
                self.render.report().add(problem);
                None
            }
        };
        if let (Some(field), false) = (depth, is_shallow) {
            let message = "`depth` needs `method: shallow`";
            self.render.report().add(Problem::error(
                codes::CONFLICTING_ATTRIBUTES,
                field.key,
                message,
            ));
        }
        let Some(method) = shallow else { return CheckoutMethod::default() };
        match method.data.scalar_text().as_deref() {
            Some("full") => CheckoutMethod::Full,
            Some("shallow") if depth.is_none() => {
                let message = "`method: shallow` needs `depth`";
                let problem = Problem::error(codes::CONFLICTING_ATTRIBUTES, method.place, message);
                self.render.report().add(problem.help("add `depth: 1`"));
                CheckoutMethod::default()
            }
            Some("shallow") => {
                self.full_clone_instead("shallow", method.place);
                CheckoutMethod::Shallow { depth: found.unwrap_or(1) }
            }
            Some("blobless") => {
                self.full_clone_instead("blobless", method.place);
                CheckoutMethod::Blobless
            }
            None => CheckoutMethod::default(),
            Some(other) => {
                let message = format!("`{other}` is not a valid `method`");
                let help = "allowed: `blobless`, `full`, `shallow`";
                self.render
                    .report()
                    .add(Problem::error(codes::NOT_IN_ENUM, method.place, message).help(help));
                CheckoutMethod::default()
            }
        }
    }

    /// Every checkout has all of the history, whatever part of it is asked for.
    fn full_clone_instead(&mut self, asked: &str, place: Place) {
        let message =
            format!("{asked} clones are not supported in this release: a full clone is made");
        let problem = Problem::unsupported(codes::UNSUPPORTED_OPTION, place, message);
        self.render.report().add_unsupported(problem);
    }

    /// Steps that their environment cannot do (CFG §3.4, §3.13).
    fn check_executor(&mut self, site: &Site<'_>, executor_kind: ExecutorKind) {
        let problem = match (site.name, executor_kind) {
            (word, kind) if has_no_effect(word, kind) => {
                let message = "`setup_remote_docker` has no effect on a machine, and jobs have no Docker \
                               engine in this release";
                Problem::warning(codes::NOT_ON_THIS_EXECUTOR, site.key, message)
                    .help("remove the step")
            }
            ("install_signing_bundle", ExecutorKind::Docker | ExecutorKind::Machine) => {
                let message = "`install_signing_bundle` needs macOS";
                Problem::error(codes::NOT_ON_THIS_EXECUTOR, site.key, message)
                    .help("use a macOS executor, or wrap the step in `when`")
            }
            _ => return,
        };
        self.render.report().add(problem);
    }
}

fn step_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "requires" | "context" | "filters" => Some("move it to the job's entry in a workflow"),
        "environment" | "working_directory" => Some("only jobs and `run` steps have this key"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_step_says_what_belongs_to_it() {
        assert!(BUILTINS.iter().map(|builtin| builtin.word).eq(words()));
    }
}
