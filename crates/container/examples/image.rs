//! Runs a program in the environment of an image from a file: an OCI layout, or a tar of one.
//!
//! `image DIRECTORY FILE PROGRAM [ARGUMENT…]`. `cargo xtask dist` tries the image that it makes with it.

#![expect(clippy::print_stdout, reason = "what the program prints is its output")]

use std::{io::Read, path::PathBuf};

use roundel_container::{EnvironmentSpec, ProcessSpec, Root, Runtime, RuntimeSettings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    roundel_container::boot::run_if_asked();
    let usage = "usage: image DIRECTORY FILE PROGRAM [ARGUMENT…]";
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or(usage)?);
    let file = PathBuf::from(arguments.next().ok_or(usage)?);
    let argv: Vec<String> = arguments.collect();
    if argv.is_empty() {
        return Err(usage.into());
    }
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let runtime = Runtime::open(RuntimeSettings { directory, helper_program: None })?;
    let image = tokio.block_on(runtime.images().import(&file, None, &|_| {}))?;
    let environment = runtime.start(&EnvironmentSpec::new("image", Root::Layers(image.layers)))?;
    let mut process = environment.spawn(&ProcessSpec {
        argv,
        env: image.env,
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
    println!("{:?}", tokio.block_on(process.wait())?);
    Ok(())
}
