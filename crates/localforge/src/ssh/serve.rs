//! Running git behind an SSH channel.

use std::{process::Stdio, sync::Arc};

use russh::{Channel, server::Msg};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::{access::Service, forge::Forge, git, model::Repository, push};

/// Bytes that are copied at a time.
const BUFFER: usize = 32 * 1024;

/// What to run for whom.
pub(super) struct Order {
    pub(super) forge: Arc<Forge>,
    pub(super) repository: Repository,
    pub(super) service: Service,
    pub(super) actor: String,
    pub(super) protocol: Option<String>,
}

/// Writes a message to the error stream and closes the channel.
pub(super) async fn say(channel: Channel<Msg>, text: String, code: u32) {
    let line = format!("{text}\n");
    let said = async {
        channel.extended_data_bytes(1, line.into_bytes()).await?;
        channel.exit_status(code).await?;
        channel.eof().await?;
        channel.close().await
    };
    if let Err(error) = said.await {
        tracing::debug!(%error, "the client has closed the connection");
    }
}

/// Runs git for a channel, and fires webhooks after a push.
pub(super) async fn git(channel: Channel<Msg>, order: Order) {
    let mut command = git::command();
    command.arg(order.service.subcommand()).arg(order.forge.git(order.repository.id).directory());
    if let Some(protocol) = &order.protocol {
        command.env("GIT_PROTOCOL", protocol);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let stop = order.forge.shutdown.stop.clone();
    let work = async {
        if let Err(error) = pump(channel, command, &order).await {
            tracing::debug!(%error, "git over SSH was cut short");
        }
    };
    tokio::select! { () = stop.cancelled() => {}, () = work => {} }
}

/// Copies both ways until git ends, then reports its exit code.
async fn pump(
    channel: Channel<Msg>,
    mut command: tokio::process::Command,
    order: &Order,
) -> Result<(), russh::Error> {
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut reader, writer) = channel.split();
    let input = async {
        let mut from = reader.make_reader();
        if let Some(mut to) = stdin {
            // Git may stop reading when it has what it needs.
            drop(tokio::io::copy(&mut from, &mut to).await);
            drop(to.shutdown().await);
        }
        // The client keeps its end open until it has the exit code.
        std::future::pending::<()>().await;
    };
    let output = async {
        let out = copy(stdout, |bytes| writer.data_bytes(bytes));
        let err = copy(stderr, |bytes| writer.extended_data_bytes(1, bytes));
        let (out, err) = tokio::join!(out, err);
        out.and(err)?;
        child.wait().await.map_err(russh::Error::from)
    };
    let status = tokio::select! {
        status = output => status?,
        () = input => return Ok(()),
    };
    // Before the client has the exit code, so that a caller that waits for its push sees the events.
    if order.service == Service::Push
        && let Err(error) = push::notice(&order.forge, order.repository.id, &order.actor).await
    {
        tracing::warn!(%error, "webhooks cannot be notified of a push");
    }
    let code = status.code().and_then(|code| u32::try_from(code).ok()).unwrap_or(128);
    writer.exit_status(code).await?;
    writer.eof().await?;
    writer.close().await
}

async fn copy<R, F>(from: Option<R>, mut to: impl FnMut(Vec<u8>) -> F) -> Result<(), russh::Error>
where
    R: AsyncRead + Unpin,
    F: Future<Output = Result<(), russh::Error>>,
{
    let Some(mut from) = from else { return Ok(()) };
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        to(buffer.get(..count).unwrap_or_default().to_vec()).await?;
    }
}
