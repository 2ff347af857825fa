//! What is wrong with a configuration: every problem at once, each with its line.

use std::{fmt, ops::Range, path::PathBuf};

/// One thing to be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the file, from 1.
    pub line: usize,
    /// The key it is about, as `detect.surge.rate`; empty where the text is not TOML.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// A configuration that is not used. Nothing of it takes effect.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that cannot be meant.
    #[error("{}", listed(path.as_ref(), problems))]
    Invalid {
        /// Which file; none for text that came otherwise.
        path: Option<PathBuf>,
        /// At least one, by line.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// The problems found in the text; none where it was not read.
    pub fn problems(&self) -> &[Problem] {
        match self {
            ConfigError::Read { .. } => &[],
            ConfigError::Invalid { problems, .. } => problems,
        }
    }
}

fn listed(path: Option<&PathBuf>, problems: &[Problem]) -> String {
    let name = path.map_or_else(|| "configuration".into(), |path| path.display().to_string());
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("{name}: {problem}"))
        .collect();
    lines.join("\n")
}

/// Problems beyond this many are counted only: a wrong file is wrong everywhere.
const MOST: usize = 100;

/// Gathers problems while a text is read.
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<Problem>,
    more: usize,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Problems {
            text,
            found: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn add(&mut self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        self.add_with(span, key, || message.into());
    }

    /// As [`Problems::add`], with a message that takes work to find.
    pub(super) fn add_with(
        &mut self,
        span: &Range<usize>,
        key: &str,
        message: impl FnOnce() -> String,
    ) {
        if self.found.len() == MOST {
            self.more += 1;
            return;
        }
        let before = self.text.get(..span.start).unwrap_or_default();
        self.found.push(Problem {
            line: 1 + before.matches('\n').count(),
            key: printable(key),
            message: message(),
        });
    }

    /// How many were added.
    pub(super) fn count(&self) -> usize {
        self.found.len() + self.more
    }

    /// All of them by line, as an error; or none.
    pub(super) fn finish(&mut self) -> Result<(), ConfigError> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|problem| problem.line);
        if self.more > 0 {
            self.found.push(Problem {
                line: 1 + self.text.matches('\n').count(),
                key: String::new(),
                message: format!("and {} more problems", self.more),
            });
        }
        Err(ConfigError::Invalid {
            path: None,
            problems: std::mem::take(&mut self.found),
        })
    }
}

/// Text of the file as it may appear on a terminal: bounded, no control characters.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown.replace("\\\"", "\"").replace("\\'", "'")
}

/// What to say of an unknown `key` of the table `path`, where `siblings` are the
/// keys known there and `everywhere` all full keys of the file.
pub(super) fn unknown(key: &str, path: &str, siblings: &[&str], everywhere: &[String]) -> String {
    // Longer than any key there is: not worth comparing.
    let key: String = key.chars().take(64).collect();
    let elsewhere = everywhere
        .iter()
        .find(|full| full.rsplit('.').next() == Some(key.as_str()));
    if let Some(full) = elsewhere {
        return format!("unknown key here; did you mean `{full}`?");
    }
    let nearest = siblings
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(&key, known), *known))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness >= 0.5);
    if let Some((_, known)) = nearest {
        return format!("unknown key; did you mean `{known}`?");
    }
    let place = if path.is_empty() {
        "at the top".to_owned()
    } else {
        format!("in {path}")
    };
    format!("unknown key; known {place}: {}", siblings.join(", "))
}
