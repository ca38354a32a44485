//! Runs both forges by hand, with a person, an organization and a repository on each, to look at
//! the pages and to point other tools at the API. `roundel demo` does this for real.

use std::{io::Write, path::PathBuf};

use roundel_localforge::{ForgeKind, LocalForge, NewCommit, NewRepository, Settings};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("roundel-localforge"), PathBuf::from);
    let forge = LocalForge::start(Settings::on_loopback(folder)).await?;
    let mut out = std::io::stdout();
    for kind in ForgeKind::ALL {
        forge.add_user(kind, "ada", "Ada Example", "ada@example.test");
        forge.add_user(kind, "bob", "Bob Example", "bob@example.test");
        forge.add_organization(kind, "acme", "ada");
        forge
            .add_repository(
                kind,
                NewRepository { owner: "acme", name: "web", private: true, admin: "ada" },
            )
            .await?;
        if forge.head_of(kind, "acme", "web", "main").await.is_none() {
            let commit = NewCommit {
                branch: "main",
                files: &[("README.md", "# Web\n"), (".circleci/config.yml", "version: 2.1\n")],
                message: "Start",
                author: "ada",
            };
            forge.commit_files(kind, "acme", "web", &commit).await?;
        }
        let (id, secret) = forge.register_application(kind, "Roundel", "http://127.0.0.1:8000/");
        let token = forge.grant_token(kind, "ada", &["repo", "repository", "webhook", "account"]);
        writeln!(out, "{kind}: {} (API {})", forge.web_url(kind), forge.api_url(kind))?;
        writeln!(out, "  application {id} {secret}, token of ada {token}")?;
    }
    out.flush()?;
    // Runs until it is interrupted; the state is on disk by then.
    std::future::pending().await
}
