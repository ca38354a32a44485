//! The HTTP API for orbs: between two instances, and for `roundel orb`.
//!
//! ```text
//! GET /api/roundel/v1/orbs[?namespace=NS]          the orbs that may be seen      OrbList
//! GET /api/roundel/v1/orbs/NS/NAME                 the versions of one            OrbVersions
//! GET /api/roundel/v1/orbs/NS/NAME/VERSION         its source, digest in a header YAML
//! PUT /api/roundel/v1/orbs/NS/NAME/VERSION         publishes                      OrbPublished
//!        [?organization=github/acme][&visibility=organization|instance|everyone]
//! ```
//!
//! `VERSION` is exact (`1.4.2`) or a label (`dev:mine`), percent-encoded: ranges are for the asker
//! to resolve. Fields are only added, always with a default. A refusal is
//! [`ApiError`](roundel_protocol::ApiError).

use roundel_model::{time::Timestamp, word::Word};
use serde::{Deserialize, Serialize};

/// Where the paths begin.
pub const PATH: &str = "/api/roundel/v1/orbs";

/// Header of a source: lower-case hex SHA-256 of it.
pub const DIGEST_HEADER: &str = "roundel-orb-sha256";

/// Every orb that may be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbList {
    /// By name.
    pub orbs: Vec<OrbSummary>,
}

/// One orb.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbSummary {
    /// `namespace/name`
    pub name: String,
    /// Its highest release; empty if only labels were published.
    #[serde(default)]
    pub latest: String,
    /// How many versions there are.
    #[serde(default)]
    pub versions: u64,
    /// `organization`, `instance` or `everyone`.
    #[serde(default)]
    pub visibility: String,
    /// The organization that owns it: `github/acme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// The versions of one orb.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbVersions {
    /// `namespace/name`
    pub name: String,
    /// From the highest.
    pub versions: Vec<OrbVersionEntry>,
    /// `organization`, `instance` or `everyone`.
    #[serde(default)]
    pub visibility: String,
    /// The organization that owns it: `github/acme`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// One version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbVersionEntry {
    /// `1.4.2`, `dev:mine`
    pub version: String,
    /// Lower-case hex SHA-256 of its source.
    #[serde(default)]
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// Name of the user or project that published it.
    #[serde(default)]
    pub published_by: String,
    /// When a label ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

roundel_model::words! {
    /// How a publication ended.
    OrbOutcome ("outcome of a publication") {
        /// The version exists from now on.
        New = "new",
        /// It was there already, with this source.
        Same = "same",
        /// A label has another source now.
        Replaced = "replaced",
    }
}

/// What publishing did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbPublished {
    /// `namespace/name@version`
    pub orb: String,
    /// Servers of later releases may know more outcomes.
    pub outcome: Word<OrbOutcome>,
    /// Lower-case hex SHA-256 of its source.
    pub sha256: String,
    /// What its author should know, rendered.
    #[serde(default)]
    pub warnings: String,
}
