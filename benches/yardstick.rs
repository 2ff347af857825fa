//! What `benches/compare.sh` needs beside the tools it compares; not a benchmark itself.
//!
//!     yardstick transfer FILE   writes one peer's table transfer, 6 NLRI per UPDATE
//!     yardstick iterate FILE    counts bgpkit-parser's elements, printing none
//!     yardstick print FILE      prints them to standard output

#![allow(clippy::expect_used, missing_docs)]

mod worlds;

use std::{
    env,
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
};

use bgpkit_parser::BgpkitParser;

/// At most so many prefixes in an UPDATE make 6.3 on the average.
const MOST: usize = 12;

fn main() {
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(what), Some(file)) = (arguments.next(), arguments.next()) else {
        // `cargo bench` runs every benchmark without arguments.
        return;
    };
    match what.as_str() {
        "transfer" => {
            let (bytes, nlri) = worlds::transfer(&worlds::recording(None, None), MOST);
            fs::write(&file, bytes).expect("room for the transfer");
            println!("{nlri} NLRI");
        }
        "iterate" => println!("{} elements", elements(&file).count()),
        "print" => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            for element in elements(&file) {
                writeln!(out, "{element}").expect("standard output");
            }
        }
        other => panic!("{other}: transfer, iterate or print"),
    }
}

fn elements(file: &str) -> impl Iterator<Item = bgpkit_parser::BgpElem> {
    let input = BufReader::new(File::open(file).expect("an MRT file"));
    BgpkitParser::from_reader(input).into_iter()
}
