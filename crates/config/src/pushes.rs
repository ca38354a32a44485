//! Which pushes a configuration distinguishes, and the decision for all of them together.
//!
//! Whether something runs depends on filters, on conditions of workflows and of steps, and on where the
//! values in them were passed through. Instead of reasoning
//! about them, the names that a configuration compares with are collected, with a few that it does not, and
//! it is compiled for each as the server compiles it.
//!
//! ```text
//! filters: {branches: {only: /release-.*/}}            ─▶ release-a
//! when: {equal: [main, << pipeline.git.branch >>]}     ─▶ main          each as a branch, and as a tag
//! anything else                                        ─▶ any-other     where tags are mentioned
//! ```
//!
//! Some conditions are beyond this: a pattern that no name was found for, text around a value. What is
//! pushed is then [unknown](Pushes::unknown) in one more compilation, and what depends on it possible.
//!
//! Deliberately absent: what a push does not set: parameters, and pipelines that are triggered by hand.

mod combined;

use roundel_model::name::{BranchName, GitRef, TagName};

use crate::{
    api::inputs::Inputs,
    language::{
        expression::{self, Constant},
        keys::BUILTIN_STEPS,
        pattern::{Pattern, reach::no_git_name, slashes},
        pipeline_values::PipelineValue,
        profile::Profile,
    },
    read::document::{Node, from_yaml},
};

/// Maximum number of texts that are tried. Real configurations compare with a handful.
const TEXTS: usize = 60;

/// Maximum number of pushes that are tried; each is a compilation.
const PUSHES: usize = 200;

/// Minimum number of pushes that are tried, which is that for the largest configuration.
const FEWEST_PUSHES: usize = 10;

/// Maximum size of what is compiled for all pushes together, in bytes: seconds of work.
const BYTES: usize = 32 << 20;

/// Maximum number of patterns for which examples are looked for.
const PATTERNS: usize = 60;

/// Steps whose values are not passed on, next to those that are built in.
const STEPS: &[&str] = &["run", "when", "unless", "deploy"];

/// Names that a configuration is unlikely to mention.
const OTHERS: [&str; 2] = ["any-other-branch", "x/0"];

/// Keys whose value decides whether something runs. A job without workflows has its filter in `branches`
/// (CFG §2.9).
const DECIDING: &[&str] = &["when", "unless", "condition", "filters", "branches"];

/// Keys below which parameters get values. A parameter may be compared with another one that holds the
/// branch, so these values are names, too.
const PASSED: &[&str] = &["default", "enum", "matrix"];

/// Characters of a text that is tried.
const TEXT_CHARS: usize = 200;

/// The pipeline values that differ from push to push.
const OF_PUSH: &[&str] =
    &["git.branch", "git.tag", "git.branch.is_default", "git.commit.subject", "git.commit.body"];

/// A push that a configuration may treat in a way of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// What is pushed.
    pub git_ref: GitRef,
    /// Whether it is the default branch.
    pub is_default: bool,
    /// The commit's subject and body, where the configuration reads them.
    pub message: Option<String>,
}

/// The pushes that a configuration tells apart.
#[derive(Clone, Debug, Default)]
pub struct Pushes {
    pub all: Vec<Push>,
    /// There is one of each kind. If not, some push may run what none of these does.
    pub is_complete: bool,
}

