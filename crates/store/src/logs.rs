//! Steps and their logs: chunks by offset, compressed, never with a hidden gap (invariant 3).
//!
//! A log is a row that says how long it is, and chunks that join without a gap. Runners repeat what
//! they are not sure of, so a piece may begin anywhere in what is stored, never beyond it.
//!
//! Both are written only for a task that runs under the lease that is named with them, which is checked
//! in the same transaction: the change that ends a task ends its steps too, and a report that crosses
//! it must not make one run forever.
//!
//! Deliberately absent: how long a log may be (the runner cuts it and says so), masking, colors.

use roundel_model::{
    id::{JobId, LeaseId},
    kind::StepKind,
    status::StepStatus,
    time::Timestamp,
    word::Word,
};

use crate::{
    db::{Row, Session, values},
    error::StoreError,
    pack::{pack, pack_now, unpack},
    store::Store,
};

/// One step of one task, as the runner reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRow {
    pub job: JobId,
    /// Which of the job's parallel tasks, from 0.
    pub task: u32,
    /// Its place in the task, from 0.
    pub number: u32,
    /// Title on the job's page.
    pub name: String,
    pub kind: Word<StepKind>,
    pub status: StepStatus,
    /// The command that the shell was given.
    pub command: Option<String>,
    /// The line of the configuration that asks for it.
    pub line: Option<u32>,
    /// Runs concurrently with the steps that follow.
    pub background: bool,
    /// The exit code of its process.
    pub exit_code: Option<i32>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// The end of its log was cut off.
    pub truncated: bool,
    /// Bytes of its log. Read only: [`Store::put_step`] ignores it.
    pub log_bytes: u64,
}

/// The result of a report on a step.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    Stored,
    /// The task does not run under the lease: nothing was stored.
    LeaseLost,
}

/// What appending found. The number is how many bytes are stored.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// All of the piece is there.
    Committed(u64),
    /// The piece begins beyond what is there: nothing was stored.
    WrongOffset(u64),
    /// The task does not run under the lease: nothing was stored.
    LeaseLost,
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSlice {
    /// The offset at which it begins.
    pub from: u64,
    /// The output, masked, with colors.
    pub bytes: Vec<u8>,
    /// Bytes of the whole log so far.
    pub total: u64,
    /// (offset, time) pairs within the piece: the bytes from `offset` on came at `time`.
    pub times: Vec<(u64, Timestamp)>,
}

/// Bytes that one call reads at most, whatever it asks for: what a page or a stream can show.
const READ_BYTES: usize = 8 << 20;

/// Names the log of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogKey {
    pub job: JobId,
    /// Which of its tasks, from 0.
    pub task: u32,
    /// The number of the step in the task.
    pub step: u32,
}

/// A piece of a log, and how many bytes stand before it.
#[derive(Clone, Copy, Debug)]
pub struct LogPiece<'a> {
    pub offset: u64,
    pub bytes: &'a [u8],
}

