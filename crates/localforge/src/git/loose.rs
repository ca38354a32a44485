//! Objects that git keeps in a file of their own (gitformat-loose(5)), as it does with what was pushed here
//! lately: most of what webhooks and calls ask about.
//!
//! A process for each question would take longer than the rest of a push.
//! What is packed, signed, merged or unusual in any other way is left to git: `None` says only that.

use std::{
    io::{self, BufRead as _, Read as _},
    path::Path,
};

use jiff::tz::{Offset, TimeZone};

use super::{CommitInfo, Entry, Git, answers::is_id};

/// The largest object that is read here, in bytes; a larger one is left to git, which streams it.
const MAX_OBJECT_BYTES: u64 = 1 << 20;

/// Bytes of the longest header, `commit 18446744073709551615` with its end.
const HEADER_BYTES: u64 = 32;

/// The longest history that one question walks: beyond it, one process of git is faster.
const MAX_COMMITS: usize = 256;

/// The largest directory whose files are asked for their sizes, for the same reason.
const MAX_ENTRIES: usize = 256;

/// What an object says of itself.
struct Header {
    kind: String,
    /// Bytes of its content.
    size: u64,
}

/// An object without its header.
struct Object {
    kind: String,
    content: Vec<u8>,
}

/// An entry of a tree.
struct TreeEntry {
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
        tokio::task::spawn_blocking(move || read(&file).ok()).await.ok()?
    }

    async fn header(&self, id: &str) -> Option<Header> {
        if !is_id(id) {
            return None;
        }
        let (directory, name) = id.split_at(2);
        let file = self.directory.join("objects").join(directory).join(name);
        tokio::task::spawn_blocking(move || Some(open(&file).ok()?.0)).await.ok()?
    }

    async fn content(&self, id: &str, kind: &str) -> Option<Vec<u8>> {
        let object = self.object(id).await?;
        (object.kind == kind).then_some(object.content)
    }

    /// Returns the type of an object.
    pub(super) async fn loose_kind(&self, id: &str) -> Option<String> {
        self.header(id).await.map(|header| header.kind)
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
            if commits.len() == MAX_COMMITS {
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
            let lines = tree_entries(&self.content(&tree, "tree").await?)?;
            match lines.into_iter().find(|line| line.name == part) {
                Some(line) if line.kind() == "tree" => tree = line.id,
                Some(_) => return None,
                None => return Some(Vec::new()),
            }
        }
        let mut lines = tree_entries(&self.content(&tree, "tree").await?)?;
        lines.retain(|line| name.is_empty() || line.name == name);
        if lines.len() > MAX_ENTRIES {
            return None;
        }
        let mut entries = Vec::with_capacity(lines.len());
        for line in lines {
            let kind = line.kind();
            let size = match kind {
                "blob" => self.header(&line.id).await?.size,
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

impl TreeEntry {
    fn kind(&self) -> &'static str {
        match self.mode.as_str() {
            "40000" => "tree",
            "160000" => "commit",
            _ => "blob",
        }
    }
}

/// Opens `TYPE SIZE\0CONTENT`, which is compressed, and reads its header.
fn open(file: &Path) -> io::Result<(Header, impl io::BufRead)> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let file = std::fs::File::open(file)?;
    let mut object = io::BufReader::new(flate2::read::ZlibDecoder::new(file));
    let mut header = Vec::new();
    object.by_ref().take(HEADER_BYTES).read_until(0, &mut header)?;
    let header = header.strip_suffix(&[0]).ok_or_else(invalid)?;
    let header = std::str::from_utf8(header).map_err(|_| invalid())?;
    let (kind, size) = header.split_once(' ').ok_or_else(invalid)?;
    let size = size.parse().map_err(|_| invalid())?;
    Ok((Header { kind: kind.to_owned(), size }, object))
}

/// Reads an object that is not too large.
fn read(file: &Path) -> io::Result<Object> {
    let (Header { kind, size }, object) = open(file)?;
    let mut content = Vec::new();
    if size <= MAX_OBJECT_BYTES {
        object.take(size + 1).read_to_end(&mut content)?;
    }
    let is_whole = u64::try_from(content.len()) == Ok(size);
    if is_whole { Ok(Object { kind, content }) } else { Err(io::ErrorKind::InvalidData.into()) }
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
    // As git writes it: UTC is `Z`.
    let format = if offset == Offset::UTC { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    let date = time.to_zoned(TimeZone::fixed(offset)).strftime(format).to_string();
    Some((name.to_owned(), email.to_owned(), date))
}

/// Reads `MODE NAME\0ID` of each entry, whose id is 20 bytes.
fn tree_entries(mut content: &[u8]) -> Option<Vec<TreeEntry>> {
    let mut lines = Vec::new();
    while !content.is_empty() {
        let end = content.iter().position(|&byte| byte == 0)?;
        let (head, rest) = content.split_at(end);
        let (id, rest) = rest.get(1..)?.split_at_checked(20)?;
        let (mode, name) = std::str::from_utf8(head).ok()?.split_once(' ')?;
        lines.push(TreeEntry { mode: mode.to_owned(), name: name.to_owned(), id: hex::encode(id) });
        content = rest;
    }
    Some(lines)
}

#[cfg(test)]
mod tests;
