//! Objects that git keeps in a file of their own (gitformat-loose(5)), as it does with what was pushed here
//! lately: most of what webhooks and calls ask about.
//!
//! Each question would otherwise take a process, and those of one push took longer than all the rest.
//! What is packed, signed, merged or unusual in any other way is left to git: `None` says only that.

use std::{
    io::{self, Read as _},
    path::Path,
};

use jiff::tz::{Offset, TimeZone};

use super::{CommitInfo, Entry, Git, answers::is_id};

/// How long the content of an object may be that is read here, in bytes.
const BYTES: u64 = 1 << 20;

/// How many commits one question may read.
const COMMITS: usize = 256;

/// An object without its header.
struct Object {
    kind: String,
    content: Vec<u8>,
}

/// A line of a tree.
struct Line {
    mode: String,
    name: String,
    id: String,
}

impl Git {
    async fn object(&self, id: &str) -> Option<Object> {
        if !is_id(id) {
            return None;
        }
        let (directory, name) = id.split_at(2);
        let file = self.directory.join("objects").join(directory).join(name);
        tokio::task::spawn_blocking(move || inflate(&file).ok()).await.ok()?
    }

    async fn content(&self, id: &str, kind: &str) -> Option<Vec<u8>> {
        let object = self.object(id).await?;
        (object.kind == kind).then_some(object.content)
    }

    /// Returns the type of an object.
    pub(super) async fn loose_kind(&self, id: &str) -> Option<String> {
        self.object(id).await.map(|object| object.kind)
    }

    /// Returns the bytes of a file.
    pub(super) async fn loose_blob(&self, id: &str) -> Option<Vec<u8>> {
        self.content(id, "blob").await
    }

    async fn loose_commit(&self, id: &str) -> Option<CommitInfo> {
        commit_of(id, &self.content(id, "commit").await?)
    }

    /// Returns the commits of a range whose history is one line, newest first.
    pub(super) async fn loose_log(&self, range: &[&str], limit: usize) -> Option<Vec<CommitInfo>> {
        let (head, until) = match *range {
            [head] => (head, None),
            [head, until] => (head, Some(until.strip_prefix('^')?)),
            _ => return None,
        };
        let mut commits = Vec::new();
        let mut next = Some(head.to_owned());
        while let Some(id) = next.filter(|id| Some(id.as_str()) != until) {
            if until.is_none() && commits.len() == limit {
                break;
            }
            if commits.len() == COMMITS {
                return None;
            }
            let commit = self.loose_commit(&id).await?;
            next = match commit.parents.as_slice() {
                // Where the range ends was not on the way: what both have in common is not known.
                [] if until.is_some() => return None,
                [] => None,
                [parent] => Some(parent.clone()),
                _ => return None,
            };
            commits.push(commit);
        }
        commits.truncate(limit);
        Some(commits)
    }

    /// Returns the older of two commits if the other one is on the line that it began.
    pub(super) async fn loose_merge_base(&self, one: &str, other: &str) -> Option<String> {
        if !is_id(one) || !is_id(other) {
            return None;
        }
        for (older, newer) in [(one, other), (other, one)] {
            let range = [newer, &format!("^{older}")];
            if self.loose_log(&range, usize::MAX).await.is_some() {
                return Some(older.to_owned());
            }
        }
        None
    }

    /// Returns the entries that `git ls-tree COMMIT -- PATH` lists: what is in a directory whose path ends with
    /// a slash, or the entry itself. The empty path is the root.
    pub(super) async fn loose_entries(&self, commit: &str, path: &str) -> Option<Vec<Entry>> {
        let mut tree = commit_of(commit, &self.content(commit, "commit").await?)?.tree;
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        for part in directory.split('/').filter(|_| !directory.is_empty()) {
            let lines = lines_of(&self.content(&tree, "tree").await?)?;
            match lines.into_iter().find(|line| line.name == part) {
                Some(line) if line.kind() == "tree" => tree = line.id,
                Some(_) => return None,
                None => return Some(Vec::new()),
            }
        }
        let mut entries = Vec::new();
        for line in lines_of(&self.content(&tree, "tree").await?)? {
            if !name.is_empty() && line.name != name {
                continue;
            }
            let kind = line.kind();
            let size = match kind {
                "blob" => u64::try_from(self.loose_blob(&line.id).await?.len()).ok()?,
                _ => 0,
            };
            let path = match directory {
                "" => line.name,
                directory => format!("{directory}/{}", line.name),
            };
            let mode = format!("{:0>6}", line.mode);
            entries.push(Entry { mode, kind: kind.to_owned(), sha: line.id, size, path });
        }
        Some(entries)
    }
}

