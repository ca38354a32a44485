//! A runner that runs nothing: it claims over real HTTP and reports what its script says.
//!
//! It speaks the protocol as the real one does, step by step, so that a test can stop between any
//! two requests, repeat one, or forget to send it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, RequestBuilder, StatusCode};
use roundel_model::{
    id::LeaseId,
    kind::{Architecture, StepKind},
    status::{Outcome, StepStatus},
    time::Timestamp,
    word::Word,
};
use roundel_protocol::{
    ApiError, ClaimRequest, ErrorCode, FinishReport, JobSpec, LEASE_HEADER, LogAnswer, PREFIX,
    RenewRequest, SignOffRequest, StepReport,
};

/// What the host of this runner lacks.
pub const LIMITATION: &str = "Jobs on this runner have no network: `nft` is not installed.";

/// How long any request may take, besides the time that a claim is held.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Number of the first step that a user wrote (`RUN` §1.7).
pub const FIRST_USER_STEP: u32 = 101;

/// Claims tasks and plays them.
#[derive(Clone, Debug)]
pub struct ScriptedRunner {
    client: Client,
    server: String,
    token: String,
    /// The claim that it sends, which introduces it.
    pub introduction: ClaimRequest,
}

/// A task that was claimed.
#[derive(Clone, Debug)]
pub struct ScriptedTask {
    client: Client,
    base: String,
    /// The job spec that the server answered with.
    pub spec: JobSpec,
}

/// One step of a script: what it is called, prints, and ends with.
#[derive(Clone, Debug)]
pub struct ScriptedStep {
    /// Title on the job's page.
    pub name: String,
    /// Its whole output.
    pub output: String,
    /// How its process ended.
    pub exit_code: i32,
}

impl ScriptedStep {
    /// Makes a step.
    pub fn new(name: &str, output: &str, exit_code: i32) -> Self {
        Self { name: name.to_owned(), output: output.to_owned(), exit_code }
    }
}

/// The response to a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    /// The code of the [`ApiError`] in the body; `None` if the report was accepted.
    pub code: Option<Word<ErrorCode>>,
}

impl ScriptedRunner {
    /// Makes a runner for the server at `server` (no trailing slash).
    pub fn new(server: impl Into<String>, token: impl Into<String>) -> Self {
        Self {
            // The certificates of the system take longer to read than a claim takes.
            client: Client::builder().tls_certs_only([]).build().unwrap_or_default(),
            server: server.into(),
            token: token.into(),
            introduction: ClaimRequest {
                architecture: Architecture::OWN.map(Word::from),
                runner: "scripted".to_owned(),
                version: "0.0.0".to_owned(),
                resource_classes: Vec::new(),
                executors: Vec::new(),
                limitations: Some(vec![LIMITATION.to_owned()]),
                wait: Duration::from_secs(10),
                lease: None,
            },
        }
    }

    /// Asks under a lease that it made itself, from now on.
    #[must_use]
    pub fn under(mut self, lease: LeaseId) -> Self {
        self.introduction.lease = Some(lease);
        self
    }

    /// Says that it ends.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn sign_off(&self) -> Result<StatusCode> {
        let request = SignOffRequest { runner: self.introduction.runner.clone() };
        let url = format!("{}{PREFIX}/sign-off", self.server);
        let sent = self.client.post(url).bearer_auth(&self.token).json(&request).send();
        Ok(sent.await?.status())
    }

    /// Asks for a task and waits as long as the server holds the request.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn try_claim(&self, wait: Duration) -> Result<Option<ScriptedTask>> {
        let request = ClaimRequest { wait, ..self.introduction.clone() };
        let answer = self
            .client
            .post(format!("{}{PREFIX}/claim", self.server))
            .bearer_auth(&self.token)
            .timeout(wait + REQUEST_TIMEOUT)
            .json(&request)
            .send()
            .await?;
        match answer.status() {
            StatusCode::NO_CONTENT => Ok(None),
            StatusCode::OK => {
                let spec: JobSpec = answer.json().await?;
                let base =
                    format!("{}{PREFIX}/tasks/{}/{}", self.server, spec.task.job, spec.task.index);
                Ok(Some(ScriptedTask { client: self.client.clone(), base, spec }))
            }
            status => bail!("the claim was answered with {status}: {}", answer.text().await?),
        }
    }

    /// Asks for a task, which must come.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub async fn claim(&self) -> Result<ScriptedTask> {
        self.try_claim(self.introduction.wait).await?.context("there is no task to claim")
    }
}

