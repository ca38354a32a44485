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

#[path = "browser/house.rs"]
mod house;

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{ChildStdin, Command, Stdio},
};

use house::House;
use roundel_localforge::ForgeKind;
use serde_json::{Value, json};

/// Finds the browser and its driver, or says what is missing.
fn tools() -> Result<PathBuf, String> {
    let told = env::var_os("ROUNDEL_TEST_TOOLS").map(PathBuf::from);
    let binary = env::current_exe().map_err(|error| error.to_string())?;
    let beside = binary.ancestors().map(|directory| directory.join("test-tools"));
    let mut candidates = told.into_iter().chain(beside).map(|tools| tools.join("node_modules"));
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
    let Some(binary) = House::binary() else {
        let why = "the product is not built; run `cargo build`";
        return roundel_testkit::skip::notice("the dashboard in Chromium", why);
    };
    let house = House::build(&binary).await;
    let pictures = env::var_os("ROUNDEL_SCREENSHOTS")
        .map_or_else(|| house.directory.path().join("pictures"), |told| repository().join(told));
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("browser/drive.mjs");
    let settings = json!({
        "modules": modules,
        "url": house.url,
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
            Some(wish) => grant(&house, &mut stdin, &serde_json::from_str(wish).unwrap()).await,
            None => println!("{line}"),
        }
    }
    let status = driver.wait().unwrap();
    assert!(status.success(), "the driver ended with {status}; what it saw stands above");
}

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

/// Does what the driver asked for at the forge.
async fn grant(house: &House, stdin: &mut ChildStdin, wish: &Value) {
    let text = |key: &str| wish[key].as_str().unwrap_or_default().to_owned();
    let kind: ForgeKind = text("forge").parse().unwrap();
    let answer = match text("what").as_str() {
        "push" => {
            let config = text("config");
            let files = [(".circleci/config.yml", config.as_str())];
            house.push(kind, &text("repository"), &files, &text("message")).await
        }
        other => panic!("the driver asked for `{other}`"),
    };
    writeln!(stdin, "{answer}").unwrap();
    stdin.flush().unwrap();
}
