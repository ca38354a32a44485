//! A person with a browser that runs no scripts: cookies, redirects, forms.
//!
//! It drives real pages over real HTTP, as far as a page works without scripts. What needs scripts
//! is tested in Chromium.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Response, StatusCode, Url, header, redirect::Policy};

/// More redirects than any of our flows has.
const REDIRECTS: usize = 12;

/// A page, as it came.
#[derive(Clone, Debug)]
pub struct Page {
    /// The URL, after redirects.
    pub url: Url,
    /// How the server answered.
    pub status: StatusCode,
    pub text: String,
}

/// A browser with its cookies.
pub struct Visitor {
    http: Client,
    /// By host and port, as our servers all live on one host.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

impl Visitor {
    /// Opens a browser.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be built.
    pub fn new() -> Result<Self> {
        let http = Client::builder()
            .redirect(Policy::none())
            .tls_certs_only([])
            .timeout(std::time::Duration::from_secs(30))
            .build()?;
        Ok(Self { http, cookies: BTreeMap::new() })
    }

    /// Opens an address.
    ///
    /// # Errors
    ///
    /// If there is no answer, or too many redirects.
    pub async fn open(&mut self, url: Url) -> Result<Page> {
        self.go(url, None).await
    }

    /// Sends a form to an address.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub async fn send(&mut self, url: Url, fields: &[(&str, &str)]) -> Result<Page> {
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        self.go(url, Some(fields)).await
    }

    /// Sends the form of a page that has the first field of `more`, with its hidden fields.
    ///
    /// # Errors
    ///
    /// If the page has no such form.
    pub async fn submit(&mut self, page: &Page, more: &[(&str, &str)]) -> Result<Page> {
        let wanted = more.first().map(|(name, _)| format!("name=\"{name}\"")).unwrap_or_default();
        let form = page
            .text
            .split("<form")
            .skip(1)
            .map(|form| form.split("</form").next().unwrap_or_default())
            .find(|form| form.contains("method=\"post\"") && form.contains(&wanted));
        let form =
            form.with_context(|| format!("{} has no such form:\n{}", page.url, page.text))?;
        let action = attribute(form.split('>').next().unwrap_or_default(), "action");
        let url = page.url.join(action.as_deref().unwrap_or(page.url.as_str()))?;
        let mut fields: Vec<(String, String)> = form
            .split("<input")
            .skip(1)
            .filter_map(|input| {
                let tag = input.split('>').next()?;
                Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default()))
            })
            .collect();
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.go(url, Some(fields)).await
    }

    async fn go(&mut self, url: Url, form: Option<Vec<(String, String)>>) -> Result<Page> {
        let mut url = url;
        let mut form = form;
        for _ in 0..REDIRECTS {
            let request = match form.take() {
                // The page whose form it is, and the address it is sent to, are of one site.
                Some(fields) => {
                    let origin = url.origin().ascii_serialization();
                    self.http.post(url.clone()).header(header::ORIGIN, origin).form(&fields)
                }
                None => self.http.get(url.clone()),
            };
            let answer = request.header(header::COOKIE, self.cookies_for(&url)).send().await?;
            self.keep_cookies(&url, &answer);
            let Some(target) = answer.headers().get(header::LOCATION) else {
                let status = answer.status();
                return Ok(Page { url, status, text: answer.text().await? });
            };
            url = url.join(target.to_str()?)?;
        }
        bail!("redirects from {url} do not end");
    }

    fn cookies_for(&self, url: &Url) -> String {
        let cookies = self.cookies.get(&place(url)).into_iter().flatten();
        cookies.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&mut self, url: &Url, answer: &Response) {
        let jar = self.cookies.entry(place(url)).or_default();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let Some((name, rest)) = cookie.to_str().ok().and_then(|text| text.split_once('='))
            else {
                continue;
            };
            let value = rest.split(';').next().unwrap_or_default();
            jar.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn place(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
}

/// Finds an attribute in the text of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&#38;", "&")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::attribute;

    #[test]
    fn an_attribute_is_found_and_unescaped() {
        let tag = " type=\"hidden\" name=\"a\" value=\"x&amp;y\"";
        assert_eq!(attribute(tag, "value").as_deref(), Some("x&y"));
        assert_eq!(attribute(tag, "action"), None);
    }
}
