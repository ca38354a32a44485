//! Default values for local compilation, where there is no pipeline: what the public client makes up
//! (CFG §7.4), and what the local clone knows.

use std::{
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use roundel_config::PipelineValue;

/// How long git may take for one question.
const GIT: Duration = Duration::from_secs(5);

/// How often it is looked whether git has answered.
const LOOK: Duration = Duration::from_millis(2);

/// The id of a pipeline that the public client uses for local compilation.
const ID: &str = "00000000-0000-0000-0000-000000000001";

/// What a clone knows of itself; all empty outside of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LocalClone {
    pub(crate) branch: String,
    pub(crate) revision: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// The URL that it was cloned from.
    pub(crate) url: String,
    /// The default branch of where it was cloned from, if the clone knows.
    pub(crate) default_branch: String,
}

impl LocalClone {
    /// Asks git about the clone that a directory is in.
    pub(crate) fn of(folder: &Path) -> Self {
        let ask = |arguments: &[&str]| git(folder, arguments).unwrap_or_default();
        let head = ask(&["log", "-1", "--format=%H%n%s%n%b"]);
        let mut lines = head.splitn(3, '\n');
        let mut next = || lines.next().unwrap_or_default().trim_end().to_owned();
        let (revision, subject, body) = (next(), next(), next());
        let url = ask(&["remote", "get-url", "origin"]).trim().to_owned();
        let branch = ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]).trim().to_owned();
        let head = ask(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
        let default_branch = head.trim().strip_prefix("origin/").unwrap_or_default().to_owned();
        Self { branch, revision, subject, body, url, default_branch }
    }

    /// Returns the pipeline values that are used where none are given.
    pub(crate) fn values(&self) -> Vec<(String, PipelineValue)> {
        let (host, owner, name) = self.address();
        let kind = if host.contains("bitbucket") { "bitbucket" } else { "github" };
        let mut values = vec![
            ("number".to_owned(), PipelineValue::Integer(1)),
            (
                "git.branch.is_default".to_owned(),
                PipelineValue::Boolean(self.is_default(&self.branch)),
            ),
        ];
        let web =
            if host.is_empty() { String::new() } else { format!("https://{host}/{owner}/{name}") };
        let slug = if host.is_empty() { String::new() } else { format!("{kind}/{owner}/{name}") };
        for (key, value) in [
            ("id", ID),
            ("trigger_source", "webhook"),
            ("event.name", "push"),
            ("event.action", "push"),
            ("project.type", kind),
            ("project.git_url", &web),
            ("project.slug", &slug),
            ("git.repo_url", &web),
            ("git.repo_owner", owner),
            ("git.repo_name", name),
            ("git.branch", &self.branch),
            ("git.revision", &self.revision),
            ("git.base_revision", &self.revision),
            ("git.commit.subject", &self.subject),
            ("git.commit.body", &self.body),
        ] {
            if !value.is_empty() {
                values.push((key.to_owned(), PipelineValue::Text(value.to_owned())));
            }
        }
        values
    }

    /// Returns whether a branch is known to be the default branch.
    pub(crate) fn is_default(&self, branch: &str) -> bool {
        !branch.is_empty() && branch == self.default_branch
    }

    /// Host, owner and name of `git@host:owner/name.git` or `https://user@host/owner/name`.
    fn address(&self) -> (&str, &str, &str) {
        // Only with a scheme does `:` begin a port; `git@host:1234/name.git` is a path.
        let (has_scheme, rest) = match self.url.split_once("://") {
            Some((_, rest)) => (true, rest),
            None => (false, self.url.as_str()),
        };
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        let parts = if has_scheme { rest.split_once('/') } else { rest.split_once([':', '/']) };
        let (Some((host, path)), false) = (parts, self.url.starts_with('/')) else {
            return ("", "", "");
        };
        let host = host.split_once(':').map_or(host, |(host, _)| host);
        let path = path.trim_end_matches('/').trim_end_matches(".git");
        path.rsplit_once('/').map_or(("", "", ""), |(owner, name)| (host, owner, name))
    }
}

