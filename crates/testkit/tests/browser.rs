//! The dashboard in a real browser: signing in, adding projects, watching, reading logs.
//!
//! The product's own binary and the local forge on one side, Chromium on the other, driven by
//! `browser/drive.mjs`. The driver plays the visitor and judges what a visitor can judge; when its
//! story needs something to happen at the forge (a push), it asks this test. It also takes the
//! pictures that the README shows: `ROUNDEL_SCREENSHOTS=docs/screenshots` says where to.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is a test, but clippy sees only functions marked so"
)]

#[path = "browser/installation.rs"]
mod installation;

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{ChildStdin, Command, Stdio},
};

use installation::Installation;
use roundel_localforge::ForgeKind;
use serde_json::{Value, json};

/// Finds the browser and its driver, or says what is missing.
fn tools() -> Result<PathBuf, String> {
    let named = env::var_os("ROUNDEL_TEST_TOOLS").map(PathBuf::from);
    let binary = env::current_exe().map_err(|error| error.to_string())?;
    let around = binary.ancestors().map(|directory| directory.join("test-tools"));
    let mut candidates = named.into_iter().chain(around).map(|tools| tools.join("node_modules"));
    let modules = candidates
        .find(|directory| directory.join("playwright-core").is_dir())
        .ok_or("playwright-core is not installed; run `cargo xtask test`")?;
    for program in ["node", "chromium"] {
        let found = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            return Err(format!("{program} is not installed; run `cargo xtask test`"));
        }
    }
    Ok(modules)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_signs_in_adds_projects_and_watches_them_turn_green() {
    let modules = match tools() {
        Ok(modules) => modules,
        Err(why) => return roundel_testkit::skip::notice("the dashboard in Chromium", &why),
    };
    let Some(binary) = Installation::binary() else {
        let why = "the product is not built; run `cargo build`";
        return roundel_testkit::skip::notice("the dashboard in Chromium", why);
    };
    let installation = Installation::build(&binary).await;
    let pictures = env::var_os("ROUNDEL_SCREENSHOTS").map_or_else(
        || installation.directory.path().join("pictures"),
        |named| repository().join(named),
    );
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("browser/drive.mjs");
    let settings = json!({
        "modules": modules,
        "url": installation.url,
        "fresh": installation.fresh,
        "forges": {
            "gh": installation.forge.web_url(ForgeKind::GitHub),
            "bb": installation.forge.web_url(ForgeKind::Bitbucket),
        },
        "pictures": pictures,
    });
    let mut driver = Command::new("node")
        .arg(script)
        .arg(settings.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = driver.stdin.take().unwrap();
    let stdout = BufReader::new(driver.stdout.take().unwrap());
    for line in stdout.lines() {
        let line = line.unwrap();
        match line.strip_prefix("ask ") {
            Some(request) => {
                answer(&installation, &mut stdin, &serde_json::from_str(request).unwrap()).await;
            }
            None => println!("{line}"),
        }
    }
    let status = driver.wait().unwrap();
    assert!(status.success(), "the driver ended with {status}; what it saw is above");
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Does what the driver asked for.
async fn answer(installation: &Installation, stdin: &mut ChildStdin, request: &Value) {
    let text = |key: &str| request[key].as_str().unwrap_or_default().to_owned();
    let answer = match text("what").as_str() {
        "push" => {
            let (kind, config): (ForgeKind, _) = (text("forge").parse().unwrap(), text("config"));
            let files = [(".circleci/config.yml", config.as_str())];
            let branch = request["branch"].as_str().unwrap_or("main");
            installation.push((kind, branch), &text("repository"), &files, &text("message")).await
        }
        "email" => installation.email_link().await,
        other => panic!("the driver asked for `{other}`"),
    };
    writeln!(stdin, "{answer}").unwrap();
    stdin.flush().unwrap();
}