impl Store {
    /// Writes or replaces a step of a task that runs under `lease`. Does not touch its log; `log_bytes`
    /// is not written.
    pub async fn put_step(&self, step: &StepRow, lease: LeaseId) -> Result<Reported, StoreError> {
        let mut session = self.db.write("keep a step").await?;
        if !hold_running(&mut session, step.job, step.task, lease).await? {
            return Ok(Reported::LeaseLost);
        }
        let sql = "INSERT INTO steps (job, task, number, name, kind, status, command, line,
                background, exit_code, started_at, ended_at, truncated)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (job, task, number) DO UPDATE SET name = excluded.name,
                kind = excluded.kind, status = excluded.status, command = excluded.command,
                line = excluded.line, background = excluded.background,
                exit_code = excluded.exit_code, started_at = excluded.started_at,
                ended_at = excluded.ended_at, truncated = excluded.truncated";
        let values = values![
            step.job,
            step.task,
            step.number,
            &step.name,
            step.kind.to_string(),
            step.status,
            step.command.as_deref(),
            step.line,
            step.background,
            step.exit_code,
            step.started_at,
            step.ended_at,
            step.truncated,
        ];
        session.run(sql, values).await?;
        session.commit().await?;
        Ok(Reported::Stored)
    }

    /// Lists the steps of a job, by task and number.
    pub async fn steps(&self, job: JobId) -> Result<Vec<StepRow>, StoreError> {
        let mut session = self.db.read("list steps").await?;
        let sql = "SELECT s.job, s.task, s.number, s.name, s.kind, s.status, s.command, s.line,
                s.background, s.exit_code, s.started_at, s.ended_at, s.truncated, l.total_bytes
             FROM steps s
             LEFT JOIN logs l ON l.job = s.job AND l.task = s.task AND l.step = s.number
             WHERE s.job = $1 ORDER BY s.task, s.number";
        session.rows(sql, values![job]).await?.iter().map(step_from).collect()
    }

    /// Appends a piece at `offset` to a log of a task that runs under `lease`. A repeated piece (offset below
    /// what is stored) is not stored again: `Committed` if all of it is there, the rest of it is appended if it
    /// reaches further.
    pub async fn append_log(
        &self,
        log: LogKey,
        lease: LeaseId,
        LogPiece { offset, bytes }: LogPiece<'_>,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        let LogKey { job, task, step } = log;
        // Compressing is done before the one writer is taken. A repeated piece wastes it.
        let packed = pack(bytes.to_vec()).await;
        let mut session = self.db.write("append to a log").await?;
        if !hold_running(&mut session, job, task, lease).await? {
            return Ok(Appended::LeaseLost);
        }
        let stored = stored_bytes(&mut session, log).await?;
        let Some(known) = stored.checked_sub(offset) else {
            return Ok(Appended::WrongOffset(stored));
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let rest = bytes.get(known..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(Appended::Committed(stored));
        }
        let packed = if known == 0 { packed } else { pack_now(rest) };
        let sql = "INSERT INTO log_chunks (job, task, step, start_offset, size_bytes, received_at,
                body) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        session.run(sql, values![job, task, step, stored, rest.len(), now, packed]).await?;
        let total = stored.saturating_add(u64::try_from(rest.len()).unwrap_or(u64::MAX));
        let sql = "INSERT INTO logs (job, task, step, total_bytes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (job, task, step) DO UPDATE SET total_bytes = excluded.total_bytes";
        session.run(sql, values![job, task, step, total]).await?;
        session.commit().await?;
        Ok(Appended::Committed(total))
    }

    /// Reads at most `max_bytes` from `from` on. A log that was never written is empty.
    pub async fn read_log(
        &self,
        LogKey { job, task, step }: LogKey,
        from: u64,
        max_bytes: usize,
    ) -> Result<LogSlice, StoreError> {
        let mut session = self.db.snapshot("read a log").await?;
        let sql = "SELECT total_bytes FROM logs WHERE job = $1 AND task = $2 AND step = $3";
        let total: u64 = match session.row(sql, values![job, task, step]).await? {
            Some(row) => row.get("total_bytes")?,
            None => 0,
        };
        let wanted = u64::try_from(max_bytes.min(READ_BYTES)).unwrap_or(u64::MAX);
        let end = total.min(from.saturating_add(wanted));
        let mut slice = LogSlice { from, bytes: Vec::new(), total, times: Vec::new() };
        if from >= end {
            return Ok(slice);
        }
        // The chunk that holds `from` is the last one that begins at or before it.
        let sql = "SELECT start_offset, size_bytes, received_at, body FROM log_chunks
             WHERE job = $1 AND task = $2 AND step = $3 AND start_offset < $5
                AND start_offset >= (SELECT MAX(c.start_offset) FROM log_chunks c WHERE c.job = $1
                    AND c.task = $2 AND c.step = $3 AND c.start_offset <= $4)
             ORDER BY start_offset";
        for row in session.rows(sql, values![job, task, step, from, end]).await? {
            slice.take(&row, end)?;
        }
        Ok(slice)
    }
}

impl LogSlice {
    /// Adds what of a chunk lies in the slice, which ends at `end`.
    fn take(&mut self, row: &Row, end: u64) -> Result<(), StoreError> {
        let broken = || StoreError::Unreadable { what: "chunk of a log".to_owned() };
        let start: u64 = row.get("start_offset")?;
        let size = usize::try_from(row.get::<u64>("size_bytes")?).map_err(|_| broken())?;
        let bytes = unpack(&row.get::<Vec<u8>>("body")?, size)?;
        let have = self.from.saturating_add(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX));
        let skip = usize::try_from(have.checked_sub(start).ok_or_else(broken)?);
        let keep = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let piece = bytes.get(skip.map_err(|_| broken())?..keep.min(size)).ok_or_else(broken)?;
        self.times.push((have, row.get("received_at")?));
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

/// Returns whether a task runs under a lease. If it does, no other transaction ends it, and none writes
/// its steps and logs, until this one ends.
async fn hold_running(
    session: &mut Session,
    job: JobId,
    task: u32,
    lease: LeaseId,
) -> Result<bool, StoreError> {
    let lock = session.for_update();
    let sql = format!(
        "SELECT 1 AS held FROM tasks
         WHERE job = $1 AND task = $2 AND state = 'running' AND lease = $3 {lock}"
    );
    Ok(session.row(sql, values![job, task, lease]).await?.is_some())
}

/// How much of a log is stored.
async fn stored_bytes(session: &mut Session, log: LogKey) -> Result<u64, StoreError> {
    let LogKey { job, task, step } = log;
    let sql = "SELECT total_bytes FROM logs WHERE job = $1 AND task = $2 AND step = $3";
    let row = session.row(sql, values![job, task, step]).await?;
    row.map_or(Ok(0), |row| row.get("total_bytes"))
}

fn step_from(row: &Row) -> Result<StepRow, StoreError> {
    Ok(StepRow {
        job: row.get("job")?,
        task: row.get("task")?,
        number: row.get("number")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        status: row.get("status")?,
        command: row.opt("command")?,
        line: row.opt("line")?,
        background: row.get("background")?,
        exit_code: row.opt("exit_code")?,
        started_at: row.get("started_at")?,
        ended_at: row.opt("ended_at")?,
        truncated: row.get("truncated")?,
        log_bytes: row.opt("total_bytes")?.unwrap_or(0),
    })
}
