//! Texts for people use the field's terms, not words of our own, in American spelling.
//!
//! Looked at are string literals and documentation of product code, templates of pages and emails, the
//! scripts that run in browsers and jobs, documents, and all comments and names of functions, types and
//! variables, those of tests too. A phrase may continue on the next line. Code in backticks may say anything.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{
    report::report,
    source::{self, Source},
};

/// What is not said, and what is said instead.
const WORDS: &[(&str, &str)] = &[
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("misspelt", "misspelled"),
    ("at hand", "available"),
    ("anew", "again"),
    ("in one go", "at once"),
    ("the way out", "what to do, the fix"),
    ("whoever", "the user, the caller, everyone who"),
    ("somebody", "someone, the user"),
    ("anybody", "anyone, the caller"),
    ("nobody", "no one, none"),
    ("is told", "is reported"),
    ("are told", "are reported"),
    ("was told", "was reported"),
    ("tells of", "reports"),
    ("told of", "notified of"),
    ("unwell", "unavailable"),
    ("beside", "next to"),
    ("is owed", "is pending"),
    ("owed to the world", "pending notifications"),
    ("truth value", "boolean"),
    ("truth values", "booleans"),
    ("whole number", "integer"),
    ("whole numbers", "integers"),
    ("blanks", "spaces"),
    ("to be had", "available, found"),
    ("lost ring", "missed wake-up"),
    ("beyond every measure", "exceeds the limit"),
    ("no business of", "not done by, out of scope for"),
    ("our own trouble", "internal error"),
    ("unless told otherwise", "by default"),
    ("trouble", "error, failure"),
    ("patience", "timeout"),
    ("rim", "boundary"),
    ("goes on", "continues"),
    ("go on", "continue"),
    ("went on", "continued"),
    ("going on", "continuing"),
    ("comes about", "happens"),
    ("came about", "happened"),
    ("in vain", "without success, for nothing"),
    ("the house", "the installation, the structure"),
    ("mail", "email"),
    ("mails", "emails"),
    ("mailed", "emailed"),
    ("e-mail", "email"),
    ("e-mails", "emails"),
    ("everybody", "everyone"),
    ("set-up", "setup"),
    ("set-ups", "setups"),
    ("tells whether", "returns whether"),
    ("in a circle", "in a cycle"),
    ("looked at", "checked, read, shown"),
    ("stands there", "is there"),
    ("stands below", "is below"),
    ("stands above", "is above"),
    ("stands next to", "is next to"),
    ("our business", "decided here"),
    ("this roundel", "this instance"),
    ("refuses us", "refuses access"),
    ("for ever", "forever"),
    ("of ours", "our …"),
    ("what became of", "the result of"),
    ("what becomes of", "the result of, what happens to"),
    ("what came of", "the result of"),
];

/// Words that are fine in names, and not in prose: one word for each concept.
const PROSE: &[(&str, &str)] = &[("folder", "directory"), ("folders", "directories")];

/// Words that are fine in prose and say nothing as the name of a function, a type or a variable.
const NAMES: &[(&str, &str)] = &[
    ("told", "message"),
    ("unsaid", "what it is"),
    ("manner", "kind, response"),
    ("troubled", "failed"),
    ("nobodys", "what it is"),
    ("verdict", "outcome, result, decision"),
    ("verdicts", "outcomes, results, decisions"),
];

/// Where a word is right all the same: a term of its own, the name of a setting, a stored text.
const FINE: &[&str] = &[
    "mail server",
    "[mail]",
    "mail preferences v1",
    "Secret to Everybody",
    // Of editors.
    "workspace folder",
];