impl Pushes {
    /// Collects the pushes that a configuration and its orbs tell apart.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>, profile: Profile) -> Self {
        let mut seen = Distinguished {
            profile,
            texts: Vec::new(),
            patterns: 0,
            has_nameless: false,
            has_tags: false,
            is_complete: true,
        };
        let (mut tags, mut defaults, mut messages, mut passes) = (false, false, false, false);
        let (mut trees, mut bytes) = (Vec::new(), 0);
        for text in texts {
            bytes += text.len();
            tags |= text.contains("git.tag");
            defaults |= text.contains("is_default");
            messages |= text.contains("git.commit.");
            passes |= text.contains("parameters.")
                && (text.contains("pipeline.git") || text.contains("filters"));
            trees.extend(from_yaml(text));
        }
        for tree in &trees {
            seen.walk(tree, DECIDING, Place::Outside);
        }
        if passes {
            // They need not be names at all, so what is left out is not missed.
            let is_complete = seen.is_complete;
            for tree in &trees {
                seen.walk(tree, PASSED, Place::Outside);
                seen.arguments(tree);
            }
            seen.is_complete = is_complete;
        }
        let others = OTHERS.iter().filter(|name| !seen.texts.iter().any(|text| text == *name));
        let texts: Vec<&str> =
            others.copied().chain(seen.texts.iter().map(String::as_str)).collect();
        let names = texts.iter().filter(|text| no_git_name(text).is_none());
        let branches = names.map(|&name| Push {
            git_ref: GitRef::Branch(BranchName::from(name)),
            is_default: false,
            message: None,
        });
        let mut all: Vec<Push> = branches.collect();
        let count = all.len();
        if tags || seen.has_tags {
            let tag = |push: &Push| GitRef::Tag(TagName::from(push.git_ref.name()));
            let pushes = (0..count).map(|at| Push { git_ref: tag(&all[at]), ..all[at].clone() });
            all.extend(pushes.collect::<Vec<_>>());
        }
        if defaults {
            let pushes = (0..count).map(|at| Push { is_default: true, ..all[at].clone() });
            all.extend(pushes.collect::<Vec<_>>());
        }
        // What may be left out is last.
        let most = (BYTES / bytes.max(1)).clamp(FEWEST_PUSHES, PUSHES);
        if messages {
            let with = |text: &String| {
                let message = Some(text.clone());
                all.iter().map(move |push| Push { message: message.clone(), ..push.clone() })
            };
            let some: Vec<Push> = seen.texts.iter().flat_map(with).take(most + 1).collect();
            all.extend(some);
        }
        let is_complete = seen.is_complete && (messages || !seen.has_nameless) && all.len() <= most;
        all.truncate(most);
        Self { all, is_complete }
    }

    /// Returns inputs for any push, of which nothing is known that `fixed` does not name.
    pub fn unknown(base: &Inputs, fixed: impl Fn(&str) -> bool) -> Inputs {
        let unknown = OF_PUSH.iter().copied().filter(|name| !fixed(name));
        Inputs { unknown_values: unknown.collect(), all_workflows: false, ..base.clone() }
    }
}

impl Push {
    /// Returns inputs for the push. What `fixed` names stays as it is in them.
    pub fn inputs(&self, base: &Inputs, fixed: impl Fn(&str) -> bool) -> Inputs {
        let text = |text: &str| PipelineValue::Text(text.to_owned());
        let (branch, tag) = match &self.git_ref {
            GitRef::Branch(name) => (Some(name.as_str()), None),
            GitRef::Tag(name) => (None, Some(name.as_str())),
        };
        let mut values = vec![
            ("git.branch", branch.map(text)),
            ("git.tag", tag.map(text)),
            ("git.branch.is_default", Some(PipelineValue::Boolean(self.is_default))),
        ];
        if let Some(message) = &self.message {
            values.push(("git.commit.subject", Some(text(message))));
            values.push(("git.commit.body", Some(text(message))));
        }
        let mut pipeline_values = base.pipeline_values.clone();
        for (name, value) in values.into_iter().filter(|(name, _)| !fixed(name)) {
            pipeline_values.retain(|(there, _)| there != name);
            pipeline_values.extend(value.map(|value| (name.to_owned(), value)));
        }
        let git_ref = Some(self.git_ref.clone());
        Inputs { pipeline_values, git_ref, all_workflows: false, ..base.clone() }
    }
}

/// Where in a tree something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Outside,
    /// Below a key that is looked for.
    Inside,
    /// The value of `pattern`, which is a regular expression without slashes.
    Pattern,
}

struct Distinguished {
    profile: Profile,
    texts: Vec<String>,
    patterns: usize,
    /// Some pattern has no example that is a name in Git: it may be one of messages.
    has_nameless: bool,
    /// Some key says for which tags something runs.
    has_tags: bool,
    is_complete: bool,
}

impl Distinguished {
    fn walk(&mut self, node: &Node, keys: &[&str], place: Place) {
        match node {
            Node::Map(entries) => {
                for (key, value) in entries {
                    self.has_tags |= key == "tags";
                    let place = match place {
                        Place::Inside if key == "pattern" => Place::Pattern,
                        Place::Inside | Place::Pattern => Place::Inside,
                        Place::Outside if keys.contains(&key.as_str()) => Place::Inside,
                        Place::Outside => Place::Outside,
                    };
                    // Below a condition of steps are steps again.
                    let place = if key == "steps" { Place::Outside } else { place };
                    self.walk(value, keys, place);
                }
            }
            Node::List(items) => items.iter().for_each(|item| self.walk(item, keys, place)),
            Node::Text(text) if place == Place::Pattern => self.pattern(text),
            Node::Text(text) | Node::Float(text) if place == Place::Inside => self.text(text),
            Node::Int(number) if place == Place::Inside => {
                self.add(&number.to_string());
            }
            Node::Text(text) if text.contains("pipeline.git") => self.tags(text),
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Text(_) => {}
        }
    }

