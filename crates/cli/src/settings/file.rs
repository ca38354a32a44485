//! `roundel.toml`: which settings it gives, and on which line.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    ops::Range,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use roundel_model::nearest;

use super::{
    declaration::{AnySetting, Secrecy, Shape},
    literal, mask,
    problem::{Place, Problem},
    table::{ALL, SECTIONS},
};

/// What a settings file gives.
#[derive(Debug, Default)]
pub(crate) struct File {
    path: PathBuf,
    text: String,
    entries: BTreeMap<String, Entry>,
    /// Everything that is wrong with the file itself.
    pub(crate) problems: Vec<Problem>,
}

/// One line.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The value; lists are one line for each item.
    pub(crate) value: String,
    span: Range<usize>,
    is_secret: bool,
}

/// Reads a file that is not too large.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut limited = fs::File::open(path)?.take(FILE_BYTES + 1);
    limited.read_to_string(&mut text)?;
    if limited.limit() == 0 {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// Bytes of a settings file: enough for every setting with its comments, and little enough to read what is
/// not one, a device for example.
const FILE_BYTES: u64 = 1 << 20;

impl File {
    /// Reads a file; `None` if it does not exist.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Problem> {
        let text = match read(path) {
            Ok(text) => text,
            // A link that leads nowhere is a file that was meant to be read.
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                return Err(Problem::new(format!(
                    "failed to read the settings file `{}`: it is a symbolic link to a file that does not exist",
                    path.display()
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let message = format!("failed to read the settings file `{}`", path.display());
                return Err(Problem::new(format!("{message}: {error}")));
            }
        };
        Ok(Some(Self::parse(path, text)))
    }

    /// Parses the text of a settings file.
    pub(crate) fn parse(path: &Path, text: String) -> Self {
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in errors {
            let place = error.span().map(|span| Place::new(file.path.clone(), &text, &span));
            let line = place.as_ref().and_then(|place| place.text.as_deref());
            let message =
                line.and_then(bare_word).unwrap_or_else(|| error.message().trim().to_owned());
            let place = place.map(without_secret);
            file.problems.push(Problem::new(message).at(place));
        }
        // The rest of a file that is not TOML may mean anything.
        if file.problems.is_empty() {
            file.section("", table.get_ref(), &text);
        }
        file.text = text;
        file
    }

    /// Returns the line of a setting.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Returns where a line is.
    pub(crate) fn place(&self, entry: &Entry) -> Place {
        let place = Place::new(self.path.clone(), &self.text, &entry.span);
        if entry.is_secret { Place { text: None, ..place } } else { place }
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>, text: &str) {
        for (name, value) in table {
            let key = if section.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{section}.{}", name.get_ref())
            };
            let is_section = section.is_empty() && SECTIONS.iter().any(|(name, _)| *name == key);
            match value.get_ref().as_table() {
                Some(inner) if is_section => self.section(&key, inner, text),
                Some(_) | None => self.line(&key, name.span(), value, text),
            }
        }
    }

    fn line(&mut self, key: &str, name: Range<usize>, value: &Spanned<DeValue<'_>>, text: &str) {
        if SECTIONS.iter().any(|(name, _)| *name == key) {
            let place = without_value(Place::new(self.path.clone(), text, &name));
            let problem = Problem::new(format!("`{key}` is a section, and not a setting"));
            let help = format!("write `[{key}]` on a line of its own, and its settings below it");
            self.problems.push(problem.at(Some(place)).help(help));
            return;
        }
        let Some((setting, is_file)) = known(key) else {
            let place = without_value(Place::new(self.path.clone(), text, &name));
            let problem = Problem::new(format!("`{key}` is not a setting")).at(Some(place));
            self.problems.push(problem.help(suggestion(key)));
            return;
        };
        let shape = if is_file { Shape::Text } else { setting.shape() };
        let is_secret = setting.declaration().secrecy != Secrecy::Open && !is_file;
        match text_of(value.get_ref(), shape) {
            // A list without items is not set, like an empty variable.
            Ok(_) if value.get_ref().as_array().is_some_and(|items| items.is_empty()) => {}
            Ok(value_text) => {
                let span = value.span();
                let entry = Entry { value: value_text, span, is_secret };
                self.entries.insert(key.to_owned(), entry);
            }
            Err(expected) => {
                let place = Place::new(self.path.clone(), text, &value.span());
                let written = text.get(value.span()).unwrap_or_default();
                let is_hidden = is_secret || mask::hides(written);
                let place = if is_hidden { Place { text: None, ..place } } else { place };
                let message = format!("`{key}` must be {expected}");
                let example = literal::toml_value(setting.declaration().example, shape);
                let help = format!("an example: `{} = {example}`", last(key));
                self.problems.push(Problem::new(message).at(Some(place)).help(help));
            }
        }
    }
}

/// Says what a switch takes: `allow_setuid = maybe` is not TOML, and the parser expects a string there.
fn bare_word(line: &str) -> Option<String> {
    let (name, value) = line.split_once('=')?;
    let is_word =
        !value.trim().is_empty() && value.trim().chars().all(|c| c.is_ascii_alphanumeric());
    let is_switch = |setting: &&&dyn AnySetting| {
        setting.shape() == Shape::Switch && last(setting.declaration().key) == last(name.trim())
    };
    let setting = ALL.iter().find(is_switch).filter(|_| is_word)?;
    Some(format!("`{}` must be `true` or `false`", setting.declaration().key))
}

/// Leaves out the value: what is not known may be a secret under a misspelled name.
fn without_value(place: Place) -> Place {
    let shorter = |text: String| match text.split_once('=') {
        Some((key, _)) => format!("{key}= …"),
        None => text,
    };
    Place { text: place.text.map(shorter), ..place }
}

/// Leaves out a line that is not TOML and seems to hold a secret.
fn without_secret(place: Place) -> Place {
    let name =
        place.text.as_deref().and_then(|text| text.split_once('=')).map(|(name, _)| name.trim());
    let is_secret = ALL.iter().map(|setting| setting.declaration()).any(|declaration| {
        declaration.secrecy != Secrecy::Open
            && name.is_some_and(|name| last(name) == last(declaration.key))
    });
    if is_secret { Place { text: None, ..place } } else { place }
}

/// Finds the setting of a key, and whether the key names a file that holds the value.
fn known(key: &str) -> Option<(&'static dyn AnySetting, bool)> {
    ALL.iter().filter(|setting| setting.declaration().in_file).find_map(|setting| {
        let declaration = setting.declaration();
        if declaration.key == key {
            return Some((*setting, false));
        }
        let is_file =
            declaration.has_file_form() && key.strip_suffix("_file") == Some(declaration.key);
        is_file.then_some((*setting, true))
    })
}

/// All keys of the file.
pub(crate) fn keys() -> impl Iterator<Item = String> {
    ALL.iter()
        .map(|setting| setting.declaration())
        .filter(|declaration| declaration.in_file)
        .flat_map(|declaration| {
            let file = declaration.has_file_form().then(|| format!("{}_file", declaration.key));
            [Some(declaration.key.to_owned()), file].into_iter().flatten()
        })
}

/// What might have been meant, and what there is.
fn suggestion(key: &str) -> String {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    let elsewhere = keys().find(|known| last(known) == name && *known != key);
    if let Some(elsewhere) = elsewhere {
        return match elsewhere.split_once('.') {
            Some((section, _)) => format!("`{name}` belongs in the section `[{section}]`"),
            None => format!("`{name}` belongs above the first section"),
        };
    }
    if let Some(near) = nearest::nearest(key, keys()) {
        return format!("did you mean `{near}`?");
    }
    let within: Vec<String> = keys()
        .filter(|known| known.split_once('.').map_or("", |(section, _)| section) == section)
        .map(|known| last(&known).to_owned())
        .collect();
    if within.is_empty() || section.is_empty() {
        let top = keys().filter(|known| !known.contains('.')).collect::<Vec<_>>().join(", ");
        let sections: Vec<String> = SECTIONS
            .iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, _)| format!("[{name}]"))
            .collect();
        return format!("valid here: {top}, and the sections {}", sections.join(", "));
    }
    format!("[{section}] has {}", within.join(", "))
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// The text of a value, or what it should be.
fn text_of(value: &DeValue<'_>, shape: Shape) -> Result<String, &'static str> {
    let text = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
    match shape {
        Shape::Text => text(value).ok_or("a string in quotes"),
        Shape::Switch => value.as_bool().map(|is| is.to_string()).ok_or("`true` or `false`"),
        Shape::Number => match value.as_integer() {
            Some(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
            _ => Err("a number"),
        },
        Shape::List => {
            let items = value.as_array().map(|items| items.iter().map(|item| text(item.get_ref())));
            let texts: Option<Vec<String>> = items.and_then(Iterator::collect);
            let texts = texts.ok_or("a list of strings in quotes")?;
            if texts.iter().any(|text| text.trim().is_empty()) {
                return Err("a list without empty items");
            }
            Ok(texts.join("\n"))
        }
    }
}
