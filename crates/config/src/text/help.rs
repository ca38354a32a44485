//! The advice about a problem: a sentence for people and, where one name was probably meant, that name, so
//! that an editor can write it without reading the sentence.

/// The advice about a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Help {
    pub(crate) text: String,
    /// What to write instead of the text that the problem underlines.
    pub(crate) replacement: Option<String>,
}

impl Help {
    /// Suggests the name that was probably meant.
    pub(crate) fn did_you_mean(name: &str) -> Self {
        Self { text: format!("did you mean `{name}`?"), replacement: Some(name.to_owned()) }
    }

    /// Says that this release does not run what is suggested, so that the suggestion is not taken for
    /// the end of it.
    pub(crate) fn not_supported(mut self) -> Self {
        self.text.push_str(" this release does not support it");
        self
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self { text, replacement: None }
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
