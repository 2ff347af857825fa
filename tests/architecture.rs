//! The house's import rule: a room imports only from rooms with a smaller number.
//!
//! The rooms and their numbers are read from the table on the crate's front page, so
//! that the page cannot say one thing and the sources another.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read the sources has failed"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Room to number, from the table rows `| 3 | `detect` | … |` of `lib.rs`.
fn rooms(front_page: &str) -> BTreeMap<String, u32> {
    front_page
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("//! |")?.split('|').map(str::trim);
            let number = cells.next()?.parse().ok()?;
            let room = cells.next()?.trim_matches('`').to_owned();
            Some((room, number))
        })
        .collect()
}

/// The source without comments, strings and the bodies of `#[cfg(test)]` modules:
/// what a test imports binds nobody.
fn code(source: &str) -> String {
    let mut kept = String::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            let indent = line.len() - line.trim_start().len();
            for line in lines.by_ref() {
                let depth = line.len() - line.trim_start().len();
                let ends = line.trim_start().starts_with('}') || line.trim_end().ends_with(';');
                if depth == indent && ends {
                    break;
                }
            }
            continue;
        }
        let line = line.split("//").next().unwrap_or_default();
        kept.push_str(&without_strings(line));
        kept.push('\n');
    }
    kept
}

fn without_strings(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// The rooms that `source` names after `crate::`, in `use` lines, in groups and inline.
fn named_rooms(source: &str) -> Vec<String> {
    let code = code(source);
    let mut named = Vec::new();
    for (at, marker) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + marker.len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(first_segments(group)),
            None => named.push(identifier(rest)),
        }
    }
    named
}

/// The first names of a group, whose opening brace is already read.
fn first_segments(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_u32;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                names.push(identifier(&group[start..at]));
                start = at + 1;
            }
            '}' => {
                names.push(identifier(&group[start..at]));
                break;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn identifier(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// What `file` of `room` may not name.
fn violations(rooms: &BTreeMap<String, u32>, room: &str, file: &str, source: &str) -> Vec<String> {
    let Some(own) = rooms.get(room) else {
        return vec![format!("{file}: `{room}` is not on the front page")];
    };
    named_rooms(source)
        .into_iter()
        .filter(|named| named != room)
        .filter_map(|named| match rooms.get(&named) {
            Some(number) if number < own => None,
            Some(number) => Some(format!(
                "{file}: room {own} `{room}` names room {number} `{named}`"
            )),
            None => Some(format!(
                "{file}: `crate::{named}` is no room of the front page"
            )),
        })
        .collect()
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_room_imports_only_from_rooms_with_a_smaller_number() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms = rooms(&fs::read_to_string(src.join("lib.rs")).unwrap());
    assert!(rooms.len() >= 10, "the table of rooms is gone: {rooms:?}");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    for path in files {
        let inside = path.strip_prefix(&src).unwrap();
        let first = inside.components().next().unwrap();
        let room = Path::new(first.as_os_str()).with_extension("");
        let room = room.to_str().unwrap();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests")
            || inside.components().any(|part| part.as_os_str() == "tests");
        if matches!(room, "lib" | "main") || is_test {
            continue;
        }
        let file = inside.display().to_string();
        wrong.extend(violations(
            &rooms,
            room,
            &file,
            &fs::read_to_string(&path).unwrap(),
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_names_no_clock_no_file_no_socket_no_lock_and_no_runtime() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms = rooms(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let mut wrong = Vec::new();
    for (room, _) in rooms.iter().filter(|(_, number)| **number <= 5) {
        let mut files = Vec::new();
        match src.join(room) {
            directory if directory.is_dir() => sources(&directory, &mut files),
            _ if src.join(room).with_extension("rs").is_file() => {
                files.push(src.join(room).with_extension("rs"));
            }
            _ => continue,
        }
        for path in files {
            let code = code(&fs::read_to_string(&path).unwrap());
            for banned in OUTSIDE_THE_CORE {
                if code.contains(banned) {
                    wrong.push(format!("{} names {banned}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const OUTSIDE_THE_CORE: [&str; 12] = [
    "tokio",
    "std::fs",
    "fs::{",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::thread",
    "std::sync",
    "Mutex",
    "RwLock",
    "SystemTime",
    "Instant",
    "std::env",
];

#[test]
fn a_violation_is_caught_in_every_form() {
    let rooms = rooms(
        "//! | No. | Room | |\n//! |---|---|---|\n//! | 1 | `bgp` | x |\n\
         //! | 2 | `rib` | x |\n//! | 2 | `reference` | x |\n//! | 3 | `detect` | x |\n",
    );
    assert_eq!(rooms.len(), 4);
    let caught = |source: &str| violations(&rooms, "rib", "rib/mod.rs", source).len();
    for wrong in [
        "use crate::detect::Finding;",
        "use crate::{bgp::Asn, detect::{Finding, Raised}};",
        "use crate::{\n    bgp::{Asn, AsPath},\n    reference::Reference,\n};",
        "pub(crate) use crate::detect;",
        "fn f() -> crate::detect::Finding { todo!() }",
        "fn f(x: &crate::reference::Reference) {}",
        "use crate::unheard_of::Thing;",
    ] {
        assert_eq!(caught(wrong), 1, "{wrong}");
    }
    for right in [
        "use crate::bgp::Asn;",
        "use crate::{bgp::{Asn, AsPath}, rib::Row};",
        "// use crate::detect::Finding;",
        "/// See [`crate::detect`].",
        "const TEXT: &str = \"crate::detect\";",
        "use other_crate::detect;",
        "#[cfg(test)]\nmod tests {\n    use crate::detect::Finding;\n}\n",
        "#[cfg(test)]\nuse crate::detect::Finding;\nuse crate::bgp::Asn;",
        "#[cfg(test)]\nmod tests;\nuse crate::bgp::Asn;",
    ] {
        assert_eq!(caught(right), 0, "{right}");
    }
    assert_eq!(
        violations(&rooms, "attic", "attic.rs", "").len(),
        1,
        "a room that is not on the front page"
    );
}
