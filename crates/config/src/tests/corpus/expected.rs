//! The list of configurations of the corpus that are rightly rejected, each with its reason.
//!
//! One row a file: its name, the slugs of all its errors, why that is right. A file that is
//! rejected for another reason, or one of the list that compiles, is a mistake, in the compiler or in the list.

use std::collections::BTreeMap;

/// The list.
pub(crate) struct Expected(BTreeMap<String, Rejection>);

struct Rejection {
    codes: Vec<String>,
    why: String,
}

impl Expected {
    /// Reads the list.
    ///
    /// # Errors
    ///
    /// What is wrong with a row.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut rejections = BTreeMap::new();
        for row in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).skip(1) {
            let columns: Vec<&str> = row.split('\t').collect();
            let [file, codes, why] = columns.as_slice() else {
                return Err(format!("not three columns: {row}"));
            };
            let codes: Vec<String> = codes.split(' ').map(str::to_owned).collect();
            if codes.iter().any(String::is_empty) || why.trim().len() < 20 {
                return Err(format!("no codes, or no reason: {row}"));
            }
            let rejection = Rejection { codes, why: (*why).to_owned() };
            if rejections.insert((*file).to_owned(), rejection).is_some() {
                return Err(format!("listed twice: {file}"));
            }
        }
        Ok(Self(rejections))
    }

    /// Returns why a file is rightly rejected, if it is in the list.
    pub(crate) fn reason(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(|rejection| rejection.why.as_str())
    }

    /// Compares what a file gave with the list; the answer is what is not as expected.
    pub(crate) fn compare(&self, file: &str, codes: &[String]) -> Option<String> {
        let found = codes.join(" ");
        match self.0.get(file) {
            None if codes.is_empty() => None,
            None => Some(format!("{file}: rejected ({found}), and no reason is listed")),
            Some(_) if codes.is_empty() => {
                Some(format!("{file}: compiles, but is listed as rightly rejected"))
            }
            Some(rejection) => {
                let mut listed = rejection.codes.clone();
                listed.sort();
                (listed != codes)
                    .then(|| format!("{file}: rejected ({found}), listed ({})", listed.join(" ")))
            }
        }
    }

    /// Names files of the list that are none of these.
    pub(crate) fn strangers<'a>(&self, files: impl Iterator<Item = &'a str>) -> Vec<String> {
        let files: Vec<&str> = files.collect();
        let strangers = self.0.keys().filter(|file| !files.contains(&file.as_str()));
        strangers.map(|file| format!("{file}: listed, but not in the corpus")).collect()
    }
}