    /// Takes a name, a pattern between slashes, or an expression, with or without `<< >>`.
    fn text(&mut self, text: &str) {
        let trimmed = text.trim();
        if slashes::within(trimmed).is_some() {
            self.pattern(trimmed);
            return;
        }
        let expression = trimmed.trim_start_matches("<<").trim_end_matches(">>");
        // With text around it, the value is compared with a part of what is written.
        let is_whole = !trimmed.contains("<<")
            || trimmed.starts_with("<<")
                && trimmed.ends_with(">>")
                && trimmed.matches("<<").count() == 1;
        self.is_complete &= is_whole || !expression.contains("pipeline.git");
        if expression.contains("pipeline.") || expression.contains("parameters.") {
            for constant in expression::constants(expression.trim()) {
                match constant {
                    Constant::Text(text) => {
                        self.add(&text);
                    }
                    Constant::Pattern(pattern) => self.pattern(&pattern),
                }
            }
        } else {
            self.add(trimmed);
        }
    }

    /// Takes what the expressions within a text compare with.
    fn tags(&mut self, text: &str) {
        for tag in text.split("<<").skip(1) {
            self.text(tag.split(">>").next().unwrap_or_default());
        }
    }

    /// Takes what jobs and commands are called with: it may be compared with the branch.
    fn arguments(&mut self, node: &Node) {
        match node {
            Node::Map(entries) => entries.iter().for_each(|(_, value)| self.arguments(value)),
            Node::List(items) => {
                for item in items {
                    if let Node::Map(calls) = item {
                        let calls = calls.iter().filter(|(name, _)| {
                            !STEPS.contains(&&**name) && !BUILTIN_STEPS.contains(&&**name)
                        });
                        for (_, given) in calls {
                            self.given(given);
                        }
                    }
                    self.arguments(item);
                }
            }
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Text(_) => {}
        }
    }

    fn given(&mut self, given: &Node) {
        let Node::Map(arguments) = given else { return };
        for (_, value) in arguments {
            if let Node::Text(text) = value
                && no_git_name(text).is_none()
            {
                self.add(text);
            }
        }
    }

    /// Takes a pattern, with or without slashes around it.
    fn pattern(&mut self, pattern: &str) {
        let pattern = slashes::within(pattern).unwrap_or(pattern);
        self.patterns += 1;
        if self.patterns > PATTERNS || self.texts.len() >= TEXTS {
            self.is_complete = false;
            return;
        }
        // What cannot be read is an error, which is reported elsewhere.
        let Ok(pattern) = Pattern::new(pattern, self.profile) else { return };
        let examples = pattern.examples();
        let mut is_there = false;
        for example in &examples {
            is_there |= self.add(example);
        }
        self.is_complete &= is_there;
        self.has_nameless |= !examples.iter().any(|example| no_git_name(example).is_none());
    }

