//! What a right is about: a project, or something that belongs to one, found by its address.

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use axum::{
    extract::{FromRequestParts as _, RawPathParams},
    http::request::Parts,
};
use roundel_model::{
    forge::ProjectSlug,
    id::{JobId, PipelineId},
};
use roundel_store::{
    StoreError,
    deliveries::Delivery,
    projects::Project,
    reading::{JobRow, PipelineRow},
};

use crate::{
    app::App,
    http::{address::address, visit::Visit},
};

/// Something of a project that an address names.
pub(crate) trait Subject: Sized + Send {
    /// How the list of routes names it.
    const NAME: &'static str;

    /// Finds it, without regard to who asks. `None`: there is no such thing.
    fn find(
        app: &App,
        names: &Names,
    ) -> impl Future<Output = Result<Option<Self>, StoreError>> + Send;

    /// The project whose roles decide.
    fn project(&self) -> &Project;
}

/// What is between the slashes of an address.
pub(crate) struct Names {
    /// The first segment that is not `pipelines`: `gh`.
    forge: String,
    /// Placeholders of the route, by name.
    named: BTreeMap<String, String>,
}

impl Names {
    /// `None` if the address is not text.
    pub(crate) async fn read(parts: &mut Parts, app: &Arc<App>) -> Option<Self> {
        let path = parts.uri.path();
        let forge = without_prefix(path).split('/').nth(1).unwrap_or_default().to_owned();
        let raw = RawPathParams::from_request_parts(parts, app).await.ok()?;
        let named = raw.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Some(Self { forge, named: named.collect() })
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.named.get(name).map(String::as_str)
    }

    fn parse<T: FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// The project that the address names; `None` if no project can be named so.
    pub(crate) fn slug(&self) -> Option<ProjectSlug> {
        let forge = self.forge.parse().ok()?;
        ProjectSlug::new(forge, self.get("owner")?, self.get("repository")?).ok()
    }

    /// Where a thing is if the address spells its project in another way.
    pub(super) fn right_address(&self, project: &Project, visit: &Visit) -> Option<String> {
        let asked = self.slug()?;
        if project.slug == asked && self.forge == project.slug.forge.slug() {
            return None;
        }
        let path = without_prefix(&visit.path);
        let prefix = &visit.path[..visit.path.len() - path.len()];
        let project = address(&project.slug);
        let query = || visit.query.as_ref().map(|query| format!("?{query}"));
        let rest = path.splitn(5, '/').nth(4).map(|rest| format!("/{rest}")).or_else(query);
        Some(format!("{prefix}{project}{}", rest.unwrap_or_default()))
    }
}

fn without_prefix(path: &str) -> &str {
    path.strip_prefix("/pipelines").unwrap_or(path)
}

impl Subject for Project {
    const NAME: &'static str = "Project";

    async fn find(app: &App, names: &Names) -> Result<Option<Self>, StoreError> {
        match names.slug() {
            Some(slug) => app.store.project_by_slug(&slug).await,
            None => Ok(None),
        }
    }

    fn project(&self) -> &Project {
        self
    }
}

/// A pipeline: `{pipeline}` is its id, `{number}` its number in the project.
pub(crate) struct Pipeline {
    pub(crate) row: PipelineRow,
    pub(crate) project: Project,
}

impl Pipeline {
    pub(crate) async fn by_id(app: &App, id: PipelineId) -> Result<Option<Self>, StoreError> {
        let Some(row) = app.store.pipeline(id).await? else { return Ok(None) };
        let project = app.store.project(row.project).await?;
        Ok(project.map(|project| Self { row, project }))
    }
}

impl Subject for Pipeline {
    const NAME: &'static str = "Pipeline";

    async fn find(app: &App, names: &Names) -> Result<Option<Self>, StoreError> {
        if let Some(id) = names.parse("pipeline") {
            return Self::by_id(app, id).await;
        }
        let Some(number) = names.parse("number") else { return Ok(None) };
        let Some(project) = Project::find(app, names).await? else { return Ok(None) };
        let row = app.store.pipeline_by_number(project.id, number).await?;
        Ok(row.map(|row| Self { row, project }))
    }

    fn project(&self) -> &Project {
        &self.project
    }
}

/// A job: `{job}` is its id, `{number}` its number in the project.
pub(crate) struct Job {
    pub(crate) row: JobRow,
    pub(crate) pipeline: PipelineRow,
    pub(crate) project: Project,
}

impl Job {
    pub(crate) async fn by_id(app: &App, id: JobId) -> Result<Option<Self>, StoreError> {
        Self::of(app, app.store.job(id).await?).await
    }

    async fn of(app: &App, row: Option<JobRow>) -> Result<Option<Self>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let pipeline = Pipeline::by_id(app, row.pipeline).await?;
        Ok(pipeline.map(|pipeline| Self { row, pipeline: pipeline.row, project: pipeline.project }))
    }
}

impl Subject for Job {
    const NAME: &'static str = "Job";

    async fn find(app: &App, names: &Names) -> Result<Option<Self>, StoreError> {
        if let Some(id) = names.parse("job") {
            return Self::by_id(app, id).await;
        }
        let Some(number) = names.parse("number") else { return Ok(None) };
        let Some(project) = Project::find(app, names).await? else { return Ok(None) };
        Self::of(app, app.store.job_by_number(project.id, number).await?).await
    }

    fn project(&self) -> &Project {
        &self.project
    }
}

/// The receipt of a delivery: `{delivery}` is its id, within its project's address.
pub(crate) struct Receipt {
    pub(crate) delivery: Delivery,
    pub(crate) project: Project,
}

impl Subject for Receipt {
    const NAME: &'static str = "Delivery";

    async fn find(app: &App, names: &Names) -> Result<Option<Self>, StoreError> {
        let Some(id) = names.parse("delivery") else { return Ok(None) };
        let Some(project) = Project::find(app, names).await? else { return Ok(None) };
        let delivery = app.store.delivery(id).await?;
        let delivery = delivery.filter(|delivery| delivery.project == project.id);
        Ok(delivery.map(|delivery| Self { delivery, project }))
    }

    fn project(&self) -> &Project {
        &self.project
    }
}
