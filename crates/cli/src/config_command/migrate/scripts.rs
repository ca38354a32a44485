//! What commands use: variables that the configuration does not set, the `circleci` command, the hosted service itself.
//!
//! Shell is not parsed; this is a careful guess, and the report says so.

use std::collections::BTreeSet;

/// Variables that every job has, or that shells and usual images set.
const KNOWN: &[&str] = &[
    "BASH",
    "BASH_ENV",
    "BASH_REMATCH",
    "BASH_SOURCE",
    "BASHPID",
    "CI",
    "COLUMNS",
    "CONTINUOUS_INTEGRATION",
    "DEBIAN_FRONTEND",
    "DISPLAY",
    "EUID",
    "FUNCNAME",
    "GITHUB_ACTIONS",
    "GOPATH",
    "GOROOT",
    "HOME",
    "HOSTNAME",
    "IFS",
    "JAVA_HOME",
    "LANG",
    "LINENO",
    "LINES",
    "LOGNAME",
    "MACHTYPE",
    "NVM_DIR",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "OSTYPE",
    "PATH",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "PYENV_ROOT",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELL",
    "SHLVL",
    "TERM",
    "TMPDIR",
    "UID",
    "USER",
    "VIRTUAL_ENV",
];

/// What was seen in commands.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    /// Variables that are read.
    used: BTreeSet<String>,
    /// Variables that are set.
    set: BTreeSet<String>,
    /// `circleci tests split`.
    pub(super) tool: BTreeSet<String>,
    /// Commands that call the API of the hosted service.
    pub(super) hosted: bool,
    /// Identity tokens are exchanged for access elsewhere.
    pub(super) identity: bool,
}

impl Scripts {
    /// Notes which features of the hosted service a script uses.
    pub(super) fn read(&mut self, script: &str) {
        self.hosted |= script.contains("circleci.com/api");
        self.identity |= script.contains("CIRCLE_OIDC_TOKEN") || script.contains("run oidc get");
        for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
            self.uses_of_tool(line);
            self.assignments(line);
            for part in line.split('$').skip(1) {
                let name = name_at(part.strip_prefix('{').unwrap_or(part));
                if is_variable(name) {
                    self.used.insert(name.to_owned());
                }
            }
        }
    }

    /// Returns the variables that are read, that no script sets and that no job has by itself.
    pub(super) fn unset<'s>(
        &'s self,
        assigned: &'s BTreeSet<String>,
    ) -> impl Iterator<Item = &'s str> {
        let free = move |name: &&String| {
            !self.set.contains(*name)
                && !assigned.contains(*name)
                && !KNOWN.contains(&name.as_str())
        };
        self.used.iter().filter(free).map(String::as_str)
    }

    fn uses_of_tool(&mut self, line: &str) {
        let words: Vec<&str> =
            line.split(|c: char| c.is_whitespace() || "|;&()\"'`".contains(c)).collect();
        for at in 0..words.len() {
            let is_tool = matches!(words[at], "circleci" | "circleci-agent");
            let (Some(group), Some(verb)) = (words.get(at + 1), words.get(at + 2)) else {
                continue;
            };
            let known = match *group {
                "tests" => matches!(*verb, "glob" | "split" | "run"),
                "step" | "task" => *verb == "halt",
                "env" => *verb == "subst",
                "run" => matches!(*verb, "oidc" | "release"),
                "testsuite" => true,
                "orb" | "config" | "local" | "context" | "pipeline" | "runner" => true,
                _ => false,
            };
            if is_tool && known {
                self.tool.insert(format!("circleci {group} {verb}"));
            }
        }
    }

    /// Finds `NAME=`, `read NAME`, `for NAME in`.
    fn assignments(&mut self, line: &str) {
        for part in line.split(|c: char| c.is_whitespace() || ";&|(){}\"'`".contains(c)) {
            let name = name_at(part);
            if is_variable(name) && part[name.len()..].starts_with(['=', '+']) {
                self.set.insert(name.to_owned());
            }
        }
        for (index, _) in line.match_indices("read ").chain(line.match_indices("for ")) {
            let words = line[index..].split_whitespace().skip(1);
            let names = words.take_while(|word| *word != "in" && !word.starts_with([';', '<']));
            let names = names.filter(|word| !word.starts_with('-')).map(name_at);
            self.set.extend(names.filter(|name| is_variable(name)).map(str::to_owned));
        }
    }
}

fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// Names in capitals are the environment's by custom.
fn is_variable(name: &str) -> bool {
    name.len() > 2
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.chars().any(|c| c.is_ascii_uppercase())
        && !name.starts_with("CIRCLE_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_never_set_are_found() {
        let mut scripts = Scripts::default();
        scripts.read(
            "# $COMMENTED\nVERSION=$(cat v)\nexport TOKEN_FILE=\"$HOME/x\"\n\
             curl -u \"$API_USER:${API_KEY:-none}\" \"$URL\" | read -r RESULT REST\n\
             for FILE in $FILES; do echo $FILE $RESULT; done\necho $VERSION $CIRCLE_SHA1 $x $1 $$\n",
        );
        let assigned = BTreeSet::from(["URL".to_owned()]);
        let unset: Vec<&str> = scripts.unset(&assigned).collect();
        assert_eq!(unset, ["API_KEY", "API_USER", "FILES"]);
    }

    #[test]
    fn uses_of_the_job_tool_and_of_the_hosted_service_are_found() {
        let mut scripts = Scripts::default();
        scripts.read("TESTS=$(circleci tests glob 'a/**' | circleci tests split)\ncircleci-agent step halt\n");
        scripts
            .read("curl https://circleci.com/api/v2/me\ncd ~/circleci\necho circleci is great\n");
        scripts.read("aws sts assume --token $CIRCLE_OIDC_TOKEN_V2\n");
        let tool: Vec<&str> = scripts.tool.iter().map(String::as_str).collect();
        assert_eq!(tool, ["circleci step halt", "circleci tests glob", "circleci tests split"]);
        assert!(scripts.hosted && scripts.identity);
    }
}
