//! Lists of many pages.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{call::Call, client::Client};
use crate::error::ForgeError;

/// Pages of one list: against loops. With 100 items each, far beyond what an account holds.
const PAGES: usize = 1_000;

impl Client {
    /// Reads a list to its end, every entry of it.
    ///
    /// # Errors
    /// As for a single call; a page that leads to another host, in a loop or on without end, and
    /// an entry that lacks what we need, are [`crate::ErrorClass::Broken`]. There are no half lists:
    /// what is missing would look deleted, and be made again.
    pub(crate) async fn list<T: DeserializeOwned>(&self, call: Call) -> Result<Vec<T>, ForgeError> {
        let what = call.clone();
        let entry = |item| {
            read(item).map_err(|error| {
                self.broken(&what, &format!("unexpected entry in its list: {error}"))
            })
        };
        self.items(call).await?.into_iter().map(entry).collect()
    }

    /// Reads a list to its end and leaves out entries that lack what we need. For lists that people
    /// choose from, where one odd entry must not hide the others; never for one that decides what
    /// we create.
    ///
    /// # Errors
    /// As [`Self::list`], but for the entries.
    pub(crate) async fn list_readable<T: DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<Vec<T>, ForgeError> {
        let what = call.what;
        let readable = |item| {
            read(item)
                .inspect_err(|error| {
                    tracing::warn!(forge = %self.kind(), what, %error, "left out an entry of a list");
                })
                .ok()
        };
        Ok(self.items(call).await?.into_iter().filter_map(readable).collect())
    }

    async fn items(&self, call: Call) -> Result<Vec<Value>, ForgeError> {
        let mut call = call.query(&[(self.dialect.page_size, "100")]);
        let origin = call.url.origin();
        let (mut items, mut seen) = (Vec::new(), HashSet::new());
        while seen.len() < PAGES {
            if !seen.insert(call.url.clone()) {
                return Err(self.broken(&call, "its pages link to each other in a loop"));
            }
            let answer = self.send_for_json(&call).await?;
            let page = (self.dialect.page)(&answer)
                .map_err(|error| self.broken(&call, &format!("a page is unreadable: {error}")))?;
            items.extend(page.items);
            let Some(next) = page.next else { return Ok(items) };
            match answer.url.join(&next) {
                Ok(next) if next.origin() == origin => call.at_page(next),
                _ => return Err(self.broken(&call, "its next page is on another host")),
            }
        }
        Err(self.broken(&call, "its list has more than 1000 pages"))
    }
}

/// Reads an entry. An error says where in it: a value of another type does not say so itself.
fn read<T: DeserializeOwned>(
    item: Value,
) -> Result<T, serde_path_to_error::Error<serde_json::Error>> {
    serde_path_to_error::deserialize(item)
}
