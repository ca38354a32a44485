//! Sources that are small and mean something enormous: each must be reported as a mistake, soon.
//!
//! Compiled twice: into the tests of `config`, which ask for a diagnostic, and into `cargo xtask
//! bench`, which measures the time. A file that includes it calls the compiler `config`.

use std::{fmt::Write as _, sync::Arc};

use super::config::{
    Compiled, Inputs, PipelineValue, compile_with_orbs,
    orbs::{Missing, Orb, OrbReference, Resolution},
};

/// One of them.
pub(crate) struct Bomb {
    /// What explodes.
    pub(crate) name: &'static str,
    text: String,
    /// Orbs that exist, by reference without the version, with their sources.
    orbs: Vec<(&'static str, String)>,
}

const JOB: &str = "version: 2.1\njobs: {build: {machine: true, steps: [checkout]}}\n";
/// Bytes of the large ones: as much as a configuration may have.
const MEGABYTE: usize = (1 << 20) - 4_096;

impl Bomb {
    fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into(), orbs: Vec::new() }
    }

    fn orb(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.orbs.push((name, text.into()));
        self
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Compiles it, with its orbs.
    pub(crate) fn compile(&self) -> Compiled {
        let branch = ("git.branch".to_owned(), PipelineValue::Text("a".repeat(60)));
        let inputs = Inputs {
            path: "config.yml".to_owned(),
            pipeline_values: vec![branch],
            ..Inputs::default()
        };
        compile_with_orbs(&self.text, inputs, &mut |reference| self.find(reference)).0
    }

    fn find(&self, reference: &OrbReference) -> Resolution {
        match self.orbs.iter().find(|(name, _)| *name == reference.orb()) {
            Some((name, text)) => Resolution::Found(Arc::new(Orb {
                name: (*name).to_owned(),
                version: "1.0.0".to_owned(),
                origin: "a test".to_owned(),
                text: text.as_str().into(),
                digest: String::new(),
                notice: None,
            })),
            None => Resolution::Missing(Missing::default()),
        }
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Bomb> {
    let mut bombs = of_yaml();
    bombs.extend(of_long_lines());
    bombs.extend(of_patterns());
    bombs.extend(of_expansion());
    bombs.extend(of_orbs());
    bombs
}

fn of_yaml() -> Vec<Bomb> {
    let mut laughs = format!("{JOB}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    let mut merges = format!("{JOB}m0: &m0 {{k0: x, k1: x, k2: x, k3: x}}\n");
    for level in 1..60 {
        let below = level - 1;
        let ten = vec![format!("*a{below}"); 10].join(", ");
        // Writing to a string cannot fail.
        let _infallible = writeln!(laughs, "a{level}: &a{level} [{ten}]");
        let _infallible = writeln!(
            merges,
            "m{level}: &m{level}\n  <<: [*m{below}, *m{below}]\n  <<: *m{below}\n  l{level}: {{<<: *m{below}}}"
        );
    }
    let mut stairs = String::from(JOB);
    for level in 0..1_400 {
        let _infallible = writeln!(stairs, "{}k:", " ".repeat(level));
    }
    let scalar = "x".repeat(10 << 20);
    let mut dashed = String::from("version: 2.1\njobs:\n");
    for job in 0..85_000 {
        let _infallible = writeln!(dashed, "- a{job}: 1");
    }
    vec![
        Bomb::new("aliases of aliases, 10^60 nodes", laughs),
        Bomb::new("merges of merges, 3^60 entries", merges),
        Bomb::new("1 MB of open brackets", format!("{JOB}x: {}", "[".repeat(MEGABYTE))),
        Bomb::new("1 MB of open braces", format!("{JOB}x: {}", "{a: ".repeat(MEGABYTE / 4))),
        Bomb::new("1 MB of dashes", format!("{JOB}x:\n  {}", "- ".repeat(MEGABYTE / 2))),
        Bomb::new("1 MB of question marks", format!("{JOB}{}", "? ".repeat(MEGABYTE / 2))),
        Bomb::new("1 MB of stairs", stairs),
        Bomb::new("a list of 85,000 jobs", dashed),
        Bomb::new(
            "80,000 tags without an end in version 2",
            format!(
                "version: 2\njobs: {{build: {{machine: true, steps: [chekout, run: '{}']}}}}\n",
                "<< pipeline.".repeat(80_000)
            ),
        ),
        Bomb::new("a scalar of 10 MB", format!("{JOB}x: {scalar}\n")),
        Bomb::new(
            "a mapping of 60,000 equal keys",
            format!("{JOB}x:\n{}", "  key: value\n".repeat(60_000)),
        ),
    ]
}

/// The usual mistakes, each in one line that is as long as a configuration may be: what reads the rest of
/// the line for every entry of it takes minutes.
fn of_long_lines() -> Vec<Bomb> {
    let line = |name, start: &str, piece: &str, end: &str| {
        let pieces = piece.repeat((MEGABYTE - start.len() - end.len()) / piece.len());
        Bomb::new(name, format!("{JOB}x: {start}{pieces}{end}\n"))
    };
    let numbered = |start: &str, count: usize, piece: &dyn Fn(usize) -> String, end: &str| {
        format!("{JOB}x: {start}{}{end}\n", (0..count).map(piece).collect::<String>())
    };
    let anchors = numbered("[", 35_000, &|n| format!("&abcde{n} x, "), "");
    let aliases = numbered(
        &anchors["x: ".len() + JOB.len()..anchors.len() - 1],
        35_000,
        &|n| format!("*vwxyz{n}, "),
        "]",
    );
    let anchored = numbered(
        &anchors["x: ".len() + JOB.len()..anchors.len() - 1],
        30_000,
        &|n| format!("{{<<: vwxyz{n}}}, "),
        "]",
    );
    let merges = numbered("{", 60_000, &|n| format!("<<: a{n}, "), "}");
    vec![
        line("a list that a brace ends", "[", "a,", "a}"),
        line("a mapping that a bracket ends", "{", "a: b, ", "]"),
        line("a list that nothing ends", "[", "a, ", ""),
        line("a mapping that nothing ends", "{", "a: b, ", ""),
        line("a quote within quotes, before all other entries", "['it's', ", "a, ", "]"),
        line("a quote within quotes, after all other entries", "[", "'a', ", "'it's']"),
        line("quotes within words, before one within quotes", "[b", "'a", ", 'it's']"),
        line(
            "escaped quotes within words, before one within quotes",
            "[b\"",
            "\\\"",
            "\", 'it's']",
        ),
        line("quotes that are not closed", "[", "b\"c, ", "\"a]"),
        line("escapes that do not exist", "\"", "\\d", "\""),
        line("a string that continues after its quote", "\"a\" ", "\"b\" ", ""),
        line("a string that starts with a sign", "[", "a, ", "*, @b]"),
        line("a string that starts with brackets", "[[ a ]] ", "b ", ""),
        line("an entry with brackets", "[", "a, ", "v[0-9]+]"),
        line("entries that start with two braces", "[", "{{a}}, ", "]"),
        line("keys that start with another letter than those of ASCII", "{", "é: b, ", "}"),
        line("colons within a string", "", "a: ", "b"),
        line("a block in its line", "| ", "a: ", "b"),
        line("tags that do not exist", "[", "!a b, ", "]"),
        line("keys that are the same", "{", "a: b, ", "}"),
        line("keys that are lists", "{", "[a]: b, ", "}"),
        Bomb::new("aliases that do not exist", aliases),
        Bomb::new("merge keys that merge strings", merges),
        Bomb::new("merge keys that merge strings, next to anchors", anchored),
        Bomb::new(
            "steps that do not exist",
            format!(
                "version: 2.1\njobs: {{build: {{machine: true, steps: [{}]}}}}\n",
                "run: a, {b: c}, ".repeat(MEGABYTE / 16)
            ),
        ),
        Bomb::new(
            "a list without the dashes of its items",
            format!("{JOB}x:\n  - {}<<\ny: [}}\n", "a\n    ".repeat(MEGABYTE / 6)),
        ),
    ]
}

fn of_patterns() -> Vec<Bomb> {
    let when = |pattern: &str| {
        format!(
            "{JOB}workflows: {{w: {{when: {{matches: {{pattern: '{pattern}', value: << pipeline.git.branch >>}}}}, jobs: [build]}}}}\n"
        )
    };
    let filter = |pattern: &str| {
        format!(
            "{JOB}workflows: {{w: {{jobs: [{{build: {{filters: {{branches: {{only: '/{pattern}/'}}}}}}}}]}}}}\n"
        )
    };
    vec![
        Bomb::new("a pattern that backtracks", when(r"(?:(a+)+(?=b))*(a*)*\1b")),
        Bomb::new("a pattern that refers back", when(r"(a*)*(a*)*(a*)*(?!x)\1\2b")),
        Bomb::new(
            "a pattern of counted repetitions",
            filter("((((a{1,99}){1,99}){1,99}){1,99}){1,99}"),
        ),
        Bomb::new("a pattern of 100,000 parentheses", filter(&"(".repeat(100_000))),
        Bomb::new(
            "a pattern of 200 KB that does not end",
            filter(&format!("{}(", "a?".repeat(100_000))),
        ),
        Bomb::new(
            "1 MB of parentheses in an expression",
            format!(
                "{JOB}workflows: {{w: {{when: \"{}\", jobs: [build]}}}}\n",
                "(".repeat(MEGABYTE)
            ),
        ),
        Bomb::new(
            "1 MB of `not` in an expression",
            format!(
                "{JOB}workflows: {{w: {{when: \"{}\", jobs: [build]}}}}\n",
                "not ".repeat(MEGABYTE / 4)
            ),
        ),
        Bomb::new(
            "1 MB of template sections",
            format!(
                "version: 2.1\njobs: {{build: {{machine: true, steps: [{{run: \"{}\"}}]}}}}\n",
                "<<# pipeline.id >>".repeat(MEGABYTE / 18)
            ),
        ),
    ]
}

fn of_expansion() -> Vec<Bomb> {
    let mut commands = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [c60]}}\ncommands:\n  c0: {steps: []}\n",
    );
    let mut texts = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [{c60: {x: aaaaaaaaaa}}]}}\ncommands:\n  c0: {parameters: {x: {type: string}}, steps: [{run: << parameters.x >>}]}\n",
    );
    let mut closures = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [{c60: {s: [checkout]}}]}}\ncommands:\n  c0: {parameters: {s: {type: steps}}, steps: [{steps: << parameters.s >>}]}\n",
    );
    for level in 1..=60 {
        let below = level - 1;
        let _infallible = writeln!(commands, "  c{level}: {{steps: [c{below}, c{below}]}}");
        let _infallible = writeln!(
            texts,
            "  c{level}: {{parameters: {{x: {{type: string}}}}, steps: [{{c{below}: {{x: \"<< parameters.x >><< parameters.x >>\"}}}}]}}"
        );
        let _infallible = writeln!(
            closures,
            "  c{level}: {{parameters: {{s: {{type: steps}}}}, steps: [{{c{below}: {{s: [{{steps: << parameters.s >>}}, {{steps: << parameters.s >>}}]}}}}]}}"
        );
    }
    let values = (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let axes = |axis: &str| format!("a: [{axis}], b: [{axis}], c: [{axis}], d: [{axis}]");
    let matrix = format!(
        "version: 2.1\njobs: {{j: {{parameters: {{a: {{type: integer}}, b: {{type: integer}}, c: {{type: integer}}, d: {{type: integer}}}}, machine: true, steps: [checkout]}}}}\nworkflows: {{w: {{jobs: [{{j: {{matrix: {{parameters: {{{}}}}}}}}}]}}}}\n",
        axes(&values)
    );
    let mut everyone = String::from(
        "version: 2.1\njobs: {j: {machine: true, steps: [checkout]}}\nworkflows:\n  w:\n    jobs:\n",
    );
    let names: Vec<String> = (0..300).map(|n| format!("n{n}")).collect();
    for name in &names {
        let _infallible =
            writeln!(everyone, "      - j: {{name: {name}, requires: [{}]}}", names.join(", "));
    }
    let mut strangers = format!("{JOB}commands:\n");
    for number in 0..10_000 {
        let _infallible = writeln!(strangers, "  abcdefghij{number}: {{steps: [checkout]}}");
    }
    strangers += "workflows: {w: {jobs: [build, x]}}\n";
    let mut unknown = strangers.replace("steps: [checkout]}}", "steps: [checkout");
    if let Some(at) = unknown.find("[checkout\n") {
        let calls: String = (0..20_000).fold(String::new(), |mut text, number| {
            let _infallible = write!(text, ", klmnopqrst{number}");
            text
        });
        unknown.insert_str(at + "[checkout".len(), &format!("{calls}]}}}}"));
    }
    let mut anchors = String::from("version: 2.1\nx:\n");
    for number in 0..50_000 {
        let _infallible = writeln!(anchors, "  - {{<<: &a{number} }}");
    }
    vec![
        Bomb::new("commands that double, 2^60 steps", commands),
        Bomb::new("texts that double, 2^60 letters", texts),
        Bomb::new("steps that double, 2^60 steps", closures),
        Bomb::new("a matrix of 10^12 jobs", matrix),
        Bomb::new("300 jobs that all require each other", everyone),
        Bomb::new("20,000 unknown names next to 10,000 known ones", unknown),
        Bomb::new("50,000 anchors where merges were meant", anchors),
    ]
}