/// British spellings, and ours.
const SPELLINGS: &[(&str, &str)] = &[
    ("analyse", "analyze"),
    ("artefact", "artifact"),
    ("authoris", "authoriz"),
    ("behaviour", "behavior"),
    ("cancelled", "canceled"),
    ("centre", "center"),
    ("colour", "color"),
    ("defence", "defense"),
    ("favour", "favor"),
    ("flavour", "flavor"),
    ("grey", "gray"),
    ("honour", "honor"),
    ("initialis", "initializ"),
    ("judgement", "judgment"),
    ("labelled", "labeled"),
    ("licence", "license"),
    ("neighbour", "neighbor"),
    ("normalis", "normaliz"),
    ("optimis", "optimiz"),
    ("organis", "organiz"),
    ("recognis", "recogniz"),
    ("serialis", "serializ"),
    ("summaris", "summariz"),
    ("synchronis", "synchroniz"),
    ("towards", "toward"),
];

/// How a line of an example in documentation begins: further in than prose ever is.
const EXAMPLE: &str = "\"        ";

/// "`x` is no step", "that are no settings": "is not a valid step", "that are not settings".
const IS_NO: &[&str] = &[" is no ", " are no ", " was no ", " were no "];

/// What may follow: "is no longer".
const NO_LONGER: &[&str] = &["longer", "more", "other", "one", "less", "different", "better"];

/// What comes before a name that is declared.
const DECLARES: &[&str] =
    &["fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "let mut ", "let "];

/// Specifications that are not part of the repository: comments may cite them, texts may not.
const SPECIFICATIONS: &[&str] = &["CFG", "RUN", "API", "VCS"];

/// A text that people read, and its line.
struct Passage {
    line: usize,
    text: String,
    /// It is documentation, which is for developers.
    is_comment: bool,
    /// It is the name of a function, a type or a variable.
    is_name: bool,
}

/// Returns what is said and should not be, with its place and what to say instead.
fn private_words(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let passages = texts(source);
        for (line, phrase, instead) in over_two_lines(&passages, !source.has_extension("rs")) {
            found.push(format!("{}:{line}: \"{phrase}\": {instead}", source.path));
        }
        for Passage { line, text, is_name, .. } in passages {
            let prose =
                FINE.iter().fold(without_code(&text), |prose, fine| prose.replace(fine, ""));
            let names = if is_name { NAMES } else { &[] };
            let prose_only = if is_name { &[] } else { PROSE };
            let words = WORDS.iter().chain(names).chain(prose_only);
            let words = words.filter(|(word, _)| says(&prose, word));
            let spellings = SPELLINGS.iter().filter(|(begin, _)| spells(&prose, begin));
            for (word, instead) in words.chain(spellings) {
                found.push(format!("{}:{line}: \"{word}\": {instead}", source.path));
            }
            if IS_NO.iter().any(|is_no| says_no(&text, is_no)) {
                found.push(format!("{}:{line}: \"is no …\": is not a …", source.path));
            }
        }
    }
    found
}

/// Finds phrases that begin in one line of a comment, or of a document, and end in the next.
fn over_two_lines(
    passages: &[Passage],
    is_document: bool,
) -> Vec<(usize, &'static str, &'static str)> {
    let is_prose = |passage: &&Passage| is_document || passage.is_comment && !passage.is_name;
    let mut prose: Vec<&Passage> = passages.iter().filter(is_prose).collect();
    prose.sort_by_key(|passage| passage.line);
    let phrases = || WORDS.iter().filter(|(phrase, _)| phrase.contains(' '));
    let mut found = Vec::new();
    for pair in prose.windows(2) {
        let &[above, below] = pair else { continue };
        if above.line + 1 != below.line {
            continue;
        }
        let parts = [above, below].map(|part| part.text.trim_matches('"').trim());
        let both = without_code(&parts.join(" "));
        let alone = parts.map(without_code);
        let broken = phrases().filter(|(phrase, _)| {
            says(&both, phrase) && !alone.iter().any(|part| says(part, phrase))
        });
        found.extend(broken.map(|(phrase, instead)| (above.line, *phrase, *instead)));
    }
    found
}