/// Asks git; `None` if there is no git, no clone or no answer in time.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut output = child.stdout.take()?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        output.read_to_end(&mut text).map(|_| text).ok()
    });
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let text = reader.join().ok().flatten()?;
                return status.success().then(|| String::from_utf8_lossy(&text).into_owned());
            }
            Ok(None) if started.elapsed() < GIT => std::thread::sleep(LOOK),
            Ok(None) | Err(_) => {
                let stopped = child.kill().and_then(|()| child.wait());
                tracing::debug!(?stopped, "git took too long");
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(clone: &LocalClone) -> Vec<String> {
        let shown = |value: &PipelineValue| match value {
            PipelineValue::Text(text) => format!("\"{text}\""),
            PipelineValue::Integer(number) => number.to_string(),
            PipelineValue::Boolean(value) => value.to_string(),
        };
        clone.values().iter().map(|(name, value)| format!("{name}={}", shown(value))).collect()
    }

    #[test]
    fn outside_of_a_clone_the_values_are_those_of_the_public_client() {
        assert_eq!(
            values(&LocalClone::default()),
            [
                "number=1",
                "git.branch.is_default=false",
                "id=\"00000000-0000-0000-0000-000000000001\"",
                "trigger_source=\"webhook\"",
                "event.name=\"push\"",
                "event.action=\"push\"",
                "project.type=\"github\"",
            ]
        );
    }

    #[test]
    fn the_address_is_read_in_every_form() {
        for (url, expected) in [
            ("git@github.com:acme/widget.git", ("github.com", "acme", "widget")),
            ("https://github.com/acme/widget", ("github.com", "acme", "widget")),
            ("https://me@bitbucket.org/acme/widget.git", ("bitbucket.org", "acme", "widget")),
            (
                "ssh://git@git.example.org:2222/acme/widget.git",
                ("git.example.org", "acme", "widget"),
            ),
            // An owner's name may be all digits, and is not a port then.
            ("https://github.com/1234/web.git", ("github.com", "1234", "web")),
            ("https://github.com:443/1234/web.git", ("github.com", "1234", "web")),
            ("ssh://git@git.example.org:22/1234/web.git", ("git.example.org", "1234", "web")),
            ("git@github.com:1234/web.git", ("github.com", "1234", "web")),
            ("github.com:1234/web.git", ("github.com", "1234", "web")),
            ("/srv/git/widget.git", ("", "", "")),
            ("", ("", "", "")),
        ] {
            let clone = LocalClone { url: url.to_owned(), ..LocalClone::default() };
            assert_eq!(clone.address(), expected, "{url}");
        }
    }

    #[test]
    fn branch_and_revision_come_from_the_clone() {
        let folder = tempfile::tempdir().unwrap();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=Someone", "-c", "user.email=someone@example.org"];
            let status = Command::new("git")
                .arg("-C")
                .arg(folder.path())
                .args(identity)
                .args(arguments)
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(status.success(), "{arguments:?}");
        };
        assert_eq!(LocalClone::of(folder.path()), LocalClone::default());
        run(&["init", "-q", "-b", "topic"]);
        run(&["commit", "-q", "--allow-empty", "-m", "add a thing", "-m", "because"]);
        run(&["remote", "add", "origin", "git@bitbucket.org:acme/widget.git"]);
        let clone = LocalClone::of(folder.path());
        assert_eq!((clone.branch.as_str(), clone.revision.len()), ("topic", 40));
        assert_eq!((clone.subject.as_str(), clone.body.as_str()), ("add a thing", "because"));
        // Only what was cloned knows its default branch.
        assert!(!clone.is_default("topic"));
        run(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic"]);
        let clone = LocalClone::of(folder.path());
        assert!(clone.is_default("topic") && !clone.is_default("main"));
        assert!(values(&clone).contains(&"git.branch.is_default=true".to_owned()));
        assert!(values(&clone).contains(&"project.slug=\"bitbucket/acme/widget\"".to_owned()));
    }
}
