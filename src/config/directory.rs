//! `[[mrt]]`: directories in which routers and collectors leave recordings.

use super::{
    Config,
    kinds::{Kind, Span},
    reader::{Context, Reader, flag, label},
    settings::DAY,
    words::path,
};
use crate::feed::mrt::Settings;

/// Reads one.
pub(super) fn mrt(config: &mut Config, mut reader: Reader, context: &mut Context) {
    let mut read = Settings::default();
    let before = context.problems.count();
    let directory = reader.read(context, "directory", path);
    let name = reader.read(context, "name", label);
    for (key, least, most, field) in [
        ("poll", 1, 3600, &mut read.poll),
        ("stable", 1, DAY, &mut read.stable),
        ("backlog", 0, 365 * DAY, &mut read.backlog),
    ] {
        if let Some(value) = reader.read(context, key, |value| Span(least..=most).read(value)) {
            *field = value;
        }
    }
    read.follow = reader.read(context, "follow", flag).unwrap_or_default();
    match directory {
        Some(directory) => read.directory = directory,
        None if context.problems.count() == before => {
            reader.wrong(context, "needs `directory`");
        }
        None => {}
    }
    read.name = name.unwrap_or_else(|| {
        let last = read.directory.file_name().unwrap_or_default();
        last.to_string_lossy().into_owned()
    });
    if config.mrt.iter().any(|other| other.name == read.name) {
        reader.wrong(
            context,
            &format!("a second directory of the name \"{}\"", read.name),
        );
    }
    if config
        .mrt
        .iter()
        .any(|other| other.directory == read.directory)
    {
        reader.wrong(context, "this directory is watched already");
    }
    reader.finish(context);
    config.mrt.push(read);
}
