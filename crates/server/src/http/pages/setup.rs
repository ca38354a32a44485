//! The setup of a project, step by step, live; and what to do when a step failed.

use askama::Template;
use roundel_model::forge::Role;
use roundel_store::projects::{Project, Setup, SetupState, SetupStepStatus};

use super::{
    project::{ProjectHead, ProjectTab},
    status::DisplayStatus,
    time::Elapsed,
};
use crate::{
    http::{
        address::{address, see_other},
        form::{NoFields, PageForm},
        frame::{SOON, Shell},
        rights::{Admin, Reader},
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Html, sentence},
    setup,
};

/// Routes below `/gh/:owner/:repository`.
pub(crate) fn routes(base: &str) -> Routes {
    Routes::new()
        .get(&format!("{base}/setup"), page)
        .post(&format!("{base}/setup"), again)
        .get(&format!("{base}/setup/live"), live)
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage {
    shell: Shell,
    head: ProjectHead,
    id: String,
    live: SetupSteps,
}

#[derive(Template)]
#[template(path = "parts/setup.html")]
struct SetupSteps {
    /// How far it is; `None` if it was never begun.
    state: Option<SetupState>,
    status: DisplayStatus,
    title: &'static str,
    text: &'static str,
    steps: Vec<StepView>,
    elapsed: Elapsed,
    again: RetryOffer,
    /// Setup is complete, and building was not stopped.
    done: bool,
    at: String,
    /// The project has had a pipeline: running setup again starts none.
    has_pipelines: bool,
    first_pipeline: Option<String>,
}

/// Whether setup can be run now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RetryOffer {
    /// Not now: it is running already.
    No,
    /// It can be run, by an administrator of the repository.
    ByOthers,
    /// The visitor can run it.
    Offered,
}

impl RetryOffer {
    fn is_offered(self) -> bool {
        self == Self::Offered
    }

    fn is_for_others(self) -> bool {
        self == Self::ByOthers
    }
}

struct StepView {
    status: DisplayStatus,
    title: Html,
    detail: Option<Html>,
    class: &'static str,
    label: &'static str,
}

async fn page(Reader { visit, subject: project, role }: Reader<Project>) -> Answer {
    let head = ProjectHead::read(&visit, &project, role, ProjectTab::Setup).await?;
    let live = read(&visit, &project, role).await?;
    let title = format!("Set up {}", project.slug.full_name());
    let shell = visit
        .shell(title, Section::Add)
        .showing(live.status.family())
        .refreshing(live.going().then_some(SOON));
    visit.page(&SetupPage { shell, head, id: project.id.to_string(), live })
}

async fn live(Reader { visit, subject: project, role }: Reader<Project>) -> Answer {
    visit.page(&read(&visit, &project, role).await?)
}

async fn again(
    Admin { visit, account, subject: project }: Admin<Project>,
    _: PageForm<NoFields>,
) -> Answer {
    let slug = &project.slug;
    setup::begin(&visit.app.setups, account, slug.forge, &slug.owner, &slug.repository).await?;
    Ok(see_other(&format!("{}/setup", address(slug))))
}

async fn read(visit: &Visit, project: &Project, role: Role) -> Result<SetupSteps, PageError> {
    let setup = visit.app.store.setup(project.id).await?;
    let done = setup.as_ref().is_some_and(|setup| setup.state == SetupState::Done);
    let mut steps = view(setup.as_ref(), visit, address(&project.slug));
    if done {
        let store = &visit.app.store;
        let first = store.pipeline_by_number(project.id, 1).await?;
        steps.has_pipelines = first.is_some();
        // Once there is a second, the first is not worth a button.
        let is_only = store.pipeline_by_number(project.id, 2).await?.is_none();
        steps.first_pipeline = first.filter(|_| is_only).map(|row| format!("/pipeline/{}", row.id));
    }
    if done && !project.active {
        (steps.status, steps.title, steps.done) = (DisplayStatus::Canceled, "Stopped", false);
        steps.text = "Pushes start no pipelines. Run setup again to resume.";
        // What was done then is no longer so.
        steps.steps.clear();
        steps.elapsed = Elapsed::new(None, None, visit.now);
    }
    if steps.again.is_for_others() && visit.account.is_some() && role >= Role::Admin {
        steps.again = RetryOffer::Offered;
    }
    Ok(steps)
}

fn view(setup: Option<&Setup>, visit: &Visit, at: String) -> SetupSteps {
    let (status, title, text) = match setup.map(|setup| setup.state) {
        None => (DisplayStatus::Nothing, "Not set up", "This project has not been set up."),
        Some(SetupState::Running) => {
            (DisplayStatus::Running, "Setting up", "Setup continues if you close this page.")
        }
        Some(SetupState::Done) => (
            DisplayStatus::Passed,
            "Ready",
            "Pushes to this repository with a .circleci/config.yml now start pipelines.",
        ),
        Some(SetupState::Compensating) => (
            DisplayStatus::Failing,
            "Rolling back",
            "A step failed. What this run created in the repository is being removed.",
        ),
        Some(SetupState::Failed) => (
            DisplayStatus::Failed,
            "A step failed",
            "What this run created was removed again. The failed step below says why; fix that and run setup again.",
        ),
        Some(SetupState::Abandoned) => (
            DisplayStatus::Failed,
            "A step failed",
            "Not everything that this run created could be removed: the steps below name what is left, and why it \
             failed. Fix that, then run setup again, or delete what is left.",
        ),
    };
    let state = setup.map(|setup| setup.state);
    let going = is_going(state);
    SetupSteps {
        state,
        status,
        title,
        text,
        steps: setup
            .map(|setup| setup.steps.iter().map(StepView::new).collect())
            .unwrap_or_default(),
        elapsed: Elapsed::new(
            setup.map(|setup| setup.started_at),
            setup.filter(|_| !going).map(|setup| setup.updated_at),
            visit.now,
        ),
        again: if going { RetryOffer::No } else { RetryOffer::ByOthers },
        done: state == Some(SetupState::Done),
        at,
        has_pipelines: false,
        first_pipeline: None,
    }
}

/// Whether a step is under way.
fn is_going(state: Option<SetupState>) -> bool {
    matches!(state, Some(SetupState::Running | SetupState::Compensating))
}

impl SetupSteps {
    fn going(&self) -> bool {
        is_going(self.state)
    }
}

impl StepView {
    fn new(step: &roundel_store::projects::SetupStep) -> Self {
        let (status, class, label) = match step.status {
            SetupStepStatus::Waiting => (DisplayStatus::Blocked, "waiting", "waiting"),
            SetupStepStatus::Running => (DisplayStatus::Running, "running", "in progress"),
            SetupStepStatus::Done => (DisplayStatus::Passed, "done", "done"),
            SetupStepStatus::Skipped => (DisplayStatus::NotRun, "skipped", "skipped"),
            SetupStepStatus::Warning => {
                (DisplayStatus::Infrastructure, "warning", "done, with a warning")
            }
            SetupStepStatus::Failed => (DisplayStatus::Failed, "failed", "failed"),
            SetupStepStatus::Undone => (DisplayStatus::Canceled, "undone", "undone"),
            SetupStepStatus::Unknown => (DisplayStatus::NotRun, "skipped", "unknown"),
        };
        Self {
            status,
            title: sentence(&step.title),
            detail: step.detail.as_deref().map(sentence),
            class,
            label,
        }
    }
}
