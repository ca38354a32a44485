//! Paths of a configuration, as absolute paths of the environment (RUN §2.9).
//!
//! Only a leading `~` or `~/` expands; variables never do. Relative paths are relative to a base
//! that the caller names.

use std::path::{Component, Path, PathBuf};

/// Makes a path of the configuration absolute. `.` disappears; `..` is left to the kernel, which
/// alone knows about links.
pub(crate) fn resolve(written: &str, home: &Path, base: &Path) -> PathBuf {
    let path = if written == "~" {
        home.to_owned()
    } else if let Some(rest) = written.strip_prefix("~/") {
        home.join(rest)
    } else {
        base.join(written)
    };
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leading_tilde_expands() {
        let (home, base) = (Path::new("/home/circleci"), Path::new("/home/circleci/project"));
        for (written, path) in [
            ("~", "/home/circleci"),
            ("~/project", "/home/circleci/project"),
            ("~other/x", "/home/circleci/project/~other/x"),
            ("a/~/b", "/home/circleci/project/a/~/b"),
            (".", "/home/circleci/project"),
            ("./web", "/home/circleci/project/web"),
            ("/srv/./app/", "/srv/app"),
            ("$HOME/x", "/home/circleci/project/$HOME/x"),
            ("../up", "/home/circleci/project/../up"),
        ] {
            assert_eq!(resolve(written, home, base), Path::new(path), "{written}");
        }
    }
}
