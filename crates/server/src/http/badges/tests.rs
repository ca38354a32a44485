//! Badges: what they say, and to whom.

use super::*;

fn asked(query: &str) -> BadgeQuery {
    BadgeQuery::read(query)
}

#[test]
fn a_badge_is_well_formed_and_says_its_state_to_readers() {
    for state in [
        BadgeState::Passing,
        BadgeState::Failing,
        BadgeState::Running,
        BadgeState::OnHold,
        BadgeState::Canceled,
        BadgeState::NoBuilds,
        BadgeState::Unknown,
    ] {
        let (button, shield, _) = state.words();
        for (query, word) in [("", button), ("style=shield", shield), ("style=strange", button)] {
            let svg = draw(state, &asked(query));
            assert!(svg.contains("role=\"img\""), "{svg}");
            assert!(svg.contains(&format!(">{word}</text>")), "{svg}");
            assert!(!svg.contains("http://") || svg.matches("http://").count() == 1, "{svg}");
            assert!(!svg.contains("<script") && !svg.contains("href"), "{svg}");
        }
    }
}

#[test]
fn a_label_is_escaped_and_cut() {
    let query = format!("style=shield&label=%3Cscript%3E{}", "x".repeat(100));
    let svg = draw(BadgeState::Passing, &asked(&query));
    assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;"), "{svg}");
    assert_eq!(asked(&query).label.map(|label| label.chars().count()), Some(40));
}

/// What is answered about an unknown project must be the same bytes for every question.
#[test]
fn unknown_is_byte_identical_whatever_was_asked() {
    for style in ["", "&style=shield"] {
        let plain = draw(BadgeState::Unknown, &asked(style));
        for query in ["label=secret", "workflow=x", "job=y", "live=1", "token=abc"] {
            let query = format!("{query}{style}");
            assert_eq!(draw(BadgeState::Unknown, &asked(&query)), plain);
        }
    }
}

/// Readers of a README want to know how the branch is, not that it is being built.
#[test]
fn while_a_pipeline_runs_the_last_state_stands() {
    use BadgeState::{Failing, NoBuilds, Passing, Running};
    assert_eq!(newest([Running, Failing, Passing].into_iter(), Shows::LastEnded), Failing);
    assert_eq!(newest([Running, Failing].into_iter(), Shows::Newest), Running);
    assert_eq!(newest([Running].into_iter(), Shows::LastEnded), Running);
    assert_eq!(newest([].into_iter(), Shows::LastEnded), NoBuilds);
}

/// Nothing runs while a pipeline waits for a person, for days perhaps: what an older commit came to says
/// nothing about the branch, and *running* is wrong.
#[test]
fn a_pipeline_that_needs_approval_is_on_hold() {
    use BadgeState::{Failing, OnHold, Passing, Running};
    assert_eq!(of_workflow(WorkflowStatus::OnHold), OnHold);
    assert_eq!(of_job(JobStatus::OnHold), OnHold);
    assert_eq!(newest([OnHold, Passing].into_iter(), Shows::LastEnded), OnHold);
    assert_eq!(newest([Running, OnHold, Failing].into_iter(), Shows::LastEnded), OnHold);
}

#[test]
fn a_badge_that_did_not_change_is_not_sent_again() {
    let first = picture(BadgeState::Passing, &asked(""), &HeaderMap::new());
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(first.headers()[header::CONTENT_TYPE], "image/svg+xml; charset=utf-8");
    assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache, max-age=0, must-revalidate");
    let mut headers = HeaderMap::new();
    headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
    assert_eq!(
        picture(BadgeState::Passing, &asked(""), &headers).status(),
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(picture(BadgeState::Failing, &asked(""), &headers).status(), StatusCode::OK);
    let shield = picture(BadgeState::Passing, &asked("style=shield"), &headers);
    assert_eq!(shield.status(), StatusCode::OK, "each style has a tag of its own");
}
