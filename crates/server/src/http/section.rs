//! The parts of the dashboard that the navigation leads to.

/// A part of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Pipelines,
    Projects,
    Add,
    Runners,
    Preferences,
    /// What no link of the navigation leads to: documentation, signing in, failures.
    Elsewhere,
}

/// A link at the top of each page, marked if the page belongs to its section.
pub(crate) struct NavigationLink {
    pub(crate) address: &'static str,
    pub(crate) label: &'static str,
    /// Whether it leads to the section of the page.
    pub(crate) is_current: bool,
}

impl Section {
    /// Lists the links of the navigation, for a page of this section.
    pub(crate) fn navigation(self) -> [NavigationLink; 4] {
        let link = |section, address, label| NavigationLink {
            address,
            label,
            is_current: self == section,
        };
        [
            link(Self::Pipelines, "/", "Pipelines"),
            link(Self::Projects, "/projects", "Projects"),
            link(Self::Add, "/add", "Add project"),
            link(Self::Runners, "/runners", "Runners"),
        ]
    }

    /// Returns whether the name of the visitor, which leads to the preferences, is the current link.
    pub(crate) const fn is_preferences(self) -> bool {
        matches!(self, Self::Preferences)
    }
}