impl ScriptedTask {
    /// Plays a script: reports every step with its output, then the outcome. The first step that
    /// fails is the last.
    ///
    /// # Errors
    ///
    /// If a request fails or is refused.
    pub async fn play(&self, steps: &[ScriptedStep]) -> Result<Outcome> {
        let mut outcome = Outcome::Success;
        for (number, step) in (FIRST_USER_STEP..).zip(steps) {
            self.play_step(number, step).await?;
            if step.exit_code != 0 {
                outcome = Outcome::Failed;
                break;
            }
        }
        let answer = self.finish(outcome).await?;
        if answer.status != StatusCode::NO_CONTENT {
            bail!("the outcome was answered with {answer:?}");
        }
        Ok(outcome)
    }

    /// Plays a step that fails, and reports why the job did, as a runner that cannot start an environment.
    ///
    /// # Errors
    ///
    /// If a request fails or is refused.
    pub async fn fail(&self, step: &ScriptedStep, reason: &str) -> Result<()> {
        self.play_step(FIRST_USER_STEP, step).await?;
        self.accepted(&self.finish_with(Outcome::Failed, Some(reason.to_owned())).await?)
    }

    async fn play_step(&self, number: u32, step: &ScriptedStep) -> Result<()> {
        let mut report = StepReport {
            name: step.name.clone(),
            kind: StepKind::Run.into(),
            status: StepStatus::Running,
            command: Some(step.name.clone()),
            line: None,
            background: false,
            exit_code: None,
            started_at: Timestamp::now(),
            ended_at: None,
            truncated: false,
        };
        self.accepted(&self.report_step(number, &report).await?)?;
        if !step.output.is_empty() {
            let (answer, committed) = self.append_log(number, 0, step.output.as_bytes()).await?;
            self.accepted(&answer)?;
            anyhow::ensure!(committed == u64::try_from(step.output.len()).ok(), "log was cut");
        }
        report.status = if step.exit_code == 0 { StepStatus::Success } else { StepStatus::Failed };
        report.exit_code = Some(step.exit_code);
        report.ended_at = Some(Timestamp::now());
        self.accepted(&self.report_step(number, &report).await?)
    }

    fn accepted(&self, answer: &Answer) -> Result<()> {
        anyhow::ensure!(answer.status.is_success(), "{} was refused: {answer:?}", self.base);
        Ok(())
    }

    /// Renews the lease.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn renew(&self) -> Result<Answer> {
        let request = self.client.post(format!("{}/renew", self.base));
        self.send(request.json(&RenewRequest {})).await
    }

    /// Reports a step.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn report_step(&self, number: u32, report: &StepReport) -> Result<Answer> {
        let request = self.client.put(format!("{}/steps/{number}", self.base));
        self.send(request.json(report)).await
    }

    /// Sends a piece of a log; answers with how many bytes are stored, if the server said so.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn append_log(
        &self,
        number: u32,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(Answer, Option<u64>)> {
        let request = self
            .client
            .put(format!("{}/steps/{number}/log", self.base))
            .query(&[("offset", offset)])
            .body(bytes.to_vec());
        let answer = self.opened(request).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        let committed = serde_json::from_str::<LogAnswer>(&text).ok().map(|log| log.committed);
        Ok((Answer { status, code: error_code(&text) }, committed))
    }

    /// Sends the outcome.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached.
    pub async fn finish(&self, outcome: Outcome) -> Result<Answer> {
        self.finish_with(outcome, None).await
    }

    async fn finish_with(&self, outcome: Outcome, reason: Option<String>) -> Result<Answer> {
        let report = FinishReport { outcome, reason };
        self.send(self.client.post(format!("{}/finish", self.base)).json(&report)).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer> {
        let answer = self.opened(request).send().await?;
        let status = answer.status();
        Ok(Answer { status, code: error_code(&answer.text().await?) })
    }

    fn opened(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .timeout(REQUEST_TIMEOUT)
            .bearer_auth(self.spec.token.expose())
            .header(LEASE_HEADER, self.spec.lease.to_string())
    }
}

fn error_code(text: &str) -> Option<Word<ErrorCode>> {
    serde_json::from_str::<ApiError>(text).ok().map(|error| error.code)
}