impl Line {
    fn kind(&self) -> &'static str {
        match self.mode.as_str() {
            "40000" => "tree",
            "160000" => "commit",
            _ => "blob",
        }
    }
}

/// Reads `TYPE SIZE\0CONTENT`, which is compressed.
fn inflate(file: &Path) -> io::Result<Object> {
    let odd = || io::Error::from(io::ErrorKind::InvalidData);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file)?;
    flate2::read::ZlibDecoder::new(file).take(BYTES).read_to_end(&mut bytes)?;
    let end = bytes.iter().position(|&byte| byte == 0).ok_or_else(odd)?;
    let content = bytes.split_off(end + 1);
    bytes.pop();
    let header = String::from_utf8(bytes).map_err(|_| odd())?;
    let (kind, size) = header.split_once(' ').ok_or_else(odd)?;
    let is_whole = size.parse() == Ok(content.len());
    if is_whole { Ok(Object { kind: kind.to_owned(), content }) } else { Err(odd()) }
}

/// Reads a commit without a signature or an encoding of its own.
fn commit_of(id: &str, content: &[u8]) -> Option<CommitInfo> {
    let text = std::str::from_utf8(content).ok()?;
    let (headers, message) = text.split_once("\n\n")?;
    let mut headers = headers.lines().peekable();
    let tree = headers.next()?.strip_prefix("tree ")?.to_owned();
    let mut parents = Vec::new();
    while let Some(parent) = headers.peek().and_then(|line| line.strip_prefix("parent ")) {
        parents.push(parent.to_owned());
        headers.next();
    }
    let (author_name, author_email, author_date) =
        person_of(headers.next()?.strip_prefix("author ")?)?;
    let (committer_name, committer_email, committer_date) =
        person_of(headers.next()?.strip_prefix("committer ")?)?;
    if headers.next().is_some() {
        return None;
    }
    let message = message.trim_end_matches('\n').to_owned();
    Some(CommitInfo {
        sha: id.to_owned(),
        tree,
        parents,
        author_name,
        author_email,
        author_date,
        committer_name,
        committer_email,
        committer_date,
        message,
    })
}

/// Reads `NAME <EMAIL> SECONDS +HHMM`; the time is returned as ISO 8601.
fn person_of(line: &str) -> Option<(String, String, String)> {
    let (name, rest) = line.split_once(" <")?;
    let (email, rest) = rest.split_once("> ")?;
    let (seconds, zone) = rest.split_once(' ')?;
    let zone: i32 = zone.parse().ok()?;
    let offset = Offset::from_seconds((zone / 100 * 60 + zone % 100) * 60).ok()?;
    let time = jiff::Timestamp::from_second(seconds.parse().ok()?).ok()?;
    let date = time.to_zoned(TimeZone::fixed(offset)).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    Some((name.to_owned(), email.to_owned(), date))
}

/// Reads `MODE NAME\0ID` of each entry, whose id is 20 bytes.
fn lines_of(mut content: &[u8]) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    while !content.is_empty() {
        let end = content.iter().position(|&byte| byte == 0)?;
        let (head, rest) = content.split_at(end);
        let (id, rest) = rest.get(1..)?.split_at_checked(20)?;
        let (mode, name) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        lines.push(Line { mode: mode.to_owned(), name: name.to_owned(), id: hex::encode(id) });
        content = rest;
    }
    Some(lines)
}

#[cfg(test)]
mod tests;
