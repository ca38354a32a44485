//! Warnings about jobs: what runs, and is probably not meant (CFG §7.5.7).

use std::rc::Rc;

use crate::{
    codes,
    expand::Expander,
    expand::executor::ExecutionEnvironment,
    language::data::{Data, Value},
    text::{
        place::{FileId, Place},
        problem::Problem,
    },
};

impl Expander<'_, '_> {
    /// Variables that will not hold what they seem to.
    pub(crate) fn lint_environment(&mut self, environment: &Value) {
        if environment.place.file != FileId::CONFIG {
            return;
        }
        if let Data::List(items) = &environment.data {
            items.iter().for_each(|item| self.lint_environment(item));
            return;
        }
        let assigned = match &environment.data {
            Data::Text(text) => text.split_once('=').map(|(name, text)| {
                (Rc::from(name), Value::new(Data::text(text), environment.place))
            }),
            _ => None,
        };
        let fields = environment.fields().iter();
        let fields = fields.map(|field| (field.name.clone(), field.value.clone()));
        for (name, value) in fields.chain(assigned) {
            let Data::Text(text) = &value.data else { continue };
            let place = value.place;
            let written = self.render.doc.written(place);
            if place.file == FileId::CONFIG && refers_to_itself(&name, text) {
                let message = format!(
                    "`{name}` is set to this literal text: variables are not expanded here"
                );
                let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
                let help = format!(
                    "set it in a `run` step: `echo 'export {name}={text}' >> \"$BASH_ENV\"`"
                );
                self.render.report.add(problem.help(help));
            } else if looks_secret(&name, text) && written.contains(&**text) {
                let message = format!("`{name}` looks like a secret in plain text");
                let problem = Problem::warning(codes::SECRET_IN_TEXT, place, message);
                let help = "move it to the environment variables in the project's settings, and revoke \
                            this value";
                self.render.report.add(problem.help(help));
            }
        }
    }

    /// Images that change by themselves (W-13).
    pub(crate) fn lint_image(&mut self, image: &str, place: Place) {
        let name = image.rsplit('/').next().unwrap_or(image);
        let floating = !name.contains([':', '@']) || name.ends_with(":latest");
        if floating && place.file == FileId::CONFIG && !image.is_empty() {
            let message = format!("image `{image}` is not pinned");
            let problem = Problem::warning(codes::FLOATING_IMAGE, place, message);
            self.render.report.add(problem.help("add a tag for reproducible builds"));
        }
    }

    /// Directories are taken as they are written (W-09).
    pub(crate) fn lint_working_directory(&mut self, execution: &ExecutionEnvironment) {
        let Some(directory) = &execution.working_directory else { return };
        let place = directory.value.place;
        if directory.text.contains('$') && place.file == FileId::CONFIG {
            let message =
                format!("`{}` is used literally: variables are not expanded here", directory.text);
            let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
            self.render.report.add(problem.help("for the home directory, start with `~`"));
        }
    }
}

/// `PATH: $HOME/bin:$PATH`, and the like.
fn refers_to_itself(name: &str, text: &str) -> bool {
    let own = format!("${name}");
    let braced = format!("${{{name}}}");
    text.contains(&own) || text.contains(&braced) || name == "PATH" && text.contains('$')
}

/// A long random text under a name that promises a secret.
fn looks_secret(name: &str, text: &str) -> bool {
    const SHORTEST: usize = 16;
    let name = name.to_ascii_uppercase();
    let promising =
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "PRIVATE_KEY", "ACCESS_KEY"];
    let known = ["ghp_", "gho_", "github_pat_", "AKIA", "xoxb-", "xoxp-", "glpat-", "sk_live_"];
    let random = || {
        let digits = text.chars().filter(char::is_ascii_digit).count();
        text.chars().all(|c| c.is_ascii_alphanumeric() || "+/=_-".contains(c))
            && digits >= 3
            && text.chars().any(|c| c.is_ascii_alphabetic())
    };
    let long = text.len() >= SHORTEST && !text.contains('$');
    long && (known.iter().any(|start| text.starts_with(start))
        || promising.iter().any(|word| name.contains(word)) && random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_random_text_under_a_telling_name_looks_secret() {
        assert!(looks_secret("GITHUB_TOKEN", "a8f5f167f44f4964e6c998dee827110c"));
        assert!(looks_secret("WHATEVER", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"));
        for (name, text) in [
            ("POSTGRES_PASSWORD", "postgres"),
            ("TOKEN_URL", "https://example.test/token"),
            ("SECRET_KEY_BASE", "$SECRET_KEY_BASE"),
            ("COMMIT", "a8f5f167f44f4964e6c998dee827110c"),
        ] {
            assert!(!looks_secret(name, text), "{name}");
        }
    }
}
