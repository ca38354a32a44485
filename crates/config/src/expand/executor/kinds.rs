//! The execution environments themselves: `docker`, `machine`, `macos` (CFG §2.3–§2.5).

use std::rc::Rc;

use roundel_model::plan::{ContainerSpec, Executor, RegistryAuth};

use super::settings::{ExecutionEnvironment, FoundExecutor, resource_class, shell};
use crate::{
    codes,
    expand::{
        environment::{EnvironmentReader, Owner},
        lints::{lint_environment, lint_image},
    },
    language::{
        data::{Data, Field, Scope, Value},
        keys::Known,
    },
    read::yaml::{At, Entry},
    render::Renderer,
    resolve::unnested::is_emptied,
    text::problem::Problem,
};

const CONTAINER: Known<'static> = Known {
    what: "container",
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
    tolerant: false,
};

const MACHINE: Known<'static> = Known {
    what: "`machine`",
    keys: &["image", "docker_layer_caching", "enabled", "resource_class", "shell"],
    code: codes::UNKNOWN_KEY,
    advice: Known::no_advice,
    tolerant: false,
};

const MACOS: Known<'static> = Known {
    what: "`macos`",
    keys: &["xcode", "code_signing", "resource_class", "shell"],
    code: codes::UNKNOWN_KEY,
    advice: Known::no_advice,
    tolerant: false,
};

