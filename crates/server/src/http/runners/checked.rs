//! What a runner sends is stored and shown to people: each field has a limit ([`limits`]), and a refusal
//! names the field and the limit.
//!
//! Identifiers (runner, version, resource class, kind) are refused when they are too long, for one that is cut
//! is another one; strings for display (a step's name and command, a reason, limitations) are cut.

use roundel_model::{limits, text};
use roundel_protocol::{ClaimRequest, FinishReport, SignOffRequest, StepReport};

use crate::http::error_response::ErrorResponse;

/// Limitations of a host that are kept; the rest is dropped.
const MAX_LIMITATIONS: usize = 32;

/// Characters of one limitation.
const LIMITATION_CHARS: usize = 500;

/// Checks how a runner introduces itself.
pub(super) fn claim(mut request: ClaimRequest) -> Result<ClaimRequest, ErrorResponse> {
    named("runner", &request.runner, limits::RUNNER_NAME_CHARS)?;
    named("version", &request.version, limits::RUNNER_VERSION_CHARS)?;
    let classes = request.resource_classes.iter().map(String::as_str);
    at_most("resource_classes", classes.len(), limits::RESOURCE_CLASSES_PER_RUNNER)?;
    for class in classes {
        named("resource_classes", class, limits::RESOURCE_CLASS_CHARS)?;
    }
    at_most("executors", request.executors.len(), limits::EXECUTORS_PER_RUNNER)?;
    for executor in &request.executors {
        named("executors", &executor.to_string(), limits::WORD_CHARS)?;
    }
    if let Some(architecture) = &request.architecture {
        named("architecture", &architecture.to_string(), limits::WORD_CHARS)?;
    }
    if let Some(limitations) = &mut request.limitations {
        limitations.truncate(MAX_LIMITATIONS);
        for text in limitations {
            cut(text, LIMITATION_CHARS);
        }
    }
    Ok(request)
}

/// Checks the name of a runner that ends.
pub(super) fn sign_off(request: SignOffRequest) -> Result<SignOffRequest, ErrorResponse> {
    named("runner", &request.runner, limits::RUNNER_NAME_CHARS)?;
    Ok(request)
}

/// Checks what a runner says of a step.
pub(super) fn step(number: u32, mut report: StepReport) -> Result<StepReport, ErrorResponse> {
    if number > limits::STEP_NUMBER {
        let most = limits::STEP_NUMBER;
        return Err(ErrorResponse::unprocessable(&format!("a step's number is at most {most}")));
    }
    named("kind", &report.kind.to_string(), limits::WORD_CHARS)?;
    cut(&mut report.name, limits::STEP_NAME_CHARS);
    if let Some(command) = &mut report.command
        && command.chars().count() > limits::STEP_COMMAND_CHARS
    {
        cut(command, limits::STEP_COMMAND_CHARS);
        command.push_str("\n… cut here; the configuration has the whole command");
    }
    Ok(report)
}

/// Checks that a log does not grow beyond what the server stores.
pub(super) fn log(number: u32, offset: u64, bytes: usize) -> Result<(), ErrorResponse> {
    let end = offset.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    if number > limits::STEP_NUMBER || end > limits::STORED_LOG_BYTES {
        let (step, most) = (limits::STEP_NUMBER, limits::STORED_LOG_BYTES);
        return Err(ErrorResponse::unprocessable(&format!(
            "a step's number is at most {step}, and its log has at most {most} bytes"
        )));
    }
    Ok(())
}

/// Cuts the reason of an outcome to what a page shows.
pub(super) fn finish(mut report: FinishReport) -> FinishReport {
    if let Some(reason) = &mut report.reason {
        cut(reason, limits::REASON_CHARS);
    }
    report
}

/// A name is not empty, not too long, and has nothing in it that cannot be seen.
fn named(field: &str, value: &str, most: usize) -> Result<(), ErrorResponse> {
    if value.trim().is_empty() {
        return Err(ErrorResponse::unprocessable(&format!("`{field}` is empty")));
    }
    // Bytes first: counting the characters of megabytes is not worth it.
    if value.len() > most.saturating_mul(4) || value.chars().count() > most {
        return Err(ErrorResponse::unprocessable(&format!(
            "`{field}` has more than {most} characters"
        )));
    }
    if value.contains(text::is_hidden) {
        return Err(ErrorResponse::unprocessable(&format!(
            "`{field}` has control characters or others that cannot be seen: `{}`",
            text::one_line(value)
        )));
    }
    Ok(())
}

fn at_most(field: &str, count: usize, most: usize) -> Result<(), ErrorResponse> {
    if count <= most {
        return Ok(());
    }
    Err(ErrorResponse::unprocessable(&format!("`{field}` has {count} entries; {most} are allowed")))
}

