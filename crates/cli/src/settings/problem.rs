//! What is wrong with settings, as people read it: the place, what is wrong, what to do.

use std::{fmt, path::PathBuf};

use crate::exit::UsageError;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    /// The line of the settings file, if it is there.
    pub(crate) place: Option<Place>,
    /// What the user can do about it.
    pub(crate) help: Option<String>,
}

/// A part of a line of a settings file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// Counted from 1.
    pub(crate) line: usize,
    /// In characters, from 1.
    pub(crate) column: usize,
    /// Characters that are meant.
    pub(crate) width: usize,
    /// The whole line. None where it may hold a secret.
    pub(crate) text: Option<String>,
}

impl Problem {
    /// Makes a problem without a place.
    pub(crate) fn new(message: String) -> Self {
        Self { message, place: None, help: None }
    }

    /// Adds what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds where it is.
    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }
}

impl Place {
    /// Finds the line of a range of bytes.
    pub(crate) fn new(path: PathBuf, text: &str, span: &std::ops::Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
        let meant = text.get(span.clone()).unwrap_or_default().lines().next().unwrap_or_default();
        Self {
            path,
            line: before.matches('\n').count() + 1,
            column: before.get(begin..).unwrap_or_default().chars().count() + 1,
            width: meant.chars().count().max(1),
            text: Some(line.to_owned()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        let Some(place) = &self.place else {
            return match &self.help {
                Some(help) => write!(formatter, "\n  {help}"),
                None => Ok(()),
            };
        };
        write!(formatter, "\n --> {}:{}:{}", place.path.display(), place.line, place.column)?;
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        if let Some(text) = &place.text {
            let indent: String = text
                .chars()
                .take(place.column.saturating_sub(1))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let carets = "^".repeat(place.width);
            write!(formatter, "\n{margin} |\n{number} | {text}\n{margin} | {indent}{carets}")?;
        }
        match &self.help {
            Some(help) => write!(formatter, "\n{margin} = {help}"),
            None => Ok(()),
        }
    }
}

/// Makes one error of everything that is wrong.
pub(crate) fn all(problems: &[Problem]) -> UsageError {
    if let [one] = problems {
        return UsageError(one.to_string());
    }
    let mut text = format!("the settings have {} problems", problems.len());
    for problem in problems {
        text.push_str("\n\n");
        text.push_str(&problem.to_string());
    }
    UsageError(text)
}