/// Finds "is no …" that says what something is, not whether it exists: "there is no …" is fine.
fn says_no(text: &str, is_no: &str) -> bool {
    let lower = text.to_lowercase();
    lower.match_indices(is_no).any(|(at, _)| {
        let next = lower[at + is_no.len()..].split([' ', '.', ',', ';', ':', '"']).next();
        let exists = ["there", "there still"].iter().any(|before| lower[..at].ends_with(before));
        !exists && !NO_LONGER.contains(&next.unwrap_or_default())
    })
}

/// Finds a word or words with nothing of a word around them, in any case.
fn says(text: &str, words: &str) -> bool {
    let lower = text.to_lowercase();
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "_-".contains(c));
    lower.match_indices(words).any(|(at, _)| {
        let (before, after) =
            (lower[..at].chars().last(), lower[at + words.len()..].chars().next());
        !is_part(before) && !is_part(after)
    })
}

/// Finds a word that begins like this, in any case.
fn spells(text: &str, begin: &str) -> bool {
    let lower = text.to_lowercase();
    lower
        .match_indices(begin)
        .any(|(at, _)| !lower[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-'))
}

/// Leaves out what is in backticks.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Returns the texts of a file, those of its tests left out.
fn texts(source: &Source) -> Vec<Passage> {
    if !source.has_extension("rs") {
        return lines(&source.text);
    }
    let tokens = source.text.parse::<TokenStream>();
    let tokens = tokens.unwrap_or_else(|error| panic!("`{}`: {error}", source.path));
    let mut found = comments(&source.text, !is_product(source));
    if is_product(source) {
        collect(tokens, &mut found);
    }
    found
}

/// Returns the comments of a file and the names that it declares as prose. Documentation is among them
/// on request only: in product code it is found as a literal.
fn comments(text: &str, with_documentation: bool) -> Vec<Passage> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut push = |text: String, is_name| {
            found.push(Passage { line: index + 1, text, is_comment: true, is_name });
        };
        let comment =
            line.trim_start().strip_prefix("//").or(line.split_once(" // ").map(|(_, c)| c));
        match comment {
            Some(comment) if with_documentation || !comment.starts_with(['/', '!']) => {
                push(comment.to_owned(), false);
            }
            Some(_) => {}
            None => {
                if let Some(name) = declared(line) {
                    push(name, true);
                }
            }
        }
    }
    found
}

/// Returns the name that a line declares, in words: `fn is_there` and `struct IsThere` are "is there".
fn declared(line: &str) -> Option<String> {
    let name = DECLARES.iter().find_map(|keyword| Some(line.split_once(keyword)?.1))?;
    let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    let mut words = String::new();
    for c in name.chars() {
        if c == '_' || c.is_uppercase() && words.ends_with(char::is_lowercase) {
            words.push(' ');
        }
        words.extend(c.to_lowercase().filter(|&c| c != '_'));
    }
    (!words.is_empty()).then_some(words)
}

/// Returns the lines of a document or a template outside of blocks of code.
fn lines(text: &str) -> Vec<Passage> {
    let mut in_code = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if !in_code {
            found.push(Passage {
                line: index + 1,
                text: line.to_owned(),
                is_comment: false,
                is_name: false,
            });
        }
    }
    found
}

/// Takes the literals of tokens, documentation among them, but of what is for tests only.
fn collect(tokens: TokenStream, found: &mut Vec<Passage>) {
    let mut for_tests = false;
    let is_comment = is_documentation(&tokens);
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let inner = group.stream().to_string();
                let bracket = group.delimiter() == Delimiter::Bracket;
                if bracket && (inner == "test" || inner.replace(' ', "") == "cfg(test)") {
                    for_tests = true;
                } else if for_tests {
                    // What follows the attribute ends with its body.
                    for_tests = group.delimiter() != Delimiter::Brace;
                } else {
                    collect(group.stream(), found);
                }
            }
            TokenTree::Literal(literal) => {
                let written = literal.to_string();
                // A text of one word is a name: a user `nobody`, a key.
                let is_example = written.starts_with(EXAMPLE);
                if !for_tests
                    && !is_example
                    && written.contains(' ')
                    && written.ends_with(['"', '#'])
                {
                    let line = literal.span().start().line;
                    found.push(Passage { line, text: written, is_comment, is_name: false });
                }
            }
            TokenTree::Punct(punct) => for_tests &= punct.as_char() != ';',
            TokenTree::Ident(_) => {}
        }
    }
}

