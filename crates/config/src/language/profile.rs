//! How strictly a configuration is read.

/// How strictly a configuration is read (CFG §10.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// As the hosted service did until September 2026; what most files were written against.
    #[default]
    Legacy,
    /// The stricter rules that it announced: version 2.1 only, linear regular expressions, every
    /// reference must exist.
    Next,
}
