//! The runner's bare mirrors, and the parcels that it makes of them for jobs.
//!
//! ```text
//! forge ──ssh, deploy key──▶ mirror (branches and tags) ──hard links──▶ parcel ──bind, read-only──▶ job
//!                                └─ ─ objects lent while fetching ─ ─▶ parcel of one ref only
//! ```
//!
//! Invariants:
//!
//! - A mirror holds branches and tags of its repository and nothing else. What comes from a fork
//!   (`refs/pull/…`) goes into the parcel of its job only, so nothing of a fork ever lies where
//!   another job is served from.
//! - The parcel of a job that builds such a ref holds the objects of that ref and no others.
//! - A parcel is the job's own copy: it has no alternates, and the job sees it read-only.
//!
//! One fetch at a time for each repository; a job whose revision is there already fetches nothing.
//!
//! Deliberately absent: `gc`. Mirrors only grow, by what is pushed.

mod git;
mod trouble;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use roundel_protocol::CheckoutSpec;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as AsyncMutex;

use git::{Access, Git};
pub(crate) use trouble::FetchTrouble;

/// How long a transfer from the forge may take.
const TRANSFER: Duration = Duration::from_mins(20);

/// How long git may take for what it does on this host.
const LOCAL: Duration = Duration::from_mins(5);

/// Where a commit is kept that no ref holds any more.
const KEPT: &str = "refs/roundel/revision";

/// Fetches repositories.
pub(crate) struct Mirrors {
    directory: PathBuf,
    /// One for each repository: whoever holds it fetches.
    turns: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
}

/// A parcel that is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// What to fetch, and with which key.
    pub(crate) checkout: &'a CheckoutSpec,
    /// Where secrets may lie for a moment.
    pub(crate) scratch: &'a Path,
    /// The bare repository to make.
    pub(crate) into: &'a Path,
}

impl Mirrors {
    /// Keeps mirrors in a directory.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory, turns: Mutex::default() }
    }

    /// Makes a bare repository with what the revision may see.
    pub(crate) async fn parcel(&self, wanted: Wanted<'_>) -> Result<(), FetchTrouble> {
        let name = name(&wanted.checkout.url);
        let mirror = self.directory.join(&name);
        let access = Access::open(wanted.checkout, wanted.scratch)?;
        let git = Git::new(&self.directory);
        let turn = self.turn(&name);
        let _turn = turn.lock().await;
        let made = match &wanted.checkout.fetch_ref {
            Some(fetch_ref) => alone(&git, &access, &mirror, wanted, fetch_ref).await,
            None => whole(&git, &access, &mirror, wanted).await,
        };
        if made.is_err() && wanted.into.exists() {
            // Half a parcel would look like one to a second try.
            drop(std::fs::remove_dir_all(wanted.into));
        }
        made
    }

    /// Makes a work tree on this host, for an image without git (RUN §4.6).
    pub(crate) async fn work_tree(
        &self,
        checkout: &CheckoutSpec,
        parcel: &Path,
        into: &Path,
    ) -> Result<String, FetchTrouble> {
        let git = Git::new(&self.directory);
        let (parcel, into) = (text(parcel), text(into));
        git.local(&[
            "clone",
            "-q",
            "--no-checkout",
            "--no-hardlinks",
            "--template=",
            &parcel,
            &into,
        ])
        .await?;
        git.local(&["-C", &into, "remote", "set-url", "origin", &checkout.url]).await?;
        let sha = checkout.sha.as_str();
        match checkout.git_ref.branch() {
            Some(branch) => {
                git.local(&["-C", &into, "checkout", "-q", "--force", "-B", branch.as_str(), sha])
                    .await?;
            }
            None => {
                git.local(&["-C", &into, "checkout", "-q", "--force", "--detach", sha]).await?;
            }
        }
        git.local(&["-C", &into, "log", "-1", "--no-color", "--format=HEAD is now at %h %s"]).await
    }

    fn turn(&self, name: &str) -> Arc<AsyncMutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(name.to_owned()).or_default())
    }
}

