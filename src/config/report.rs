//! `[report]`: who reports, to whom what may be shown, and what is to be reported at all.

use std::{
    fs::File as OpenFile,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::de::{DeTable, DeValue};

use super::{
    kinds::{Count, Kind, Span, named, write_duration},
    problem::{Problems, printable},
    reader::{Context, Reader, label},
    settings::{DAY, Setting, setting},
    show::quoted,
    words::{File, Flag, Line, Word},
};
use crate::report::{Customers, Settings, Template, Threshold};

/// The customers file: half a million customers take 32 MB.
const MOST_CUSTOMERS: u64 = 64 << 20;
/// A template.
const MOST_TEMPLATE: u64 = 64 << 10;
/// Rows of the thresholds at most.
const MOST_ROWS: usize = 100;

/// All of them.
pub(super) const REPORT: &[Setting] = &[
    setting!(
        "report",
        "organisation",
        report.reporter.organisation,
        Line,
        "Who reports. What is empty is left to be filled in."
    ),
    setting!(
        "report",
        "department",
        report.reporter.department,
        Line,
        "The part of it that answers, at any hour."
    ),
    setting!(
        "report",
        "phone",
        report.reporter.phone,
        Line,
        "Its telephone number as dialled from elsewhere."
    ),
    setting!(
        "report",
        "mail",
        report.reporter.mail,
        Line,
        "Its mail address."
    ),
    setting!(
        "report",
        "time_zone",
        report.time_zone,
        Word("a time zone"),
        "Times are told in it, beside UTC: \"UTC\", an offset such as \"+09:00\", or a name such \
         as \"Asia/Tokyo\"."
    ),
    setting!(
        "report",
        "public",
        report.sharing.public,
        Flag,
        "Whether the public may know, where a report does not say otherwise. Without it customers \
         are told of no other network."
    ),
    setting!(
        "report",
        "consumers",
        report.sharing.consumers,
        Flag,
        "Whether consumer bodies may."
    ),
    setting!(
        "report",
        "operators",
        report.sharing.operators,
        Flag,
        "Whether other operators may."
    ),
    setting!(
        "report",
        "customers_file",
        report.customers_file,
        File,
        "Our customers by prefix, as a table with commas whose first line names the columns: \
         prefix,name,users,contact. An address belongs to the longest prefix. A relative path \
         starts at this file.",
        "\"customers.csv\""
    ),
    setting!(
        "report",
        "customers_template_en",
        report.customers_template_en,
        File,
        "What customers are told, in English; docs/reporting.md says how it is written.",
        "\"customers.en.txt\""
    ),
    setting!(
        "report",
        "customers_template_ja",
        report.customers_template_ja,
        File,
        "The same in Japanese.",
        "\"customers.ja.txt\""
    ),
    setting!(
        "report",
        "service",
        report.service,
        Line,
        "Which service the thresholds below are of: \"voice-emergency\", \"voice\", \
         \"free-internet\", \"other\" (data, Internet access), \"lpwa\", or one of your own."
    ),
    setting!(
        "report",
        "due",
        report.due,
        Span(DAY..=365 * DAY),
        "A major accident is to be reported in detail within so long of its beginning (Japan: 30 \
         days)."
    ),
    setting!(
        "report",
        "quarterly_duration",
        report.quarterly.duration,
        Span(0..=365 * DAY),
        "A quarterly report covers what lasted so long (Japan: 2 hours), ..."
    ),
    setting!(
        "report",
        "quarterly_users",
        report.quarterly.users,
        Count(0..=u32::MAX),
        "... or concerned so many users."
    ),
    setting!(
        "report",
        "threshold",
        report.thresholds,
        Rows,
        "From which duration and how many users an accident of a service is to be reported; both \
         of a row, any row. Also written as [[report.threshold]]. What is here replaces the \
         built-in rows, which are Japan's as of June 2018. A row that is reached is a reason to \
         look closer, never the legal answer."
    ),
];

/// Thresholds, a table each.
struct Rows;

impl Kind<Vec<Threshold>> for Rows {
    fn read(&self, value: &DeValue) -> Result<Vec<Threshold>, String> {
        let Some(rows) = value.as_array() else {
            return Err(format!("is {}, not a list of tables", named(value)));
        };
        if rows.is_empty() || rows.len() > MOST_ROWS {
            return Err(format!("needs 1 to {MOST_ROWS} rows"));
        }
        (1_u32..)
            .zip(rows)
            .map(|(number, value)| {
                let table = value.get_ref().as_table();
                let read = table.map_or_else(|| Err("is not a table".to_owned()), row);
                read.map_err(|what| format!("row {number}: {what}"))
            })
            .collect()
    }

    fn write(&self, rows: &Vec<Threshold>) -> Option<String> {
        let rows: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "  {{ service = {}, duration = \"{}\", users = {} }},\n",
                    quoted(&row.service),
                    write_duration(row.duration),
                    row.users
                )
            })
            .collect();
        Some(format!("[\n{}]", rows.concat()))
    }
}

