//! Reading commits, trees and files.

use super::{Git, GitError};

/// A commit, as git reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitInfo {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author_name: String,
    pub(crate) author_email: String,
    pub(crate) author_date: String,
    pub(crate) committer_name: String,
    pub(crate) committer_email: String,
    pub(crate) committer_date: String,
    pub(crate) message: String,
}

impl CommitInfo {
    /// Returns the first line of the message.
    pub(crate) fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// A file that a commit touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// `A`, `D`, `M` or `T`.
    pub(crate) letter: char,
    pub(crate) path: String,
    pub(crate) added: u64,
    pub(crate) removed: u64,
}

/// Something in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) mode: String,
    /// `blob`, `tree` or `commit`.
    pub(crate) kind: String,
    pub(crate) sha: String,
    pub(crate) size: u64,
    pub(crate) path: String,
}

const FORMAT: &str = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B";
const FIELDS: usize = 10;

impl Git {
    /// Returns the commit that a name stands for: a branch, a tag or a (short) id.
    pub(crate) async fn resolve(&self, name: &str) -> Option<String> {
        if let Some(commit) = self.unpacked_branch(name).await {
            return Some(commit);
        }
        if name.starts_with("refs/heads/") && !self.refs().await.ok()?.contains_key(name) {
            return None;
        }
        if self.loose_kind(name).await.as_deref() == Some("commit") {
            return Some(name.to_owned());
        }
        let revision = format!("{name}^{{commit}}");
        let args = ["rev-parse", "--verify", "--quiet", "--end-of-options", &revision];
        self.text_about(&args, &[name]).await.ok().filter(|sha| !sha.is_empty())
    }

    /// Returns whether nothing was pushed yet.
    pub(crate) async fn is_empty(&self) -> bool {
        self.refs().await.is_ok_and(|refs| refs.is_empty())
    }

    /// Returns one commit.
    pub(crate) async fn commit(&self, sha: &str) -> Result<CommitInfo, GitError> {
        let commits = self.log(&[sha], 1).await?;
        commits.into_iter().next().ok_or_else(|| GitError::Odd { command: "log".to_owned() })
    }

    /// Returns commits that a range names, newest first.
    pub(crate) async fn log(
        &self,
        range: &[&str],
        limit: usize,
    ) -> Result<Vec<CommitInfo>, GitError> {
        if let Some(commits) = self.loose_log(range, limit).await {
            return Ok(commits);
        }
        let count = format!("--max-count={limit}");
        let mut args = vec!["log", "-z", &count, FORMAT, "--end-of-options"];
        args.extend_from_slice(range);
        args.push("--");
        let text = self.text_about(&args, range).await?;
        let fields: Vec<&str> = text.split('\0').collect();
        Ok(fields.chunks_exact(FIELDS).filter_map(commit_of).collect())
    }

    /// Returns what a commit changed against its first parent.
    pub(crate) async fn changes(&self, sha: &str) -> Result<Vec<FileChange>, GitError> {
        let common =
            ["diff-tree", "--no-commit-id", "--root", "--diff-merges=first-parent", "-r", "-z"];
        self.diff(&common, &[sha]).await
    }

    /// Returns what changed between two commits.
    pub(crate) async fn difference(
        &self,
        old: &str,
        new: &str,
    ) -> Result<Vec<FileChange>, GitError> {
        self.diff(&["diff-tree", "-r", "-z"], &[old, new]).await
    }

    async fn diff(&self, common: &[&str], what: &[&str]) -> Result<Vec<FileChange>, GitError> {
        let both = ["--no-renames", "--raw", "--numstat", "--end-of-options"];
        let text = self.text_about(&[common, &both, what].concat(), what).await?;
        Ok(changes_of(&text))
    }

    /// Returns how many commits each end of a comparison has that the other has not.
    pub(crate) async fn ahead_behind(
        &self,
        base: &str,
        head: &str,
    ) -> Result<(u64, u64), GitError> {
        let range = format!("{base}...{head}");
        let args = ["rev-list", "--left-right", "--count", "--end-of-options", &range, "--"];
        let text = self.text(&args).await?;
        let mut numbers = text.split_whitespace().map(|one| one.parse().unwrap_or(0));
        let behind = numbers.next().unwrap_or(0);
        Ok((numbers.next().unwrap_or(0), behind))
    }

