//! What a text names, read off its form: fenced blocks and `code` in documents, links in pages,
//! string literals in Rust.

use std::sync::LazyLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use regex::Regex;

use super::sources::Text;

/// Something that is said to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// `roundel config validate --json …`: the words after `roundel`.
    Command(Vec<String>),
    /// `--token-file`, of any command.
    Flag(String),
    /// `ROUNDEL_LISTEN`
    Variable(String),
    /// `ROUNDEL_GITHUB`, to which code adds the rest.
    VariablePrefix(String),
    /// `[github]`
    Section(String),
    /// `github.client_id`
    Key(String),
    /// `/login/github/callback`; `{}` stands for what is filled in.
    Address(String),
    /// *Add project*
    Label(String),
    /// A heading of the README.
    Heading(String),
    /// A heading of the document itself, and whether it is there.
    Anchor(String, bool),
}

static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\bROUNDEL_[A-Z0-9_]*[A-Z0-9]\b").unwrap());
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`([^`\n]+)`").unwrap());
static FLAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:^|[\s("'`>])(--[a-z][a-z0-9-]*)"#).unwrap());
static HEADING: LazyLock<Regex> = LazyLock::new(|| Regex::new("“([^”]+)” in the README").unwrap());
static ANCHOR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(#([^)\s]+)\)").unwrap());
static LABEL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:^|[^*])\*([A-Z][^*\n]+?)\.?\*(?:[^*]|$)").unwrap());
static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:href|action)="(/[^"]*)""#).unwrap());
static ELEMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)<(?:code|pre)[^>]*>(.*?)</(?:code|pre)>").unwrap());
static OWN_ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"https?://ci\.example\.(?:org|com)(/[^\s`)>\x22]*)").unwrap());
static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{.*?\}\}|\{%.*?%\}").unwrap());
static KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(github|bitbucket|mail|orbs|runner)\.[a-z_]+$").unwrap());

