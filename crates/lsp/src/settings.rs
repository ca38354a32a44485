//! What the server is configured with: by the command line, and by the editor when it starts.

use std::path::{Path, PathBuf};

use roundel_config::{
    Inputs, PipelineValue, Profile,
    orbs::{OrbReference, Resolution},
};
use serde::Deserialize;

/// Looks for an orb.
pub type Finder = Box<dyn FnMut(&OrbReference) -> Resolution + Send>;

/// Makes a [`Finder`] of settings, or says why that cannot be.
pub type OpenOrbs = Box<dyn Fn(&Settings) -> Result<Finder, String> + Send>;

/// Says which pipeline values a file of a directory is compiled with, where there is no pipeline. The
/// directory is `None` for a document that is in no file.
pub type LocalValues = Box<dyn FnMut(Option<&Path>) -> Vec<(String, PipelineValue)> + Send>;

/// Where orbs are and how strictly files are read. The editor gives the same in
/// `initializationOptions`; what it gives wins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// A directory with orbs.
    pub orbs: Option<PathBuf>,
    /// A lock file that pins orbs.
    pub lock: Option<PathBuf>,
    /// How strictly files are read.
    pub profile: Option<Profile>,
    /// Values for pipeline parameters.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl Settings {
    /// Puts the editor's settings over these. Its paths are relative to the directory that it opened.
    pub(crate) fn overlaid(self, by: Self, root: Option<&Path>) -> Self {
        let resolve = |path: PathBuf| match root {
            Some(root) => root.join(path),
            None => path,
        };
        let parameters = if by.parameters.is_empty() { self.parameters } else { by.parameters };
        Self {
            orbs: by.orbs.map(resolve).or(self.orbs),
            lock: by.lock.map(resolve).or(self.lock),
            profile: by.profile.or(self.profile),
            parameters,
        }
    }

    /// Returns what documents are compiled with. Every workflow is checked, whatever its
    /// condition says: people want to see the mistakes in all of them.
    pub(crate) fn inputs(&self) -> Inputs {
        let parameters = self.parameters.iter().filter_map(|(name, value)| {
            let value = match value {
                serde_json::Value::String(text) => PipelineValue::Text(text.clone()),
                serde_json::Value::Bool(truth) => PipelineValue::Boolean(*truth),
                serde_json::Value::Number(number) => PipelineValue::Integer(number.as_i64()?),
                _ => return None,
            };
            Some((name.clone(), value))
        });
        Inputs {
            parameters: parameters.collect(),
            profile: self.profile.unwrap_or_default(),
            all_workflows: true,
            ..Inputs::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_editor_gives_wins_and_its_paths_are_in_its_directory() {
        let own = Settings {
            orbs: Some("/own/orbs".into()),
            lock: Some("/own/lock".into()),
            profile: Some(Profile::Next),
            ..Settings::default()
        };
        let options = json!({ "orbs": "orbs", "profile": "legacy", "parameters": { "a": 1 } });
        let theirs: Settings = serde_json::from_value(options).unwrap();
        let both = own.clone().overlaid(theirs.clone(), Some(Path::new("/repo")));
        assert_eq!(both.orbs.as_deref(), Some(Path::new("/repo/orbs")));
        assert_eq!(both.lock.as_deref(), Some(Path::new("/own/lock")), "it gave none");
        assert_eq!(both.profile, Some(Profile::Legacy));
        assert_eq!(both.parameters.len(), 1);
        let alone = own.overlaid(theirs, None);
        assert_eq!(alone.orbs.as_deref(), Some(Path::new("orbs")));
    }

    #[test]
    fn values_of_parameters_have_the_type_that_the_editor_gives() {
        let parameters = json!({ "a": "text", "b": true, "c": 7, "d": 1.5, "e": null });
        let settings: Settings =
            serde_json::from_value(json!({ "parameters": parameters })).unwrap();
        let of = |name: &str, value| (name.to_owned(), value);
        assert_eq!(
            settings.inputs().parameters,
            [
                of("a", PipelineValue::Text("text".to_owned())),
                of("b", PipelineValue::Boolean(true)),
                of("c", PipelineValue::Integer(7)),
            ],
            "no parameter is a fraction or nothing"
        );
    }
}
