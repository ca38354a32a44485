//! Starting and stopping both forges.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware::from_fn_with_state};
use roundel_model::forge::ForgeKind;
use russh::keys::{Algorithm, PrivateKey, ssh_key::LineEnding};
use tokio::net::TcpListener;

use crate::{
    bitbucket,
    connection::Connection,
    fault_layer::fail_on_purpose,
    forge::{Addresses, Forge, Shutdown},
    github,
    listener::Listener,
    local_forge::LocalForge,
    oauth,
    settings::Settings,
    smart_http, ssh, web,
};

/// How long connections may take to end when the forge stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

impl LocalForge {
    /// Starts both forges, with the state of the last run.
    ///
    /// # Errors
    ///
    /// When the address is not loopback, a port is taken, or the directory cannot be used.
    pub async fn start(settings: Settings) -> io::Result<Self> {
        if !settings.listen.is_loopback() {
            let message = "the local forge has no passwords and listens on loopback only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        tokio::fs::create_dir_all(&settings.directory).await?;
        let key = host_key(&settings.directory.join("ssh_host_ed25519_key"))?;
        let at = |port: u16| bind(settings.listen, port);
        let (web_github, web_bitbucket) =
            (at(settings.github_port).await?, at(settings.bitbucket_port).await?);
        let ssh_listener = at(settings.ssh_port).await?;
        let ssh = ssh_listener.local_addr()?;

        let shutdown = Shutdown::default();
        // If the second forge cannot start, the first one's tasks end.
        let stop_unless_started = shutdown.stop.clone().drop_guard();
        let open = |kind, listener: &TcpListener| {
            let directory = settings.directory.clone();
            let web = listener.local_addr();
            let shutdown = shutdown.clone();
            async move { Forge::open(kind, Addresses { web: web?, ssh, directory }, shutdown).await }
        };
        let github = open(ForgeKind::GitHub, &web_github).await?;
        let bitbucket = open(ForgeKind::Bitbucket, &web_bitbucket).await?;
        let known_hosts = known_hosts(ssh, &key)?;

        serve(web_github, &github);
        serve(web_bitbucket, &bitbucket);
        let forges = ssh::Forges { github: Arc::clone(&github), bitbucket: Arc::clone(&bitbucket) };
        shutdown.tasks.spawn(ssh::run(ssh_listener, forges, key, shutdown.clone()));
        stop_unless_started.disarm();
        Ok(Self { github, bitbucket, shutdown, known_hosts })
    }

    /// Stops both and waits until ports are free and everything is on disk.
    ///
    /// # Errors
    ///
    /// When the state cannot be written.
    pub async fn stop(self) -> io::Result<()> {
        self.shutdown.stop.cancel();
        self.shutdown.tasks.close();
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, self.shutdown.tasks.wait()).await.is_err() {
            tracing::warn!("some connections to the local forge did not end in time");
        }
        self.github.save()?;
        self.bitbucket.save()
    }
}

async fn bind(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    let wanted = SocketAddr::new(address, port);
    TcpListener::bind(wanted).await.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot listen on {wanted}: {error}"))
    })
}

/// Returns the routes of one forge. A page's name for a repository comes last: everything that has
/// its own name goes before it.
fn routes(forge: &Arc<Forge>) -> Router {
    let api = match forge.kind {
        ForgeKind::GitHub => Router::new().nest("/api/v3", github::router(forge)),
        ForgeKind::Bitbucket => Router::new().nest("/2.0", bitbucket::router(forge)),
    };
    api.merge(oauth::router(forge.kind))
        .merge(smart_http::router())
        .merge(web::router(forge.kind))
        .layer(from_fn_with_state(Arc::clone(forge), fail_on_purpose))
        .with_state(Arc::clone(forge))
}

fn serve(listener: TcpListener, forge: &Arc<Forge>) {
    let service = routes(forge).into_make_service_with_connect_info::<Connection>();
    let (stop, kind) = (forge.shutdown.stop.clone(), forge.kind);
    forge.shutdown.tasks.spawn(async move {
        let ended = axum::serve(Listener(listener), service)
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let late = async {
            stop.cancelled().await;
            tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
        };
        tokio::select! {
            ended = ended => if let Err(error) = ended {
                tracing::warn!(%kind, %error, "the forge stopped serving");
            },
            () = late => {}
        }
    });
}

/// Reads the host key, or creates one. It never changes, so that `known_hosts` lines stay valid.
fn host_key(path: &Path) -> io::Result<PrivateKey> {
    if path.exists() {
        return PrivateKey::read_openssh_file(path).map_err(|error| {
            let path = path.display();
            io::Error::other(format!("`{path}`, the forge's host key, cannot be read: {error}"))
        });
    }
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).map_err(io::Error::other)?;
    key.write_openssh_file(path, LineEnding::LF).map_err(io::Error::other)?;
    Ok(key)
}

fn known_hosts(at: SocketAddr, key: &PrivateKey) -> io::Result<String> {
    let public = crate::keys::canonical(key.public_key());
    let public = public.ok_or_else(|| io::Error::other("the host key cannot be encoded"))?;
    Ok(format!("[{}]:{} {public}\n", at.ip(), at.port()))
}
