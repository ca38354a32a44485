//! Warnings about jobs: what runs, and is probably not meant (CFG §7.5.7).

use std::rc::Rc;

use crate::{
    codes,
    language::data::{Data, Value},
    render::Renderer,
    text::{
        place::{FileId, Place},
        problem::Problem,
    },
};

/// Variables that will not hold what they seem to.
pub(crate) fn lint_environment(render: &mut Renderer<'_>, environment: &Value) {
    if environment.place.file != FileId::CONFIG {
        return;
    }
    if let Data::List(items) = &environment.data {
        items.iter().for_each(|item| lint_environment(render, item));
        return;
    }
    let assigned = match &environment.data {
        Data::Text(text) => text
            .split_once('=')
            .map(|(name, text)| (Rc::from(name), Value::new(Data::text(text), environment.place))),
        _ => None,
    };
    let fields = environment.fields().iter();
    let fields = fields.map(|field| (field.name.clone(), field.value.clone()));
    for (name, value) in fields.chain(assigned) {
        let Data::Text(text) = &value.data else { continue };
        let place = value.place;
        let written = render.doc().written(place);
        if place.file == FileId::CONFIG && refers_to_itself(&name, text) {
            let message =
                format!("`{name}` is set to this literal text: variables are not expanded here");
            let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
            let help =
                format!("set it in a `run` step: `echo 'export {name}={text}' >> \"$BASH_ENV\"`");
            render.report().add(problem.help(help));
        } else if looks_secret(&name, text) && written.contains(&**text) {
            let message = format!("`{name}` looks like a secret in plain text");
            let problem = Problem::warning(codes::SECRET_IN_TEXT, place, message);
            let help = "move it to the environment variables in the project's settings, and revoke \
                        this value";
            render.report().add(problem.help(help));
        }
    }
}

/// Images that no registry can have, and those that change by themselves (W-13).
pub(crate) fn lint_image(render: &mut Renderer<'_>, image: &str, place: Place) {
    if place.file == FileId::CONFIG && image.contains('$') {
        let message = format!("image `{image}` is used literally: variables are not expanded here");
        let problem = Problem::warning(codes::UNEXPANDED_VARIABLE, place, message);
        let help = "write the name of the image; a pipeline parameter can hold it";
        render.report().add(problem.help(help));
        return;
    }
    if place.file == FileId::CONFIG && !image.is_empty() && !is_image_reference(image) {
        let message = format!("`{image}` is not a valid image reference: a job with it fails");
        let problem = Problem::warning(codes::INVALID_IMAGE, place, message);
        let help =
            "write it as `name:tag` or `registry/name:tag`, in lower case and without spaces";
        render.report().add(problem.help(help));
        return;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    let floating = !name.contains([':', '@']) || name.ends_with(":latest");
    if floating && place.file == FileId::CONFIG && !image.is_empty() {
        let message = format!("image `{image}` is not pinned");
        let problem = Problem::warning(codes::FLOATING_IMAGE, place, message);
        render.report().add(problem.help("add a tag for reproducible builds"));
    }
}

/// Returns whether a text is a reference to an image, as runners and registries read it: a registry,
/// a path in lower case, and a tag or a digest (the grammar of the distribution project).
fn is_image_reference(image: &str) -> bool {
    const TAG: usize = 128;
    const NAME: usize = 255;
    let (image, digest) = match image.split_once('@') {
        Some((image, digest)) => (image, Some(digest)),
        None => (image, None),
    };
    let is_hex = |c: char| c.is_ascii_hexdigit();
    let is_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(algorithm, hex)| {
            let length = match algorithm {
                "sha256" => 64,
                "sha384" => 96,
                "sha512" => 128,
                _ => return false,
            };
            hex.len() == length && hex.chars().all(is_hex)
        })
    };
    let colon = image.rfind(':').filter(|&at| !image[at..].contains('/'));
    let (name, tag) = colon.map_or((image, None), |at| (&image[..at], Some(&image[at + 1..])));
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_tag = |tag: &str| {
        tag.len() <= TAG
            && tag.starts_with(is_word)
            && tag.chars().all(|c| is_word(c) || c == '.' || c == '-')
    };
    let registry = name.split_once('/').filter(|(first, _)| is_registry(first));
    let has_path = |path: &str| path.split('/').all(is_path_component);
    // What looks like a registry may be a part of the path as well.
    let is_name = registry.is_some_and(|(_, path)| has_path(path)) || has_path(name);
    is_name
        && repository_bytes(name) <= NAME
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
}

/// Returns how long the name of an image is at its registry. Without a registry that is Docker Hub, where a
/// name without a slash is one of `library`.
fn repository_bytes(name: &str) -> usize {
    match name.split_once('/') {
        None => "library/".len() + name.len(),
        Some((registry, path)) if registry.contains(['.', ':']) || registry == "localhost" => {
            let is_hub = matches!(registry, "docker.io" | "index.docker.io");
            path.len() + if is_hub && !path.contains('/') { "library/".len() } else { 0 }
        }
        Some(_) => name.len(),
    }
}

/// Returns whether a text may be a registry: a domain, perhaps with a port.
fn is_registry(text: &str) -> bool {
    let (domain, port) = match text.split_once(':') {
        Some((domain, port)) => (domain, Some(port)),
        None => (text, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let is_port = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    domain.split('.').all(is_label) && port.is_none_or(is_port)
}

/// Returns whether a text may be between the slashes of an image's path: lower case, with one `.`, one or
/// two `_`, or any number of `-` between letters and digits.
fn is_path_component(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(is_plain).filter(|between| !between.is_empty());
    let is_separator =
        |between: &str| matches!(between, "." | "_" | "__") || between.chars().all(|c| c == '-');
    text.starts_with(is_plain)
        && text.ends_with(is_plain)
        && separators.into_iter().all(is_separator)
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
    fn an_image_reference_is_what_a_registry_can_have() {
        let digest = format!("cimg/base@sha256:{}", "0a".repeat(32));
        for image in [
            "alpine",
            "cimg/base:2026.01",
            "localhost:5000/a/b:x",
            "Registry.example.test/a/b",
            "a.b__c-d---e/f_g:V1_.-x",
            "x:1@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            &digest,
        ] {
            assert!(is_image_reference(image), "{image}");
        }
        for image in [
            "Ubuntu Latest",
            "x:..bad tag",
            "x:",
            "Cimg:1",
            "a//b",
            "/a",
            "a/",
            "a..b",
            "a___b",
            "-a",
            "a@sha256:00",
            "a@md5:00000000000000000000000000000000",
            "https://example.test/a:1",
            "a:1:2",
        ] {
            assert!(!is_image_reference(image), "{image}");
        }
    }

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