    /// Returns the newest commit that both have, if there is one.
    pub(crate) async fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        if let Some(base) = self.loose_merge_base(one, other).await {
            return Some(base);
        }
        let args = ["merge-base", "--end-of-options", one, other];
        self.text_about(&args, &[one, other]).await.ok()
    }

    /// Returns one entry of a tree; the root is the empty path.
    pub(crate) async fn entry(&self, sha: &str, path: &str) -> Option<Entry> {
        let path = path.trim_matches('/');
        if path.is_empty() {
            let revision = format!("{sha}^{{tree}}");
            let tree = self.text_about(&["rev-parse", "--verify", &revision], &[sha]).await.ok();
            return tree.map(|sha| Entry {
                mode: "040000".to_owned(),
                kind: "tree".to_owned(),
                sha,
                size: 0,
                path: String::new(),
            });
        }
        let found = self.entries(sha, path).await.ok()?;
        found.into_iter().find(|entry| entry.path == path)
    }

    /// Returns what is in a directory.
    pub(crate) async fn directory_entries(
        &self,
        sha: &str,
        path: &str,
    ) -> Result<Vec<Entry>, GitError> {
        let path = path.trim_matches('/');
        if path.is_empty() {
            return self.entries(sha, "").await;
        }
        self.entries(sha, &format!("{path}/")).await
    }

    async fn entries(&self, sha: &str, path: &str) -> Result<Vec<Entry>, GitError> {
        if let Some(entries) = self.loose_entries(sha, path).await {
            return Ok(entries);
        }
        // A path is taken literally: `*` in a file name is only a star.
        let mut args = vec!["--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", sha];
        if !path.is_empty() {
            args.extend(["--", path]);
        }
        let text = self.text_about(&args, &[sha]).await?;
        Ok(text.split('\0').filter_map(entry_of).collect())
    }

    /// Returns the bytes of a file.
    pub(crate) async fn blob(&self, sha: &str) -> Result<Vec<u8>, GitError> {
        if let Some(content) = self.loose_blob(sha).await {
            return Ok(content);
        }
        Ok(self.bytes_about(&["cat-file", "blob", sha], &[sha]).await?.to_vec())
    }

    /// Returns the type of an object: `commit` or `tag` are the ones that refs point at.
    pub(crate) async fn kind_of(&self, sha: &str) -> Option<String> {
        match self.loose_kind(sha).await {
            Some(kind) => Some(kind),
            None => self.text_about(&["cat-file", "-t", sha], &[sha]).await.ok(),
        }
    }
}

fn commit_of(fields: &[&str]) -> Option<CommitInfo> {
    let field = |index: usize| fields.get(index).map(|text| (*text).to_owned());
    Some(CommitInfo {
        sha: field(0)?,
        tree: field(1)?,
        parents: field(2)?.split_whitespace().map(str::to_owned).collect(),
        author_name: field(3)?,
        author_email: field(4)?,
        author_date: field(5)?,
        committer_name: field(6)?,
        committer_email: field(7)?,
        committer_date: field(8)?,
        message: field(9)?.trim_end_matches('\n').to_owned(),
    })
}

/// Reads `:modes and ids M\0path\0` of all files, and then `added\tremoved\tpath\0` of all.
fn changes_of(text: &str) -> Vec<FileChange> {
    let mut fields = text.split('\0').peekable();
    let mut changes = Vec::new();
    while let Some(field) = fields.next_if(|field| field.starts_with(':')) {
        changes.push(FileChange {
            letter: field.chars().next_back().unwrap_or('M'),
            path: fields.next().unwrap_or_default().to_owned(),
            added: 0,
            removed: 0,
        });
    }
    // Both lists have the order of the tree.
    for (change, counts) in changes.iter_mut().zip(fields) {
        let mut numbers = counts.split('\t').map(|one| one.parse().unwrap_or(0));
        change.added = numbers.next().unwrap_or(0);
        change.removed = numbers.next().unwrap_or(0);
    }
    changes
}

fn entry_of(line: &str) -> Option<Entry> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_whitespace().map(str::to_owned);
    Some(Entry {
        mode: words.next()?,
        kind: words.next()?,
        sha: words.next()?,
        size: words.next()?.parse().unwrap_or(0),
        path: path.to_owned(),
    })
}
