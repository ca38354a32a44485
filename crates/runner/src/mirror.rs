//! The runner's bare mirrors, and the checkout bundles that it makes of them for jobs.
//!
//! ```text
//! forge ──ssh, deploy key──▶ mirror (branches and tags) ──hard links──▶ bundle ──bind, read-only──▶ job
//!                                └─ ─ objects borrowed while fetching ─ ─▶ bundle of one ref only
//! ```
//!
//! Invariants:
//!
//! - A mirror holds branches and tags of its repository and nothing else. What comes from a fork
//!   (`refs/pull/…`) goes into the bundle of its job only, so nothing of a fork ever is where
//!   another job is served from.
//! - The bundle of a job that builds such a ref holds the objects of that ref and no others.
//! - A bundle is the job's own copy, a bare repository: it has no alternates, and the job sees it
//!   read-only.
//!
//! One fetch at a time for each repository; a job whose revision is there already fetches nothing.
//!
//! Deliberately absent: `gc`. Mirrors only grow, by what is pushed.

mod fetch_error;
mod git;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use roundel_protocol::CheckoutSpec;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as AsyncMutex;

pub(crate) use fetch_error::FetchError;
use git::{Access, Git};

/// Where a commit is kept that no ref holds any more.
const KEPT: &str = "refs/roundel/revision";

/// Fetches repositories.
pub(crate) struct Mirrors {
    directory: PathBuf,
    /// One lock for each repository, held while fetching.
    turns: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
}

/// The bundle to make.
#[derive(Clone, Copy)]
pub(crate) struct BundleSpec<'a> {
    /// What to fetch, and with which key.
    pub(crate) checkout: &'a CheckoutSpec,
    /// Where secrets may be kept for a moment.
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
    pub(crate) async fn bundle(&self, spec: BundleSpec<'_>) -> Result<(), FetchError> {
        let name = name(&spec.checkout.url);
        let mirror = self.directory.join(&name);
        let access = Access::open(spec.checkout, spec.scratch)?;
        let git = Git::new(&self.directory);
        let turn = self.turn(&name);
        let _turn = turn.lock().await;
        let made = match &spec.checkout.fetch_ref {
            Some(fetch_ref) => alone(&git, &access, &mirror, spec, fetch_ref).await,
            None => whole(&git, &access, &mirror, spec).await,
        };
        if made.is_err() && spec.into.exists() {
            // A second attempt would take half a bundle for a whole one.
            drop(std::fs::remove_dir_all(spec.into));
        }
        made
    }

    /// Makes a work tree on this host, for an image without git (RUN §4.6).
    pub(crate) async fn work_tree(
        &self,
        checkout: &CheckoutSpec,
        bundle: &Path,
        into: &Path,
    ) -> Result<String, FetchError> {
        let git = Git::new(&self.directory);
        let (bundle, into) = (text(bundle), text(into));
        git.local(&[
            "clone",
            "-q",
            "--no-checkout",
            "--no-hardlinks",
            "--template=",
            &bundle,
            &into,
        ])
        .await?;
        git.local(&["-C", &into, "remote", "set-url", "origin", &checkout.url]).await?;
        let sha = checkout.sha.as_str();
        git.local(&["-C", &into, "checkout", "-q", "--force", "--detach", sha]).await?;
        if checkout.git_ref.branch().is_some() {
            // `git checkout -B` refuses branches named like an option (`-n`) or `HEAD`.
            let branch = checkout.git_ref.full();
            git.local(&["-C", &into, "update-ref", &branch, sha]).await?;
            git.local(&["-C", &into, "symbolic-ref", "HEAD", &branch]).await?;
        }
        git.local(&["-C", &into, "log", "-1", "--no-color", "--format=HEAD is now at %h %s"]).await
    }

    fn turn(&self, name: &str) -> Arc<AsyncMutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(name.to_owned()).or_default())
    }
}

/// Makes a bundle with all branches and tags.
async fn whole(
    git: &Git,
    access: &Access,
    mirror: &Path,
    spec: BundleSpec<'_>,
) -> Result<(), FetchError> {
    let checkout = spec.checkout;
    if !is_there(git, mirror, checkout).await {
        match refresh(git, access, mirror, checkout).await {
            Err(error) if error.blames_the_mirror() && mirror.exists() => {
                tracing::warn!(%error, mirror = %mirror.display(), "replacing a damaged mirror");
                std::fs::remove_dir_all(mirror).map_err(FetchError::from)?;
                refresh(git, access, mirror, checkout).await?;
            }
            other => other?,
        }
        if !has(git, mirror, checkout).await {
            // Force-pushed meanwhile: most forges still serve a commit that is asked for by its id.
            let (mirror, sha) = (text(mirror), checkout.sha.as_str());
            let by_id = ["-C", &mirror, "fetch", "-q", "--no-tags", "--", &checkout.url, sha];
            git.remote(access, &by_id).await.map_err(|error| error.or_gone(sha))?;
        }
    }
    let (mirror, into) = (text(mirror), text(spec.into));
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

/// Makes a bundle with one ref, as a branch under the name that the job knows it by.
async fn alone(
    git: &Git,
    access: &Access,
    mirror: &Path,
    spec: BundleSpec<'_>,
    fetch_ref: &str,
) -> Result<(), FetchError> {
    let checkout = spec.checkout;
    let (into, sha) = (text(spec.into), checkout.sha.as_str());
    let branch = format!("refs/heads/{}", checkout.git_ref.name());
    git.local(&["init", "-q", "--bare", "--template=", "--", &into]).await?;
    let borrowed = spec.into.join("objects/info/alternates");
    if mirror.join("objects").exists() {
        std::fs::create_dir_all(spec.into.join("objects/info")).map_err(FetchError::from)?;
        std::fs::write(&borrowed, format!("{}\n", mirror.join("objects").display()))
            .map_err(FetchError::from)?;
    }
    let refspec = format!("+{fetch_ref}:{branch}");
    git.remote(access, &["-C", &into, "fetch", "-q", "--no-tags", "--", &checkout.url, &refspec])
        .await?;
    if !has(git, spec.into, checkout).await {
        git.remote(access, &["-C", &into, "fetch", "-q", "--no-tags", "--", &checkout.url, sha])
            .await
            .map_err(|error| error.or_gone(sha))?;
    }
    git.local(&["-C", &into, "update-ref", KEPT, sha]).await?;
    git.local(&["-C", &into, "symbolic-ref", "HEAD", &branch]).await?;
    // Copies the borrowed objects that are needed; the others stay out.
    git.local(&["-C", &into, "repack", "-q", "-a", "-d"]).await?;
    if borrowed.exists() {
        std::fs::remove_file(&borrowed).map_err(FetchError::from)?;
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
) -> Result<(), FetchError> {
    if mirror.exists() {
        let mirror = text(mirror);
        let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let fetch = ["-C", &mirror, "fetch", "-q", "--prune", "--no-tags", "--", &checkout.url];
        return git.remote(access, &[&fetch[..], &refs].concat()).await.map(drop);
    }
    let half = mirror.with_extension("half");
    if half.exists() {
        std::fs::remove_dir_all(&half).map_err(FetchError::from)?;
    }
    let clone = ["clone", "-q", "--bare", "--template=", "-c", "gc.auto=0", "--", &checkout.url];
    git.remote(access, &[&clone[..], &[&text(&half)]].concat()).await?;
    std::fs::rename(&half, mirror).map_err(FetchError::from)
}

/// Returns whether a mirror has the revision where the job expects it.
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
