//! Receipts: what the forge sent, how it was understood, and its result (invariant 8).

use askama::Template;
use roundel_model::{
    limits,
    text::{cut, size},
    time::Timestamp,
};
use roundel_store::{
    deliveries::{Delivery, IgnoredReason, Receipt},
    projects::Project,
};

use super::{
    project::{ProjectHead, ProjectTab},
    status::DisplayStatus,
    time::TimeAgo,
};
use crate::{
    http::{
        address::address,
        frame::{SOON, Shell},
        rights::{self, SignedInReader},
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Html, Untrusted, sentence},
};

/// Deliveries in the list.
const LISTED: u32 = 100;
/// Bytes of a body that the page shows.
const SHOWN_BYTES: usize = 200 * 1024;

/// Routes below `/gh/:owner/:repository`.
pub(crate) fn routes(base: &str) -> Routes {
    Routes::new()
        .get(&format!("{base}/deliveries"), list)
        .get(&format!("{base}/deliveries/live"), live)
        .get(&format!("{base}/deliveries/{{delivery}}"), receipt)
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct ListPage {
    shell: Shell,
    head: ProjectHead,
    id: String,
    live: DeliveryList,
}

#[derive(Template)]
#[template(path = "parts/deliveries.html")]
struct DeliveryList {
    at: String,
    provider: &'static str,
    deliveries: Vec<DeliveryView>,
}

/// A delivery for a page.
struct DeliveryView {
    id: String,
    event: Untrusted,
    guid: Untrusted,
    status: DisplayStatus,
    label: &'static str,
    received: TimeAgo,
    decided: Option<TimeAgo>,
    took: Option<String>,
    size: String,
    attempts: u32,
    error: Option<Html>,
    receipts: Vec<ReceiptView>,
}

/// The result of one change that a delivery reports.
struct ReceiptView {
    status: DisplayStatus,
    label: &'static str,
    what: Html,
    because: Option<Html>,
    pipeline: Option<(String, u64)>,
}

impl ReceiptView {
    fn new(receipt: &Receipt) -> Self {
        // It names a branch.
        let sentence = |text: &str| sentence(&cut(text, limits::LISTED_SENTENCE_CHARS));
        let to = |pipeline: &roundel_model::id::PipelineId, number: &u64| {
            Some((format!("/pipeline/{pipeline}"), *number))
        };
        match receipt {
            Receipt::Started { pipeline, number, what } => Self {
                status: DisplayStatus::Passed,
                label: "Created",
                what: sentence(what),
                because: None,
                pipeline: to(pipeline, number),
            },
            Receipt::Known { pipeline, number, what } => Self {
                status: DisplayStatus::Canceled,
                label: "Duplicate",
                what: sentence(what),
                because: Some(sentence("this push had already started a pipeline")),
                pipeline: to(pipeline, number),
            },
            Receipt::Ignored { what, because, .. } => Self {
                status: DisplayStatus::NotRun,
                label: "Ignored",
                what: sentence(what),
                because: Some(sentence(because.trim_end_matches('.'))),
                pipeline: None,
            },
        }
    }
}

impl DeliveryView {
    fn new(delivery: &Delivery, now: Timestamp) -> Self {
        let receipts: Vec<ReceiptView> = delivery.receipts.iter().map(ReceiptView::new).collect();
        let started = delivery.receipts.iter().any(|v| matches!(v, Receipt::Started { .. }));
        let (status, label) = match (delivery.decided_at, &delivery.last_error) {
            (Some(_), _) if started => (DisplayStatus::Passed, "Pipeline created"),
            (Some(_), _) => (DisplayStatus::NotRun, "Nothing to start"),
            (None, Some(_)) => (DisplayStatus::Infrastructure, "Retrying"),
            (None, None) => (DisplayStatus::Running, "Processing"),
        };
        Self {
            id: delivery.id.to_string(),
            event: Untrusted(delivery.event.clone()),
            guid: Untrusted(delivery.guid.clone()),
            status,
            label,
            received: TimeAgo::new(delivery.received_at, now),
            decided: delivery.decided_at.map(|at| TimeAgo::new(at, now)),
            took: delivery
                .decided_at
                .map(|at| format!("{} ms", at.since(delivery.received_at).as_millis())),
            size: size(delivery.size_bytes),
            attempts: delivery.attempts,
            error: delivery.last_error.as_deref().map(sentence),
            receipts,
        }
    }
}

async fn list(
    SignedInReader { visit, subject: project, role, .. }: SignedInReader<Project>,
) -> Answer {
    let head = ProjectHead::read(&visit, &project, role, ProjectTab::Deliveries).await?;
    let live = read(&visit, &head.at, &project).await?;
    let title = format!("Deliveries · {}", project.slug.full_name());
    let going = live.deliveries.iter().any(|one| one.decided.is_none());
    let shell = visit.shell(title, Section::Projects).refreshing(going.then_some(SOON));
    visit.page(&ListPage { shell, head, id: project.id.to_string(), live })
}

async fn live(SignedInReader { visit, subject: project, .. }: SignedInReader<Project>) -> Answer {
    let at = address(&project.slug);
    visit.page(&read(&visit, &at, &project).await?)
}

async fn read(visit: &Visit, at: &str, project: &Project) -> Result<DeliveryList, PageError> {
    let found = visit.app.store.deliveries(project.id, LISTED).await?;
    let deliveries = found.iter().map(|one| DeliveryView::new(one, visit.now)).collect();
    Ok(DeliveryList { at: at.to_owned(), provider: project.slug.forge.title(), deliveries })
}

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryPage {
    shell: Shell,
    head: ProjectHead,
    id: String,
    delivery: DeliveryView,
    hook: String,
    /// For people with write access: it holds addresses of people.
    body: Option<Untrusted>,
    cut: bool,
    /// What to do if something else was expected.
    advice: Vec<Advice>,
}

async fn receipt(
    SignedInReader { visit, subject, role, .. }: SignedInReader<rights::Receipt>,
) -> Answer {
    let rights::Receipt { delivery, project } = subject;
    let body = visit.app.store.delivery_body(delivery.id).await?.unwrap_or_default();
    let (body, cut) = pretty(&body);
    let may_write = role >= roundel_model::forge::Role::Write;
    let title = format!("Delivery · {}", project.slug.full_name());
    visit.page(&DeliveryPage {
        shell: visit
            .shell(title, Section::Projects)
            .refreshing(delivery.decided_at.is_none().then_some(SOON)),
        head: ProjectHead::read(&visit, &project, role, ProjectTab::Deliveries).await?,
        id: delivery.id.to_string(),
        advice: advice(&delivery, &project),
        hook: delivery.hook.to_string(),
        delivery: DeliveryView::new(&delivery, visit.now),
        body: may_write.then_some(Untrusted(body)),
        cut,
    })
}

/// A sentence on what to do, and the page of the project where that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Advice {
    text: &'static str,
    place: Option<Place>,
}