fn cut(text: &mut String, most: usize) {
    text.truncate(text::first_chars(text, most).len());
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{http::StatusCode, response::IntoResponse as _};
    use roundel_model::{kind::StepKind, status::StepStatus, time::Timestamp, word::Word};

    use super::*;

    fn request() -> ClaimRequest {
        ClaimRequest {
            architecture: None,
            runner: "runner-1".to_owned(),
            version: "1".to_owned(),
            resource_classes: vec!["acme/gpu".to_owned()],
            executors: Vec::new(),
            limitations: None,
            wait: Duration::ZERO,
            lease: None,
        }
    }

    fn refusal<T>(checked: Result<T, ErrorResponse>) -> String {
        let Err(refused) = checked else { panic!("it was accepted") };
        let message = refused.message().to_owned();
        assert_eq!(refused.into_response().status(), StatusCode::UNPROCESSABLE_ENTITY);
        message
    }

    /// Each of them is stored for every runner that says it, and shown on a page.
    #[test]
    fn each_field_of_a_claim_has_a_limit_that_the_refusal_names() {
        assert!(claim(request()).is_ok());
        let many = |count: usize| (0..count).map(|number| format!("c{number}")).collect();
        let word = |text: &str| Word::Other(text.to_owned());
        let long = "x".repeat(1 << 20);
        for (sent, said) in [
            (ClaimRequest { runner: String::new(), ..request() }, "`runner` is empty"),
            (ClaimRequest { runner: " ".to_owned(), ..request() }, "`runner` is empty"),
            (ClaimRequest { runner: long.clone(), ..request() }, "`runner` has more than 300"),
            (
                ClaimRequest { runner: "a\u{202E}\x1bb".to_owned(), ..request() },
                "`runner` has control characters or others that cannot be seen: `a⟦U+202E⟧␛b`",
            ),
            (ClaimRequest { version: long.clone(), ..request() }, "`version` has more than 100"),
            (
                ClaimRequest { resource_classes: many(100_000), ..request() },
                "`resource_classes` has 100000 entries; 200 are allowed",
            ),
            (
                ClaimRequest { resource_classes: vec![long.clone()], ..request() },
                "`resource_classes` has more than 200 characters",
            ),
            (
                ClaimRequest { resource_classes: vec![String::new()], ..request() },
                "`resource_classes` is empty",
            ),
            (ClaimRequest { executors: vec![word(&long)], ..request() }, "`executors` has more"),
            (ClaimRequest { executors: vec![word("x"); 33], ..request() }, "`executors` has 33"),
            (
                ClaimRequest { architecture: Some(Word::Other(long.clone())), ..request() },
                "`architecture` has more",
            ),
        ] {
            let message = refusal(claim(sent));
            assert!(message.starts_with(said), "{message}");
            assert!(message.len() < 200, "{message}");
        }
        let leaving = SignOffRequest { runner: long.clone() };
        assert!(refusal(sign_off(leaving)).starts_with("`runner` has more than 300"));
        let limitations = Some(vec![long.clone(); 100]);
        let kept = claim(ClaimRequest { limitations, ..request() }).ok().unwrap();
        let kept = kept.limitations.unwrap();
        assert_eq!((kept.len(), kept[0].len()), (MAX_LIMITATIONS, LIMITATION_CHARS));
    }

    #[test]
    fn each_field_of_a_report_has_a_limit() {
        let report = |kind: Word<StepKind>| StepReport {
            name: "ä".repeat(1 << 20),
            kind,
            status: StepStatus::Running,
            command: Some("ä".repeat(1 << 20)),
            line: None,
            background: false,
            exit_code: None,
            started_at: Timestamp::from_micros(0),
            ended_at: None,
            truncated: false,
        };
        let kept = step(101, report(StepKind::Run.into())).ok().unwrap();
        assert_eq!(kept.name.chars().count(), limits::STEP_NAME_CHARS);
        let command = kept.command.unwrap();
        assert!(command.ends_with("the whole command"), "it says that it was cut");
        assert!(command.chars().count() < limits::STEP_COMMAND_CHARS + 100);
        assert!(refusal(step(2_001, report(StepKind::Run.into()))).contains("at most 2000"));
        let long = Word::Other("x".repeat(101));
        assert!(refusal(step(101, report(long))).contains("`kind` has more than 100"));
        assert!(log(101, limits::LOG_BYTES_PER_STEP, 1_000).is_ok());
        for (number, offset) in [(101, limits::STORED_LOG_BYTES), (101, u64::MAX), (9_999, 0)] {
            assert!(refusal(log(number, offset, 1)).contains("at most 105906176 bytes"));
        }
        let outcome = roundel_model::status::Outcome::Failed;
        let kept = finish(FinishReport { outcome, reason: Some("x".repeat(1 << 20)) });
        assert_eq!(kept.reason.map(|reason| reason.len()), Some(limits::REASON_CHARS));
    }
}
