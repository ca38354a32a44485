//! `cargo xtask dist`: the file that users download, with what belongs to it.
//!
//! ```text
//! build (static, LTO) ─▶ completions, manual pages, units ─▶ image ─▶ tried ─▶ SHA256SUMS
//! ```
//!
//! The executable is linked against glibc, statically: it runs under every Linux of its processor. What
//! it is tried on is in [`empty_root`]. Deliberately absent: signing and uploading.

pub(crate) mod empty_root;
mod image;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::shell;

/// The target that it is built for. With a target named, flags do not reach build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Linked into one file, at a fixed address: a static executable at any address starts later.
const FLAGS: &str = "-C target-feature=+crt-static -C relocation-model=static";

/// Shells, and how a file with their completions is called.
const SHELLS: &[(&str, &str)] =
    &[("bash", "roundel.bash"), ("zsh", "_roundel"), ("fish", "roundel.fish")];

/// Units of systemd, in `packaging`.
const UNITS: &[&str] = &["roundel.service", "roundel-server.service", "roundel-runner.service"];

/// The type of an ELF program header that names a loader (`PT_INTERP`).
const INTERPRETER: u32 = 3;

/// Builds everything into `dist-files` in the target directory, and tries it.
pub(crate) fn run() -> Result<()> {
    ensure!(
        cfg!(all(target_arch = "x86_64", target_os = "linux")),
        "files to download are built on x86-64 Linux"
    );
    let built = build()?;
    let folder = shell::target_dir().join("dist-files");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let binary = folder.join("roundel");
    fs::copy(&built, &binary).with_context(|| format!("failed to copy {}", built.display()))?;
    is_static(&binary)?;
    shell_files(&binary, &folder)?;
    for unit in UNITS {
        fs::copy(shell::root().join("packaging").join(unit), folder.join(unit))?;
    }
    check_units(&folder)?;
    let image = folder.join("roundel-oci.tar");
    image::write(&binary, &image)?;
    try_image(&image)?;
    empty_root::run(&binary)?;
    let sums = checksums(&folder)?;
    println!("\n{sums}");
    let mebibytes = fs::metadata(&binary)?.len() >> 20;
    println!("{}: {mebibytes} MiB", binary.display());
    Ok(())
}

fn build() -> Result<PathBuf> {
    let mut cargo = shell::cargo();
    cargo.args(["build", "--profile", "dist", "--bin", "roundel", "--target", TARGET]);
    cargo.env("RUSTFLAGS", FLAGS);
    shell::run(&mut cargo)?;
    Ok(shell::target_dir().join(TARGET).join("dist/roundel"))
}

/// A static executable asks for no loader: it has no `PT_INTERP`.
fn is_static(binary: &Path) -> Result<()> {
    let version = shell::output(Command::new(binary).arg("--version"))?;
    ensure!(version.contains(TARGET) && version.contains("static"), "`--version` says: {version}");
    println!("{version}");
    let headers = program_headers(&fs::read(binary)?)?;
    ensure!(!headers.contains(&INTERPRETER), "{} needs a loader", binary.display());
    Ok(())
}

/// The types of an ELF file's program headers.
fn program_headers(file: &[u8]) -> Result<Vec<u32>> {
    let number = |at: usize, size: usize| -> Result<usize> {
        let bytes = file.get(at..at + size).context("the file is cut")?;
        Ok(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    ensure!(file.starts_with(b"\x7fELF\x02\x01"), "not an ELF file of 64 bits, little-endian");
    let (start, size, count) = (number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?);
    let kind = |index: usize| Ok(u32::try_from(number(start + index * size, 4)?)?);
    (0..count).map(kind).collect()
}

fn shell_files(binary: &Path, folder: &Path) -> Result<()> {
    let completions = folder.join("completions");
    fs::create_dir_all(&completions)?;
    for (name, file) in SHELLS {
        let script = shell::output(Command::new(binary).args(["completions", name]))?;
        fs::write(completions.join(file), script)?;
    }
    shell::run(Command::new(binary).arg("man").arg(folder.join("man")))
}

/// Lets systemd read the units, where it is installed. It looks whether the program is there, so it
/// reads copies that name ours.
fn check_units(folder: &Path) -> Result<()> {
    if !shell::works("systemd-analyze", &["--version"]) {
        println!("notice: systemd-analyze is missing: the units are not checked");
        return Ok(());
    }
    let copies = shell::target_dir().join("dist-units");
    fs::create_dir_all(&copies)?;
    let binary = folder.join("roundel");
    for unit in UNITS {
        let text = fs::read_to_string(folder.join(unit))?;
        let text = text.replace("/usr/local/bin/roundel", &binary.display().to_string());
        let copy = copies.join(unit);
        fs::write(&copy, text)?;
        shell::run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(copy))?;
    }
    Ok(())
}

/// Starts the image with our own image store and runtime.
fn try_image(image: &Path) -> Result<()> {
    let scratch = shell::target_dir().join("dist-image");
    let mut cargo = shell::cargo();
    cargo.args(["run", "--quiet", "--example", "image", "--"]);
    cargo.arg(&scratch).arg(image).args(["/roundel", "--version"]);
    let said = shell::output(&mut cargo)?;
    println!("{said}");
    ensure!(said.contains(TARGET) && said.contains("Code(0)"), "the image said: {said}");
    Ok(())
}

/// Writes `SHA256SUMS` of all files, and checks it.
fn checksums(folder: &Path) -> Result<String> {
    let mut names = Vec::new();
    walk(folder, folder, &mut names)?;
    names.sort();
    let sums = shell::output(Command::new("sha256sum").args(&names).current_dir(folder))?;
    fs::write(folder.join("SHA256SUMS"), &sums)?;
    let mut check = Command::new("sha256sum");
    shell::run(check.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(folder))?;
    Ok(sums)
}

fn walk(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, names)?;
        } else {
            let name = path.strip_prefix(root)?.to_str();
            let Some(name) = name else { bail!("`{}` is not UTF-8", path.display()) };
            names.push(name.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_needs_a_loader_is_seen() {
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        let headers = program_headers(&own).unwrap();
        assert!(headers.contains(&1), "it is loaded: {headers:?}");
        assert!(headers.contains(&3), "tests are linked dynamically: {headers:?}");
        assert!(program_headers(b"\x7fELF\x01").is_err());
        assert!(program_headers(&own[..0x40]).is_err());
    }

    #[test]
    fn units_that_are_shipped_are_valid_and_call_the_program_rightly() {
        for unit in UNITS {
            let path = shell::root().join("packaging").join(unit);
            let text = fs::read_to_string(&path).unwrap();
            for line in text.lines().filter(|line| line.starts_with("ExecStart=")) {
                assert!(line.starts_with("ExecStart=/usr/local/bin/roundel "), "{unit}: {line}");
            }
            if !shell::works("systemd-analyze", &["--version"]) {
                continue;
            }
            // It looks for the program, which is not installed here.
            let folder = std::env::temp_dir().join(format!("units-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            let copy = folder.join(unit);
            fs::write(&copy, text.replace("/usr/local/bin/roundel", "/bin/true")).unwrap();
            let mut verify = Command::new("systemd-analyze");
            let said = verify.args(["verify", "--man=no"]).arg(&copy).output().unwrap();
            let words = String::from_utf8_lossy(&said.stderr).into_owned();
            assert!(said.status.success() && !words.contains(unit), "{unit}: {words}");
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
