//! What registries and addresses last answered, so that they need not be asked each time, and so
//! that work continues while they are unavailable.
//!
//! Deliberately absent: how long an answer is good for (`server::orbs`).

use roundel_model::time::Timestamp;

use super::sources::{keep_source, prepare, source_from};
use crate::{
    db::{Session, values},
    error::StoreError,
    store::Store,
};

/// Answers that are kept. The oldest are forgotten first, which only costs asking again.
const ANSWERS: u32 = 5_000;

/// An answer from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrbAnswer {
    /// The answer, in the format of the code that asked.
    pub answer: String,
    /// The source that came with it.
    pub source: Option<OrbText>,
    pub asked_at: Timestamp,
}

/// A source and its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrbText {
    /// Lower-case hex SHA-256 of it.
    pub digest: String,
    /// Packed source of the orb.
    pub text: String,
}

impl Store {
    /// Finds the last answer to a question.
    pub async fn orb_answer(&self, question: &str) -> Result<Option<OrbAnswer>, StoreError> {
        let mut session = self.db.read("look up an answer about orbs").await?;
        let sql = "SELECT a.answer, a.asked_at, s.digest, s.size_bytes, s.body
             FROM orb_answers a LEFT JOIN orb_sources s ON s.digest = a.digest
             WHERE a.question = $1";
        let Some(row) = session.row(sql, values![question]).await? else { return Ok(None) };
        let source = match row.opt::<String>("digest")? {
            Some(digest) => Some(OrbText { digest, text: source_from(&row)? }),
            None => None,
        };
        let (answer, asked_at) = (row.get("answer")?, row.get("asked_at")?);
        Ok(Some(OrbAnswer { answer, source, asked_at }))
    }

    /// Keeps an answer, with the source that came with it.
    pub async fn put_orb_answer(
        &self,
        question: &str,
        answer: &str,
        source: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let prepared = match source {
            Some(text) => Some((text.len(), prepare(text).await)),
            None => None,
        };
        let mut session = self.db.write("keep an answer about orbs").await?;
        let mut of = None;
        if let Some((size, (digest, packed))) = prepared {
            keep_source(&mut session, &digest, size, packed, now).await?;
            of = Some(digest);
        }
        let sql = "INSERT INTO orb_answers (question, answer, digest, asked_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (question) DO UPDATE SET answer = excluded.answer,
                digest = excluded.digest, asked_at = excluded.asked_at";
        session.run(sql, values![question, answer, of, now]).await?;
        session.commit().await
    }
}

pub(super) async fn forget_oldest(session: &mut Session) -> Result<(), StoreError> {
    let sql = "DELETE FROM orb_answers WHERE question NOT IN (
            SELECT question FROM orb_answers ORDER BY asked_at DESC, question LIMIT $1)";
    session.run(sql, values![ANSWERS]).await.map(drop)
}
