//! What `[log]` decides.

use std::{fmt, str::FromStr};

/// How much is logged and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The least that is logged.
    pub level: Level,
    /// In which form.
    pub format: Format,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What stops something from working.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And what happens: sessions, incidents, reloads.
    #[default]
    Info,
    /// And why.
    Debug,
    /// And every step.
    Trace,
}

/// In which form it is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Text on a terminal, the journal's own form under systemd, JSON otherwise.
    #[default]
    Auto,
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
    /// The fields of the systemd journal.
    Journal,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ }, $wanted:literal) => {
        impl $type {
            /// As it is written.
            pub const fn word(self) -> &'static str {
                match self {
                    $($type::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($type::$variant),)+
                    other => Err(format!(concat!("`{}` is not known; write ", $wanted), other)),
                }
            }
        }
    };
}

words!(
    Level { Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace" },
    "error, warn, info, debug or trace"
);
words!(
    Format { Auto = "auto", Text = "text", Json = "json", Journal = "journal" },
    "auto, text, json or journal"
);
