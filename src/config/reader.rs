//! Reads one table key by key, and reports every key that nobody asked for.

use std::{collections::BTreeSet, ops::Range, path::PathBuf, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    kinds::{integer, named, string},
    problem::{Problems, printable, unknown},
    settings::{self, Setting},
};
use crate::bgp::Asn;

/// A value and where it stands.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// What one reading of a file shares.
pub(super) struct Context<'t> {
    /// What is wrong so far.
    pub problems: Problems<'t>,
    /// Where relative paths start; none: files are not opened.
    pub base_dir: Option<PathBuf>,
}

/// One table while it is read.
pub(super) struct Reader<'v, 't> {
    /// The table.
    pub table: &'v DeTable<'t>,
    /// Its name, as `peer.match`.
    pub path: String,
    /// Where it stands, for keys that are missing.
    pub span: Range<usize>,
    asked: BTreeSet<&'static str>,
}

impl<'v, 't> Reader<'v, 't> {
    pub(super) fn new(table: &'v DeTable<'t>, path: &str, span: Range<usize>) -> Self {
        Reader {
            table,
            path: path.to_owned(),
            span,
            asked: BTreeSet::new(),
        }
    }

    /// The value as a table to be read; a problem if it is something else.
    pub(super) fn open(value: &'v Value<'t>, path: &str, context: &mut Context) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Reader::new(table, path, value.span())),
            other => {
                let message = format!("is {}, not a table", named(other));
                context.problems.add(&value.span(), path, message);
                None
            }
        }
    }

    /// A key as messages name it.
    pub(super) fn full(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The value of `key`, which is known from now on.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'v Value<'t>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    /// The value of `key` as `read` takes it; what it refuses is a problem.
    pub(super) fn read<T>(
        &mut self,
        context: &mut Context,
        key: &'static str,
        read: impl FnOnce(&DeValue) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.get(key)?;
        match read(value.get_ref()) {
            Ok(read) => Some(read),
            Err(message) => {
                let full = self.full(key);
                context.problems.add(&value.span(), &full, message);
                None
            }
        }
    }

    /// Every element of the list `key` as `read` takes it; none if the key is not there.
    pub(super) fn list<T>(
        &mut self,
        context: &mut Context,
        key: &'static str,
        read: impl Fn(&DeValue) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.get(key)?;
        let full = self.full(key);
        let Some(elements) = value.get_ref().as_array() else {
            let message = format!("is {}, not a list", named(value.get_ref()));
            context.problems.add(&value.span(), &full, message);
            return None;
        };
        let mut list = Vec::new();
        for element in elements {
            match read(element.get_ref()) {
                Ok(read) => list.push(read),
                Err(message) => context.problems.add(&element.span(), &full, message),
            }
        }
        Some(list)
    }

    /// Says that something about this table as a whole is wrong.
    pub(super) fn wrong(&self, context: &mut Context, message: &str) {
        context.problems.add(&self.span, &self.path, message);
    }

    /// Reports the keys that were not asked for.
    pub(super) fn finish(self, context: &mut Context) {
        let known: Vec<&str> = self.asked.iter().copied().collect();
        for key in self.table.keys() {
            if !self.asked.contains(key.get_ref().as_ref()) {
                let full = self.full(key.get_ref());
                context.problems.add_with(&key.span(), &full, || {
                    unknown(key.get_ref(), &self.path, &known, &everywhere())
                });
            }
        }
    }
}

/// All full keys, to find one that stands in the wrong table.
pub(super) fn everywhere() -> Vec<String> {
    settings::all().map(Setting::full).collect()
}

/// An AS number: `64500`, `"64500"` or `"AS64500"`.
pub(super) fn asn(value: &DeValue) -> Result<Asn, String> {
    match value {
        DeValue::String(text) => text
            .parse::<Asn>()
            .map_err(|error| printable(&error.to_string())),
        _ => integer(value)
            .map_err(|_| {
                format!(
                    "is {}, not an AS number such as 64500 or \"AS64500\"",
                    named(value)
                )
            })
            .and_then(|number| {
                u32::try_from(number)
                    .map(Asn)
                    .map_err(|_| format!("{number} is not an AS number: those end at 4294967295"))
            }),
    }
}

/// A text that is read as `T`; `wanted` says what it should hold.
pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
    value: &DeValue,
    wanted: &str,
) -> Result<T, String> {
    string(value, wanted)?
        .parse()
        .map_err(|error: T::Err| printable(&error.to_string()))
}

/// A text of at most 200 characters and on one line.
pub(super) fn label(value: &DeValue) -> Result<String, String> {
    let text = string(value, "a text")?;
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err("must be one line of 1 to 200 characters".to_owned());
    }
    Ok(text.to_owned())
}

/// True or false.
pub(super) fn flag(value: &DeValue) -> Result<bool, String> {
    value
        .as_bool()
        .ok_or_else(|| format!("is {}, not true or false", named(value)))
}