/// A parcel with all branches and tags.
async fn whole(
    git: &Git,
    access: &Access,
    mirror: &Path,
    wanted: Wanted<'_>,
) -> Result<(), FetchTrouble> {
    let checkout = wanted.checkout;
    if !is_there(git, mirror, checkout).await {
        match refresh(git, access, mirror, checkout).await {
            Err(trouble) if trouble.blames_the_mirror() && mirror.exists() => {
                tracing::warn!(%trouble, mirror = %mirror.display(), "a mirror is made anew");
                std::fs::remove_dir_all(mirror).map_err(FetchTrouble::from)?;
                refresh(git, access, mirror, checkout).await?;
            }
            other => other?,
        }
        if !has(git, mirror, checkout).await {
            // Pushed over meanwhile: most forges still give a commit to who asks for it by name.
            let (mirror, sha) = (text(mirror), checkout.sha.as_str());
            let asked = ["-C", &mirror, "fetch", "-q", "--no-tags", "--", &checkout.url, sha];
            git.remote(access, &asked).await.map_err(|trouble| trouble.or_gone(sha))?;
        }
    }
    let (mirror, into) = (text(mirror), text(wanted.into));
    git.local(&[
        "clone",
        "-q",
        "--bare",
        "--local",
        "--template=",
        "-c",
        "uploadpack.allowAnySHA1InWant=true",
        "-c",
        "uploadpack.allowFilter=true",
        "--",
        &mirror,
        &into,
    ])
    .await?;
    Ok(())
}

/// A parcel with one ref, as a branch under the name that the job knows it by.
async fn alone(
    git: &Git,
    access: &Access,
    mirror: &Path,
    wanted: Wanted<'_>,
    fetch_ref: &str,
) -> Result<(), FetchTrouble> {
    let checkout = wanted.checkout;
    let (into, sha) = (text(wanted.into), checkout.sha.as_str());
    let branch = format!("refs/heads/{}", checkout.git_ref.name());
    git.local(&["init", "-q", "--bare", "--template=", "--", &into]).await?;
    let lent = wanted.into.join("objects/info/alternates");
    if mirror.join("objects").exists() {
        std::fs::create_dir_all(wanted.into.join("objects/info")).map_err(FetchTrouble::from)?;
        std::fs::write(&lent, format!("{}\n", mirror.join("objects").display()))
            .map_err(FetchTrouble::from)?;
    }
    let refspec = format!("+{fetch_ref}:{branch}");
    git.remote(access, &["-C", &into, "fetch", "-q", "--no-tags", "--", &checkout.url, &refspec])
        .await?;
    if !has(git, wanted.into, checkout).await {
        git.remote(access, &["-C", &into, "fetch", "-q", "--no-tags", "--", &checkout.url, sha])
            .await
            .map_err(|trouble| trouble.or_gone(sha))?;
    }
    git.local(&["-C", &into, "update-ref", KEPT, sha]).await?;
    git.local(&["-C", &into, "symbolic-ref", "HEAD", &branch]).await?;
    // Copies what was lent and is needed; what was lent and is not needed stays out.
    git.local(&["-C", &into, "repack", "-q", "-a", "-d"]).await?;
    if lent.exists() {
        std::fs::remove_file(&lent).map_err(FetchTrouble::from)?;
    }
    git.local(&["-C", &into, "config", "uploadpack.allowAnySHA1InWant", "true"]).await?;
    Ok(())
}

/// Brings a mirror up to date, or makes it.
async fn refresh(
    git: &Git,
    access: &Access,
    mirror: &Path,
    checkout: &CheckoutSpec,
) -> Result<(), FetchTrouble> {
    if mirror.exists() {
        let mirror = text(mirror);
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let fetch = ["-C", &mirror, "fetch", "-q", "--prune", "--no-tags", "--", &checkout.url];
        return git.remote(access, &[&fetch[..], &refs].concat()).await.map(drop);
    }
    let half = mirror.with_extension("half");
    if half.exists() {
        std::fs::remove_dir_all(&half).map_err(FetchTrouble::from)?;
    }
    let clone = ["clone", "-q", "--bare", "--template=", "-c", "gc.auto=0", "--", &checkout.url];
    git.remote(access, &[&clone[..], &[&text(&half)]].concat()).await?;
    std::fs::rename(&half, mirror).map_err(FetchTrouble::from)
}

/// Tells whether a mirror has the revision where the job expects it.
async fn is_there(git: &Git, mirror: &Path, checkout: &CheckoutSpec) -> bool {
    if !mirror.exists() {
        return false;
    }
    let (mirror, name) = (text(mirror), checkout.git_ref.full());
    let sha = checkout.sha.as_str();
    git.local(&["-C", &mirror, "merge-base", "--is-ancestor", sha, &name]).await.is_ok()
}

async fn has(git: &Git, repository: &Path, checkout: &CheckoutSpec) -> bool {
    let commit = format!("{}^{{commit}}", checkout.sha);
    git.local(&["-C", &text(repository), "cat-file", "-e", &commit]).await.is_ok()
}

/// A directory name for a repository: readable in front, unmistakable behind.
fn name(url: &str) -> String {
    let readable: String = url
        .rsplit(['/', ':'])
        .take(2)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
        .join("-")
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .take(60)
        .collect();
    let hash = hex::encode(Sha256::digest(url.as_bytes()));
    format!("{readable}-{}.git", hash.get(..16).unwrap_or(&hash))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
