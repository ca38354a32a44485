//! Shapes that recur in Bitbucket's answers: ids, pages, links, accounts.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    http::{Answer, Page},
    lenient::maybe,
};

/// Writes an id as addresses want it: with braces, however it was written down.
pub(super) fn braced(id: &str) -> String {
    format!("{{{}}}", id.trim_start_matches('{').trim_end_matches('}'))
}

#[derive(Deserialize)]
struct PageAnswer {
    values: Vec<Value>,
    #[serde(default, deserialize_with = "maybe")]
    next: Option<String>,
}

/// Reads one page of a list.
pub(super) fn page(answer: &Answer) -> Result<Page, serde_json::Error> {
    let page: PageAnswer = answer.json()?;
    Ok(Page { items: page.values, next: page.next })
}

/// `{"href": "…"}`, the shape of most of Bitbucket's links.
#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) href: String,
}

/// A person, where one is mentioned.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) uuid: String,
    #[serde(default, deserialize_with = "maybe")]
    pub(super) nickname: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "maybe")]
    pub(super) links: Option<AccountLinks>,
}

/// The links of a person or workspace.
#[derive(Deserialize)]
pub(super) struct AccountLinks {
    #[serde(default, deserialize_with = "maybe")]
    pub(super) avatar: Option<Link>,
}

impl Account {
    pub(super) fn avatar(&self) -> Option<String> {
        let avatar = self.links.as_ref()?.avatar.as_ref()?;
        Some(avatar.href.clone())
    }
}
