//! What a job or a step became, from the compiled document.

use roundel_config::{
    compile,
    document::{Node as Compiled, to_yaml},
};

use crate::editor::{
    document::Document,
    environment::Environment,
    outline::Invocation,
    tree::node::{List, Node, Span, Value, line_start},
};

/// Returns the compiled jobs of invocations: the first one's name and text, and the other names.
pub(super) fn jobs(
    document: &Compiled,
    of: &[&Invocation],
) -> Option<(String, String, Vec<String>)> {
    let Some(Compiled::Map(jobs)) = document.get("jobs") else { return None };
    let mut found = jobs.iter().filter(|(name, _)| of.iter().any(|one| became(one, name)));
    let (name, body) = found.next()?;
    let others = found.map(|(name, _)| name.clone()).collect();
    Some((name.clone(), to_yaml(body), others))
}

/// Returns whether an invocation may have become the job of this name: its own name, numbered if it
/// appears several times, followed by its values if it has a matrix (CFG §4.12, §5.6).
fn became(invocation: &Invocation, name: &str) -> bool {
    let (fixed, templated) = match invocation.name.split_once("<<") {
        Some((fixed, _)) => (fixed, true),
        None => (invocation.name.as_str(), false),
    };
    let Some(rest) = name.strip_prefix(fixed) else { return false };
    if rest.is_empty() || templated {
        return true;
    }
    let Some(suffix) = rest.strip_prefix('-') else { return false };
    !invocation.matrix.is_empty() || suffix.chars().all(|c| c.is_ascii_digit())
}

/// Compiles the step of a job whose name is at `word` by itself: the document with the job's other
/// steps left out. So arguments, conditions and defaults are what the compiler makes of them.
pub(super) fn step(
    document: &Document,
    word: &Span,
    environment: &Environment<'_>,
) -> Option<String> {
    let inputs = environment.inputs?;
    let (job, list, index) = step_at(document, word)?;
    let text = only(&document.text, list, index)?;
    let compiled = compile(&text, inputs).document?;
    let of: Vec<&Invocation> =
        document.outline.invocations.iter().filter(|found| found.job == job).collect();
    let Some(Compiled::Map(jobs)) = compiled.get("jobs") else { return None };
    let (_, body) = jobs.iter().find(|(name, _)| {
        of.iter().any(|one| became(one, name)) || (of.is_empty() && name == "build")
    })?;
    let steps = body.get("steps")?;
    Some(to_yaml(steps))
}

/// Finds the step that a word names: its job, the list that it is in, and its position.
fn step_at<'d>(document: &'d Document, word: &Span) -> Option<(&'d str, &'d List, usize)> {
    let jobs = document.root.get("jobs")?;
    let job = jobs
        .entries()
        .iter()
        .find(|entry| entry.value.span.start <= word.start && word.end <= entry.value.span.end)?;
    let Value::List(list) = &job.value.get("steps")?.value else { return None };
    let index = list.items.iter().position(|item| {
        let name = item.entries().first().map_or(&item.span, |entry| &entry.key_span);
        name.start <= word.start && word.end <= name.end
    })?;
    Some((job.key.as_str(), list, index))
}

/// Returns the text with one item of a list only.
fn only(text: &str, list: &List, index: usize) -> Option<String> {
    let column = list.column?;
    let dash = |item: &Node| {
        let at = line_start(text, item.span.start) + column;
        (text.as_bytes().get(at) == Some(&b'-')).then(|| at - column)
    };
    let first = dash(list.items.first()?)?;
    let start = dash(list.items.get(index)?)?;
    let after = match list.items.get(index + 1) {
        Some(next) => dash(next)?,
        None => text.len(),
    };
    let closing = list.items.last()?;
    let end = if index + 1 == list.items.len() {
        after
    } else {
        crate::editor::tree::node::line_end(text, closing.span.end)
    };
    let mut made = text.get(..first)?.to_owned();
    made.push_str(text.get(start..after)?);
    made.push_str(text.get(end..)?);
    Some(made)
}