fn row(table: &DeTable) -> Result<Threshold, String> {
    const KEYS: [&str; 3] = ["service", "duration", "users"];
    for key in table.keys() {
        let key = key.get_ref().as_ref();
        if !KEYS.contains(&key) {
            return Err(format!(
                "`{}` is unknown; known are {}",
                printable(key),
                KEYS.join(", ")
            ));
        }
    }
    let needed = |key: &str| {
        let value = table.get(key).map(toml::Spanned::get_ref);
        value.ok_or_else(|| format!("needs `{key}`"))
    };
    let of = |key: &'static str| move |what: String| format!("{key} {what}");
    let users: u32 = Count(0..=u32::MAX)
        .read(needed("users")?)
        .map_err(of("users:"))?;
    Ok(Threshold {
        service: label(needed("service")?).map_err(of("service"))?,
        duration: Span(0..=365 * DAY)
            .read(needed("duration")?)
            .map_err(of("duration:"))?,
        users: users.into(),
    })
}

/// What makes sense only together, and the files that are named.
pub(super) fn finish(settings: &mut Settings, reader: &Reader, context: &mut Context) {
    if !settings
        .thresholds
        .iter()
        .any(|row| row.service == settings.service)
    {
        let mut known: Vec<&str> = settings
            .thresholds
            .iter()
            .map(|row| row.service.as_str())
            .collect();
        known.dedup();
        let message = format!(
            "`{}` has no row in `threshold`; known there are {}",
            printable(&settings.service),
            printable(&known.join(", "))
        );
        let span = super::place(reader, "report", "service");
        context.problems.add(&span, "report.service", message);
    }
    let Some(base) = context.base_dir.clone() else {
        return;
    };
    let mut files = Files {
        base: &base,
        reader,
        problems: &mut context.problems,
    };
    let customers = files.read(
        "customers_file",
        settings.customers_file.as_ref(),
        MOST_CUSTOMERS,
        Customers::parse,
    );
    settings.customers = customers.map(Arc::new);
    let (english, japanese) = (
        &settings.customers_template_en,
        &settings.customers_template_ja,
    );
    let key = "customers_template_en";
    if let Some(template) = files.read(key, english.as_ref(), MOST_TEMPLATE, Template::parse) {
        settings.english = template;
    }
    let key = "customers_template_ja";
    if let Some(template) = files.read(key, japanese.as_ref(), MOST_TEMPLATE, Template::parse) {
        settings.japanese = template;
    }
}

/// Files that the table names.
struct Files<'a, 'v, 't, 'p> {
    base: &'a Path,
    reader: &'a Reader<'v, 't>,
    problems: &'a mut Problems<'p>,
}

impl Files<'_, '_, '_, '_> {
    /// Reads one; everything wrong with it is a problem at the key that names it.
    fn read<T>(
        &mut self,
        key: &str,
        path: Option<&PathBuf>,
        most: u64,
        parse: impl FnOnce(&str) -> Result<T, Vec<String>>,
    ) -> Option<T> {
        let path = self.base.join(path?);
        let read = text(&path, most).map_err(|what| vec![what]);
        match read.and_then(|text| parse(&text)) {
            Ok(read) => Some(read),
            Err(found) => {
                let span = super::place(self.reader, "report", key);
                let key = format!("report.{key}");
                for what in found {
                    let message = format!("{}: {what}", path.display());
                    self.problems.add(&span, &key, message);
                }
                None
            }
        }
    }
}