/// Reads `docker`, `machine` and `macos`.
pub(super) struct KindReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> KindReader<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Reads the one execution environment of a body. `machine` and `macos` may hold keys of the
    /// level above.
    pub(super) fn kind_of(&mut self, body: At, scope: &Rc<Scope>) -> ExecutionEnvironment {
        let mut found = ExecutionEnvironment::default();
        let mut first: Option<Entry<'_>> = None;
        for entry in self.render.doc().entries(body).iter() {
            if !matches!(entry.name, "docker" | "machine" | "macos" | "windows") {
                continue;
            }
            let value = self.render.evaluate(entry.value, scope);
            let kind = match entry.name {
                _ if value.is_unknown() => FoundExecutor::Broken,
                name if is_emptied(self.render, body, name) => FoundExecutor::Broken,
                "docker" => self.docker(&entry, &value),
                "machine" => self.machine(&entry, &value, &mut found),
                "macos" => self.macos(&entry, &value, &mut found),
                _ if self.render.has_templates() => {
                    let message = "`windows` is not an execution environment";
                    let problem = Problem::error(codes::WINDOWS_EXECUTOR, entry.key, message);
                    self.render.report().add(problem.help(
                        "use `machine` with a Windows image and a `windows.*` resource class",
                    ));
                    FoundExecutor::Broken
                }
                _ => continue,
            };
            if kind == FoundExecutor::Absent {
                continue;
            }
            if let Some(first) = first {
                // A key that comes twice was reported.
                if first.name == entry.name {
                    continue;
                }
                let message = format!("use only one of `{}` and `{}`", first.name, entry.name);
                let problem = Problem::error(codes::TWO_EXECUTORS, entry.key, message);
                self.render.report().add(problem.related(first.key, "the first one"));
                found.kind = FoundExecutor::Broken;
            } else {
                first = Some(entry);
                found.kind = kind;
                found.block = Some(Field { name: Rc::from(entry.name), key: entry.key, value });
            }
        }
        found
    }

    fn docker(&mut self, entry: &Entry<'_>, value: &Value) -> FoundExecutor {
        let items = match &value.data {
            Data::List(items) if !items.is_empty() => items,
            _ => {
                let message = "`docker` must be a list with at least one container";
                let problem = Problem::error(codes::BAD_DOCKER, entry.key, message);
                let image = self.written_image(value).unwrap_or("cimg/base:stable");
                let help = if value.fields().len() > 1 && value.field("image").is_some() {
                    format!(
                        "write `- image: {image}`, with the dash, and indent the other keys like `image`"
                    )
                } else {
                    format!("write `- image: {image}` below it, with the dash")
                };
                self.render.report().add(problem.help(help));
                return FoundExecutor::Broken;
            }
        };
        let containers: Vec<_> = items.iter().map(|item| self.container(item)).collect();
        match containers.into_iter().collect::<Option<Vec<_>>>() {
            Some(containers) => FoundExecutor::Known(Executor::Docker { containers }),
            None => FoundExecutor::Broken,
        }
    }

    /// Returns the image that something is, or has, as it is written: what a tag comes to is of today.
    fn written_image(&self, value: &Value) -> Option<&str> {
        let image = value.field("image").map_or(value, |field| &field.value);
        let Data::Text(text) = &image.data else { return None };
        is_image(text).then(|| self.render.doc().written(image.place))
    }

    fn container(&mut self, item: &Value) -> Option<ContainerSpec> {
        let Data::Map(fields) = &item.data else {
            if !item.is_unknown() {
                let message = "a container must be a mapping with `image`";
                let problem = Problem::error(codes::BAD_DOCKER, item.place, message);
                let image = match &item.data {
                    Data::Text(text) => text.strip_prefix("image:"),
                    _ => None,
                };
                let help = match (image, self.written_image(item)) {
                    (Some(image), _) => format!("write `image: {image}`"),
                    (None, Some(image)) => format!("write `- image: {image}`"),
                    (None, None) => "write `- image: cimg/base:stable`".to_owned(),
                };
                self.render.report().add(problem.help(help));
            }
            return None;
        };
        self.render.check_keys(fields.iter().map(|field| (&*field.name, field.key)), CONTAINER);
        let errors = self.render.found().errors();
        let mut container = ContainerSpec::default();
        let mut image = None;
        for field in fields.iter() {
            let value = &field.value;
            match &*field.name {
                "image" => image = self.image(field, &mut container),
                "name" => container.name = self.render.text_of(value, "name"),
                "user" => container.user = self.render.text_of(value, "user"),
                "entrypoint" => container.entrypoint = self.words(field),
                "command" => container.command = self.words(field),
                "environment" => {
                    let variables =
                        EnvironmentReader::new(self.render).environment(value, Owner::Container);
                    container.environment = variables.into_iter().collect();
                    lint_environment(self.render, value);
                }
                "auth" => container.auth = self.auth(field),
                "aws_auth" | "gcp_auth" => self.cloud_auth(field, &mut container),
                _ => {}
            }
        }
        let keys = fields.iter().map(|field| (&*field.name, field.key));
        if item.field("image").is_none() && !self.render.is_misspelled(keys, CONTAINER, &["image"])
        {
            let message = "required key [image] not found";
            let problem = Problem::error(codes::BAD_DOCKER, item.place, message);
            self.render.report().add(problem.help("write `- image: cimg/base:stable`"));
        }
        (image.is_some() && self.render.found().errors() == errors).then_some(container)
    }

    fn image(&mut self, field: &Field, container: &mut ContainerSpec) -> Option<()> {
        let value = &field.value;
        let empty =
            value.is_null() || matches!(&value.data, Data::Text(text) if text.trim().is_empty());
        if empty {
            let problem = Problem::error(codes::BAD_DOCKER, field.key, "`image` is empty");
            self.render.report().add(problem.help("write `image: cimg/base:stable`"));
        }
        let image = self.render.text_of(value, "image")?;
        image.trim().clone_into(&mut container.image);
        lint_image(self.render, &container.image, value.place);
        Some(())
    }

    /// Reads a command line: a list is taken as it is, a string is split like a shell does.
    fn words(&mut self, field: &Field) -> Option<Vec<String>> {
        match &field.value.data {
            Data::List(_) => {
                let words = self.render.texts_of(&field.value, &field.name);
                Some(words.into_iter().map(|word| word.text).collect())
            }
            _ => self.render.text_of(&field.value, &field.name).map(|line| split(&line)),
        }
    }

    fn auth(&mut self, field: &Field) -> Option<RegistryAuth> {
        let known = Known {
            what: "`auth`",
            keys: &["username", "password"],
            code: codes::UNKNOWN_KEY,
            advice: |key| match key {
                "user" | "login" => Some("did you mean `username`?"),
                "pass" | "token" => Some("did you mean `password`?"),
                _ => None,
            },
            tolerant: false,
        };
        let fields = field.value.fields();
        self.render.check_keys(fields.iter().map(|field| (&*field.name, field.key)), known);
        let mut read = |name: &str| {
            let field = field.value.field(name)?;
            self.render.text_of(&field.value, name)
        };
        let (username, password) = (read("username"), read("password"));
        let (Some(username), Some(password)) = (username, password) else {
            // Version 2.0 passes over keys that it does not know, so nothing was reported there.
            let is_reported = self.render.has_templates()
                && fields.iter().any(|field| (known.advice)(&field.name).is_some());
            if field.value.is_null() || field.value.is_unknown() || is_reported {
                return None;
            }
            let message = "`auth` needs `username` and `password`";
            let problem = Problem::error(codes::MISSING_KEY, field.key, message);
            self.render.report().add(
                problem.help(
                    "write `auth: { username: $REGISTRY_USER, password: $REGISTRY_PASSWORD }`",
                ),
            );
            return None;
        };
        Some(RegistryAuth { username, password })
    }

    fn cloud_auth(&mut self, field: &Field, container: &mut ContainerSpec) {
        for part in field.value.fields() {
            if let Some(text) = self.render.text_of(&part.value, &part.name) {
                container.cloud_auth.push((part.name.to_lowercase(), text));
            }
        }
        let message = format!("`{}` is not supported in this release", field.name);
        let problem = Problem::unsupported(codes::UNSUPPORTED_REGISTRY_AUTH, field.key, message);
        self.render
            .report()
            .add_unsupported(problem.help("use `auth` with a user name and a token"));
    }

    /// Reads the keys of the level above that `machine` and `macos` may hold (Q-25).
    fn hoist(&mut self, field: &Field, found: &mut ExecutionEnvironment) {
        let value = field.value.clone();
        match &*field.name {
            "resource_class" => found.resource_class = resource_class(self.render, value),
            "shell" => found.shell = shell(self.render, value),
            _ => {}
        }
    }

    fn machine(
        &mut self,
        entry: &Entry<'_>,
        value: &Value,
        found: &mut ExecutionEnvironment,
    ) -> FoundExecutor {
        let Data::Map(fields) = &value.data else {
            if self.render.report_joined(codes::BAD_MACHINE, value, MACHINE.keys) {
                return FoundExecutor::Broken;
            }
            return self.short_machine(entry, value);
        };
        self.render.check_keys(fields.iter().map(|field| (&*field.name, field.key)), MACHINE);
        let (mut image, mut layer_caching) = (None, false);
        for field in fields.iter() {
            match &*field.name {
                "image" => image = self.render.text_of(&field.value, "image"),
                "docker_layer_caching" => {
                    if self.render.bool_of(&field.value, "docker_layer_caching") == Some(true) {
                        layer_caching = true;
                        let message = "Docker layer caching is not supported in this release";
                        let code = codes::UNSUPPORTED_OPTION;
                        self.render
                            .report()
                            .add_unsupported(Problem::unsupported(code, field.key, message));
                    }
                }
                "enabled" => {
                    if self.render.bool_of(&field.value, "enabled") == Some(false) {
                        return FoundExecutor::Absent;
                    }
                }
                _ => self.hoist(field, found),
            }
        }
        FoundExecutor::Known(Executor::Machine { image, layer_caching })
    }

    fn short_machine(&mut self, entry: &Entry<'_>, value: &Value) -> FoundExecutor {
        let layer_caching = false;
        match &self.quoted_boolean(value) {
            Data::Bool(true) => {
                FoundExecutor::Known(Executor::Machine { image: None, layer_caching })
            }
            Data::Bool(false) => FoundExecutor::Absent,
            Data::Text(image) => FoundExecutor::Known(Executor::Machine {
                image: Some(image.to_string()),
                layer_caching,
            }),
            _ => {
                let message = "`machine` must be `true`, an image, or a mapping with `image`";
                let problem = Problem::error(codes::BAD_MACHINE, entry.key, message);
                self.render
                    .report()
                    .add(problem.help(
                        "write `machine: { image: ubuntu-2404:current }` or `machine: true`",
                    ));
                FoundExecutor::Broken
            }
        }
    }

    /// Takes the text `true` for what it says: no image is called so.
    fn quoted_boolean(&mut self, value: &Value) -> Data {
        let truth = match &value.data {
            Data::Text(text) if matches!(&**text, "true" | "false") => &**text == "true",
            data => return data.clone(),
        };
        if !self.render.doc().written(value.place).contains("<<") {
            let message =
                format!("`machine` should be a boolean; the string is taken for `{truth}`");
            let problem = Problem::warning(codes::WRONG_TYPE, value.place, message);
            self.render.report().add(problem.help(format!("remove the quotes: `{truth}`")));
        }
        Data::Bool(truth)
    }

    fn macos(
        &mut self,
        entry: &Entry<'_>,
        value: &Value,
        found: &mut ExecutionEnvironment,
    ) -> FoundExecutor {
        let Data::Map(fields) = &value.data else {
            if self.render.report_joined(codes::BAD_MACHINE, value, MACOS.keys) {
                return FoundExecutor::Broken;
            }
            let problem = Problem::error(
                codes::BAD_MACHINE,
                entry.key,
                "`macos` must be a mapping with `xcode`",
            );
            self.render.report().add(problem.help("write `macos: { xcode: \"16.2.0\" }`"));
            return FoundExecutor::Broken;
        };
        self.render.check_keys(fields.iter().map(|field| (&*field.name, field.key)), MACOS);
        let (mut xcode, mut code_signing) = (None, Vec::new());
        for field in fields.iter() {
            match &*field.name {
                "xcode" => xcode = self.render.text_of(&field.value, "xcode"),
                "code_signing" => {
                    let names = self.render.texts_of(&field.value, "code_signing");
                    code_signing = names.into_iter().map(|name| name.text).collect();
                }
                _ => self.hoist(field, found),
            }
        }
        let message = "macOS jobs are not supported in this release";
        let problem = Problem::unsupported(codes::UNSUPPORTED_MACOS, entry.key, message);
        self.render.report().add_unsupported(problem);
        let Some(xcode) = xcode else {
            let keys = fields.iter().map(|field| (&*field.name, field.key));
            if self.render.is_misspelled(keys, MACOS, &["xcode"]) {
                return FoundExecutor::Broken;
            }
            if value.field("xcode").is_none_or(|field| field.value.is_null()) {
                let message = "required key [xcode] not found";
                let problem = Problem::error(codes::BAD_MACHINE, entry.key, message);
                self.render.report().add(problem.help("write `macos: { xcode: \"16.2.0\" }`"));
            }
            return FoundExecutor::Broken;
        };
        FoundExecutor::Known(Executor::Macos { xcode, code_signing })
    }
}

/// Returns whether a text may be the name of an image.
fn is_image(text: &str) -> bool {
    !text.is_empty() && !text.contains([' ', '\n', '`', '{', '[', ',', '#'])
}

/// Splits a command line at spaces; quotes hold words together, a backslash takes the next character.
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
