//! Variables whose name begins as those of settings do, and which no setting has: each is warned about,
//! with what was probably meant.

use roundel_model::nearest;

use super::{
    declaration::Program,
    given::Variables,
    table::{ALL, services},
};

/// What the variables of all settings begin with.
const PREFIX: &str = "ROUNDEL_";

/// Names that a warning suggests at most.
const SUGGESTED: usize = 3;

/// The directory of orbs for the commands that work offline.
const OFFLINE_ORBS: &str = "ROUNDEL_ORBS";

/// Returns a warning for each variable that no command reads, or none of the kind that runs.
///
/// A variable that is a setting of another command is fine: one environment may be for several.
pub(super) fn warnings(variables: &Variables, program: Program) -> impl Iterator<Item = String> {
    let known: Vec<Known> = known().collect();
    variables.iter().filter_map(move |(name, value)| {
        if name == OFFLINE_ORBS {
            return elsewhere(program);
        }
        let is_known = known.iter().any(|one| one.name == *name);
        if is_known || is_of_service_link(name, value) {
            return None;
        }
        let near: Vec<String> =
            nearest(name, &known).into_iter().map(|name| format!("`{name}`")).collect();
        let what = format!("the variable `{name}` is not a setting");
        Some(if near.is_empty() {
            format!("{what}, and has no effect")
        } else {
            format!("{what}; did you mean {}?", near.join(" or "))
        })
    })
}

/// The variable of a setting.
struct Known {
    name: String,
    /// What the variable would be called if it were made of the key or of the flag.
    aliases: [String; 2],
}

fn known() -> impl Iterator<Item = Known> {
    ALL.iter().flat_map(|setting| {
        let declaration = setting.declaration();
        let of = |text: &str, end: &str| {
            format!("{PREFIX}{}{end}", text.replace(['.', '-'], "_").to_uppercase())
        };
        let named = move |end: &str| Known {
            name: format!("{}{end}", declaration.variable),
            aliases: [of(declaration.key, end), of(declaration.flag, end)],
        };
        let file = declaration.has_file_form().then(|| named("_FILE"));
        std::iter::once(named("")).chain(file)
    })
}

/// The names that may have been meant: by key or flag, by their words, by spelling, by abbreviated words.
fn nearest(name: &str, known: &[Known]) -> Vec<String> {
    let by_alias = known.iter().find(|one| one.aliases.iter().any(|alias| alias == name));
    if let Some(one) = by_alias {
        return vec![one.name.clone()];
    }
    let same = |word: &str, other: &str| word == other;
    let has_all = by_words(name, known, |given, theirs| is_within(given, theirs, same));
    if !has_all.is_empty() {
        return has_all;
    }
    // What all of them begin with says nothing about how alike they are.
    let own = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    if let Some(near) = nearest::nearest(&own(name), known.iter().map(|one| own(&one.name))) {
        return vec![format!("{PREFIX}{near}")];
    }
    by_words(name, known, |given, theirs| {
        is_within(theirs, given, same) || is_within(given, theirs, abbreviates)
    })
}

/// The names whose words fit those of another; of them, the ones with the fewest words more or less.
fn by_words(
    name: &str,
    known: &[Known],
    fit: impl Fn(&[String], &[String]) -> bool,
) -> Vec<String> {
    let words = |name: &str| {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        name.split('_').map(str::to_owned).collect::<Vec<_>>()
    };
    let given = words(name);
    let likely = known.iter().filter_map(|one| {
        let theirs = words(&one.name);
        fit(&given, &theirs).then(|| (given.len().abs_diff(theirs.len()), one.name.clone()))
    });
    let mut likely: Vec<_> = likely.collect();
    likely.sort();
    let best = likely.first().map(|(difference, _)| *difference);
    let best = likely.into_iter().filter(|(difference, _)| Some(*difference) == best);
    best.take(SUGGESTED).map(|(_, name)| name).collect()
}

/// Returns whether all words fit others, in the same order; others may be between them.
fn is_within(words: &[String], others: &[String], fits: impl Fn(&str, &str) -> bool) -> bool {
    let mut others = others.iter();
    words.iter().all(|word| others.any(|other| fits(word, other)))
}

/// Returns whether a word is made of the first letter of another and some of the rest: `DB` of `DATABASE`.
fn abbreviates(word: &str, other: &str) -> bool {
    let mut letters = other.chars();
    word.chars().next() == other.chars().next()
        && word.chars().all(|letter| letters.any(|other| other == letter))
}

/// Kubernetes and Docker describe a service called `roundel` to its neighbors in such variables.
fn is_of_service_link(name: &str, value: &str) -> bool {
    let is_address = ["tcp://", "udp://"].iter().any(|scheme| value.starts_with(scheme));
    let is_part = |of: &str| name.contains(of) && name.contains("_PORT_");
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT") && is_address
        || is_part("_TCP")
        || is_part("_UDP")
}

/// What is said about the variable of the offline commands.
fn elsewhere(program: Program) -> Option<String> {
    let instead = services::ORBS_DIRECTORY.declaration.variable;
    matches!(program, Program::Serve).then(|| {
        format!(
            "the variable `{OFFLINE_ORBS}` is read by `roundel config` and `roundel lsp` only; \
             `roundel {}` takes orbs from `{instead}`",
            program.name()
        )
    })
}
