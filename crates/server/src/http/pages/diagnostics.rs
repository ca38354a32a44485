//! What diagnostics mean: a page for each code, made from its doc comment, and a list of them.
//!
//! Anyone may read them: they hold nothing of any project.

use askama::Template;
use axum::extract::Path;
use roundel_config::{
    codes,
    page::{self, Part},
};

use super::config_view::DOCS;
use crate::{
    http::{
        frame::Shell,
        rights::Anyone,
        routes::Routes,
        section::Section,
        visit::{Answer, PageError, Visit},
    },
    markup::{Html, escape, sentence},
};

/// Routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get(DOCS, list)
        .get(&format!("{DOCS}/{{slug}}"), one)
        .get("/docs/planned", planned)
}

#[derive(Template)]
#[template(path = "diagnostics.html")]
struct ListPage {
    shell: Shell,
    areas: Vec<AreaView>,
}

struct AreaView {
    title: &'static str,
    codes: Vec<CodeView>,
}

struct CodeView {
    slug: &'static str,
    number: Option<&'static str>,
    about: Html,
}

async fn list(_: Anyone, visit: Visit) -> Answer {
    let view = |code: &codes::Code| CodeView {
        slug: code.slug,
        number: code.number,
        about: sentence(code.about),
    };
    let areas = codes::AREAS.iter();
    let areas = areas
        .map(|area| AreaView { title: area.title, codes: area.codes.iter().map(view).collect() })
        .collect();
    visit.page(&ListPage { shell: visit.shell("Diagnostics", Section::Elsewhere), areas })
}

#[derive(Template)]
#[template(path = "planned.html")]
struct PlannedPage {
    shell: Shell,
}

async fn planned(_: Anyone, visit: Visit) -> Answer {
    visit.page(&PlannedPage { shell: visit.shell("What is planned", Section::Elsewhere) })
}

#[derive(Template)]
#[template(path = "diagnostic.html")]
struct CodePage {
    shell: Shell,
    slug: &'static str,
    number: Option<&'static str>,
    area: &'static str,
    parts: Vec<PartView>,
}

/// A paragraph, or a block with a title.
struct PartView {
    title: Option<Html>,
    text: Html,
}

impl PartView {
    fn of(part: &Part) -> Self {
        match part {
            Part::Paragraph(text) => Self { title: None, text: sentence(text) },
            Part::Block { title, text, .. } => {
                Self { title: Some(sentence(title)), text: Html(escape(text)) }
            }
        }
    }
}

async fn one(_: Anyone, visit: Visit, Path(slug): Path<String>) -> Answer {
    let page = page::page(&slug).ok_or(PageError::NotFound)?;
    visit.page(&CodePage {
        shell: visit.shell(page.code.slug, Section::Elsewhere),
        slug: page.code.slug,
        number: page.code.number,
        area: page.area,
        parts: page.parts.iter().map(PartView::of).collect(),
    })
}
