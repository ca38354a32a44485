//! The binary `roundel`. Everything is in the library, where tests reach it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    roundel_cli::main()
}
