//! What is answered while the database is unavailable: something, soon.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    http::{StatusCode, header},
    response::Response,
};
use roundel_testkit::postgres::OwnServer;

use super::world::{World, text};

/// What a monitor waits for, with room for a machine that is busy.
const MONITOR: Duration = Duration::from_secs(4);

/// What a person waits for; a page reads several rows, but gives up at the first that does not come.
const PERSON: Duration = Duration::from_secs(9);

/// Lines of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The lines that say that the database does not answer.
    fn outages(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains("the database does not answer"));
        lines.map(str::to_owned).collect()
    }
}

/// Waits no longer than this for an answer.
async fn within(most: Duration, answer: impl Future<Output = Response>) -> Response {
    let began = Instant::now();
    let answer = tokio::time::timeout(most, answer).await;
    answer.unwrap_or_else(|_| panic!("no answer after {:?}", began.elapsed()))
}

async fn assert_away(world: &World) {
    let monitor = async {
        for _ in 0..2 {
            let answer = within(MONITOR, world.get("/healthz", None)).await;
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(text(answer).await, "the database does not answer\n");
        }
    };
    let page = async |path: &str, who| {
        let answer = within(PERSON, world.get(path, who)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.headers()[header::RETRY_AFTER], "10", "{path}");
        let page = text(answer).await;
        assert!(page.contains("Database unavailable"), "{path}: {page}");
    };
    tokio::join!(monitor, page("/projects", Some("writer")), page("/gh/acme/web", None));
}

/// A machine that hangs keeps its connections open, and a statement on one of them is never answered.
#[tokio::test]
async fn a_database_that_hangs_or_is_gone_is_reported_soon_and_once() {
    let test = "a_database_that_hangs_or_is_gone_is_reported_soon_and_once";
    let Some(database) = OwnServer::start_or_notice(test) else { return };
    let world = World::over(&database.url).await;
    let log = Log::default();
    let to = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    assert_eq!(world.get("/healthz", None).await.status(), StatusCode::OK);

    database.pause().unwrap();
    assert_away(&world).await;
    let outages = log.outages();
    assert_eq!(outages.len(), 1, "{outages:?}");
    assert!(outages[0].contains("cannot connect to PostgreSQL at /"), "{outages:?}");
    assert!(outages[0].contains("no answer in 500ms"), "{outages:?}");

    database.resume().unwrap();
    let answer = within(PERSON, world.get("/healthz", None)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(world.get("/projects", Some("writer")).await.status(), StatusCode::OK);

    database.stop().unwrap();
    assert_away(&world).await;
    let outages = log.outages();
    assert_eq!(outages.len(), 2, "{outages:?}");
}
