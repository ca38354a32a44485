//! Runs a shell script in an environment over the host's toolchain: for exploring by hand.

#![expect(clippy::print_stdout, reason = "what the script prints is its output")]

use std::{io::Read, path::PathBuf};

use roundel_container::{EnvironmentSpec, ProcessSpec, Root, Runtime, RuntimeSettings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    roundel_container::boot::run_if_asked();
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("usage: shell DIRECTORY SCRIPT")?);
    let script = arguments.next().ok_or("usage: shell DIRECTORY SCRIPT")?;
    let runtime = Runtime::open(RuntimeSettings { directory, helper_program: None })?;
    let environment = runtime.start(&EnvironmentSpec {
        network: std::env::var_os("NETWORK").is_some(),
        ..EnvironmentSpec::new("shell", Root::Host)
    })?;
    for limitation in environment.limitations() {
        println!("{}", limitation.sentence("environments"));
    }
    let mut process = environment.spawn(&ProcessSpec {
        argv: vec!["sh".to_owned(), "-c".to_owned(), script],
        env: [("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"), ("HOME", "/root")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec(),
        cwd: PathBuf::from("/"),
        user: None,
        pty: Some((80, 24)),
    })?;
    let mut text = Vec::new();
    if let Some(output) = process.take_output() {
        // A terminal ends with an error when its last process has closed it.
        let _end = std::fs::File::from(output).read_to_end(&mut text);
    }
    println!("{}", String::from_utf8_lossy(&text));
    let tokio = tokio::runtime::Builder::new_current_thread().build()?;
    println!("{:?}", tokio.block_on(process.wait())?);
    Ok(())
}
