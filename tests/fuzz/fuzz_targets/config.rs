//! Any text as a configuration: no panic, and what is accepted can be written down and
//! read back as the same.
#![no_main]

use leakwatch::config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(mut config) = Config::parse_text(text) else {
        return;
    };
    let written = config.to_toml();
    let again = Config::parse_text(&written);
    // The name of a relationship file need not be UTF-8 everywhere, but here it is.
    let mut again = again.unwrap_or_else(|error| panic!("{error}\n{written}"));
    config.reference.generation = 0;
    again.reference.generation = 0;
    assert_eq!(config, again, "\n{written}");
});