/// Returns whether tokens are those of `#[doc = "…"]`, which a doc comment is.
fn is_documentation(tokens: &TokenStream) -> bool {
    let first = tokens.clone().into_iter().next();
    matches!(first, Some(TokenTree::Ident(name)) if name == "doc")
}

/// Every file with texts.
fn all() -> Vec<Source> {
    let mut found = source::tree(&[
        "crates",
        "xtask",
        "docs",
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "packaging",
    ]);
    // This file has the words.
    let is_this = |source: &Source| source.path.ends_with("tidy/words.rs");
    found.retain(|source| {
        let is_prose = ["md", "html", "js", "sh", "txt", "service"]
            .iter()
            .any(|kind| source.has_extension(kind));
        !is_this(source) && (source.has_extension("rs") || is_prose && is_product(source))
    });
    found
}

/// Returns texts that cite a section or a row of a specification, which their readers do not have.
fn citations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !source.has_extension("md")) {
        for Passage { line, text, .. } in texts(source).into_iter().filter(|text| !text.is_comment)
        {
            if SPECIFICATIONS.iter().any(|name| cites(&text, name)) {
                found.push(format!("{}:{line}: cites a specification", source.path));
            }
        }
    }
    found
}

/// `CFG §2.8`, `RUN-031`
fn cites(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let after = &text[at + name.len()..];
        after.trim_start().starts_with('§')
            || after
                .strip_prefix('-')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

#[test]
fn texts_for_people_cite_nothing_that_they_do_not_have() {
    report(
        "citations of a specification",
        citations(&all().into_iter().filter(is_product).collect::<Vec<_>>())
            .iter()
            .map(String::as_str),
    );
}

#[test]
fn a_citation_is_found_in_a_text_and_not_in_a_comment() {
    let found = |path: &str, text: &str| citations(&source::sample(&[(path, text)])).len();
    for text in [
        "fn f() { g(\"A pipeline value (CFG §4.5).\"); }",
        "fn f() { let a = format!(\"{name}, see RUN-031\"); }",
    ] {
        assert_eq!(found("crates/a/src/b.rs", text), 1, "{text}");
    }
    assert_eq!(found("crates/a/templates/b.html", "<p>See VCS §2.9</p>"), 1);
    for text in [
        "/// Reads it (CFG §4.5).\nfn f() {}",
        "//! The rows of RUN-031.",
        "fn f() { g(\"the API-key of RUN\"); }",
    ] {
        assert_eq!(found("crates/a/src/b.rs", text), 0, "{text}");
    }
}

/// Returns whether people other than us read the texts of a file: its literals count, too.
fn is_product(source: &Source) -> bool {
    let is_test = source.is_inside("tests")
        || source.is_inside("examples")
        || source.is_inside("benches")
        || source.stem() == "tests";
    let is_of_crate = source.path.starts_with("crates/");
    let in_product = ["src", "templates", "assets"].iter().any(|folder| source.is_inside(folder));
    !is_test && !source.path.starts_with("xtask/") && (!is_of_crate || in_product)
}

#[test]
fn texts_for_people_use_the_terms_of_the_field() {
    report("words of our own", private_words(&all()).iter().map(String::as_str));
}

#[test]
fn a_private_word_is_found_where_people_read_it() {
    let bad = |path: &str, text: &str| private_words(&source::sample(&[(path, text)])).len();
    for text in [
        "/// Says how to mend it.\nfn f() {}",
        "//! Whoever reads this.",
        "fn f() { g(\"nobody listens\"); }",
        "fn f() { let a = format!(\"`{name}` is no step\"); }",
        "fn f() { let a = \"write it beside the key\"; }",
        "fn f() { let a = \"this is \\\n    beside it\"; }",
        "// A comment says somebody.",
        "fn f() {\n    g(); // The colour of it.\n}",
        "#[cfg(test)]\nmod tests { #[test]\nfn nobody_listens() {} }",
        "/// A mail to the author.\nfn f() {}",
        "/// Sends mails.\nfn f() {}",
        "//! What everybody knows.",
        "// A failed set-up.",
        "/// Tells whether it runs.\nfn f() {}",
        "/// Jobs that wait in a circle.\nfn f() {}",
        "/// A text that is no number.\nfn f() {}",
        "// Variables that are no settings.",
        "// The line that stands below it.",
        "fn f() { g(\"the orbs of this Roundel\"); }",
        "fn f() {\n    let told = g();\n}",
        "fn f() {\n    let mut troubled = g();\n}",
        "struct FirstVerdict;",
        "enum Manner {}",
        "fn send_mail() {}",
        "fn f() { g(\"there is no folder `x`\"); }",
        "/// Walks a folder.\nfn f() {}",
        "// It waits for ever.",
        "/// A crate of ours.\nfn f() {}",
        "//! What became of it.",
    ] {
        assert_eq!(bad("crates/a/src/b.rs", text), 1, "{text}");
    }
    assert_eq!(
        bad("crates/a/tests/b.rs", "/// What somebody does.\nfn f() { g(\"nobody listens\"); }"),
        1
    );
    assert_eq!(bad("crates/cli/src/b.rs", "struct A {\n    /// A folder of orbs\n    a: B,\n}"), 1);
    assert_eq!(bad("README.md", "It is told at once.\n\nAnd anew."), 2);
    for (path, text) in [
        ("crates/a/src/b.rs", "/// Does it in one\n/// go.\nfn f() {}"),
        ("crates/a/src/b.rs", "fn f() {\n    // What is to be\n    // had of it.\n}"),
        ("README.md", "Orbs that are at\nhand."),
    ] {
        assert_eq!(bad(path, text), 1, "{text}");
    }
    assert_eq!(bad("README.md", "Orbs that are at\n\nhand."), 0);
    assert_eq!(bad("crates/a/src/b.rs", "fn f() {\n    g(\"x at\");\n    g(\"hand y\");\n}"), 0);
    assert_eq!(bad("crates/a/assets/b.js", "show(\"Nobody listens\");"), 1);
    assert_eq!(bad("crates/a/src/b.sh", "fail 'the log that is at hand'"), 1);
    assert_eq!(bad("crates/a/templates/email/b.txt", "Somebody pushed."), 1);
    assert_eq!(bad("crates/a/templates/b.html", "<p>Orbs that are at hand</p>"), 1);
    for text in [
        "fn f() { g(\"nobody\"); }",
        "/// The user `nobody`.\nfn f() {}",
        "fn f() { g(\"`x` is no longer a key\"); }",
        "fn f() { g(\"amend the commit; besides, recommend it\"); }",
        "#[cfg(test)]\nmod tests { fn f() { g(\"nobody listens\"); } }",
        "#[test]\nfn f() { g(\"nobody listens\"); }",
        "#[cfg(test)]\nuse a::b;\nfn f() { g(\"x y\"); }",
        "/// The mail server of `[mail]`, when there is no other.\nfn f() {}",
        "/// What sets it apart is its verdict.\nfn f() {}",
        "fn f() { let (told_apart, email) = g(); }",
        "/// Walks a directory.\nfn f() {\n    let folder = g();\n}",
        "const SECRET: &[u8] = b\"It's a Secret to Everybody\";",
    ] {
        assert_eq!(bad("crates/a/src/b.rs", text), 0, "{text}");
    }
    assert_eq!(bad("README.md", "```sh\nmend it\n```\nThe `mend` key."), 0);
}