    /// Takes a text, and returns whether it will be tried.
    fn add(&mut self, text: &str) -> bool {
        if self.texts.iter().any(|known| known == text) {
            return true;
        }
        let is_long = text.chars().nth(TEXT_CHARS).is_some();
        if is_long || text.contains("<<") {
            return false;
        }
        if self.texts.len() >= TEXTS {
            self.is_complete = false;
            return false;
        }
        self.texts.push(text.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let pushes = Pushes::of([text], Profile::Legacy);
        assert!(pushes.is_complete);
        pushes.all.iter().map(|push| push.git_ref.full()).collect()
    }

    #[test]
    fn what_a_configuration_compares_with_is_pushed_and_something_else() {
        let found = names(
            "jobs: {a: {steps: [when: {condition: {equal: [one, << pipeline.git.branch >>]}, \
             steps: [run: no]}]}}\nworkflows: {w: {when: {matches: {pattern: '^rc-\\d$', value: x}}, \
             jobs: [a: {filters: {branches: {only: [two, /v.*/]}}}, \
             b: {filters: pipeline.git.branch == \"three\" or pipeline.git.branch matches /f+/}]}}\n",
        );
        for name in ["any-other-branch", "one", "two", "three", "rc-1", "va", "f"] {
            assert!(found.contains(&format!("refs/heads/{name}")), "{name}: {found:?}");
        }
        assert!(!found.contains(&"refs/heads/no".to_owned()), "a command is not a name: {found:?}");
        assert!(!found.iter().any(|name| name.starts_with("refs/tags")), "{found:?}");
    }

    /// Without workflows, the only job says itself which branches it is for.
    #[test]
    fn the_branches_of_a_lone_job_are_pushed() {
        let found = names("version: 2\njobs: {build: {branches: {only: [master, /v.*/]}}}\n");
        for name in ["any-other-branch", "master", "va"] {
            assert!(found.contains(&format!("refs/heads/{name}")), "{name}: {found:?}");
        }
    }

    #[test]
    fn tags_default_branches_and_messages_are_tried_where_they_are_mentioned() {
        let text = "workflows: {w: {when: << pipeline.git.branch.is_default >>, jobs: []}, v: {when: \
                    {equal: [deploy it, << pipeline.git.commit.subject >>]}, jobs: [a: {filters: \
                    {tags: {only: v1}}}]}}\n";
        let all = Pushes::of([text], Profile::Legacy).all;
        assert!(all.iter().any(|push| push.is_default));
        assert!(all.iter().any(|push| push.git_ref == GitRef::Tag(TagName::from("v1"))));
        assert!(all.iter().any(|push| push.message.as_deref() == Some("deploy it")));
        let text = "{\"workflows\": {\"w\": {\"jobs\": [{\"a\": {\"filters\": {\"tags\": {\"only\": \"v1\"}}}}]}}}";
        let pushes = Pushes::of([text], Profile::Legacy).all;
        let has_tag = pushes.iter().any(|push| push.git_ref == GitRef::Tag(TagName::from("v1")));
        assert!(has_tag, "however the key is written");
        // No branch has a space.
        assert!(!all.iter().any(|push| push.git_ref.name() == "deploy it"));
    }

    /// What a command compares with the branch is written where it is called.
    #[test]
    fn what_is_passed_on_is_pushed_too() {
        let found = names(
            "commands: {only_on: {parameters: {branch: {type: string}}, steps: [when: {condition: {equal: \
             [<< parameters.branch >>, << pipeline.git.branch >>]}, steps: [run: no]}]}}\njobs: {a: {steps: \
             [only_on: {branch: four}]}}\nworkflows: {w: {jobs: [a: {deploy: '<< pipeline.git.branch == \
             \"five\" >>'}]}}\n",
        );
        for name in ["four", "five"] {
            assert!(found.contains(&format!("refs/heads/{name}")), "{name}: {found:?}");
        }
    }

    /// Each message, on each kind of ref; and what does not fit is called a gap.
    #[test]
    fn messages_are_combined_with_the_rest_and_come_last() {
        let text = "workflows: {w: {when: {and: [<< pipeline.git.branch.is_default >>, {matches: {pattern: \
                    '^deploy', value: << pipeline.git.commit.subject >>}}]}, jobs: []}}\n";
        let pushes = Pushes::of([text], Profile::Legacy);
        assert!(pushes.all.iter().any(|push| push.is_default && push.message.is_some()));
        assert!(pushes.is_complete);
        let many = (0..40).map(|n| format!("name-{n}")).collect::<Vec<_>>().join(", ");
        let text = format!("{text}x: {{filters: {{branches: {{only: [{many}]}}}}}}\n");
        let pushes = Pushes::of([text.as_str()], Profile::Legacy);
        assert!(!pushes.is_complete && pushes.all.len() == PUSHES);
        let plain = |push: &&Push| !push.is_default && push.message.is_none();
        assert!(pushes.all.iter().filter(plain).count() > 40, "each name is there");
    }

    /// A pattern that nothing is found for may match what is pushed, and text around a value is not
    /// understood.
    #[test]
    fn a_condition_that_no_name_is_found_for_is_a_gap() {
        let text = "filters: {branches: {only: '/(?=a)b|(?<=x)a/'}}\n";
        assert!(!Pushes::of([text], Profile::Legacy).is_complete);
        for pattern in [
            r"^(feature|bugfix)/(?=JIRA-)\w+-\d+$",
            r"(\w)\1x",
            r"[^\x00-\x7F]+",
            "^.{40,}$",
            "^<< pipeline.parameters.prefix >>.*",
        ] {
            let text = format!(
                "when: {{matches: {{pattern: '{pattern}', value: << pipeline.git.branch >>}}}}\n"
            );
            assert!(!Pushes::of([text.as_str()], Profile::Legacy).is_complete, "{pattern}");
        }
        for written in ["refs/<< pipeline.git.branch >>", "<< pipeline.git.branch >>-x"] {
            let text = format!("when: {{equal: [\"{written}\", refs/dev]}}\n");
            assert!(!Pushes::of([text.as_str()], Profile::Legacy).is_complete, "{written}");
        }
    }

    #[test]
    fn slashes_around_a_pattern_do_not_belong_to_the_name() {
        let text = "when: {matches: {pattern: /hotfix/, value: << pipeline.git.branch >>}}\n";
        let found = names(text);
        assert!(found.contains(&"refs/heads/hotfix".to_owned()), "{found:?}");
    }
}
