//! The record of a setup: a list of steps that survives a crash, and that a page shows.

use std::sync::Arc;

use roundel_model::{forge::ForgeKind, id::AccountId, time::Timestamp};
use roundel_store::{
    Store, StoreError,
    projects::{Project, Setup, SetupState, SetupStep, SetupStepStatus},
};

use super::step::Setups;
use crate::live::{Live, Update};

roundel_model::words! {
    /// A step of the sequence, in its order.
    Step("step of a setup") {
        Config = "config",
        Key = "key",
        Proof = "proof",
        Hook = "hook",
        Ping = "ping",
        Activate = "activate",
        Pipeline = "pipeline",
    }
}

impl Step {
    /// Says what it does, in the words of the forge.
    fn title(self, forge: ForgeKind) -> String {
        let key = forge.key_name();
        match self {
            Self::Config => "Look for .circleci/config.yml".to_owned(),
            Self::Key => format!("Add a read-only {key}"),
            Self::Proof => format!("Verify the {key} with git over SSH"),
            Self::Hook => "Add a webhook".to_owned(),
            Self::Ping => "Receive a test webhook".to_owned(),
            Self::Activate => "Activate and follow the project".to_owned(),
            Self::Pipeline => "Trigger a pipeline".to_owned(),
        }
    }
}

/// The record, written to the store after every change.
pub(super) struct Record {
    store: Store,
    live: Arc<Live>,
    setup: Setup,
}

impl Record {
    /// Begins a new record, in place of an older one of the project.
    pub(super) async fn begin(
        setups: &Setups,
        project: &Project,
        actor: AccountId,
    ) -> Result<Self, StoreError> {
        let now = Timestamp::now();
        let mut steps = vec![SetupStep {
            key: "repository".to_owned(),
            title: format!("Check your access to {}", project.slug.full_name()),
            status: SetupStepStatus::Done,
            detail: None,
        }];
        steps.extend(Step::ALL.iter().map(|step| SetupStep {
            key: step.as_str().to_owned(),
            title: step.title(project.slug.forge),
            status: SetupStepStatus::Waiting,
            detail: None,
        }));
        let setup = Setup {
            project: project.id,
            actor,
            state: SetupState::Running,
            steps,
            started_at: now,
            updated_at: now,
        };
        let mut record = Self::resume(setups, setup);
        record.save().await?;
        Ok(record)
    }

    /// Takes up a record after a crash.
    pub(super) fn resume(setups: &Setups, setup: Setup) -> Self {
        let (store, live) = (setups.store.clone(), Arc::clone(&setups.live));
        Self { store, live, setup }
    }

    pub(super) const fn actor(&self) -> AccountId {
        self.setup.actor
    }

    pub(super) const fn started_at(&self) -> Timestamp {
        self.setup.started_at
    }

    /// Returns whether the setup had failed and was being taken back.
    pub(super) fn is_compensating(&self) -> bool {
        self.setup.state == SetupState::Compensating
    }

    pub(super) async fn started(&mut self, step: Step) -> Result<(), StoreError> {
        self.put(step, SetupStepStatus::Running, None).await
    }

    pub(super) async fn done(
        &mut self,
        step: Step,
        detail: impl Into<String>,
    ) -> Result<(), StoreError> {
        self.put(step, SetupStepStatus::Done, Some(detail.into())).await
    }

    pub(super) async fn skipped(
        &mut self,
        step: Step,
        detail: impl Into<String>,
    ) -> Result<(), StoreError> {
        self.put(step, SetupStepStatus::Skipped, Some(detail.into())).await
    }

    pub(super) async fn warned(
        &mut self,
        step: Step,
        detail: impl Into<String>,
    ) -> Result<(), StoreError> {
        self.put(step, SetupStepStatus::Warning, Some(detail.into())).await
    }

    pub(super) async fn failed(
        &mut self,
        step: Step,
        detail: impl Into<String>,
    ) -> Result<(), StoreError> {
        self.setup.state = SetupState::Compensating;
        self.put(step, SetupStepStatus::Failed, Some(detail.into())).await
    }

    /// Records why the setup cannot continue, at the step where it is. A step that failed before keeps its
    /// reason.
    pub(super) async fn interrupted(&mut self, detail: String) -> Result<(), StoreError> {
        let has_failed = |row: &SetupStep| row.status == SetupStepStatus::Failed;
        if self.setup.steps.iter().any(has_failed) {
            return Ok(());
        }
        let is_ahead = |step: &Step| {
            let status = self.at(*step).map(|row| row.status);
            matches!(status, Some(SetupStepStatus::Waiting | SetupStepStatus::Running))
        };
        let step = Step::ALL.iter().copied().find(is_ahead).unwrap_or(Step::Config);
        self.failed(step, detail).await
    }

    /// Records that a step was taken back. The step that failed keeps its reason: that is what people need to
    /// read.
    pub(super) async fn undone(&mut self, step: Step) -> Result<(), StoreError> {
        if self.reason_of_failure(step).is_some() {
            return Ok(());
        }
        self.put(step, SetupStepStatus::Undone, Some("removed".to_owned())).await
    }

    /// Records what a step leaves at the forge, after the reason of the step that failed.
    pub(super) async fn left(&mut self, step: Step, what: String) -> Result<(), StoreError> {
        match self.reason_of_failure(step) {
            // It is said once, also if undoing continues after a restart.
            Some(reason) if reason.ends_with(&what) => Ok(()),
            Some(reason) => {
                let both = format!("{reason}. What it created was {what}");
                self.put(step, SetupStepStatus::Failed, Some(both)).await
            }
            None => self.put(step, SetupStepStatus::Warning, Some(what)).await,
        }
    }

    /// Returns why a step failed, if it did.
    fn reason_of_failure(&self, step: Step) -> Option<&str> {
        let row = self.at(step).filter(|row| row.status == SetupStepStatus::Failed)?;
        Some(row.detail.as_deref().unwrap_or_default())
    }

    pub(super) async fn end(&mut self, state: SetupState) -> Result<(), StoreError> {
        self.setup.state = state;
        self.save().await
    }

    fn at(&self, step: Step) -> Option<&SetupStep> {
        self.setup.steps.iter().find(|row| row.key == step.as_str())
    }

    async fn put(
        &mut self,
        step: Step,
        status: SetupStepStatus,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        if let Some(row) = self.setup.steps.iter_mut().find(|row| row.key == step.as_str()) {
            row.status = status;
            row.detail = detail;
        }
        self.save().await
    }

    async fn save(&mut self) -> Result<(), StoreError> {
        self.setup.updated_at = Timestamp::now();
        self.store.save_setup(&self.setup).await?;
        self.live.publish(Update::Setup { project: self.setup.project });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A setup that is run again starts one of many.
    #[test]
    fn no_step_promises_the_first_pipeline() {
        assert_eq!(Step::Pipeline.title(ForgeKind::GitHub), "Trigger a pipeline");
    }

    /// Bitbucket has no page that is called "Deploy keys".
    #[test]
    fn steps_use_the_word_of_the_forge_for_its_keys() {
        let titles = |forge| {
            let titles: Vec<_> = Step::ALL.iter().map(|step| step.title(forge)).collect();
            titles.join("\n")
        };
        let (github, bitbucket) = (titles(ForgeKind::GitHub), titles(ForgeKind::Bitbucket));
        assert_eq!(github.matches("deploy key").count(), 2, "{github}");
        assert_eq!(bitbucket, github.replace("deploy key", "access key"));
    }
}
