//! What a finding of `migrate-check` is about.

/// What a finding is about; its name in the JSON document never changes. In the order of the names, in
/// which findings of the same weight are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FindingKind {
    Arm,
    CloudImages,
    ContainerPrograms,
    ContainerProgramsOff,
    Contexts,
    ContextsByTemplate,
    ContextsOff,
    Differs,
    Errors,
    Gpu,
    HostedApi,
    IdentityTokens,
    JobTool,
    LoginVariables,
    MachineImages,
    NamedVariables,
    NextProfile,
    OrbStandIns,
    Orbs,
    PublicClient,
    ResourceClasses,
    Runners,
    Schedules,
    ScriptVariables,
    ServiceContainers,
    ServiceContainersOff,
    Unsupported,
    Windows,
}

impl FindingKind {
    /// Returns whether its names are lines of one file, shown one below the other.
    pub(super) const fn is_of_lines(self) -> bool {
        matches!(self, Self::Errors | Self::NextProfile | Self::OrbStandIns)
    }

    /// Returns whether its names are those of jobs.
    pub(super) const fn is_of_jobs(self) -> bool {
        matches!(
            self,
            Self::ServiceContainers
                | Self::ServiceContainersOff
                | Self::ContainerPrograms
                | Self::ContainerProgramsOff
        )
    }

    /// Returns whether its names say nothing about another repository.
    pub(super) const fn is_of_one_file(self) -> bool {
        matches!(self, Self::Errors | Self::Unsupported | Self::Differs | Self::NextProfile)
    }

    /// Returns the words for one and for many; what is not counted has none for one.
    pub(super) const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Errors => ("", "errors"),
            Self::Orbs => ("orb", "orbs"),
            Self::Unsupported => ("", "unsupported steps or options"),
            Self::Windows => ("", "Windows"),
            Self::Runners => ("runner class", "runner classes"),
            Self::Arm => ("", "ARM"),
            Self::Gpu => ("", "GPU"),
            Self::MachineImages => ("machine image", "machine images"),
            Self::Contexts | Self::ContextsByTemplate => ("context", "contexts"),
            Self::LoginVariables | Self::NamedVariables | Self::ScriptVariables => {
                ("variable", "variables")
            }
            Self::CloudImages => ("image", "images of cloud registries"),
            Self::Schedules => ("schedule", "schedules"),
            Self::ServiceContainers => ("", "service containers"),
            Self::ContainerPrograms => ("", "`entrypoint` or `command`"),
            Self::IdentityTokens => ("", "identity tokens"),
            Self::JobTool => ("", "`circleci` command"),
            Self::HostedApi => ("", "calls of the hosted API"),
            // Notes, which the table leaves out.
            Self::Differs
            | Self::OrbStandIns
            | Self::PublicClient
            | Self::ResourceClasses
            | Self::NextProfile
            | Self::ContextsOff
            | Self::ServiceContainersOff
            | Self::ContainerProgramsOff => ("", "remarks"),
        }
    }
}