fn text(path: &Path, most: u64) -> Result<String, String> {
    let io = |error: std::io::Error| error.to_string();
    // A FIFO or a device would make `check` wait for ever.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut octets = Vec::new();
    OpenFile::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut octets))
        .map_err(io)?;
    if octets.len() as u64 > most {
        return Err(format!("is larger than {} KiB", most >> 10));
    }
    String::from_utf8(octets).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let lines = before
            .unwrap_or_default()
            .iter()
            .filter(|octet| **octet == b'\n');
        format!("line {}: is not UTF-8; save it as UTF-8", lines.count() + 1)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Config;

    fn problems(text: &str, base: Option<&Path>) -> Vec<String> {
        let read = match base {
            Some(base) => Config::parse(text, base),
            None => Config::parse_text(text),
        };
        let error = read.expect_err("is refused");
        error.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn rows_replace_the_built_in_ones_in_both_forms() {
        let rows = "[report]\nservice = \"fibre\"\n[[report.threshold]]\nservice = \"fibre\"\n\
                    duration = \"3h\"\nusers = 1000\n";
        let inline = "[report]\nservice = \"fibre\"\n\
                      threshold = [{ service = \"fibre\", duration = \"3h\", users = 1000 }]\n";
        for text in [rows, inline] {
            let config = Config::parse_text(text).unwrap();
            let [row] = &config.report.thresholds[..] else {
                panic!("{:?}", config.report.thresholds)
            };
            assert_eq!(
                (row.duration, row.users),
                (Duration::from_secs(10_800), 1000)
            );
            assert_eq!(Config::parse_text(&config.to_toml()).unwrap(), config);
        }
    }

    #[test]
    fn a_wrong_row_and_a_service_without_one_are_told() {
        for (text, expected) in [
            ("[report]\nthreshold = []", "needs 1 to 100 rows"),
            (
                "[report]\nthreshold = 5",
                "is a whole number, not a list of tables",
            ),
            (
                "[[report.threshold]]\nservice = \"x\"\nusers = 1",
                "row 1: needs `duration`",
            ),
            (
                "[[report.threshold]]\nservice = \"x\"\nuser = 1",
                "row 1: `user` is unknown; known are service, duration, users",
            ),
            (
                "[report]\nservice = \"othr\"",
                "line 2: report.service: `othr` has no row in `threshold`; known there are",
            ),
            (
                "[report]\ntime_zone = \"Nowhere\"",
                "`Nowhere` is no time zone here",
            ),
            ("[report]\npublic = \"no\"", "is a text, not true or false"),
        ] {
            let found = problems(text, None).join("\n");
            assert!(found.contains(expected), "{text}: {found}");
        }
    }

    #[test]
    fn named_files_are_read_and_all_that_is_wrong_in_them_is_told() {
        let base = std::env::temp_dir().join(format!("leakwatch-report-{}", std::process::id()));
        std::fs::create_dir_all(&base).unwrap();
        let write = |name: &str, text: &[u8]| std::fs::write(base.join(name), text).unwrap();
        let text = "[report]\ncustomers_file = \"c.csv\"\ncustomers_template_ja = \"t.txt\"\n";
        write("c.csv", b"prefix,name\n192.0.2.0/24,Bank\n");
        write(
            "t.txt",
            "[happening]\n障害\n[over]\n復旧 {organisation}\n".as_bytes(),
        );
        let config = Config::parse(text, &base).unwrap();
        assert_eq!(
            config.report.customers.as_ref().map(|read| read.len()),
            Some(1)
        );
        assert_ne!(config.report.japanese, Template::japanese());
        assert_eq!(config.report.english, Template::english());

        write("c.csv", b"prefix,name\nx,Bank\n192.0.2.0/24,\n");
        write("t.txt", b"[happening]\n{phon}\n[over]\n\xff\n");
        let found = problems(text, Some(&base));
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(
            found[0].starts_with("line 2: report.customers_file: "),
            "{found:#?}"
        );
        assert!(
            found[0].contains("c.csv: line 2: `x` is no prefix"),
            "{found:#?}"
        );
        assert!(
            found[1].contains("c.csv: line 3: has no name"),
            "{found:#?}"
        );
        assert!(
            found[2].contains("t.txt: line 4: is not UTF-8"),
            "{found:#?}"
        );
        write("t.txt", b"[happening]\n{phon}\n[over]\nx\n");
        let found = problems(text, Some(&base)).join("\n");
        assert!(
            found.contains("{phon} is not known; did you mean {phone}?"),
            "{found}"
        );
        std::fs::remove_dir_all(&base).unwrap();
        assert!(
            problems(text, Some(&base))
                .join("\n")
                .contains("No such file")
        );
    }
}