/// A page of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Setup,
    Trigger,
}

impl Place {
    /// Returns the end of its address, after that of the project.
    const fn path(self) -> &'static str {
        match self {
            Self::Setup => "/setup",
            Self::Trigger => "#trigger",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Setup => "Go to setup",
            Self::Trigger => "Trigger pipeline",
        }
    }
}

/// Says what to do if something else was expected: a line for each reason.
fn advice(delivery: &Delivery, project: &Project) -> Vec<Advice> {
    if delivery.decided_at.is_none() {
        let text = "Nothing to do: it is retried automatically until the provider responds.";
        return vec![Advice { text, place: None }];
    }
    if !project.active {
        return vec![advice_on(IgnoredReason::ProjectNotBuilding)];
    }
    let mut lines = Vec::new();
    for receipt in &delivery.receipts {
        let line = match receipt {
            Receipt::Ignored { reason, .. } => advice_on(*reason),
            Receipt::Started { .. } | Receipt::Known { .. } => continue,
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if delivery.receipts.is_empty() {
        lines.push(advice_on(IgnoredReason::Unknown));
    }
    lines
}

/// Says what to do about a change that is not built.
const fn advice_on(reason: IgnoredReason) -> Advice {
    use IgnoredReason as R;

    let (text, place) = match reason {
        R::SkipMarker => (
            "To build this commit anyway, trigger a pipeline of its branch on the project's page: the \
             marker counts for pushes only.",
            Some(Place::Trigger),
        ),
        R::RefDeleted => ("Nothing to do: what was deleted is not built.", None),
        R::ForkPullRequest => (
            "This release does not build forks yet: jobs of a fork would get the keys and secrets of \
             this project. Once its code is reviewed, push it to a branch of this repository.",
            None,
        ),
        R::OwnPullRequest => {
            ("Nothing to do: the push of its branch has a delivery of its own.", None)
        }
        R::ProjectNotBuilding => (
            "Expected a pipeline? This project builds nothing now: run setup again, then push.",
            Some(Place::Setup),
        ),
        R::ProjectDeleted => (
            "Nothing to do: the project of this webhook was deleted. Delete the webhook, too.",
            None,
        ),
        R::CommitGone => (
            "Nothing to do if the branch was pushed again since: that push has a delivery of its own.",
            None,
        ),
        R::NoConfig => {
            ("Expected a pipeline? Commit a configuration to this branch, and push it.", None)
        }
        R::OtherRepository => (
            "Someone copied this webhook to another repository. Add that repository as a project of its \
             own, and delete the copy.",
            None,
        ),
        R::Ping => ("Nothing to do: pushes will be received in the same way.", None),
        R::ProjectNews => ("Nothing to do: it is not a push.", None),
        R::ForgeRefused => (
            "It is not a push. What changed at the provider is taken over when setup is run again.",
            Some(Place::Setup),
        ),
        R::SetupBroken => ("Run setup again: it creates what is missing.", Some(Place::Setup)),
        R::NoChange => (
            "Nothing to do if it was not a push. Expected a pipeline? Push again, or trigger one on the \
             project's page.",
            Some(Place::Trigger),
        ),
        R::Unknown => (
            "Expected a pipeline? Push again, or trigger a pipeline on the project's page.",
            Some(Place::Trigger),
        ),
    };
    Advice { text, place }
}

/// Indents JSON; anything else is shown as it came.
fn pretty(body: &[u8]) -> (String, bool) {
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let end = text.floor_char_boundary(SHOWN_BYTES.min(text.len()));
    (text[..end].to_owned(), end < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One sentence for all of them sent people to push a branch again that they had deleted.
    #[test]
    fn each_reason_has_advice_of_its_own() {
        use IgnoredReason as R;

        let says = |reason, part| {
            let Advice { text, .. } = advice_on(reason);
            assert!(text.contains(part), "{reason:?}: {text}");
        };
        says(R::SkipMarker, "To build this commit anyway");
        says(R::RefDeleted, "Nothing to do");
        says(R::ForkPullRequest, "does not build forks yet");
        says(R::OwnPullRequest, "has a delivery of its own");
        says(R::NoConfig, "Commit a configuration");
        says(R::SetupBroken, "Run setup again");
        says(R::Unknown, "Push again");
    }

    /// A database has receipts of every release; the page of none of them may fail.
    #[test]
    fn a_receipt_of_another_release_can_be_read() {
        for receipt in [
            r#"{"ignored": {"what": "push to main", "because": "it was deleted"}}"#,
            r#"{"ignored": {"what": "push to main", "because": "it rains", "reason": "rain"}}"#,
        ] {
            let receipt = serde_json::from_str(receipt).unwrap();
            assert!(
                matches!(receipt, Receipt::Ignored { reason: IgnoredReason::Unknown, .. }),
                "{receipt:?}"
            );
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_shown_as_it_came() {
        assert_eq!(pretty(b"{\"a\":1}").0, "{\n  \"a\": 1\n}");
        assert_eq!(pretty(b"payload=%7B"), ("payload=%7B".to_owned(), false));
        let (text, cut) = pretty("é".repeat(SHOWN_BYTES).as_bytes());
        assert!(cut && text.len() <= SHOWN_BYTES);
    }
}
