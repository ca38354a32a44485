//! The execution environments themselves: `docker`, `machine`, `macos` (CFG §2.3–§2.5).

use std::rc::Rc;

use roundel_model::plan::{ContainerSpec, Executor, RegistryAuth};

use super::{Found, Surroundings};
use crate::{
    codes,
    compile::Context,
    environment::Owner,
    fields::Known,
    report::Problem,
    value::{Data, Scope, Value},
    yaml::{At, Entry, View},
};

const CONTAINER: Known<'static> = Known {
    what: "a `docker` entry",
    keys: &[
        "image",
        "name",
        "entrypoint",
        "command",
        "user",
        "environment",
        "auth",
        "aws_auth",
        "gcp_auth",
    ],
    code: codes::UNKNOWN_KEY,
    advice: Known::no_advice,
};

const MACHINE: Known<'static> = Known {
    what: "`machine`",
    keys: &["image", "docker_layer_caching", "enabled", "resource_class", "shell"],
    code: codes::UNKNOWN_KEY,
    advice: Known::no_advice,
};

impl Context<'_> {
    /// Reads the one execution environment of a body. `machine` may hold keys of the level above.
    pub(super) fn kind_of(&mut self, body: At, scope: &Rc<Scope>) -> (Found, Surroundings) {
        let mut found = Found::Nothing;
        let mut hoisted = Surroundings::default();
        let mut first: Option<Entry<'_>> = None;
        for entry in self.doc.entries(body) {
            let kind = match entry.name {
                "docker" => self.docker(&entry, scope),
                "machine" => self.machine(&entry, scope, &mut hoisted),
                "macos" => {
                    let message = "macOS jobs cannot be run by this release yet";
                    self.report.add(Problem::error(codes::UNSUPPORTED_MACOS, entry.key, message));
                    Found::Broken
                }
                "windows" if self.templates => {
                    let message = "`windows` is no execution environment";
                    let problem = Problem::error(codes::WINDOWS_EXECUTOR, entry.key, message);
                    self.report.add(
                        problem.help("use `machine` with a Windows image and a `windows.*` class"),
                    );
                    Found::Broken
                }
                _ => continue,
            };
            if kind == Found::Nothing {
                continue;
            }
            if let Some(first) = first {
                let message = format!("use only one of `{}` and `{}`", first.name, entry.name);
                let problem = Problem::error(codes::TWO_EXECUTORS, entry.key, message);
                self.report.add(problem.related(first.key, "the first one"));
                found = Found::Broken;
            } else {
                first = Some(entry);
                found = kind;
            }
        }
        (found, hoisted)
    }

    fn docker(&mut self, entry: &Entry<'_>, scope: &Rc<Scope>) -> Found {
        let items = match self.doc.view(entry.value) {
            View::Broken => return Found::Broken,
            View::Seq(items) if !items.is_empty() => items,
            View::Seq(_) | View::Map(_) | View::Scalar(..) => {
                let message = "`docker` is a list of containers, at least one";
                let problem = Problem::error(codes::BAD_DOCKER, entry.key, message);
                self.report
                    .add(problem.help("write `- image: cimg/base:stable` below it, with the dash"));
                return Found::Broken;
            }
        };
        let containers: Vec<_> =
            items.into_iter().map(|item| self.container(item, scope)).collect();
        match containers.into_iter().collect::<Option<Vec<_>>>() {
            Some(containers) => Found::Known(Executor::Docker { containers }),
            None => Found::Broken,
        }
    }

    fn container(&mut self, item: At, scope: &Rc<Scope>) -> Option<ContainerSpec> {
        let place = self.doc.place(item);
        let entries = match self.doc.view(item) {
            View::Map(entries) => entries,
            View::Broken => return None,
            View::Scalar(..) | View::Seq(_) => {
                let problem = Problem::error(
                    codes::BAD_DOCKER,
                    place,
                    "a container is a mapping with `image`",
                );
                self.report.add(problem.help("write `- image: cimg/base:stable`"));
                return None;
            }
        };
        self.check_keys(entries.iter().map(|entry| (entry.name, entry.key)), CONTAINER);
        let errors = self.report.errors();
        let mut container = ContainerSpec::default();
        let mut image = None;
        for entry in &entries {
            match entry.name {
                "image" => {
                    let value = self.evaluate(entry.value, scope);
                    let empty = matches!(&value.data, Data::Null)
                        || matches!(&value.data, Data::Text(text) if text.trim().is_empty());
                    if empty {
                        let problem =
                            Problem::error(codes::BAD_DOCKER, entry.key, "`image` is empty");
                        self.report.add(problem.help("name an image: `image: cimg/base:stable`"));
                    }
                    image = self.text_of(&value, "image");
                    if let Some(image) = &image {
                        image.trim().clone_into(&mut container.image);
                    }
                }
                "name" => container.name = self.text_field(entry.value, "name", scope),
                "user" => container.user = self.text_field(entry.value, "user", scope),
                "entrypoint" => container.entrypoint = self.words(entry, scope),
                "command" => container.command = self.words(entry, scope),
                "environment" => {
                    let variables = self.environment(entry.value, scope, Owner::Container);
                    container.environment = variables.into_iter().collect();
                }
                "auth" => container.auth = self.auth(entry, scope),
                "aws_auth" | "gcp_auth" => {
                    let message = format!("`{}` cannot be used by this release yet", entry.name);
                    let problem =
                        Problem::error(codes::UNSUPPORTED_REGISTRY_AUTH, entry.key, message);
                    self.report.add(problem.help("use `auth` with a user name and a token"));
                }
                _ => {}
            }
        }
        if !entries.iter().any(|entry| entry.name == "image") {
            let problem =
                Problem::error(codes::BAD_DOCKER, place, "required key [image] not found");
            self.report.add(problem.help("write `- image: cimg/base:stable`"));
        }
        (image.is_some() && self.report.errors() == errors).then_some(container)
    }

    /// Reads a command line: a list is taken as it is, a text is split like a shell does.
    fn words(&mut self, entry: &Entry<'_>, scope: &Rc<Scope>) -> Option<Vec<String>> {
        let value = self.evaluate(entry.value, scope);
        match &value.data {
            Data::List(_) => {
                let words = self.texts_of(&value, entry.name);
                Some(words.into_iter().map(|(word, _)| word).collect())
            }
            _ => self.text_of(&value, entry.name).map(|line| split(&line)),
        }
    }

    fn auth(&mut self, entry: &Entry<'_>, scope: &Rc<Scope>) -> Option<RegistryAuth> {
        let known = Known {
            what: "`auth`",
            keys: &["username", "password"],
            code: codes::UNKNOWN_KEY,
            advice: Known::no_advice,
        };
        let fields = self.doc.entries(entry.value);
        self.check_keys(fields.iter().map(|field| (field.name, field.key)), known);
        let mut read = |name: &str| {
            let field = fields.iter().find(|field| field.name == name)?;
            self.text_field(field.value, name, scope)
        };
        let found = (read("username"), read("password"));
        let (Some(username), Some(password)) = found else {
            let message = "`auth` needs `username` and `password`";
            let problem = Problem::error(codes::MISSING_KEY, entry.key, message);
            self.report.add(
                problem.help(
                    "write `auth: { username: $REGISTRY_USER, password: $REGISTRY_PASSWORD }`",
                ),
            );
            return None;
        };
        Some(RegistryAuth { username, password })
    }

    fn machine(
        &mut self,
        entry: &Entry<'_>,
        scope: &Rc<Scope>,
        hoisted: &mut Surroundings,
    ) -> Found {
        let entries = match self.doc.view(entry.value) {
            View::Map(entries) => entries,
            View::Broken => return Found::Broken,
            View::Scalar(..) | View::Seq(_) => {
                let value = self.evaluate(entry.value, scope);
                return self.short_machine(entry, &value);
            }
        };
        self.check_keys(entries.iter().map(|entry| (entry.name, entry.key)), MACHINE);
        let mut image = None;
        for entry in &entries {
            match entry.name {
                "image" => image = self.text_field(entry.value, "image", scope),
                "resource_class" => {
                    hoisted.resource_class = self.text_field(entry.value, "resource_class", scope);
                }
                "shell" => hoisted.shell = self.shell(entry.value, scope),
                "docker_layer_caching" => {
                    let value = self.evaluate(entry.value, scope);
                    if self.bool_of(&value, "docker_layer_caching") == Some(true) {
                        let message = "this release does not cache docker layers between jobs";
                        self.report.add(Problem::warning(
                            codes::UNSUPPORTED_OPTION,
                            entry.key,
                            message,
                        ));
                    }
                }
                "enabled" => {
                    let value = self.evaluate(entry.value, scope);
                    if self.bool_of(&value, "enabled") == Some(false) {
                        return Found::Nothing;
                    }
                }
                _ => {}
            }
        }
        Found::Known(Executor::Machine { image, layer_caching: false })
    }

    fn short_machine(&mut self, entry: &Entry<'_>, value: &Value) -> Found {
        match &value.data {
            Data::Unknown => Found::Broken,
            Data::Bool(true) => {
                Found::Known(Executor::Machine { image: None, layer_caching: false })
            }
            Data::Bool(false) => Found::Nothing,
            Data::Text(image) => Found::Known(Executor::Machine {
                image: Some(image.to_string()),
                layer_caching: false,
            }),
            _ => {
                let message = "`machine` is `true`, an image, or a mapping with `image`";
                let problem = Problem::error(codes::BAD_MACHINE, entry.key, message);
                self.report
                    .add(problem.help(
                        "write `machine: { image: ubuntu-2404:current }` or `machine: true`",
                    ));
                Found::Broken
            }
        }
    }
}

/// Splits a command line at blanks; quotes hold words together, a backslash takes the next sign.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_split_like_a_shell_does() {
        assert_eq!(split(r#"sh -c "a b" 'c d' e\ f """#), ["sh", "-c", "a b", "c d", "e f", ""]);
        assert!(split("  ").is_empty());
    }
}