fn of_orbs() -> Vec<Bomb> {
    let config = "version: 2.1\norbs: {a: x/a@1}\njobs: {build: {machine: true, steps: [a/c]}}\n";
    let importing = |name: &str, orb: &str| {
        format!("version: 2.1\norbs: {{{name}: {orb}@1}}\ncommands: {{c: {{steps: [{name}/c]}}}}\n")
    };
    let mut nested = String::from("commands: {c: {steps: [checkout]}}");
    for _ in 0..200 {
        nested = format!("orbs: {{a: {{{nested}}}}}, commands: {{c: {{steps: [a/c]}}}}");
    }
    let mut many = String::from("version: 2.1\ncommands: {c: {steps: [o19999/c]}}\norbs:\n");
    for number in 0..20_000 {
        let _infallible = writeln!(many, "  o{number}: x/o{number}@1");
    }
    vec![
        Bomb::new("an orb that imports itself", config).orb("x/a", importing("b", "x/a")),
        Bomb::new("orbs that import each other in a cycle", config)
            .orb("x/a", importing("b", "x/b"))
            .orb("x/b", importing("c", "x/c"))
            .orb("x/c", importing("a", "x/a")),
        Bomb::new(
            "200 orbs written into each other",
            format!(
                "version: 2.1\njobs: {{build: {{machine: true, steps: [a/c]}}}}\n{}\n",
                nested.replacen(", commands", "\ncommands", 1)
            ),
        ),
        Bomb::new("an orb that imports 20,000 others", config).orb("x/a", many),
        Bomb::new("an orb of 10 MB", config).orb("x/a", "#".repeat(10 << 20)),
        Bomb::new("an orb of 1 MB of open brackets", config).orb("x/a", "[".repeat(MEGABYTE)),
    ]
}
