//! What is asked for: for whom, in which language and form, and of which sort.

use serde::{Deserialize, Serialize};

use super::cause::Cause;

/// Characters of a note at most: it travels in the head of a request.
pub const MOST_NOTE: usize = 1000;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$of])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every one, with its name.
            pub const ALL: &'static [(&'static str, $name)] = &[$(($word, $name::$variant),)*];

            /// As it is written.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Who reads it.
    Audience {
        /// Those who run other networks: what they need to see the whole and to filter.
        Operators = "operators",
        /// A ministry or regulator: also thresholds, due dates and who may be told.
        Authority = "authority",
        /// Our own customers: the mere fact.
        Customers = "customers",
    }
}

words! {
    /// In which language.
    Language {
        /// English.
        English = "en",
        /// Japanese.
        Japanese = "ja",
    }
}

words! {
    /// In which form.
    Format {
        /// Plain text, aligned: for mail, fax and the telephone.
        Text = "text",
        /// `CommonMark` with tables.
        Markdown = "markdown",
        /// For programs.
        Json = "json",
    }
}

words! {
    /// Which of the reports on one incident.
    Sort {
        /// The first quick report: speed before completeness.
        First = "first",
        /// What has changed since.
        FollowUp = "follow-up",
        /// It is over.
        Restoration = "restoration",
    }
}

impl Format {
    /// How files of it end.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Text => "txt",
            Format::Markdown => "md",
            Format::Json => "json",
        }
    }
}

/// Who may know of it, as told to those who receive a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sharing {
    /// The public.
    pub public: bool,
    /// Consumer bodies.
    pub consumers: bool,
    /// Other operators.
    pub operators: bool,
}

/// Other operators, and nobody else.
impl Default for Sharing {
    fn default() -> Self {
        Sharing {
            public: false,
            consumers: false,
            operators: true,
        }
    }
}

/// A report that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// For whom.
    pub audience: Audience,
    /// In which language.
    pub language: Language,
    /// Which sort; none lets the incident's state decide.
    pub sort: Option<Sort>,
    /// Its number among the reports on this incident; none counts the incident's steps.
    pub number: Option<u32>,
    /// What the operator found the cause to be; none presumes one, where one can be.
    pub cause: Option<Cause>,
    /// What the operator adds: what was done, whom was called. May have several lines.
    pub note: Option<String>,
    /// Whether the public may know; none is as configured.
    pub public: Option<bool>,
    /// Whether consumer bodies may.
    pub consumers: Option<bool>,
    /// Whether other operators may.
    pub operators: Option<bool>,
}

impl Request {
    /// One of which nothing more is said.
    pub const fn new(audience: Audience, language: Language) -> Self {
        Request {
            audience,
            language,
            sort: None,
            number: None,
            cause: None,
            note: None,
            public: None,
            consumers: None,
            operators: None,
        }
    }

    /// Who may know, where the configuration says `usual`.
    pub(super) fn sharing(&self, usual: Sharing) -> Sharing {
        Sharing {
            public: self.public.unwrap_or(usual.public),
            consumers: self.consumers.unwrap_or(usual.consumers),
            operators: self.operators.unwrap_or(usual.operators),
        }
    }
}

/// A report that would contradict itself, or what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is for those who may not see it.
    #[error(
        "other operators may not see this (`operators` is no), so there is no report for them; say \
         yes to `operators`, or choose another audience"
    )]
    NotForOperators,
    /// It says that it is over while it is not.
    #[error(
        "the incident is not over, so there is no restoration notice yet; leave `sort` out, or ask \
         for follow-up"
    )]
    NotOver,
    /// The note is too long.
    #[error(
        "the note is longer than 1,000 characters; say the most important and send the rest after it"
    )]
    NoteTooLong,
    /// Numbers start at one, and only the first report is the first.
    #[error("the first report has number 1, and those after it have higher ones")]
    Number,
}
