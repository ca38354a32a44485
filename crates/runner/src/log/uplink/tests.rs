//! The uplink against a server that loses responses, is unavailable, and names other offsets.

use std::{collections::VecDeque, net::SocketAddr};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::put,
};
use proptest::prelude::*;
use roundel_model::{
    id::{JobId, LeaseId},
    kind::StepKind,
    secret::Secret,
    status::StepStatus,
};
use roundel_protocol::{ApiError, ErrorCode, LogAnswer};
use url::Url;

use super::*;
use crate::{client::ServerClient, steps};

/// What the server does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Behaves as documented.
    None,
    /// Does it, and the answer is lost.
    LoseAnswer,
    /// Does nothing and reports a separate error.
    Unavailable,
    /// Forgets half of the log (restored from a backup), and names the offset.
    Forget,
    /// Says that the lease is gone.
    Gone,
}

#[derive(Default)]
struct Seen {
    log: Vec<u8>,
    statuses: Vec<(StepStatus, usize)>,
    faults: VecDeque<Fault>,
}

type Shared = Arc<Mutex<Seen>>;

async fn server(faults: Vec<Fault>) -> (Shared, SocketAddr) {
    let seen = Shared::default();
    seen.lock().unwrap().faults = faults.into();
    let router = Router::new()
        .route("/runner/v1/tasks/{job}/{index}/steps/{number}", put(put_step))
        .route("/runner/v1/tasks/{job}/{index}/steps/{number}/log", put(put_log))
        .with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (seen, address)
}

async fn put_step(
    State(seen): State<Shared>,
    Path(_): Path<(String, u32, u32)>,
    Json(report): Json<StepReport>,
) -> Response {
    let mut seen = seen.lock().unwrap();
    let length = seen.log.len();
    match seen.faults.pop_front().unwrap_or(Fault::None) {
        Fault::Unavailable => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Fault::Gone => gone(),
        fault @ (Fault::None | Fault::LoseAnswer | Fault::Forget) => {
            seen.statuses.push((report.status, length));
            answer(fault, StatusCode::NO_CONTENT.into_response())
        }
    }
}

#[derive(serde::Deserialize)]
struct At {
    offset: usize,
}

async fn put_log(
    State(seen): State<Shared>,
    Path(_): Path<(String, u32, u32)>,
    Query(At { offset }): Query<At>,
    bytes: Bytes,
) -> Response {
    let mut seen = seen.lock().unwrap();
    let fault = seen.faults.pop_front().unwrap_or(Fault::None);
    let status = match fault {
        Fault::Unavailable => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Fault::Gone => return gone(),
        Fault::Forget => {
            let half = seen.log.len() / 2;
            seen.log.truncate(half);
            StatusCode::CONFLICT
        }
        Fault::None | Fault::LoseAnswer if offset > seen.log.len() => StatusCode::CONFLICT,
        Fault::None | Fault::LoseAnswer => {
            let known = seen.log.len() - offset;
            if known < bytes.len() {
                seen.log.extend_from_slice(&bytes[known..]);
            }
            StatusCode::OK
        }
    };
    let committed = u64::try_from(seen.log.len()).unwrap();
    answer(fault, (status, Json(LogAnswer { committed })).into_response())
}

fn answer(fault: Fault, response: Response) -> Response {
    if fault == Fault::LoseAnswer {
        // A body that breaks off closes the connection in the middle of the answer.
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
        return Response::new(Body::from_stream(broken));
    }
    response
}

fn gone() -> Response {
    let error = ApiError { code: ErrorCode::LeaseLost.into(), message: "gone".to_owned() };
    (StatusCode::GONE, Json(error)).into_response()
}

fn client(address: SocketAddr) -> Arc<TaskClient> {
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    let server = Arc::new(ServerClient::new(url, Secret::from("runner-token")).unwrap());
    let task = roundel_protocol::TaskRef { job: JobId::from_u128(1), index: 0 };
    Arc::new(server.task_of(task, LeaseId::from_u128(2), Secret::from("task-token")))
}

fn report(status: StepStatus) -> StepReport {
    StepReport { status, ..steps::own_report("make", StepKind::Run) }
}

async fn upload(address: SocketAddr, pieces: &[Vec<u8>]) -> (StopSignal, Result<(), UplinkError>) {
    let directory = tempfile::tempdir().unwrap();
    let spool = Arc::new(Spool::create(&directory.path().join("101.log")).unwrap());
    let stop = StopSignal::new();
    let uplink = Uplink::start(client(address), stop.clone());
    uplink.began(101, report(StepStatus::Running), Arc::clone(&spool));
    for piece in pieces {
        spool.append(piece).unwrap();
        uplink.wake().notify_one();
        tokio::task::yield_now().await;
    }
    uplink.ended(101, report(StepStatus::Success));
    let closed = uplink.close(Duration::from_mins(1)).await;
    (stop, closed)
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::LoseAnswer),
        1 => Just(Fault::Unavailable),
        1 => Just(Fault::Forget),
    ];
    prop::collection::vec(fault, 0..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 8, ..ProptestConfig::default() })]

    // Invariant 3: whatever gets lost on the way, the server ends with every byte, once, in order,
    // and hears of the end of a step after its last byte.
    #[test]
    fn a_log_arrives_whole_whatever_gets_lost(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..8),
        faults in faults(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (seen, address) = server(faults).await;
            let (stop, closed) = upload(address, &pieces).await;
            closed.unwrap();
            assert_eq!(stop.reason(), None);
            let seen = seen.lock().unwrap();
            let whole = pieces.concat();
            assert_eq!(seen.log, whole);
            assert_eq!(seen.statuses.first(), Some(&(StepStatus::Running, 0)));
            assert_eq!(seen.statuses.last(), Some(&(StepStatus::Success, whole.len())));
        });
    }
}

#[tokio::test]
async fn a_lost_lease_stops_the_task_at_once() {
    let (_seen, address) = server(vec![Fault::None, Fault::Gone]).await;
    let (stop, closed) = upload(address, &[b"hello".to_vec()]).await;
    assert!(matches!(closed, Err(UplinkError::LeaseGone)));
    assert_eq!(stop.reason(), Some(StopReason::LeaseLost));
}

#[tokio::test]
async fn a_log_of_many_chunks_is_sent_in_pieces_that_the_server_takes() {
    let (seen, address) = server(Vec::new()).await;
    let piece = vec![b'x'; LOG_CHUNK_BYTES + 17];
    let (_stop, closed) = upload(address, &[piece.clone(), piece.clone()]).await;
    closed.unwrap();
    assert_eq!(seen.lock().unwrap().log.len(), 2 * piece.len());
}
