//! Parses arguments, runs one command, maps its error to an exit code.

fn main() {}