/// Returns everything that a text names, with the line.
pub(super) fn claims(text: &Text) -> Vec<(usize, Claim)> {
    let mut found = Found::default();
    match () {
        () if text.ends_with("md") => found.document(text),
        () if text.ends_with("rs") => found.code(&text.text),
        () if text.ends_with("html") || text.ends_with("svg") => found.page(&text.text),
        () if text.ends_with("service") => found.unit(&text.text),
        () => found.plain(1, &text.text),
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<(usize, Claim)>);

impl Found {
    fn add(&mut self, line: usize, claim: Claim) {
        self.0.push((line, claim));
    }

    fn document(&mut self, text: &Text) {
        let headings: Vec<String> =
            text.text.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
        let mut block: Option<(&str, usize, String)> = None;
        for (line, content) in (1..).zip(text.text.lines()) {
            self.variables(line, content);
            self.own_addresses(line, content);
            // A fence may be behind the number of a list.
            let fence = content
                .trim_start()
                .trim_start_matches(|c: char| c.is_ascii_digit() || ". ".contains(c));
            if let Some(language) = fence.strip_prefix("```") {
                block = match block.take() {
                    None => Some((language, line, String::new())),
                    // Other documents show the settings of other programs.
                    Some(("toml", ..)) if !has_settings(&text.path) => None,
                    Some((language, start, inside)) => {
                        self.block(language, start + 1, &inside);
                        None
                    }
                };
                continue;
            }
            if let Some((_, _, inside)) = &mut block {
                inside.push_str(content.trim_start());
                inside.push('\n');
                continue;
            }
            self.inline(line, content);
            for label in LABEL.captures_iter(content).filter(|_| text.path == "README.md") {
                self.add(line, Claim::Label(label[1].to_owned()));
            }
            for wanted in ANCHOR.captures_iter(content) {
                let is_there = headings.iter().any(|heading| *heading == wanted[1]);
                self.add(line, Claim::Anchor(wanted[1].to_owned(), is_there));
            }
        }
    }

    fn block(&mut self, language: &str, start: usize, inside: &str) {
        match language {
            "sh" => {
                let joined = inside.replace("\\\n", "\u{0}");
                for (line, command) in (start..).zip(joined.lines()) {
                    let command = command.replace('\u{0}', " ");
                    self.commands(line, command.split(" #").next().unwrap_or(""));
                }
            }
            "toml" => self.settings(start, inside),
            _ => {}
        }
    }

    /// The keys of a block of settings.
    fn settings(&mut self, start: usize, inside: &str) {
        let table: toml::Table = inside.parse().unwrap();
        for (section, value) in table {
            if let Some(keys) = value.as_table() {
                for key in keys.keys() {
                    self.add(start, Claim::Key(format!("{section}.{key}")));
                }
            } else if value.as_array().is_some_and(|items| items.iter().all(toml::Value::is_table))
            {
                self.add(start, Claim::Section(format!("[{section}]")));
            } else {
                self.add(start, Claim::Key(section));
            }
        }
    }

    /// Every `roundel …` in a line of shell, also as `cargo run -- …`.
    fn commands(&mut self, line: usize, shell: &str) {
        for part in shell.split(['|', ';', '&']) {
            let words: Vec<&str> = part.split_whitespace().collect();
            let after = words.iter().position(|word| {
                word.rsplit('/').next() == Some("roundel") && !word.starts_with('-')
            });
            let run = words.windows(2).position(|pair| pair == ["cargo", "run"]);
            let after = after.or_else(|| run.and(words.iter().position(|word| *word == "--")));
            if let Some(after) = after.filter(|after| run.is_some() || *after <= 1) {
                let words = words[after + 1..].iter().map(|word| (*word).to_owned()).collect();
                self.add(line, Claim::Command(words));
            }
        }
    }

    /// `code` in prose.
    fn inline(&mut self, line: usize, content: &str) {
        for code in CODE.captures_iter(content) {
            self.snippet(line, &code[1]);
        }
        for heading in HEADING.captures_iter(content) {
            self.add(line, Claim::Heading(heading[1].to_owned()));
        }
    }

    fn snippet(&mut self, line: usize, code: &str) {
        let words: Vec<String> = code.split_whitespace().map(str::to_owned).collect();
        let Some(first) = words.first() else { return };
        if first == "roundel" {
            self.add(line, Claim::Command(words[1..].to_vec()));
        } else if first == "cargo" {
            self.commands(line, code);
        } else if first.starts_with("--") {
            for flag in FLAG.captures_iter(code) {
                self.add(line, Claim::Flag(flag[1].to_owned()));
            }
        } else if words.len() > 1 && FLAG.is_match(code) && super::known::is_command(first) {
            self.add(line, Claim::Command(words));
        } else if let Some(section) = code.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
        {
            let is_name = |c: char| c.is_ascii_lowercase() || c == '[' || c == ']';
            // `[x]` is a list in an example.
            if section.len() > 2 && section.chars().all(is_name) {
                self.add(line, Claim::Section(section.to_owned()));
            }
        } else if KEY.is_match(code) {
            self.add(line, Claim::Key(code.to_owned()));
        }
    }

    fn variables(&mut self, line: usize, content: &str) {
        for name in VARIABLE.find_iter(content) {
            self.add(line, Claim::Variable(name.as_str().to_owned()));
        }
    }

    fn own_addresses(&mut self, line: usize, content: &str) {
        for address in OWN_ADDRESS.captures_iter(content) {
            self.add(line, Claim::Address(address[1].to_owned()));
        }
    }

    /// A page or the HTML of an email.
    fn page(&mut self, text: &str) {
        for link in LINK.captures_iter(text) {
            let line = line_of(text, link.get(1).unwrap().start());
            self.add(line, Claim::Address(TEMPLATE.replace_all(&link[1], "{}").into_owned()));
        }
        for element in ELEMENT.captures_iter(text) {
            let start = line_of(text, element.get(1).unwrap().start());
            let inside = TEMPLATE.replace_all(&element[1], "x");
            for (line, content) in (start..).zip(inside.lines()) {
                self.commands(line, content);
            }
        }
        for (line, content) in (1..).zip(text.lines()) {
            self.variables(line, content);
            self.inline(line, content);
        }
    }

    /// A unit of systemd.
    fn unit(&mut self, text: &str) {
        for (line, content) in (1..).zip(text.lines()) {
            self.variables(line, content);
            if content.starts_with('#') {
                self.inline(line, content);
            } else {
                self.commands(line, content);
            }
        }
    }

    /// Help, emails, and what the code prints: prose in which flags need no marks.
    fn plain(&mut self, start: usize, text: &str) {
        for (line, content) in (start..).zip(text.lines()) {
            self.variables(line, content);
            self.sentence(line, content);
        }
    }

    /// The string literals of a Rust file, without those of its tests.
    fn code(&mut self, text: &str) {
        let tokens: TokenStream = text.parse().unwrap();
        self.tokens(tokens);
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut is_for_tests = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    if let Some(TokenTree::Punct(mark)) = tokens.peek()
                        && mark.as_char() == '!'
                    {
                        tokens.next();
                    }
                    if let Some(TokenTree::Group(attribute)) = tokens.next() {
                        is_for_tests |= attribute.stream().to_string().starts_with("cfg (test");
                    }
                }
                TokenTree::Group(group) => {
                    let ends_item = group.delimiter() == Delimiter::Brace;
                    if !(is_for_tests && ends_item) {
                        self.tokens(group.stream());
                    }
                    is_for_tests &= !ends_item;
                }
                TokenTree::Punct(mark) => is_for_tests &= mark.as_char() != ';',
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    if let Ok(literal) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.message(line, &literal.value());
                    }
                }
                TokenTree::Ident(_) => {}
            }
        }
    }

    /// A literal that is a sentence; a lone word may be an argument for another program.
    fn message(&mut self, line: usize, text: &str) {
        match VARIABLE.find(text) {
            Some(name) if name.as_str() == text => {
                self.add(line, Claim::VariablePrefix(text.to_owned()));
            }
            _ => self.variables(line, text),
        }
        if text.contains(' ') {
            for content in text.lines() {
                self.sentence(line, content);
            }
        }
    }

    fn sentence(&mut self, line: usize, content: &str) {
        self.own_addresses(line, content);
        self.inline(line, content);
        let bare = CODE.replace_all(content, "");
        for flag in FLAG.captures_iter(&bare) {
            self.add(line, Claim::Flag(flag[1].to_owned()));
        }
    }
}

fn has_settings(path: &str) -> bool {
    matches!(path, "README.md" | "docs/configuration.md")
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The anchor that a heading has.
pub(super) fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
