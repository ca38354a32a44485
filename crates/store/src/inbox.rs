//! Group commit: deliveries that arrive together share one transaction and one write to the disk.
//!
//! ```text
//! record ─┐                       ┌─▶ answer
//! record ─┼─▶ queue ─▶ one commit ┼─▶ answer
//! record ─┘  (bounded)            └─▶ answer
//! ```
//!
//! While one commit waits for the disk, the next group gathers. An answer is given only after the
//! commit that holds its delivery.
//!
//! Deliberately absent: a timer. A lone delivery is committed at once.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Mutex, PoisonError},
};

use roundel_model::{
    forge::ForgeKind,
    id::{DeliveryId, HookId, ProjectId},
    time::Timestamp,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    db::{Db, DriverError, Session, values},
    error::{StoreError, reason},
    pack::pack,
};

/// A webhook request with a valid signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    pub id: DeliveryId,
    /// The hook whose address it came to.
    pub hook: HookId,
    /// The hook's project.
    pub project: ProjectId,
    pub forge: ForgeKind,
    /// The forge's id of it: the same again is a duplicate.
    pub guid: String,
    /// The event's name from the header: `push`, `repo:push`.
    pub event: String,
    /// The request, byte for byte.
    pub body: Vec<u8>,
    pub received_at: Timestamp,
}

/// What recording a delivery found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It was stored now, for the first time.
    New,
    /// It was there, under this id.
    Duplicate(DeliveryId),
}

/// Deliveries that share a commit. Bounds how long the first of them waits for the last.
const GROUP: usize = 64;

/// Deliveries that wait for a commit. A caller beyond that waits to get in.
const QUEUE: usize = 1024;

const ACTION: &str = "record a delivery";

/// The writer of deliveries, and the way to it.
pub(crate) struct Inbox {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// A delivery whose sender waits.
struct Waiting {
    /// Without its body.
    delivery: NewDelivery,
    /// The body, packed, and its size before that.
    packed: Vec<u8>,
    size_bytes: usize,
    answer: oneshot::Sender<Result<Recorded, StoreError>>,
}

impl Inbox {
    /// Starts the writer. It ends when the inbox is closed or dropped, after the last answer.
    pub(crate) fn open(db: Db) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(write_groups(db, waiting));
        Self { queue: Mutex::new(Some(queue)), writer: Mutex::new(Some(writer)) }
    }

    /// Writes a delivery and returns once it is durable.
    pub(crate) async fn record(&self, mut delivery: NewDelivery) -> Result<Recorded, StoreError> {
        let closed = || StoreError::Database { action: ACTION, source: DriverError::PoolClosed };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or_else(closed)?;
        let size_bytes = delivery.body.len();
        let packed = pack(std::mem::take(&mut delivery.body)).await;
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { delivery, packed, size_bytes, answer };
        queue.send(waiting).await.map_err(|_| closed())?;
        drop(queue);
        answered.await.map_err(|_| closed())?
    }

    /// Waits until everything that is queued is written.
    pub(crate) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the writer of deliveries ended with an error");
        }
    }
}

/// Takes what waits, writes it, answers; until there is no sender any more.
async fn write_groups(db: Db, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut group, GROUP).await > 0 {
        match write(&db, &group).await {
            Ok(recorded) => {
                for (waiting, recorded) in group.drain(..).zip(recorded) {
                    answer(waiting, Ok(recorded));
                }
            }
            // One that the database refuses must not take the others with it.
            Err(StoreError::Database { source: DriverError::Database(_), .. }) => {
                for waiting in group.drain(..) {
                    let alone = write(&db, std::slice::from_ref(&waiting)).await;
                    let alone = alone.and_then(|recorded| {
                        recorded.first().copied().ok_or(StoreError::Missing("delivery"))
                    });
                    answer(waiting, alone);
                }
            }
            // There is no database: trying for each would only take as many times as long.
            Err(error) => {
                let reason = if let StoreError::Database { source, .. } = &error {
                    reason(source)
                } else {
                    error.to_string()
                };
                for waiting in group.drain(..) {
                    let source = DriverError::Io(std::io::Error::other(reason.clone()));
                    answer(waiting, Err(StoreError::Database { action: ACTION, source }));
                }
            }
        }
    }
}

/// The caller may have gone: the forge closed the connection. The row is there all the same.
fn answer(waiting: Waiting, recorded: Result<Recorded, StoreError>) {
    if waiting.answer.send(recorded).is_err() {
        tracing::debug!(delivery.id = %waiting.delivery.id, "the caller disconnected before its delivery was stored");
    }
}

/// Writes a group in one transaction and says of each what was found, in the same order.
async fn write(db: &Db, group: &[Waiting]) -> Result<Vec<Recorded>, StoreError> {
    let mut session = db.write(ACTION).await?;
    let rows = group.iter().map(|waiting| {
        let NewDelivery { id, hook, project, forge, guid, event, body: _, received_at } =
            &waiting.delivery;
        values![
            *id,
            *hook,
            *project,
            *forge,
            guid,
            event,
            *received_at,
            *received_at,
            waiting.size_bytes,
            waiting.packed.as_slice(),
        ]
    });
    let head = "INSERT INTO deliveries (id, hook, project, forge, guid, event, received_at, due_at,
         size_bytes, body)";
    let tail = "ON CONFLICT (forge, guid, hook) DO NOTHING RETURNING id";
    let inserted: HashSet<DeliveryId> = session
        .insert_all(head, rows.collect(), tail)
        .await?
        .iter()
        .map(|row| row.get("id"))
        .collect::<Result<_, _>>()?;
    let mut recorded = Vec::with_capacity(group.len());
    for Waiting { delivery, .. } in group {
        recorded.push(if inserted.contains(&delivery.id) {
            Recorded::New
        } else {
            Recorded::Duplicate(first_of(&mut session, delivery).await?)
        });
    }
    touch_hooks(&mut session, group).await?;
    session.commit().await?;
    Ok(recorded)
}

/// Finds the delivery that came first with the same identity.
async fn first_of(session: &mut Session, delivery: &NewDelivery) -> Result<DeliveryId, StoreError> {
    let sql = "SELECT id FROM deliveries WHERE forge = $1 AND guid = $2 AND hook = $3";
    let values = values![delivery.forge, &delivery.guid, delivery.hook];
    session.row(sql, values).await?.ok_or(StoreError::Missing("delivery"))?.get("id")
}

/// Notes at each hook when it last spoke. In the order of the ids, so that two servers that do the
/// same at once cannot deadlock.
async fn touch_hooks(session: &mut Session, group: &[Waiting]) -> Result<(), StoreError> {
    let mut newest = BTreeMap::new();
    for Waiting { delivery, .. } in group {
        let at = newest.entry(delivery.hook).or_insert(delivery.received_at);
        *at = delivery.received_at.max(*at);
    }
    for (hook, at) in newest {
        let sql = "UPDATE hooks SET last_delivery_at = $1
             WHERE id = $2 AND (last_delivery_at IS NULL OR last_delivery_at < $1)";
        session.run(sql, values![at, hook]).await?;
    }
    Ok(())
}
